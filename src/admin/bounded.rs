//! A bound on the admin port's connections: where there are too many, the oldest gives way.
//!
//! Descriptors are shared with the agents' port, so that idle or slow connections here could starve
//! both. An honest request takes milliseconds; of a crowd, the one that came first is the one that
//! does not mean to finish, or a keep-alive whose client will come again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::sync::Notify;

/// The most open connections: some dashboards, a scraper, a browser with six.
const MOST: usize = 12;

/// An application none of whose connections can crowd out the others.
pub(crate) struct Bounded<A> {
    app: Arc<A>,
    queue: Queue,
}

impl<A> Bounded<A> {
    pub(crate) fn new(app: A) -> Self {
        Self { app: Arc::new(app), queue: Queue::default() }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Bounded<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let place = self.queue.enter();
        tokio::select! {
            left = self.app.process_new(stream, shutdown) => left,
            () = place.asked_to_leave.notified() => None,
        }
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

/// The open connections, the oldest first.
#[derive(Default)]
struct Queue(Mutex<VecDeque<Arc<Notify>>>);

/// One connection's place; leaving is dropping.
struct Place<'a> {
    queue: &'a Queue,
    asked_to_leave: Arc<Notify>,
}

impl Queue {
    fn enter(&self) -> Place<'_> {
        let asked_to_leave = Arc::new(Notify::new());
        let mut open = self.open();
        if open.len() >= MOST
            && let Some(oldest) = open.pop_front()
        {
            oldest.notify_one();
        }
        open.push_back(Arc::clone(&asked_to_leave));
        Place { queue: self, asked_to_leave }
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<Arc<Notify>>> {
        // Whole after each step, so a poisoned lock still guards a good list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.open().retain(|other| !Arc::ptr_eq(other, &self.asked_to_leave));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn leaves(place: &Place<'_>) -> bool {
        timeout(Duration::from_secs(1), place.asked_to_leave.notified()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_gives_way_to_one_too_many() {
        let queue = Queue::default();
        let mut inside: Vec<_> = (0..MOST).map(|_| queue.enter()).collect();
        assert!(!leaves(&inside[0]).await);
        inside.push(queue.enter());
        assert!(leaves(&inside[0]).await);
        for place in &inside[1..] {
            assert!(!leaves(place).await);
        }
        assert_eq!(queue.open().len(), MOST);
        drop(inside);
        assert!(queue.open().is_empty());
    }
}
