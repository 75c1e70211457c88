//! Forward mode: requests through tunnels whose TLS is terminated.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use waterwall::echo::{Echo, EchoOptions, Knobs};

use crate::harness::{Client, Gateway, PATIENCE, Scripted, Setup, Tunnel, UpstreamConfig, trusting};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Looks like an AWS access key, made of pieces so that it is none.
fn secret() -> String {
    format!("AKIA{}", "FAKE7".repeat(4)[..16].to_owned())
}

fn message(text: &str) -> String {
    let messages = [json!({"role": "user", "content": text})];
    json!({"model": "m", "max_tokens": 10, "stream": true, "messages": messages}).to_string()
}

/// A gateway before two upstreams, `up.test` and `anthropic.test`.
fn before(up: &str, anthropic: &str) -> Gateway {
    Setup::new([UpstreamConfig::generic(up), UpstreamConfig::anthropic(anthropic)]).start()
}

fn ca(gateway: &Gateway) -> PathBuf {
    gateway.setup.path("state/ca.pem")
}

/// A request-ready tunnel to a listed host.
fn tunnel(gateway: &Gateway, host: &str) -> Client {
    Tunnel::open(gateway.agents, &format!("{host}:443")).tls(&ca(gateway), host)
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn secrets_inside_a_tunnel_are_tokenized_and_restored() {
    let knobs = Knobs { chunk: Some(1), ..Knobs::default() };
    let echo = Echo::start(EchoOptions { knobs, ..Default::default() }).unwrap();
    let gateway = before("http://127.0.0.1:1", &echo.url());
    let secret = secret();
    let mut client = tunnel(&gateway, "anthropic.test");
    // Many requests per tunnel.
    for _ in 0..3 {
        let answer = client.post("/v1/messages", message(&format!("the key is {secret}, keep it")));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!contains(&answer.body, "<pl:"));
    }
    let requests = echo.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert!(contains(&request.body, "<pl:AWS_ACCESS_KEY:") && !contains(&request.body, &secret));
    }
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    let line = log.lines().find(|line| line.contains(r#""line_type":"redaction""#)).unwrap();
    assert!(line.contains(r#""host":"anthropic.test""#), "{line}");
}

#[test]
fn requests_go_where_the_connect_said() {
    let up = Scripted::answering(OK);
    let other = Scripted::answering(OK);
    let gateway = before(&up.url(), &other.url());
    let mut client = tunnel(&gateway, "up.test");
    for host in ["up.test", "anthropic.test", "localhost", "example.com"] {
        client.send(format!("GET /anthropic/v1/messages?x=1 HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(client.response().status, 200, "{host}");
    }
    client.send("GET http://anthropic.test/absolute HTTP/1.1\r\nhost: anthropic.test\r\n\r\n");
    assert_eq!(client.response().status, 200);
    assert_eq!(other.connections(), 0);
    let requests = up.requests();
    // The path stays as it is, whatever prefixes are configured.
    assert!(requests[0].head.starts_with("GET /anthropic/v1/messages?x=1 "), "{}", requests[0].head);
    assert!(requests[4].head.starts_with("GET /absolute "), "{}", requests[4].head);
    let host = up.url().replace("http://", "");
    assert!(requests.iter().all(|request| request.header("host") == Some(host.as_str())));
}

/// What a client says to its proxy alone, and the leave that it asks for, stay here.
#[test]
fn what_is_said_to_the_proxy_stays_here() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let mut plain = gateway.client();
    let mut inside = tunnel(&gateway, "up.test");
    for (client, target) in [(&mut plain, "http://up.test/x"), (&mut inside, "/x")] {
        client.send(format!(
            "POST {target} HTTP/1.1\r\nhost: up.test\r\nproxy-connection: keep-alive\r\n\
             proxy-authorization: Basic eA==\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        ));
        assert_eq!(client.response().status, 100, "{target}");
        client.send("{}");
        assert_eq!(client.response().status, 200, "{target}");
    }
    // The connection goes on.
    assert_eq!(inside.get("/x", "").status, 200);
    for request in up.requests() {
        for name in ["proxy-connection", "proxy-authorization", "expect"] {
            assert_eq!(request.header(name), None);
        }
    }
    assert_eq!(up.requests().len(), 3);
}

/// Whatever a listed host's name is written like, it is never tunnelled; on another port neither.
#[test]
fn a_listed_host_on_another_port() {
    let up = Scripted::answering(OK);
    let setup = Setup::new([UpstreamConfig::generic(up.url())]).with("forward: { tunnel_ports: [8443] }");
    let gateway = setup.start();
    for target in ["up.test:8443", "UP.TEST.:8443"] {
        let mut client = Tunnel::open(gateway.agents, target).tls(&ca(&gateway), "up.test");
        assert_eq!(client.get("/x", "").status, 200);
    }
    let refused = Tunnel::try_open(gateway.agents, "Up.Test.:8080").err().unwrap();
    assert_eq!((refused.status, refused.code()), (403, "waterwall-connect-refused"));
    assert_eq!(up.requests().len(), 2);
}

#[test]
fn pages_and_upgrades_are_refused_inside_a_tunnel_too() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let mut client = tunnel(&gateway, "up.test");
    let answer = client.get("/x", "origin: https://evil.test\r\n");
    assert_eq!((answer.status, answer.code()), (403, "waterwall-foreign-origin"));
    let answer = client.get("/x", "upgrade: websocket\r\nconnection: upgrade\r\n");
    assert_eq!((answer.status, answer.code()), (426, "waterwall-upgrade-refused"));
    assert_eq!(up.connections(), 0);
    let mut client = tunnel(&gateway, "up.test");
    assert_eq!(client.get("/x", "origin: https://up.test\r\n").status, 200);
}

/// HTTP/2 with anthropic.test through the gateway; belongs to the runtime that it is called on.
async fn http2_to_anthropic(gateway: &Gateway) -> SendRequest<Full<Bytes>> {
    let stream = Tunnel::open(gateway.agents, "anthropic.test:443").0;
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let mut config = trusting(&ca(gateway));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = "anthropic.test".try_into().unwrap();
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A proxy's method, and a page's request, inside of HTTP/2: answered as everything else, in the form of the
/// tunnel's host, and the connection goes on.
#[test]
fn refusals_over_http2() {
    let up = Scripted::answering(OK);
    let gateway = before("http://127.0.0.1:1", &up.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut sender = http2_to_anthropic(&gateway).await;
        let url = "https://anthropic.test/v1/x";
        let none = Full::new(Bytes::new());
        for (request, status, code) in [
            (http::Request::connect("anthropic.test:443"), 403, "waterwall-connect-refused"),
            (http::Request::get(url).header("origin", "https://evil.test"), 403, "waterwall-foreign-origin"),
            (http::Request::get("https://anthropic.test/v1/../x"), 404, "waterwall-no-route"),
            (http::Request::post(url).header("content-encoding", "x"), 502, "waterwall-unscannable-body"),
        ] {
            let body = if status == 502 { Full::new(Bytes::from("x")) } else { none.clone() };
            let answer = sender.send_request(request.body(body).unwrap()).await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["x-waterwall-error"]),
                (status, &code.parse().unwrap())
            );
            assert_eq!(answer.headers()["x-should-retry"], "false");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&body["type"], &body["error"]["type"]), (&"error".into(), &code.into()));
        }
        let request = http::Request::get(url).body(none).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    });
    assert_eq!(up.requests().len(), 1);
    let metrics = Client::connect(gateway.admin).get("/metrics", "").text();
    assert!(
        metrics.contains("waterwall_refusals_total{code=\"waterwall-connect-refused\"} 1\n"),
        "{metrics}"
    );
}

#[test]
fn http2_is_spoken_when_the_client_asks_for_it() {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let gateway = before("http://127.0.0.1:1", &echo.url());
    let secret = secret();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut sender = http2_to_anthropic(&gateway).await;
        let mut answers = Vec::new();
        for _ in 0..4 {
            let request = http::Request::post("https://anthropic.test/v1/messages")
                .header("content-type", "application/json")
                .body(Full::new(Bytes::from(message(&secret))))
                .unwrap();
            answers.push(sender.send_request(request));
        }
        for answer in answers {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), 200);
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(contains(&body, &secret));
        }
    });
    assert_eq!(echo.requests().len(), 4);
    assert!(echo.requests().iter().all(|request| !contains(&request.body, &secret)));
}

