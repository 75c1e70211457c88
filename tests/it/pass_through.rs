//! What goes through unchanged: bodies of every framing and size, answers of every kind, streams
//! as they arrive.

use std::io::Read as _;
use std::sync::mpsc;

use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Scripted, Setup, UpstreamConfig};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn a_request_arrives_as_it_was_sent_but_for_the_hop() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let body = r#"{"text":"caf\u00e9 – tea"}"#;
    let answer = gateway
        .client()
        .send(format!(
            "POST /up/v1/things?beta=true&key=abc HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\n\
             X-Custom: a\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n\
             Proxy-Authorization: Basic xyz\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .response();
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));

    let [request] = &upstream.requests()[..] else { panic!("one request") };
    assert_eq!(request.head.lines().next(), Some("POST /v1/things?beta=true&key=abc HTTP/1.1"));
    assert_eq!(request.body, body.as_bytes());
    assert_eq!(request.header("host"), Some(&upstream.url()["http://".len()..]));
    assert_eq!(request.header("authorization"), Some("Bearer token"));
    assert_eq!(request.header("x-custom"), Some("a"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    for hop in ["x-hop", "proxy-authorization", "transfer-encoding"] {
        assert_eq!(request.header(hop), None, "{hop}");
    }
}

#[test]
fn the_base_path_of_the_upstream_comes_first() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(format!("{}/api/", upstream.url()));
    assert_eq!(gateway.client().get("/up/v1/models?limit=1", "").status, 200);
    let head = &upstream.requests()[0].head;
    assert!(head.starts_with("GET /api/v1/models?limit=1 HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("content-length"), "{head}");
}

#[test]
fn one_downstream_and_one_upstream_connection_serve_many_requests() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    for round in 0..5 {
        let answer = client.post("/up/x", format!("{{\"round\":{round}}}"));
        assert_eq!(answer.status, 200);
        assert_eq!(client.get("/up/y", "").status, 200);
    }
    assert_eq!(upstream.requests().len(), 10);
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn five_megabytes_each_way() {
    let upstream = Scripted::start(|connection| {
        while let Some(request) = connection.request() {
            let length = request.body.len();
            connection.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"));
            connection.send(&request.body);
        }
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    let body = format!("{{\"text\":\"{}\"}}", "0123456789abcdef".repeat(5 << 16));
    let answer = client.post("/up/x", &body);
    assert!(answer.body == body.as_bytes());
    // The connection is still good.
    assert_eq!(client.post("/up/x", "{}").text(), "{}");
}

#[test]
fn a_chunked_request_gets_a_length() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send("POST /up/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send("3\r\n{\"a\r\n").send("5;ext=1\r\n\":1} \r\n").send("0\r\n\r\n");
    assert_eq!(client.response().status, 200);
    assert_eq!(upstream.requests()[0].body, b"{\"a\":1} ");
    assert_eq!(upstream.requests()[0].header("content-length"), Some("8"));
    assert_eq!(client.get("/up/y", "").status, 200);
}

/// The next request comes in one piece with the last, or while that is being answered.
#[test]
fn requests_sent_early_are_served_in_turn() {
    let (asked, was_asked) = std::sync::mpsc::channel();
    let (go, wait_for_go) = std::sync::mpsc::channel::<()>();
    let wait_for_go = std::sync::Mutex::new(wait_for_go);
    let upstream = Scripted::start(move |connection| {
        while connection.request().is_some() {
            asked.send(()).unwrap();
            wait_for_go.lock().unwrap().recv().unwrap();
            connection.send(OK);
        }
    });
    let gateway = Gateway::before(upstream.url());
    for body in ["{}".to_owned(), format!("{{\"text\":\"{}\"}}", "x".repeat(20 << 10))] {
        let before = upstream.requests().len();
        let mut client = gateway.client();
        let head = "POST /up/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        client.send(request.repeat(2));
        was_asked.recv_timeout(crate::harness::PATIENCE).unwrap();
        client.send(&request);
        for turn in 0..3 {
            if turn > 0 {
                was_asked.recv_timeout(crate::harness::PATIENCE).unwrap();
            }
            go.send(()).unwrap();
            assert_eq!(client.response().status, 200, "{turn}");
        }
        let requests = upstream.requests();
        assert_eq!(requests.len(), before + 3);
        assert!(requests[before..].iter().all(|request| request.body == body.as_bytes()));
    }
}

#[test]
fn an_expectation_is_met_here() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client
        .send("POST /up/x HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(client.response().status, 100);
    client.send("{}");
    assert_eq!(client.response().status, 200);
    assert_eq!(upstream.requests()[0].header("expect"), None);
    assert_eq!(client.get("/up/y", "").status, 200);
}

#[test]
fn an_empty_body_stays_empty() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    assert_eq!(client.post("/up/x", "").status, 200);
    assert_eq!(upstream.requests()[0].header("content-length"), Some("0"));
    assert_eq!(client.post("/up/x", "{}").status, 200);
}

#[test]
fn answers_without_a_body_stay_without() {
    let upstream = Scripted::start(|connection| {
        while let Some(request) = connection.request() {
            let head = match request.head.split(' ').nth(1) {
                Some("/204") => "HTTP/1.1 204 No Content\r\n\r\n",
                Some("/304") => "HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\ncontent-length: 9\r\n\r\n",
                Some("/empty") => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n",
            };
            connection.send(head);
        }
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    for (path, status) in [("/up/204", 204), ("/up/304", 304), ("/up/empty", 200)] {
        assert_eq!(client.get(path, "").status, status);
        assert_eq!(client.post(path, "{}").status, status);
    }
    client.send("HEAD /up/x HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let answer = client.try_response("HEAD").unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("1234")));
    assert_eq!(client.get("/up/204", "").status, 204);
}

#[test]
fn errors_of_the_upstream_pass() {
    let body = r#"{"error":{"message":"slow down"}}"#;
    let upstream = Scripted::answering(format!(
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\nalt-svc: h3=\":443\"\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let gateway = Gateway::before(upstream.url());
    let answer = gateway.client().post("/up/x", "{}");
    assert_eq!((answer.status, answer.text().as_str()), (429, body));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("alt-svc"), None);
    assert_eq!(answer.header("x-waterwall-error"), None);
}

/// Each event is sent only after the client has the one before: held-back data would hang.
#[test]
fn events_arrive_as_they_are_sent() {
    let (received, next) = mpsc::channel::<()>();
    let next = std::sync::Mutex::new(next);
    let upstream = Scripted::start(move |connection| {
        connection.request();
        connection
            .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
        for number in 0..20 {
            connection.chunk(&format!("data: {{\"n\":{number}}}\n\n"));
            next.lock().unwrap().recv().unwrap();
        }
        connection.send("0\r\n\r\n");
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    let (status, headers) = client.head().unwrap();
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-type".into(), "text/event-stream".into())));
    for number in 0..20 {
        let chunk = client.chunk().unwrap().unwrap();
        assert_eq!(String::from_utf8(chunk).unwrap(), format!("data: {{\"n\":{number}}}\n\n"));
        received.send(()).unwrap();
    }
    assert!(client.chunk().unwrap().is_none());
}

#[test]
fn http2_with_a_private_root() {
    let echo =
        Echo::start(EchoOptions { tls_hosts: vec!["localhost".into()], ..Default::default() }).unwrap();
    let url = format!("https://localhost:{}", echo.address().port());
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", echo.root_pem().unwrap()));
    let setup = setup.upstreams([UpstreamConfig { ca_file, ..UpstreamConfig::generic(&url) }]);
    let gateway = setup.start();
    let mut client = gateway.client();
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(3 << 20));
    assert_eq!(client.post("/up/v1/things?a=b", &body).status, 200);
    assert_eq!(client.get("/up/v1/models", "").status, 200);
    let requests = echo.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.version == "HTTP/2.0"));
    assert!(requests[0].body == body.as_bytes());
    assert_eq!(requests[0].path, "/v1/things?a=b");
}

#[test]
fn healthz_answers_on_the_admin_port() {
    let gateway = Gateway::before("http://127.0.0.1:9");
    let mut client = crate::harness::Client::connect(gateway.admin);
    let answer = client.get("/healthz", "");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let health = answer.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["killswitch_active"], false);
    assert_eq!(client.get("/other", "").status, 404);
    assert_eq!(client.get("/healthz", "origin: https://example.com\r\n").status, 403);
    client.send("GET /healthz HTTP/1.1\r\nhost: example.com\r\n\r\n");
    assert_eq!(client.response().status, 421);
}

/// A connection that is never used must not keep anything waiting.
#[test]
fn silent_connections_do_no_harm() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let _silent: Vec<_> = (0..50).map(|_| gateway.client()).collect();
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    let mut half = std::net::TcpStream::connect(gateway.agents).unwrap();
    std::io::Write::write_all(&mut half, b"GET").unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(half.read(&mut [0; 8]).unwrap(), 0);
}
