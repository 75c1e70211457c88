//! How many connections are open, and how many may be.
//!
//! Every connection takes two descriptors, one towards the agent and one onwards. Were they to run
//! out, nothing could be accepted any more, on the admin port neither; so the agents' port stops
//! short of that, and tunnels, which may be idle for long, get half of it at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Resource, getrlimit};

/// Descriptors for everything else: log, receipts, configuration, admin port, event loops.
const RESERVE: usize = 40;
/// More than this many are more than one operator's agents; their memory has a bound too.
const MOST: usize = 20_000;
/// Fewer would be of no use.
const FEWEST: usize = 8;

/// How many of the agents' connections are open.
#[derive(Clone)]
pub(crate) struct Open(Arc<Counts>);

struct Counts {
    connections: AtomicUsize,
    tunnels: AtomicUsize,
    limit: usize,
}

/// One open connection; closing is dropping.
pub(super) struct Connection(Open);

/// One open tunnel; closing is dropping.
pub(super) struct Place(Open);

impl Open {
    /// None yet, and as many allowed as the process has descriptors for. Where those are what bounds them, it is
    /// told what to raise.
    pub(crate) fn new() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let connections = limit(descriptors);
        if connections < MOST {
            let (tunnels, enough) = (connections / 2, 2 * MOST + RESERVE);
            tracing::info!(
                descriptors,
                connections,
                tunnels,
                "more agents than this get 503; for the most, allow {enough} descriptors (ulimit -Hn, LimitNOFILE)"
            );
        }
        Self::with(connections)
    }

    fn with(limit: usize) -> Self {
        let (connections, tunnels) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self(Arc::new(Counts { connections, tunnels, limit }))
    }

    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.0.connections.load(Ordering::Acquire)
    }

    /// The most connections that may be open.
    pub(crate) fn limit(&self) -> usize {
        self.0.limit
    }

    /// True when the silent should make room.
    pub(super) fn is_crowded(&self) -> bool {
        self.count() > self.0.limit / 2
    }

    /// Counts a connection; `None` beyond the limit.
    pub(super) fn enter(&self) -> Option<Connection> {
        let connection = Connection(self.clone());
        let before = self.0.connections.fetch_add(1, Ordering::AcqRel);
        (before < self.0.limit).then_some(connection)
    }

    /// Counts a tunnel; `None` beyond half of the limit.
    pub(super) fn enter_tunnel(&self) -> Option<Place> {
        let place = Place(self.clone());
        let before = self.0.tunnels.fetch_add(1, Ordering::AcqRel);
        (before < self.0.limit / 2).then_some(place)
    }
}

fn limit(descriptors: usize) -> usize {
    (descriptors.saturating_sub(RESERVE) / 2).clamp(FEWEST, MOST)
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.tunnels.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_descriptors() {
        assert_eq!([0, 64, 1024, 1 << 20].map(limit), [8, 12, 492, 20_000]);
    }

    #[test]
    fn beyond_the_limit_nobody_enters_until_somebody_leaves() {
        let open = Open::with(4);
        let inside: Vec<_> = (0..4).map(|_| open.enter().unwrap()).collect();
        assert!(open.is_crowded() && open.enter().is_none());
        assert_eq!(open.count(), 4);
        drop(inside);
        assert!(open.enter().is_some());
        assert_eq!(open.count(), 0);

        let tunnels: Vec<_> = (0..2).map(|_| open.enter_tunnel().unwrap()).collect();
        assert!(open.enter_tunnel().is_none());
        drop(tunnels);
        assert!(open.enter_tunnel().is_some());
    }
}
