//! Upstreams that are down, lie about who they are, or go away too early.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Response, Scripted, Setup, Tunnel, UpstreamConfig};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[track_caller]
fn is_unreachable(answer: &Response) {
    assert_eq!((answer.status, answer.code()), (502, "waterwall-upstream-unreachable"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
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

/// An upstream whose certificate was good until that year, and the root that signed it.
fn good_until(year: i32) -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &root).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                // A gateway that does not like the certificate says no more.
                let Ok(1) = tls.read(&mut byte) else { break };
                request.push(byte[0]);
            }
            let _ = tls.write_all(OK.as_bytes());
        }
    });
    (url, root.pem())
}

fn trusting_gateway(url: &str, root: &str) -> Setup {
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", root));
    setup.upstreams([UpstreamConfig { ca_file, ..UpstreamConfig::generic(url) }])
}

#[test]
fn a_certificate_that_has_expired() {
    let (url, root) = good_until(2021);
    let gateway = trusting_gateway(&url, &root).start();
    let answer = gateway.client().get("/up/x", "");
    is_unreachable(&answer);
    assert!(answer.text().contains("its TLS certificate or handshake was rejected"), "{}", answer.text());
    let (url, root) = good_until(4000);
    let gateway = trusting_gateway(&url, &root).start();
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
}

/// Whoever could read them could read what is said to the provider.
#[test]
fn keys_of_tls_are_written_nowhere() {
    let (url, root) = good_until(4000);
    let setup = trusting_gateway(&url, &root);
    let keys = setup.path("keys");
    let gateway = setup.env("SSLKEYLOGFILE", keys.clone()).start();
    let ca = gateway.setup.path("state/ca.pem");
    // Towards the provider, and towards an agent.
    let mut client = Tunnel::open(gateway.agents, "up.test:443").tls(&ca, "up.test");
    assert_eq!(client.get("/x", "").status, 200);
    assert!(!keys.exists());
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
