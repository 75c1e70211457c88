//! Streams that are read in a way of their own, and written to as they are.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Buf as _, BytesMut};
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A way of reading from an `S`.
pub(crate) trait Reads<S> {
    /// As [`AsyncRead::poll_read`], where `inner` is what is read from.
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;
}

/// A stream that is read as `reads` says.
pub(crate) struct Tapped<S, R> {
    pub(crate) inner: S,
    pub(crate) reads: R,
}

impl<S: AsyncRead + Unpin, R: Reads<S> + Unpin> AsyncRead for Tapped<S, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.reads.poll_read(Pin::new(&mut this.inner), context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, R: Unpin> AsyncWrite for Tapped<S, R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Neither keys nor buffers are worth printing.
impl<S, R> fmt::Debug for Tapped<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tapped").finish_non_exhaustive()
    }
}

/// A stream whose first bytes have been read already, and are read again.
pub(crate) type Rewound<S> = Tapped<S, Start>;

/// The bytes that come first.
pub(crate) struct Start(BytesMut);

impl<S> Rewound<S> {
    /// A stream that begins with `start`.
    pub(crate) fn new(start: BytesMut, inner: S) -> Self {
        Self { inner, reads: Start(start) }
    }
}

impl<S: AsyncRead> Reads<S> for Start {
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.is_empty() {
            true => inner.poll_read(context, buffer),
            false => {
                take(&mut self.0, buffer);
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// Moves as many bytes as there is room for, and gives the memory back with the last.
pub(crate) fn take(bytes: &mut BytesMut, buffer: &mut ReadBuf<'_>) {
    let length = bytes.len().min(buffer.remaining());
    buffer.put_slice(&bytes[..length]);
    bytes.advance(length);
    if bytes.is_empty() {
        *bytes = BytesMut::new();
    }
}

/// A connection of Pingora's stays one, however it is read.
mod of_pingora {
    use super::*;

    #[async_trait]
    impl<R: Send + Sync + Unpin> Shutdown for Tapped<Stream, R> {
        async fn shutdown(&mut self) {
            Shutdown::shutdown(&mut *self.inner).await;
        }
    }

    impl<R> UniqueID for Tapped<Stream, R> {
        fn id(&self) -> UniqueIDType {
            self.inner.id()
        }
    }

    impl<R> Ssl for Tapped<Stream, R> {
        fn selected_alpn_proto(&self) -> Option<ALPN> {
            self.inner.selected_alpn_proto()
        }
    }

    impl<R> GetTimingDigest for Tapped<Stream, R> {
        fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
            self.inner.get_timing_digest()
        }
    }

    impl<R> GetProxyDigest for Tapped<Stream, R> {
        fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
            self.inner.get_proxy_digest()
        }
    }

    impl<R> GetSocketDigest for Tapped<Stream, R> {
        fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
            self.inner.get_socket_digest()
        }
    }

    impl<R> Peek for Tapped<Stream, R> {}
}
