//! The agents' port: looks at the first bytes of each connection and hands it on.
//!
//! Plain requests go to the proxy. A CONNECT opens a tunnel: intercepted ones reach the same proxy
//! from inside, others pass unseen.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::time::timeout;

use crate::handover::Ending;
use crate::proxy::{Gateway, Refuser};
use crate::requests;

use super::open::Open;
use super::{Forward, until_stop};

/// How long a new connection may stay silent: this many turns, or one when there are many.
const TURNS: u32 = 12;
const TURN: Duration = Duration::from_secs(5);

/// The application on the agents' port.
pub(crate) struct Front {
    proxy: Arc<HttpProxy<Gateway>>,
    forward: Arc<Forward>,
    refuser: Arc<Refuser>,
    open: Open,
    /// Turns true when silent connections are to be closed.
    stopping: ShutdownWatch,
    /// Turns true when connections are to be closed after their answer.
    leaving: ShutdownWatch,
    /// Turns true when they are to be closed at once.
    cutting: ShutdownWatch,
}

impl Front {
    /// A front for `proxy` and `forward` that counts its connections in `open`, until `ending`.
    pub(crate) fn new(proxy: HttpProxy<Gateway>, forward: Arc<Forward>, open: Open, ending: &Ending) -> Self {
        let (stopping, leaving, cutting) = (ending.stopping(), ending.leaving(), ending.cutting());
        let refuser = forward.refuser();
        Self { proxy: Arc::new(proxy), forward, refuser, open, stopping, leaving, cutting }
    }

    /// Serves a connection to its end, keep-alive included. One that is cut is dropped, and with it its
    /// exchange, which closes its record.
    async fn serve(&self, stream: Stream) -> Option<Stream> {
        let mut cutting = self.cutting.clone();
        tokio::select! {
            () = requests::serve(&self.proxy, &self.refuser, stream, &self.leaving, &self.stopping) => None,
            Ok(_) = cutting.wait_for(|cut| *cut) => None,
        }
    }

    /// Waits for the first bytes, less long where others wait for a place.
    async fn first_bytes(&self, stream: &mut Stream, start: &mut [u8]) -> Option<bool> {
        let mut peek = pin!(stream.try_peek(start));
        for _ in 0..TURNS {
            if let Ok(peeked) = timeout(TURN, &mut peek).await {
                return peeked.ok();
            }
            if self.open.is_crowded() {
                break;
            }
        }
        None
    }
}

#[async_trait]
impl ServerApp for Front {
    /// Pingora's own watch says only that no more connections are accepted. When a successor accepts
    /// them, those that are open may go on.
    async fn process_new(self: &Arc<Self>, mut stream: Stream, _: &ShutdownWatch) -> Option<Stream> {
        let Some(_connection) = self.open.enter() else {
            return self.forward.turn_away(stream, &self.stopping).await;
        };
        let mut start = [0; 8];
        let peeked = until_stop(&self.stopping, self.first_bytes(&mut stream, &mut start)).await??;
        if !peeked || &start != b"CONNECT " {
            return self.serve(stream).await;
        }
        let intercepted = self.forward.connect(stream, &self.open, &self.stopping).await?;
        self.serve(Box::new(intercepted)).await
    }

    /// Closes idle connections, once that is due.
    async fn cleanup(&self) {
        // The sender lives as long as the gateway.
        let _ = self.stopping.clone().wait_for(|stop| *stop).await;
        ServerApp::cleanup(&*self.proxy).await;
    }
}
