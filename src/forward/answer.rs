//! Answers to a CONNECT.

use std::io;

use pingora_core::protocols::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt};

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
