//! How many connections are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many of the agents' connections are open.
#[derive(Clone, Default)]
pub(crate) struct Open(Arc<AtomicUsize>);

/// One open connection; closing is dropping.
pub(super) struct Connection(Open);

impl Open {
    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn enter(&self) -> Connection {
        self.0.fetch_add(1, Ordering::AcqRel);
        Connection(self.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
