//! What the gateway answers itself: each with its status and code, and nothing forwarded.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{
    Client, Gateway, PATIENCE, Response, Scripted, Setup, Tunnel, UpstreamConfig, wait_until,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A gateway before an upstream that must not be reached.
fn pair() -> (Gateway, Scripted) {
    let upstream = Scripted::answering(OK);
    let gateway =
        Setup::new([UpstreamConfig::generic(upstream.url()), UpstreamConfig::anthropic(upstream.url())])
            .start();
    (gateway, upstream)
}

#[track_caller]
fn is_refusal(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text());
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert_eq!(body["error"]["type"], code);
    assert!(body["error"]["message"].is_string());
}

#[test]
fn unknown_routes() {
    let (gateway, upstream) = pair();
    let mut client = gateway.client();
    for path in ["/", "/upper/x", "/v1/files", "/up/../anthropic/v1/messages", "/anthropic/%2e%2e/up"] {
        is_refusal(&client.get(path, ""), 404, "waterwall-no-route");
    }
    is_refusal(&client.post("/nowhere", "{}"), 404, "waterwall-no-route");
    // The shape follows the agent where the path does not tell.
    let answer = gateway.client().get("/nowhere", "anthropic-version: 2023-06-01\r\n");
    assert_eq!(answer.json()["type"], "error");
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn foreign_hosts_and_origins() {
    let (gateway, upstream) = pair();
    for host in ["example.com", "10.0.0.1:8888", "127.0.0.1.example.com"] {
        let mut client = gateway.client();
        client.send(format!("GET /up/x HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        is_refusal(&client.response(), 421, "waterwall-foreign-host");
    }
    for header in ["origin: https://example.com", "origin: null", "sec-fetch-site: cross-site"] {
        let answer = gateway.client().get("/up/x", &format!("{header}\r\n"));
        is_refusal(&answer, 403, "waterwall-foreign-origin");
    }
    // Node's own fetch.
    assert_eq!(gateway.client().get("/up/x", "sec-fetch-mode: cors\r\n").status, 200);
    assert_eq!(upstream.connections(), 1);
}

/// Whoever is turned away at the door is told in the form of the upstream that it asked for, by whatever
/// way it came; the upstream tells it, not the last part of the path.
#[test]
fn errors_have_the_form_of_the_upstream() {
    let upstream = Scripted::answering(OK);
    let openai = UpstreamConfig {
        host: "openai.test".into(),
        dialect: "openai",
        prefix: "/openai",
        url: upstream.url(),
        ca_file: None,
    };
    let gateway = Setup::new([UpstreamConfig::anthropic(upstream.url()), openai]).start();
    let ca = gateway.setup.path("state/ca.pem");
    let head = |target: &str, fields: &str| format!("POST {target} HTTP/1.1\r\n{fields}\r\n");
    let broken = "host: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n";
    for (name, host, other) in
        [("anthropic", "anthropic.test", "/v1/chat/completions"), ("openai", "openai.test", "/v1/messages")]
    {
        let cases = [
            ("/v1/x", "host: evil.test\r\n", 421, "waterwall-foreign-host"),
            ("/v1/x", "host: localhost\r\norigin: https://evil.test\r\n", 403, "waterwall-foreign-origin"),
            ("/v1/%2e%2e/x", "host: localhost\r\n", 404, "waterwall-no-route"),
            ("/v1/x?y", broken, 400, "waterwall-bad-request"),
            (
                other,
                "host: localhost\r\ncontent-encoding: x\r\ncontent-length: 1\r\n",
                502,
                "waterwall-unscannable-body",
            ),
        ];
        for (path, fields, status, code) in cases {
            let mut by_prefix = gateway.client();
            by_prefix.send(head(&format!("/{name}{path}"), fields) + "x");
            let mut clients = vec![by_prefix];
            // Inside a tunnel, Host means nothing.
            if code != "waterwall-foreign-host" {
                let mut tunnelled = Tunnel::open(gateway.agents, &format!("{host}:443")).tls(&ca, host);
                tunnelled.send(head(path, fields) + "x");
                clients.push(tunnelled);
            }
            for mut client in clients {
                let answer = client.response();
                is_refusal(&answer, status, code);
                assert_eq!(answer.json()["type"] == "error", name == "anthropic", "{}", answer.text());
            }
        }
    }
    assert_eq!(upstream.requests().len(), 0);
}

/// What is refused before it is a request counts as what is refused later.
#[test]
fn refusals_are_counted_wherever_they_are_made() {
    let (gateway, _upstream) = pair();
    let ca = gateway.setup.path("state/ca.pem");
    let broken = "GET /up/x HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n";
    is_refusal(&gateway.client().send(broken).response(), 400, "waterwall-bad-request");
    let mut tunnelled = Tunnel::open(gateway.agents, "up.test:443").tls(&ca, "up.test");
    is_refusal(&tunnelled.send(broken).response(), 400, "waterwall-bad-request");
    let connect = "CONNECT 10.0.0.1:443 HTTP/1.1\r\nhost: 10.0.0.1:443\r\n\r\n";
    is_refusal(&gateway.client().send(connect).response(), 403, "waterwall-connect-refused");
    let metrics = Client::connect(gateway.admin).get("/metrics", "").text();
    for line in [
        "waterwall_refusals_total{code=\"waterwall-bad-request\"} 2",
        "waterwall_refusals_total{code=\"waterwall-connect-refused\"} 1",
        "waterwall_requests_total 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
}

#[test]
fn ambiguous_framing() {
    let (gateway, upstream) = pair();
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: identity",
        "content-length: 5\r\ncontent-length: 6",
        "content-length: +5",
    ] {
        let mut client = gateway.client();
        client.send(format!(
            "POST /up/x HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n\r\n0\r\n\r\nGET /up/y HTTP/1.1\r\nhost: localhost\r\n\r\n"
        ));
        is_refusal(&client.response(), 400, "waterwall-bad-request");
        assert!(client.is_closed(), "{headers}");
    }
    assert_eq!(upstream.connections(), 0);
}

/// What Pingora would answer in its own words has the contract's shape too, on a connection's first
/// request and on later ones, and inside a tunnel.
#[test]
fn what_is_not_well_formed() {
    let (gateway, upstream) = pair();
    let ca = gateway.setup.path("state/ca.pem");
    for (head, status, code) in [
        ("nonsense that is no HTTP", 400, "waterwall-bad-request"),
        ("GET /up/x HTTP/1.1\r\nhost: localhost\r\nno colon", 400, "waterwall-bad-request"),
        ("GET /up/x HTTP/1.1\r\nhost: localhost\r\nx: \x01", 400, "waterwall-bad-request"),
        ("GET /up/x HTTP/1.1\r\nhost: localhost\r\nhost: localhost", 400, "waterwall-bad-request"),
        ("GET /up/x y HTTP/1.1\r\nhost: localhost", 400, "waterwall-bad-request"),
        ("GET http://up.test/ HTTP/1.1\r\nhost: localhost", 400, "waterwall-bad-request"),
        ("GET /up/x HTTP/3.0\r\nhost: localhost", 400, "waterwall-bad-request"),
    ] {
        let fresh = gateway.client();
        let mut used = gateway.client();
        assert_eq!(used.get("/up/x", "").status, 200);
        let tunnelled = Tunnel::open(gateway.agents, "up.test:443").tls(&ca, "up.test");
        for mut client in [fresh, used, tunnelled] {
            client.send(format!("{head}\r\n\r\n"));
            is_refusal(&client.response(), status, code);
            assert!(client.is_closed(), "{head}");
        }
    }
    // A CONNECT that comes too late, or inside a tunnel.
    let mut client = gateway.client();
    assert_eq!(client.get("/up/x", "").status, 200);
    client.send("CONNECT up.test:443 HTTP/1.1\r\nhost: up.test:443\r\n\r\n");
    is_refusal(&client.response(), 403, "waterwall-connect-refused");
    assert_eq!(upstream.requests().len(), 8);
}

/// Each of these is small enough; all of them are not.
#[test]
fn bodies_that_are_too_many_at_once() {
    let upstream = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(upstream.url())])
        .with("redaction: { max_body_bytes: 1048576 }")
        .start();
    let body = vec![b' '; 1 << 20];
    let mut held: Vec<Client> = Vec::new();
    let (refused, told) = std::sync::mpsc::channel();
    // 64 MiB are the limit, and the last byte of each is not sent.
    for _ in 0..66 {
        let stream = TcpStream::connect(gateway.agents).unwrap();
        stream.set_read_timeout(Some(PATIENCE * 3)).unwrap();
        let mut answers = Client::over(stream.try_clone().unwrap());
        let mut client = Client::over(stream);
        client.send("POST /up/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1048576\r\n\r\n");
        client.send(&body[1..]);
        held.push(client);
        let refused = refused.clone();
        // Only one that is refused is answered while these are held.
        std::thread::spawn(move || {
            let answer = answers.try_response("POST");
            let _ = answer.map(|answer| refused.send(answer));
        });
    }
    is_refusal(&told.recv_timeout(PATIENCE * 3).unwrap(), 503, "waterwall-busy");
    assert_eq!(upstream.requests().len(), 0);
    // What is little is not held up by much, once there is room again.
    drop(held);
    wait_until(|| {
        let answer = gateway.client().post("/up/x", "{}");
        answer.status == 200
    });
}

/// A connection goes on after a body of chunks, whatever is sent before its answer.
#[test]
fn requests_after_a_body_of_chunks() {
    let (gateway, upstream) = pair();
    let mut client = gateway.client();
    let chunked = "POST /up/a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nt: x\r\n\r\n";
    let whole = "POST /up/b HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n[]";
    // One after the other, byte by byte, and all at once.
    for _ in 0..2 {
        client.send(chunked);
        assert_eq!(client.response().status, 200);
    }
    for byte in chunked.bytes() {
        client.send([byte]);
    }
    assert_eq!(client.response().status, 200);
    client.send([chunked, whole, whole, chunked, whole].concat());
    for _ in 0..5 {
        assert_eq!(client.response().status, 200);
    }
    let bodies: Vec<_> = upstream.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"{}", b"{}", b"{}", b"{}", b"[]", b"[]", b"{}", b"[]"].map(|body| body.to_vec()));
}

