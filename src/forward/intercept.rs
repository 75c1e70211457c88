//! Terminating a tunnel's TLS with a leaf for the host that the CONNECT named.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use pingora::http::ResponseHeader;
use pingora_core::protocols::Stream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::proxy::Through;
use crate::streams::Rewound;

use super::answer;
use super::stream::Intercepted;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long an agent may stay silent after it.
const FIRST_BYTES: Duration = Duration::from_secs(20);
/// What an HTTP/2 client says first (RFC 9113).
const H2_PREFACE: usize = 24;

/// Why a tunnel carries no requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The client's hello names another host than its CONNECT.
    OtherName,
    /// The handshake failed; mostly because the agent does not trust the private CA.
    Handshake,
    /// It was not done in time.
    Timeout,
    /// Nothing was said after the handshake.
    Silent,
}

impl Failure {
    /// For the log.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::OtherName => "the TLS server name is not the CONNECT's",
            Self::Handshake => "the TLS handshake failed; does the agent trust the private CA?",
            Self::Timeout => "the TLS handshake was not done in time",
            Self::Silent => "no request came",
        }
    }
}

/// Shakes hands as `host` and waits for the first bytes of the first request.
///
/// # Errors
/// When there will be no requests.
pub(super) async fn accept(
    stream: Rewound<Stream>,
    host: &str,
    config: Arc<ServerConfig>,
) -> Result<Intercepted, Failure> {
    let handshake = timeout_at(Instant::now() + HANDSHAKE, shake_hands(stream, host, config));
    let mut tls = handshake.await.map_err(|_| Failure::Timeout)??;
    let first = timeout_at(Instant::now() + FIRST_BYTES, first_bytes(&mut tls));
    let start = first.await.ok().flatten().ok_or(Failure::Silent)?;
    let through = Through { host: host.to_owned() };
    // Pingora wants the answer of a proxy here, although it asks for one only of upstream ones.
    let answer = ResponseHeader::build(200, Some(0)).map_err(|_| Failure::Handshake)?;
    let digest = ProxyDigest::new(Box::new(answer), Some(Box::new(through)));
    Ok(Intercepted::terminated(start, tls, Arc::new(digest)))
}

async fn shake_hands(
    stream: Rewound<Stream>,
    host: &str,
    config: Arc<ServerConfig>,
) -> Result<TlsStream<Rewound<Stream>>, Failure> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
    let mut start = start.map_err(|_| Failure::Handshake)?;
    let name = start.client_hello().server_name().map(str::to_owned);
    // Without a name (an old client), the CONNECT's stands for it.
    if name.is_some_and(|name| !name.trim_end_matches('.').eq_ignore_ascii_case(host)) {
        answer::unrecognized_name(&mut start.io.inner).await;
        return Err(Failure::OtherName);
    }
    start.into_stream(config).await.map_err(|_| Failure::Handshake)
}

/// Waits until a request has begun: Pingora would wait for ever for an HTTP/2 client's first words.
async fn first_bytes(tls: &mut TlsStream<Rewound<Stream>>) -> Option<BytesMut> {
    let enough = match tls.get_ref().1.alpn_protocol() {
        Some(b"h2") => H2_PREFACE,
        _ => 1,
    };
    let mut start = BytesMut::with_capacity(1024);
    while start.len() < enough {
        if tls.read_buf(&mut start).await.ok()? == 0 {
            return None;
        }
    }
    Some(start)
}
