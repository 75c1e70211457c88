//! The last answer on a connection: an error, written by ourselves where there is no request that
//! Pingora would answer.

use std::io;
use std::time::Duration;

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use waterwall_core::dialect::Dialect;

use super::rescue::Rescue;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How long, and how much, is read and thrown away after it: a connection that is closed with bytes unread
/// is reset, and the answer may be lost with it.
const LINGER: Duration = Duration::from_secs(5);
const DISCARDED: usize = 1 << 20;

/// Writes `rescue` and closes. Once `stopping` is true, nothing is waited for any more.
pub(crate) async fn farewell(
    mut stream: Stream,
    rescue: &Rescue,
    dialect: &Dialect,
    with_body: bool,
    stopping: &ShutdownWatch,
) {
    let closing = async {
        // An agent that hangs up early needs no answer.
        let written = timeout(ANSWER, write(&mut stream, rescue, dialect, with_body)).await;
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
