//! Answers to a CONNECT.

use std::io;

use pingora_core::protocols::Stream;
use tokio::io::AsyncWriteExt;
use waterwall_core::dialect::Dialect;

use crate::proxy::Rescue;

/// Says that the tunnel is open.
pub(super) async fn established(stream: &mut Stream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    stream.flush().await
}

/// Says why there is no tunnel.
pub(super) async fn refusal(stream: &mut Stream, rescue: &Rescue) -> io::Result<()> {
    let body = rescue.body(Dialect::of_stray(false));
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
    answer.extend_from_slice(&body);
    stream.write_all(&answer).await?;
    stream.flush().await
}
