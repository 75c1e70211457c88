//! Upstreams that are down, lie about who they are, or go away too early.

use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Response, Scripted, Setup, UpstreamConfig};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[track_caller]
fn is_unreachable(answer: &Response) {
    assert_eq!((answer.status, answer.code()), (502, "waterwall-upstream-unreachable"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = Setup::new([UpstreamConfig::anthropic(url)]).start();
    let answer = gateway.client().post("/anthropic/v1/messages", "{}");
    is_unreachable(&answer);
    assert_eq!(answer.json()["type"], "error");
    is_unreachable(&gateway.client().get("/anthropic/v1/models", ""));
}

#[test]
fn the_name_does_not_resolve() {
    let gateway = Gateway::before("http://no-such-host.invalid:1");
    is_unreachable(&gateway.client().post("/up/x", "{}"));
}

/// The next address is tried: `localhost` may resolve to `::1` first, where nobody listens.
#[test]
fn every_address_is_tried() {
    let upstream = Scripted::answering(OK);
    let port = upstream.url().rsplit(':').next().unwrap().to_owned();
    let gateway = Gateway::before(format!("http://localhost:{port}"));
    assert_eq!(gateway.client().post("/up/x", "{}").status, 200);
}

fn tls_echo(host: &str) -> Echo {
    Echo::start(EchoOptions { tls_hosts: vec![host.into()], ..Default::default() }).unwrap()
}

#[test]
fn a_certificate_from_an_unknown_root() {
    let echo = tls_echo("127.0.0.1");
    let gateway = Gateway::before(echo.url());
    is_unreachable(&gateway.client().post("/up/x", "{}"));
    assert!(echo.requests().is_empty());
}

#[test]
fn a_certificate_for_another_name() {
    let echo = tls_echo("other.test");
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", echo.root_pem().unwrap()));
    let gateway =
        setup.upstreams([UpstreamConfig { ca_file, ..UpstreamConfig::generic(echo.url()) }]).start();
    is_unreachable(&gateway.client().post("/up/x", "{}"));
    assert!(echo.requests().is_empty());
}

/// The root of one upstream is no root for another, not even over a pooled connection.
#[test]
fn private_roots_are_per_upstream() {
    let echo = tls_echo("127.0.0.1");
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", echo.root_pem().unwrap()));
    let gateway = setup
        .upstreams([
            UpstreamConfig { ca_file, ..UpstreamConfig::generic(echo.url()) },
            UpstreamConfig::anthropic(echo.url()),
        ])
        .start();
    assert_eq!(gateway.client().get("/up/v1/models", "").status, 200);
    is_unreachable(&gateway.client().get("/anthropic/v1/models", ""));
    assert_eq!(gateway.client().get("/up/v1/models", "").status, 200);
    assert_eq!(echo.requests().len(), 2);
}

/// The upstream closes the connection while it idles in the pool; with a large body, the write
/// fails rather than the read.
#[test]
fn a_stale_pooled_connection_is_retried() {
    for size in [2, 3 << 20] {
        let upstream = Scripted::start(|connection| {
            connection.request();
            connection.send(OK);
            if connection.number > 0 {
                while connection.request().is_some() {
                    connection.send(OK);
                }
            }
        });
        let gateway = Gateway::before(upstream.url());
        let mut client = gateway.client();
        let body = vec![b'1'; size];
        for _ in 0..3 {
            assert_eq!(client.post("/up/x", &body).status, 200);
        }
        assert!(upstream.requests().iter().all(|request| request.body == body));
    }
}

/// The request reached the upstream over the pooled connection, which then closed it without a
/// byte: it was closing when the request came.
#[test]
fn a_connection_closed_on_use_is_retried_once() {
    let upstream = Scripted::start(|connection| {
        connection.request();
        connection.send(OK);
        if connection.number == 0 {
            connection.request();
        } else {
            while connection.request().is_some() {
                connection.send(OK);
            }
        }
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    for body in ["{\"n\":1}", "{\"n\":2}"] {
        assert_eq!(client.post("/up/x", body).status, 200);
    }
    let bodies: Vec<_> = upstream.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"{\"n\":1}", b"{\"n\":2}", b"{\"n\":2}"]);
}

/// On a connection of its own there is no such excuse: the request may have been worked on.
#[test]
fn a_fresh_connection_closed_without_an_answer_is_not_retried() {
    let upstream = Scripted::start(|connection| {
        connection.request();
    });
    let gateway = Gateway::before(upstream.url());
    is_unreachable(&gateway.client().post("/up/x", "{}"));
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn an_answer_that_is_not_http() {
    let upstream = Scripted::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    let gateway = Gateway::before(upstream.url());
    is_unreachable(&gateway.client().post("/up/x", "{}"));
}

/// The client has to notice: no last chunk, no clean end.
#[test]
fn an_answer_cut_in_the_middle_is_cut_for_the_client() {
    for head in ["transfer-encoding: chunked", "content-length: 1000"] {
        let upstream = Scripted::start(move |connection| {
            connection.request();
            connection.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"));
            connection.chunk("data: {\"n\":1}\n\n");
        });
        let gateway = Gateway::before(upstream.url());
        let mut client = gateway.client();
        client.send_post("/up/x", "{}");
        assert!(client.try_response("POST").is_err(), "{head}");
        assert!(client.is_closed());
        assert_eq!(upstream.requests().len(), 1);
    }
}

/// When the agent hangs up, the upstream's work is not paid for any longer.
#[test]
fn the_upstream_is_let_go_when_the_agent_hangs_up() {
    let (closed, is_closed) = std::sync::mpsc::channel();
    let closed = std::sync::Mutex::new(closed);
    let upstream = Scripted::start(move |connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("data: 1\n\n");
        assert!(connection.request().is_none());
        closed.lock().unwrap().send(()).unwrap();
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    client.head().unwrap();
    client.chunk().unwrap();
    drop(client);
    is_closed.recv_timeout(crate::harness::PATIENCE).unwrap();
}