/// A head has a time in all, not one for each read.
#[test]
fn a_head_that_trickles_in() {
    let (gateway, upstream) = pair();
    let mut stream = TcpStream::connect(gateway.agents).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all(b"GET /up/x HTTP/1.1\r\nhost: localhost\r\nx: ").unwrap();
    let since = Instant::now();
    let mut answer = Vec::new();
    // The read's own timeout is the pause between two bytes.
    while let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(since.elapsed() < PATIENCE * 3, "it may go on for ever");
        if answer.is_empty() {
            // It may be refused just now.
            let _ = stream.write_all(b"y");
        }
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("waterwall-request-timeout"), "{answer}");
    assert_eq!(upstream.connections(), 0);
    // Everyone else is served meanwhile and after.
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
}

#[test]
fn bodies_beyond_the_limit() {
    let upstream = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::anthropic(upstream.url())])
        .with("redaction: { max_body_bytes: 1000 }")
        .start();
    assert_eq!(gateway.client().post("/anthropic/v1/messages", vec![b'1'; 1000]).status, 200);

    let mut client = gateway.client();
    let answer = client.post("/anthropic/v1/messages", vec![b'1'; 1001]);
    is_refusal(&answer, 413, "waterwall-body-too-large");
    assert_eq!(answer.json()["type"], "error");

    // Of unknown length: noticed while reading.
    let mut client = gateway.client();
    client.send("POST /anthropic/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..11 {
        client.send("64\r\n").send([b'1'; 100]).send("\r\n");
    }
    client.send("0\r\n\r\n");
    is_refusal(&client.response(), 413, "waterwall-body-too-large");

    // Asked first, the agent need not send anything.
    let mut client = gateway.client();
    client.send("POST /anthropic/x HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n");
    is_refusal(&client.response(), 413, "waterwall-body-too-large");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn sixty_five_megabytes() {
    let (gateway, upstream) = pair();
    let answer = gateway.client().post("/up/x", vec![b' '; 65 << 20]);
    is_refusal(&answer, 413, "waterwall-body-too-large");
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn websocket_upgrades() {
    let (gateway, upstream) = pair();
    let upgrade = "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    is_refusal(&gateway.client().get("/up/v1/responses", upgrade), 426, "waterwall-upgrade-refused");
    is_refusal(&gateway.client().get("/nowhere", upgrade), 404, "waterwall-no-route");
    assert_eq!(upstream.connections(), 0);
    // Other upgrades are only not taken up.
    let answer = gateway.client().get(
        "/up/x",
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.requests()[0].header("upgrade"), None);
}

#[test]
fn enormous_heads() {
    let (gateway, upstream) = pair();
    let answer = gateway.client().get("/up/x", &format!("x-big: {}\r\n", "a".repeat(70 << 10)));
    is_refusal(&answer, 431, "waterwall-head-too-large");
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn the_kill_switch_stops_everything() {
    let upstream = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::anthropic(upstream.url())]).start();
    let sentinel = gateway.setup.path("kill");
    let mut client = gateway.client();
    assert_eq!(client.post("/anthropic/v1/messages", "{}").status, 200);

    std::fs::write(&sentinel, "").unwrap();
    is_refusal(&client.get("/anthropic/v1/models", ""), 502, "waterwall-killswitch-engaged");
    is_refusal(&gateway.client().post("/anthropic/v1/messages", "{}"), 502, "waterwall-killswitch-engaged");
    let health = crate::harness::Client::connect(gateway.admin).get("/healthz", "").json();
    assert_eq!(health["killswitch_active"], true);
    assert_eq!(health["killswitch_sources"][0], "sentinel");

    std::fs::remove_file(&sentinel).unwrap();
    assert_eq!(gateway.client().post("/anthropic/v1/messages", "{}").status, 200);
    assert_eq!(upstream.requests().len(), 2);
}

/// Its answers end with the connection, so a cut one would pass for complete.
#[test]
fn http_1_0() {
    let (gateway, upstream) = pair();
    let mut client = gateway.client();
    client.send("POST /up/x HTTP/1.0\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}");
    is_refusal(&client.response(), 505, "waterwall-http-version");
    assert!(client.is_closed());
    assert_eq!(upstream.connections(), 0);
}
