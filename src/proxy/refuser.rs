//! The last answer on a connection: an error, written by ourselves where there is no request that
//! Pingora would answer. It is counted as all errors are.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use waterwall_core::dialect::Dialect;

use super::destination::{Named, Through};
use super::rescue::Rescue;
use super::route;
use crate::live::Live;
use crate::metrics::Metrics;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How long, and how much, is read and thrown away after it: a connection that is closed with bytes unread
/// is reset, and the answer may be lost with it.
const LINGER: Duration = Duration::from_secs(5);
const DISCARDED: usize = 1 << 20;

/// What is known of a request that is turned away.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The host that a CONNECT named, this one or that of the tunnel which the request came by.
    pub(crate) host: Option<String>,
    /// Its target, as far as it was understood.
    pub(crate) target: String,
    /// Whether it has the header that clients of Anthropic's send.
    pub(crate) anthropic: bool,
    /// Whether its answer has no body.
    pub(crate) bodiless: bool,
}

impl Asked {
    /// A request that came by `stream` and was not understood.
    pub(crate) fn by(stream: &Stream) -> Self {
        let digest = stream.get_proxy_digest();
        let host = digest.as_deref().and_then(Through::of).map(|through| through.host.clone());
        Self { host, ..Self::default() }
    }
}

/// Turns away what Pingora is not to see.
pub(crate) struct Refuser {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
}

impl Refuser {
    /// One that answers as what is in force says, and counts in `metrics`.
    pub(crate) fn new(live: Arc<Live>, metrics: Arc<Metrics>) -> Self {
        Self { live, metrics }
    }

    /// Counts the refusal of what was asked, and gives the form in which it is answered.
    pub(crate) fn refuse(&self, rescue: &Rescue, asked: &Asked) -> &'static Dialect {
        self.metrics.turned_away(rescue.code());
        let Asked { host, target, anthropic, .. } = asked;
        let running = self.live.now();
        let upstreams = &running.config.upstreams;
        let named = Named::in_absolute_form(target.as_bytes());
        let host = host.as_deref().or(named.as_ref().map(|named| &*named.host));
        let path = target.split('?').next().unwrap_or_default();
        route::form(upstreams, host, path, *anthropic)
    }

    /// Answers with `rescue` and closes. Once `stopping` is true, nothing is waited for any more.
    pub(crate) async fn answer(
        &self,
        mut stream: Stream,
        rescue: &Rescue,
        asked: &Asked,
        stopping: &ShutdownWatch,
    ) {
        let dialect = self.refuse(rescue, asked);
        let closing = async {
            // An agent that hangs up early needs no answer.
            let written = timeout(ANSWER, write(&mut stream, rescue, dialect, !asked.bodiless)).await;
            // Where there are too many connections, none is kept for the sake of an answer.
            if matches!(written, Ok(Ok(()))) && !matches!(rescue, Rescue::Busy(_)) {
                let _ = timeout(LINGER, discard(&mut stream)).await;
            }
        };
        let mut stopping = stopping.clone();
        tokio::select! {
            () = closing => {}
            Ok(_) = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

async fn write(stream: &mut Stream, rescue: &Rescue, dialect: &Dialect, with_body: bool) -> io::Result<()> {
    let body = rescue.body(dialect);
    let head = rescue.head(body.len()).map_err(|error| io::Error::other(error.to_string()))?;
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut answer = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_u16()).into_bytes();
    for (name, value) in &head.headers {
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"connection: close\r\n\r\n");
    if with_body {
        answer.extend_from_slice(&body);
    }
    stream.write_all(&answer).await?;
    stream.flush().await?;
    stream.shutdown().await
}

async fn discard(stream: &mut Stream) -> io::Result<()> {
    let mut chunk = [0; 4096];
    let mut left = DISCARDED;
    while left > 0 {
        match stream.read(&mut chunk).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}
