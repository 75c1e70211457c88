//! The agents' port: looks at the first bytes of each connection and hands it on.
//!
//! Plain requests go to the proxy. A CONNECT opens a tunnel instead, which is a protocol of its
//! own and is not spoken: it is refused here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Gateway;
use super::rescue::Rescue;
use waterwall_core::dialect::Dialect;

/// How long a new connection may stay silent.
const FIRST_BYTES: Duration = Duration::from_secs(60);
/// The largest head of a CONNECT.
const MAX_CONNECT_HEAD: usize = 16 << 10;

/// The application on the agents' port.
pub(crate) struct Front {
    proxy: Arc<HttpProxy<Gateway>>,
    open: Open,
}

/// How many of the agents' connections are open.
#[derive(Clone, Default)]
pub(crate) struct Open(Arc<AtomicUsize>);

/// One open connection; closing is dropping.
struct Connection(Open);

impl Open {
    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    fn enter(&self) -> Connection {
        self.0.fetch_add(1, Ordering::AcqRel);
        Connection(self.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Front {
    /// A front for `proxy` that counts its connections in `open`.
    pub(crate) fn new(proxy: HttpProxy<Gateway>, open: Open) -> Self {
        Self { proxy: Arc::new(proxy), open }
    }
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, mut stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let _connection = self.open.enter();
        let mut start = [0; 8];
        let mut stopping = shutdown.clone();
        let peeked = tokio::select! {
            peeked = timeout(FIRST_BYTES, stream.try_peek(&mut start)) => peeked.ok()?.ok()?,
            _ = stopping.wait_for(|stop| *stop) => return None,
        };
        if peeked && &start == b"CONNECT " {
            // An agent that hangs up early needs no answer.
            let _ = timeout(FIRST_BYTES, refuse_connect(&mut stream)).await;
            return None;
        }
        // Serves the connection to its end, keep-alive included.
        self.proxy.process_new(stream, shutdown).await
    }

    async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }
}

/// Reads the head of a CONNECT and answers 403.
async fn refuse_connect(stream: &mut Stream) -> std::io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < MAX_CONNECT_HEAD {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let rescue = Rescue::ConnectRefused;
    let body = rescue.body(Dialect::of_stray(false));
    let mut answer = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-waterwall-error: {}\r\nx-should-retry: false\r\nconnection: close\r\n\r\n",
        body.len(),
        rescue.code(),
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    stream.write_all(&answer).await?;
    stream.flush().await?;
    tracing::info!(method = "CONNECT", status = 403, error = rescue.code(), "exchange ended");
    stream.shutdown().await
}
