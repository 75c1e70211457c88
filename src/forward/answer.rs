//! Answers to a CONNECT.

use std::io;

use pingora_core::protocols::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use waterwall_core::dialect::Dialect;

use crate::proxy::Rescue;

/// Says that the tunnel is open.
pub(super) async fn established(stream: &mut Stream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    stream.flush().await
}

/// An alert record (21) of TLS 1.2's version, two bytes: fatal, `unrecognized_name` (RFC 6066).
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// Tells a TLS client that the host it asks for is not served on this tunnel, and closes.
pub(super) async fn unrecognized_name(stream: &mut (impl AsyncWrite + Unpin)) {
    // A client that is gone needs no reason.
    let _ = stream.write_all(&UNRECOGNIZED_NAME).await;
    let _ = stream.flush().await;
    let _ = stream.shutdown().await;
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
