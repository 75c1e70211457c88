//! A provider's side: a TLS server of HTTP/1.1 that does as little as it can, on a thread of its
//! own, and looks whether the secret arrived.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The name in every certificate.
pub(crate) const NAME: &str = "localhost";
/// Events of a paced stream.
pub(crate) const EVENTS: u32 = 100;
/// Between two of them.
pub(crate) const PACE: Duration = Duration::from_millis(3);
/// Every so many events repeat the placeholder that the request held.
pub(crate) const RESTORED_EVERY: u32 = 10;

/// Times in events count from here, on the clock of this process.
pub(crate) static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What a request asks for, in its `x-bench` header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A small JSON message.
    Message,
    /// A stream of [`EVENTS`] events, [`PACE`] apart.
    Paced,
    /// A stream that stays open after its first events.
    Held,
}

impl Answer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Paced => "paced",
            Self::Held => "held",
        }
    }
}

/// The running server. It ends with the process.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// The certificate that signed all others here.
    pub(crate) root: CertificateDer<'static>,
    pub(crate) root_file: PathBuf,
    /// Its certificate and key serve nginx's listener too.
    pub(crate) certificate_file: PathBuf,
    pub(crate) key_file: PathBuf,
    leaks: Arc<AtomicU64>,
}

impl Upstream {
    /// Starts on a free port; puts the certificates into `directory`.
    pub(crate) fn start(directory: &Path, secret: &str) -> Result<Self> {
        LazyLock::force(&EPOCH);
        let root_key = KeyPair::generate()?;
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate that bears its issuer's name for self-signed.
        root.distinguished_name.push(DnType::CommonName, "bench root");
        let root_certificate = root.self_signed(&root_key)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new([NAME.to_owned()])?.signed_by(&key, &Issuer::new(root, root_key))?;

        let file = |name: &str, content: String| {
            let path = directory.join(name);
            std::fs::write(&path, content).map(|()| path)
        };
        let key_der = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key_der)?;

        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let leaks = Arc::new(AtomicU64::new(0));
        let upstream = Self {
            address: listener.local_addr()?,
            root: root_certificate.der().clone(),
            root_file: file("root.pem", root_certificate.pem())?,
            certificate_file: file("certificate.pem", certificate.pem())?,
            key_file: file("key.pem", key.serialize_pem())?,
            leaks: Arc::clone(&leaks),
        };
        let watch = Watch { secret: secret.to_owned(), leaks };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("upstream".to_owned())
            .spawn(move || runtime.block_on(serve(listener, acceptor, Arc::new(watch))))
            .context("cannot start a thread")?;
        Ok(upstream)
    }

    /// How many requests held the secret so far.
    pub(crate) fn leaks(&self) -> u64 {
        self.leaks.load(Relaxed)
    }
}

struct Watch {
    secret: String,
    leaks: Arc<AtomicU64>,
}

async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor, watch: Arc<Watch>) {
    let listener = TcpListener::from_std(listener).expect("non-blocking, and inside a runtime");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, watch) = (acceptor.clone(), Arc::clone(&watch));
        tokio::spawn(async move {
            // Whoever hangs up has its reasons; the client notices what it misses.
            let _ = connection(stream, &acceptor, &watch).await;
        });
    }
}

async fn connection(stream: TcpStream, acceptor: &TlsAcceptor, watch: &Watch) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    let mut buffer = Vec::with_capacity(128 << 10);
    loop {
        let Some(request) = read_request(&mut stream, &mut buffer).await? else { return Ok(()) };
        let body = &buffer[request.head..request.end];
        let leaked = memchr::memmem::find(body, watch.secret.as_bytes()).is_some();
        watch.leaks.fetch_add(u64::from(leaked), Relaxed);
        match request.answer {
            Answer::Message => stream.write_all(MESSAGE.as_bytes()).await?,
            Answer::Paced => {
                let text = placeholder(body).unwrap_or_else(|| "no placeholder arrived".to_owned());
                paced(&mut stream, text).await?;
            }
            Answer::Held => {
                // A thousand of these are open, and their memory is not what is measured.
                buffer = Vec::new();
                held(&mut stream).await?;
                continue;
            }
        }
        stream.flush().await?;
        buffer.drain(..request.end);
    }
}

/// Where things are in the buffer.
struct Request {
    answer: Answer,
    head: usize,
    end: usize,
}

/// Reads one request into the buffer; `None` when the connection is over.
async fn read_request(stream: &mut TlsStream<TcpStream>, buffer: &mut Vec<u8>) -> Result<Option<Request>> {
    let head = loop {
        if let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let answer = match field("x-bench") {
        Some("paced") => Answer::Paced,
        Some("held") => Answer::Held,
        _ => Answer::Message,
    };
    let length: usize = field("content-length").context("a request without a length")?.parse()?;
    buffer.reserve(length);
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Request { answer, head, end: head + length }))
}

/// The first placeholder in a body.
fn placeholder(body: &[u8]) -> Option<String> {
    let start = memchr::memmem::find(body, b"<pl:")?;
    let length = memchr::memchr(b'>', &body[start..])? + 1;
    String::from_utf8(body[start..start + length].to_vec()).ok()
}

const MESSAGE: &str = concat!(
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_011\r\ncontent-length: 310\r\n\r\n",
    r#"{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"The build fails because the cache directory is missing. I will create it and run the tests again."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":25100,"output_tokens":24}}"#,
);

/// `x-accel-buffering` is for nginx, which would collect events otherwise.
const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n";

fn event(name: &str, data: &str) -> Vec<u8> {
    let event = format!("event: {name}\ndata: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}

fn opening() -> Vec<u8> {
    [
        STREAM.as_bytes(),
        &event("message_start", r#"{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":25100,"output_tokens":1}}}"#),
        &event("content_block_start", r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#),
    ]
    .concat()
}

/// A delta that says when it was made, `@` and nanoseconds since [`EPOCH`].
fn delta(text: &str) -> Vec<u8> {
    let now = EPOCH.elapsed().as_nanos();
    event(
        "content_block_delta",
        &format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text} @{now} "}}}}"#
        ),
    )
}

async fn held(stream: &mut TlsStream<TcpStream>) -> Result<()> {
    stream.write_all(&opening()).await?;
    stream.write_all(&delta("thinking")).await?;
    stream.flush().await?;
    // Until the other side hangs up, which is an error here and ends the connection.
    stream.read_u8().await?;
    Ok(())
}

/// The pace is kept by a thread: the runtime's own timer counts whole milliseconds.
async fn paced(stream: &mut TlsStream<TcpStream>, text: String) -> Result<()> {
    stream.write_all(&opening()).await?;
    stream.flush().await?;
    let (events, mut due) = mpsc::channel(EVENTS as usize);
    thread::spawn(move || {
        let began = Instant::now();
        for number in 0..EVENTS {
            thread::sleep((PACE * (number + 1)).saturating_sub(began.elapsed()));
            let text = if number % RESTORED_EVERY == 0 { &text } else { "and so on" };
            if events.blocking_send(delta(text)).is_err() {
                return;
            }
        }
    });
    while let Some(event) = due.recv().await {
        stream.write_all(&event).await?;
        stream.flush().await?;
    }
    let end = [
        event("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        event("message_stop", r#"{"type":"message_stop"}"#),
        b"0\r\n\r\n".to_vec(),
    ];
    stream.write_all(&end.concat()).await?;
    Ok(())
}
