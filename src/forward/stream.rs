//! A tunnel whose TLS has been terminated, as a stream that Pingora takes for a connection of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWriteExt, BufWriter, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::streams::{Reads, Rewound, Tapped};

/// Bytes of an answer collected before they become a TLS record: an event with its chunk framing
/// leaves as one.
const WRITE_BUFFER: usize = 8 << 10;

/// What the agent says to the host inside the tunnel.
pub(super) type Intercepted = Tapped<BufWriter<Rewound<TlsStream<Rewound<Stream>>>>, Inside>;

/// What is known of an intercepted tunnel. It is read as it comes.
pub(super) struct Inside {
    alpn: Option<ALPN>,
    /// Carries the host that the CONNECT named to the proxy.
    digest: Arc<ProxyDigest>,
}

impl Intercepted {
    /// `start` has been read from `tls` already.
    pub(super) fn terminated(
        start: BytesMut,
        tls: TlsStream<Rewound<Stream>>,
        digest: Arc<ProxyDigest>,
    ) -> Self {
        let alpn = match tls.get_ref().1.alpn_protocol() {
            Some(b"h2") => Some(ALPN::H2),
            Some(b"http/1.1") => Some(ALPN::H1),
            _ => None,
        };
        let inner = BufWriter::with_capacity(WRITE_BUFFER, Rewound::new(start, tls));
        Self { inner, reads: Inside { alpn, digest } }
    }

    /// The connection that the tunnel came by.
    fn connection(&self) -> &Stream {
        &self.inner.get_ref().inner.get_ref().0.inner
    }
}

impl<S: AsyncRead> Reads<S> for Inside {
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inner.poll_read(context, buffer)
    }
}

#[async_trait]
impl Shutdown for Intercepted {
    async fn shutdown(&mut self) {
        // The other side may be gone.
        let _ = self.inner.shutdown().await;
    }
}

impl UniqueID for Intercepted {
    fn id(&self) -> UniqueIDType {
        self.connection().id()
    }
}

impl Ssl for Intercepted {
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.reads.alpn.clone()
    }
}

impl GetTimingDigest for Intercepted {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.connection().get_timing_digest()
    }
}

impl GetProxyDigest for Intercepted {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.reads.digest))
    }
}

impl GetSocketDigest for Intercepted {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.connection().get_socket_digest()
    }
}

impl Peek for Intercepted {}