#[test]
fn server_names() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let open = || Tunnel::open(gateway.agents, "UP.test.:443");
    // None: the CONNECT's host is meant.
    let mut config = trusting(&ca(&gateway));
    config.enable_sni = false;
    let mut client = open().try_tls(config, "up.test").unwrap();
    assert_eq!(client.get("/x", "").status, 200);
    // Another one, even a listed one.
    for name in ["anthropic.test", "sub.up.test", "example.com"] {
        let refused = open().try_tls(trusting(&ca(&gateway)), name).err().unwrap();
        assert!(refused.to_string().contains("UnrecognisedName"), "{refused}");
    }
    gateway.wait_for_log("the TLS server name is not the CONNECT's");
    assert_eq!(up.connections(), 1);
}

/// Sends each byte as a segment of its own, at first.
struct Dripping(std::net::TcpStream, usize);

impl std::io::Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for Dripping {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.1 == 0 {
            return self.0.write(bytes);
        }
        let length = bytes.len().min(self.1);
        for byte in &bytes[..length] {
            self.0.write_all(std::slice::from_ref(byte))?;
            // Leaves the kernel no reason to send two together.
            std::thread::sleep(Duration::from_micros(200));
        }
        self.1 -= length;
        Ok(length)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn a_hello_in_single_bytes_or_with_the_connect() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let config = Arc::new(trusting(&ca(&gateway)));
    let connection =
        || rustls::ClientConnection::new(Arc::clone(&config), "up.test".try_into().unwrap()).unwrap();

