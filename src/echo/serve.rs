//! The server: connections in, answers out.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::ask::Ask;
use super::knobs::Knobs;
use super::plan::Answer;
use super::record::{Recorded, Records};
use super::reply::{Canned, Reply, ReplyBody};
use super::{anthropic, chat, gemini, other, responses, tls};

/// How an echo provider is set up.
#[derive(Clone, Debug)]
pub struct EchoOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Defaults of the knobs; request headers override them.
    pub knobs: Knobs,
    /// Names and addresses of the certificate; empty for plain HTTP.
    pub tls_hosts: Vec<String>,
    /// Whether to keep the requests.
    pub record: bool,
}

impl Default for EchoOptions {
    fn default() -> EchoOptions {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        EchoOptions { listen, knobs: Knobs::default(), tls_hosts: Vec::new(), record: true }
    }
}

/// A running echo provider, on a thread of its own. Dropping it stops it and cuts its connections.
#[derive(Debug)]
pub struct Echo {
    address: SocketAddr,
    root_pem: Option<String>,
    shared: Arc<Shared>,
    stop: watch::Sender<()>,
}

impl Echo {
    /// Binds and starts serving.
    ///
    /// # Errors
    /// If the address cannot be bound, or the certificate or the thread cannot be made.
    pub fn start(options: EchoOptions) -> io::Result<Echo> {
        let listener = std::net::TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let identity = match options.tls_hosts.as_slice() {
            [] => None,
            hosts => Some(tls::make(hosts).map_err(io::Error::other)?),
        };
        let acceptor = identity.as_ref().map(|identity| TlsAcceptor::from(Arc::clone(&identity.config)));
        let shared = Arc::new(Shared { knobs: options.knobs, record: options.record, ..Shared::default() });
        let (stop, stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serving = Arc::clone(&shared);
        std::thread::Builder::new().name("echo-provider".into()).spawn(move || {
            runtime.block_on(accept(listener, acceptor, serving, stopped));
        })?;
        Ok(Echo { address, root_pem: identity.map(|identity| identity.root_pem), shared, stop })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a path.
    pub fn url(&self) -> String {
        let scheme = if self.root_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The root certificate that a client has to trust, in PEM; `None` for plain HTTP.
    pub fn root_pem(&self) -> Option<&str> {
        self.root_pem.as_deref()
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.records.all()
    }

    /// Forgets the requests so far.
    pub fn reset(&self) {
        self.shared.records.reset();
    }

    /// Queues an answer: each is given once, in order, whatever the request.
    pub fn script(&self, canned: Canned) {
        self.shared.scripts.lock().unwrap_or_else(PoisonError::into_inner).push_back(canned);
    }

    /// Blocks until the process is told to end; for the stand-alone provider.
    pub fn wait(&self) {
        loop {
            std::thread::park();
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.send_replace(());
    }
}

/// What the connections share. `scripts` is a queue whose lock no panic can leave half-changed.
#[derive(Debug, Default)]
struct Shared {
    knobs: Knobs,
    record: bool,
    records: Records,
    scripts: Mutex<VecDeque<Canned>>,
}

async fn accept(
    listener: std::net::TcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let stream = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => accepted,
        };
        // A failed accept is one client's loss.
        let Ok((stream, _)) = stream else { continue };
        tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Small pieces have to leave as they are; without it the last test of a client's joiner is the kernel's.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve(stream, shared).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, shared).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(exchange(request, &shared).await) }
    });
    // A broken connection is the client's affair: what it sent is on record.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn exchange(request: Request<Incoming>, shared: &Shared) -> Response<ReplyBody> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return failure(StatusCode::BAD_REQUEST, "the body ended early");
    };
    let knobs = match shared.knobs.overridden(&parts.headers) {
        Ok(knobs) => knobs,
        Err(message) => return failure(StatusCode::BAD_REQUEST, &message),
    };
    let plain = Knobs::default();
    let (reply, knobs) = match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/__requests") => (Reply::json(200, shared.records.listed().to_string()), &plain),
        (&Method::POST, "/__reset") => {
            shared.records.reset();
            (Reply::json(200, "{}".into()), &plain)
        }
        _ => {
            let recorded = Recorded::new(&parts, body);
            let scripted = shared.scripts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let reply = scripted.map_or_else(|| answer(&recorded, &parts.headers, &knobs), Reply::from);
            if shared.record {
                shared.records.push(recorded);
            }
            (reply, &knobs)
        }
    };
    reply.send(knobs).unwrap_or_else(|error| failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))
}

/// Chooses the endpoint by the end of the path, so that any prefix (`/anthropic`, `/api`) will do.
fn answer(recorded: &Recorded, headers: &HeaderMap, knobs: &Knobs) -> Reply {
    let path = recorded.path.split('?').next().unwrap_or("");
    let is_anthropic = headers.contains_key("anthropic-version");
    if let Some(status) = knobs.status {
        return error(status, is_anthropic || path.ends_with("/messages"));
    }
    if headers.contains_key("upgrade") {
        return error(426, false);
    }
    let body = recorded.json().unwrap_or(Value::Null);
    let say = |ask: &Ask| Answer::to(ask, knobs.mode);
    match recorded.method.as_str() {
        "GET" if path.ends_with("/v1/models") => other::models(is_anthropic, knobs),
        "POST" if path.ends_with("/v1/messages") => {
            let ask = Ask::anthropic(&body);
            anthropic::message(&ask, &say(&ask), knobs)
        }
        "POST" if path.ends_with("/v1/messages/count_tokens") => {
            anthropic::count(&Ask::anthropic(&body), knobs)
        }
        "POST" if path.ends_with("/chat/completions") => {
            let ask = Ask::chat(&body);
            chat::completion(&ask, &say(&ask), knobs, body["stream_options"]["include_usage"] == true)
        }
        "POST" if path.ends_with("/responses") => {
            let ask = Ask::responses(&body);
            responses::response(&ask, &body, &say(&ask), knobs)
        }
        "POST" if path.ends_with("/completions") => other::completion(&Ask::completion(&body), knobs),
        "POST" if path.ends_with("/embeddings") => other::embeddings(&body, knobs),
        "POST" if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") => {
            let ask = Ask::gemini(path, &body);
            gemini::content(&ask, &say(&ask), knobs)
        }
        "POST" if path.ends_with(":countTokens") => gemini::count(&Ask::gemini(path, &body), knobs),
        "POST" if path.ends_with("/moderations") => other::moderations(&body, knobs),
        _ => other::generic(recorded, knobs),
    }
}

fn error(status: u16, is_anthropic: bool) -> Reply {
    let text = format!("status {status}, as asked");
    let body =
        if is_anthropic { anthropic::error("api_error", &text) } else { other::error("server_error", &text) };
    Reply::json(status, body.to_string())
}

fn failure(status: StatusCode, message: &str) -> Response<ReplyBody> {
    let text = other::error("echo_error", message).to_string();
    let body = Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
