//! What the gateway counts while it works, for `/admin/state` and `/metrics`.
//!
//! An exchange takes one short lock two or three times in its life; nothing is written or
//! allocated under it that grows with a body. Numbers and labels only: no path, header or text.

mod books;
mod latency;
mod moving;
mod window;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use waterwall_core::secret::Kind;

pub(crate) use books::{Activity, Direction, Snapshot, Totals};
pub(crate) use latency::BOUNDS;
pub(crate) use moving::Counts;

use books::Books;

/// The counters of one gateway.
pub(crate) struct Metrics {
    started: Instant,
    /// Held for a few additions, never across input or output.
    ledger: Mutex<Ledger>,
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

/// The books, and those for a successor.
#[derive(Default)]
struct Ledger {
    all: Books,
    /// What has come since a successor was given everything.
    given_later: Option<Books>,
}

impl Ledger {
    /// The books into which an event goes.
    fn each(&mut self) -> impl Iterator<Item = &mut Books> {
        [Some(&mut self.all), self.given_later.as_mut()].into_iter().flatten()
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
            ledger: Mutex::default(),
            upstream_ok: AtomicU64::new(0),
            upstream_reachable: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
        }
    }

    /// Secrets of these kinds were replaced and recorded, and the request may leave.
    pub(crate) fn tokenized(&self, request_id: &str, kinds: &[Kind]) {
        if !kinds.is_empty() {
            let (now, at) = (self.started.elapsed(), SystemTime::now());
            self.ledger().each().for_each(|books| books.tokenized(now, at, request_id, kinds));
        }
    }

    /// An exchange, or a request that became none, has ended.
    pub(crate) fn ended(&self, ended: &Ended<'_>) {
        let (now, at) = (self.started.elapsed(), SystemTime::now());
        self.ledger().each().for_each(|books| books.ended(now, at, ended));
    }

    /// A request was turned away, with this code, before it could become an exchange.
    pub(crate) fn turned_away(&self, code: &'static str) {
        self.ended(&Ended {
            host: None,
            answered: None,
            refused: Some(code),
            added: None,
            request_id: None,
            restored: 0,
            unknown: 0,
            malformed: 0,
        });
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

    /// For a successor: everything counted the first time, and then what has come since the last time.
    pub(crate) fn give(&self) -> Counts {
        let mut ledger = self.ledger();
        let now = self.started.elapsed();
        let mut counts = match &mut ledger.given_later {
            Some(later) => Counts::of(later, now),
            None => Counts::of(&mut ledger.all, now),
        };
        ledger.given_later = Some(Books::default());
        counts.upstream_ok = self.upstream_ok.load(Relaxed);
        counts.upstream_reachable = self.upstream_reachable();
        counts
    }

    /// No successor has come of it: the next one is given everything.
    pub(crate) fn keep(&self) {
        self.ledger().given_later = None;
    }

    /// Adds what another gateway has counted.
    pub(crate) fn absorb(&self, counts: Counts) {
        // The later answer tells how things are.
        if self.upstream_ok.fetch_max(counts.upstream_ok, Relaxed) < counts.upstream_ok {
            self.upstream_reachable.store(counts.upstream_reachable, Relaxed);
        }
        counts.absorb(&mut self.ledger().all, self.started.elapsed());
    }

    /// The last five minutes, fifteen for malformed events, and the last fifty activities.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.ledger().all.snapshot(self.started.elapsed())
    }

    /// Everything since the start.
    pub(crate) fn totals(&self) -> Totals {
        self.ledger().all.totals().clone()
    }

    /// Events of streams that could not be read, in the last fifteen minutes.
    pub(crate) fn malformed_15m(&self) -> u64 {
        self.ledger().all.malformed(self.started.elapsed())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A counter more or less after a panic elsewhere does no harm.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