    let stream = Dripping(Tunnel::open(gateway.agents, "up.test:443").0, 4096);
    let mut client = Client::over(rustls::StreamOwned::new(connection(), stream));
    assert_eq!(client.get("/x", "").status, 200);

    let mut eager = connection();
    let mut first = b"CONNECT up.test:443 HTTP/1.1\r\nhost: up.test:443\r\n\r\n".to_vec();
    eager.write_tls(&mut first).unwrap();
    let mut stream = std::net::TcpStream::connect(gateway.agents).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&first).unwrap();
    let stream = Tunnel::answered(stream).unwrap().0;
    let mut client = Client::over(rustls::StreamOwned::new(eager, stream));
    assert_eq!(client.get("/x", "").status, 200);
}

#[test]
fn the_kill_switch_comes_first() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let mut client = tunnel(&gateway, "up.test");
    assert_eq!(client.get("/x", "").status, 200);
    std::fs::write(gateway.setup.path("kill"), "").unwrap();
    for target in ["up.test:443", "other.test:443", "127.0.0.1:22"] {
        let refused = Tunnel::try_open(gateway.agents, target).err().unwrap();
        assert_eq!((refused.status, refused.code()), (502, "waterwall-killswitch-engaged"), "{target}");
    }
    // Inside an open tunnel as well.
    let answer = client.get("/x", "");
    assert_eq!((answer.status, answer.code()), (502, "waterwall-killswitch-engaged"));
    assert_eq!(up.requests().len(), 1);
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert_eq!(log.matches(r#""line_type":"killswitch""#).count(), 4, "{log}");
}

#[test]
fn absolute_form_to_listed_hosts() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    let secret = secret();
    let mut client = gateway.client();
    let body = json!({ "text": secret }).to_string();
    client.send(format!(
        "POST http://UP.test/v1/x?y HTTP/1.1\r\nhost: UP.test\r\nproxy-authorization: Basic x\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(client.response().status, 200);
    let request = up.requests().remove(0);
    assert!(request.head.starts_with("POST /v1/x?y "), "{}", request.head);
    assert_eq!(request.header("proxy-authorization"), None);
    assert!(contains(&request.body, "<pl:") && !contains(&request.body, &secret));
    for authority in ["other.test", "up.test:8080", "127.0.0.2.test"] {
        let mut client = gateway.client();
        client.send(format!("GET http://{authority}/ HTTP/1.1\r\nhost: {authority}\r\n\r\n"));
        assert_eq!(client.response().code(), "waterwall-foreign-host", "{authority}");
    }
    // Pingora's own refusals: a Host that differs, a user.
    for (url, host) in [("http://up.test/", "other.test"), ("http://a@up.test/", "up.test")] {
        let mut client = gateway.client();
        client.send(format!("GET {url} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(client.head().unwrap().0, 400, "{url}");
    }
    let mut client = gateway.client();
    client.send("GET http://up.test/ HTTP/1.1\r\nhost: up.test\r\norigin: http://evil.test\r\n\r\n");
    assert_eq!(client.response().code(), "waterwall-foreign-origin");
    assert_eq!(up.requests().len(), 1);
}

#[test]
fn without_its_key_nothing_is_intercepted_and_nothing_leaks() {
    let up = Scripted::answering(OK);
    let gateway = before(&up.url(), "http://127.0.0.1:1");
    std::fs::rename(gateway.setup.path("state/ca.key"), gateway.setup.path("state/away")).unwrap();
    let refused = Tunnel::try_open(gateway.agents, "up.test:443").err().unwrap();
    assert_eq!((refused.status, refused.code()), (502, "waterwall-config-error"));
    // Once it has been seen whole, it stays in force until there is another.
    std::fs::rename(gateway.setup.path("state/away"), gateway.setup.path("state/ca.key")).unwrap();
    assert_eq!(tunnel(&gateway, "up.test").get("/x", "").status, 200);
    std::fs::remove_file(gateway.setup.path("state/ca.key")).unwrap();
    assert_eq!(tunnel(&gateway, "up.test").get("/x", "").status, 200);
}

#[test]
fn a_stopping_gateway_ends_idle_tunnels() {
    let up = Scripted::answering(OK);
    // What it waits for would take longer than the test does.
    let setup = Setup::new([UpstreamConfig::generic(up.url())]).with("drain_seconds: 3600");
    let mut gateway = setup.start();
    let mut client = tunnel(&gateway, "up.test");
    assert_eq!(client.get("/x", "").status, 200);
    let _silent = Tunnel::open(gateway.agents, "up.test:443");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}
