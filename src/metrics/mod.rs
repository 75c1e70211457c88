//! What the gateway counts while it works, for `/admin/state` and `/metrics`.
//!
//! An exchange takes one short lock two or three times in its life; nothing is written or
//! allocated under it that grows with a body. Numbers and labels only: no path, header or text.

mod books;
mod latency;
mod window;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use waterwall_core::secret::Kind;

pub(crate) use books::{Activity, Direction, Snapshot, Totals};
pub(crate) use latency::BOUNDS;

use books::Books;

/// The counters of one gateway.
pub(crate) struct Metrics {
    started: Instant,
    /// Held for a few additions, never across input or output.
    books: Mutex<Books>,
    /// Milliseconds since 1970 of the last answer of any upstream; 0 for none yet.
    upstream_ok: AtomicU64,
    /// Whether the last attempt to reach an upstream got an answer.
    upstream_reachable: AtomicBool,
    /// How many exchanges have begun and not ended.
    under_way: AtomicUsize,
}

/// An exchange under way; ending is dropping.
pub(crate) struct UnderWay(Arc<Metrics>);

impl UnderWay {
    /// One more.
    pub(crate) fn begin(metrics: &Arc<Metrics>) -> Self {
        metrics.under_way.fetch_add(1, SeqCst);
        Self(Arc::clone(metrics))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, SeqCst);
    }
}

/// How an exchange ended.
pub(crate) struct Ended<'a> {
    /// The upstream's name, where one was found.
    pub(crate) host: Option<&'a str>,
    /// The status of the upstream's answer, where there was one.
    pub(crate) answered: Option<u16>,
    /// The code of the gateway's own error.
    pub(crate) refused: Option<&'static str>,
    /// The time that the gateway added, for what was forwarded.
    pub(crate) added: Option<Duration>,
    /// The request's id, where it became an exchange.
    pub(crate) request_id: Option<&'a str>,
    /// Placeholders restored.
    pub(crate) restored: u64,
    /// Placeholders left as they were.
    pub(crate) unknown: u64,
    /// Events of a stream whose data could not be read.
    pub(crate) malformed: u64,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            books: Mutex::default(),
            upstream_ok: AtomicU64::new(0),
            upstream_reachable: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
        }
    }

    /// Secrets of these kinds were replaced and recorded, and the request may leave.
    pub(crate) fn tokenized(&self, request_id: &str, kinds: &[Kind]) {
        if !kinds.is_empty() {
            self.books().tokenized(self.started.elapsed(), SystemTime::now(), request_id, kinds);
        }
    }

    /// An exchange, or a request that became none, has ended.
    pub(crate) fn ended(&self, ended: &Ended<'_>) {
        self.books().ended(self.started.elapsed(), SystemTime::now(), ended);
    }

    /// An upstream answered, whatever it said.
    pub(crate) fn upstream_answered(&self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.upstream_ok.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Relaxed);
        self.upstream_reachable.store(true, Relaxed);
    }

    /// An upstream gave no answer.
    pub(crate) fn upstream_failed(&self) {
        self.upstream_reachable.store(false, Relaxed);
    }

    /// Whether the last attempt to reach an upstream got an answer; false before the first.
    pub(crate) fn upstream_reachable(&self) -> bool {
        self.upstream_reachable.load(Relaxed)
    }

    /// When an upstream last answered.
    pub(crate) fn last_upstream_ok(&self) -> Option<SystemTime> {
        let millis = self.upstream_ok.load(Relaxed);
        (millis > 0).then(|| SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
    }

    /// How long the gateway has been running.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many exchanges have begun and not ended, their records included.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(SeqCst)
    }

    /// The last five minutes, fifteen for malformed events, and the last fifty activities.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.books().snapshot(self.started.elapsed())
    }

    /// Everything since the start.
    pub(crate) fn totals(&self) -> Totals {
        self.books().totals().clone()
    }

    /// Events of streams that could not be read, in the last fifteen minutes.
    pub(crate) fn malformed_15m(&self) -> u64 {
        self.books().malformed(self.started.elapsed())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A counter more or less after a panic elsewhere does no harm.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
