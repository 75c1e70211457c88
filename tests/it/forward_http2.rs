//! Forward mode: what goes another way over HTTP/2, where one connection has many requests.

use std::io::{ErrorKind, Read as _, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::mpsc;

use crate::harness::{Gateway, PATIENCE, Scripted, Setup, Tunnel, UpstreamConfig, trusting, wait_until};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A body of these bytes, which ends after them or never.
struct Sent {
    bytes: Option<Bytes>,
    ends: bool,
}

impl Sent {
    fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: Some(bytes.into()), ends: true }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match (self.bytes.take(), self.ends) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, true) => Poll::Ready(None),
            (None, false) => Poll::Pending,
        }
    }
}

/// Runs `test` on one thread; a hang fails.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("it hangs") });
}

/// A connection to `up.test` that speaks HTTP/2.
async fn connect(gateway: &Gateway) -> SendRequest<Sent> {
    let stream = Tunnel::open(gateway.agents, "up.test:443").0;
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let mut config = trusting(&gateway.setup.path("state/ca.pem"));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let tls = connector.connect("up.test".try_into().unwrap(), stream).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

fn post(body: Sent, length: usize) -> Request<Sent> {
    let request = Request::post("https://up.test/x").header("content-type", "application/json");
    request.header("content-length", length).body(body).unwrap()
}

async fn is_refusal(answer: Response<Incoming>, status: u16, code: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["x-waterwall-error"], code);
    assert_eq!(answer.headers()["x-should-retry"], "false");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["error"]["type"], code);
}

/// Each of these is small enough; all of them, of one connection, are not.
#[test]
fn bodies_that_are_too_many_at_once() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())])
        .with("redaction: { max_body_bytes: 1048576 }")
        .start();
    run(async {
        let mut sender = connect(&gateway).await;
        let (told, mut answers) = mpsc::unbounded_channel();
        let body = Bytes::from(vec![b' '; (1 << 20) - 1]);
        // 64 MiB are the limit, and the last byte of each is not sent.
        for _ in 0..66 {
            let answer = sender.send_request(post(Sent { bytes: Some(body.clone()), ends: false }, 1 << 20));
            let told = told.clone();
            tokio::spawn(async move { told.send(answer.await) });
        }
        let answer = answers.recv().await.unwrap().unwrap();
        is_refusal(answer, 503, "waterwall-busy").await;
        assert_eq!(up.requests().len(), 0);
        // Others are served, and this connection goes on too.
        assert_eq!(gateway.client().get("/up/x", "").status, 200);
        let get = Request::get("https://up.test/x").body(Sent::whole("")).unwrap();
        assert_eq!(sender.send_request(get).await.unwrap().status(), 200);
    });
    // With the connection, its bodies are gone.
    let whole = "{}".to_owned() + &" ".repeat((1 << 20) - 2);
    wait_until(|| gateway.client().post("/up/x", &whole).status == 200);
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

/// A connection to `up.test` on which HTTP/2 has begun, whose frames are made by hand.
fn by_hand(gateway: &Gateway) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
    let stream = Tunnel::open(gateway.agents, "up.test:443").0;
    let mut config = trusting(&gateway.setup.path("state/ca.pem"));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connection = rustls::ClientConnection::new(Arc::new(config), "up.test".try_into().unwrap()).unwrap();
    let mut tls = rustls::StreamOwned::new(connection, stream);
    tls.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &[])[..]].concat()).unwrap();
    tls
}

/// Sends all of these, or as many as the gateway takes; true when it then ends the connection.
fn is_too_much(
    tls: &mut rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream>,
    frames: impl IntoIterator<Item = Vec<u8>>,
) -> bool {
    if frames.into_iter().any(|frame| tls.write_all(&frame).and_then(|()| tls.flush()).is_err()) {
        return true;
    }
    loop {
        match tls.read(&mut [0; 4096]) {
            Ok(0) => return true,
            Ok(_) => {}
            // Nothing more is said, and it is open still.
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// Requests that are taken back at once, and a head that never ends: neither holds up anyone else.
#[test]
fn floods_of_frames_are_bounded() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())]).start();
    // GET, https, /, and the authority; no more will come.
    let head = [&[0x82, 0x87, 0x84, 0x41, 7][..], b"up.test"].concat();
    let resets = (0..20_000_u32).map(|n| {
        let stream = 2 * n + 1;
        [frame(HEADERS, 5, stream, &head), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    assert!(is_too_much(&mut by_hand(&gateway), resets));

    // Literal fields that are not to be remembered, 16 KiB of them a frame, as large as one may be.
    let field = [&[0, 1, b'x', 127, 0x81, 0x7e][..], &[b'y'; 16_384 - 6]].concat();
    let endless = std::iter::repeat_with(|| frame(CONTINUATION, 0, 1, &field)).take(4_096);
    let begun = std::iter::once(frame(HEADERS, 1, 1, &head));
    assert!(is_too_much(&mut by_hand(&gateway), begun.chain(endless)));

    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    let health = crate::harness::Client::connect(gateway.admin).get("/healthz", "");
    assert_eq!(health.status, 200);
}

/// A cut answer is not taken for a whole one, and what was restored until then is recorded.
#[test]
fn a_stream_that_takes_too_long_is_cut() {
    let up = Scripted::start(|connection| {
        let request = connection.request().unwrap();
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk(&String::from_utf8(request.body).unwrap());
        connection.request();
    });
    let setup = Setup::new([UpstreamConfig::generic(up.url())]).with("drain_seconds: 1");
    let mut gateway = setup.start();
    let secret = format!("\"AKIA{}\"", "FAKE".repeat(4));
    run(async {
        let mut sender = connect(&gateway).await;
        let answer = sender.send_request(post(Sent::whole(secret.clone()), secret.len())).await.unwrap();
        let mut body = answer.into_body();
        let mut got = Vec::new();
        while got.len() < secret.len() {
            got.extend(body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert_eq!(got, secret.as_bytes());
        gateway.signal("TERM");
        let cut = body.frame().await.expect("an end as if it were whole");
        assert!(cut.is_err(), "{cut:?}");
    });
    assert_eq!(gateway.wait().code(), Some(0));
    gateway.wait_for_log("stopped before these were done");
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let closing = lines.iter().find(|line| line["phase"] == "close").unwrap();
    assert_eq!(closing["detok_count"], 1);
    assert_eq!(lines.last().unwrap()["line_type"], "checkpoint");
}
