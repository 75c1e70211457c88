//! The agents' port: looks at the first bytes of each connection and hands it on.
//!
//! Plain requests go to the proxy. A CONNECT opens a tunnel: intercepted ones reach the same proxy
//! from inside, others pass unseen.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::time::timeout;

use crate::proxy::Gateway;

use super::Forward;
use super::open::Open;

/// How long a new connection may stay silent.
const FIRST_BYTES: Duration = Duration::from_secs(60);

/// The application on the agents' port.
pub(crate) struct Front {
    proxy: Arc<HttpProxy<Gateway>>,
    forward: Arc<Forward>,
    open: Open,
}

impl Front {
    /// A front for `proxy` and `forward` that counts its connections in `open`.
    pub(crate) fn new(proxy: HttpProxy<Gateway>, forward: Arc<Forward>, open: Open) -> Self {
        Self { proxy: Arc::new(proxy), forward, open }
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
        if !peeked || &start != b"CONNECT " {
            // Serves the connection to its end, keep-alive included.
            return self.proxy.process_new(stream, shutdown).await;
        }
        let intercepted = self.forward.connect(stream, shutdown).await?;
        self.proxy.process_new(Box::new(intercepted), shutdown).await
    }

    async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }
}
