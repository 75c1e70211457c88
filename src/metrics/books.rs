//! The counters themselves: windows for the dashboard, totals for Prometheus, the last activities.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use waterwall_core::secret::Kind;

use super::Ended;
use super::latency::{BOUNDS, Histogram};
use super::window::Window;

/// The window of the counters.
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
/// The window of the malformed events.
const FIFTEEN_MINUTES: Duration = Duration::from_secs(15 * 60);
/// How many activities are remembered.
const ACTIVITIES: usize = 50;
/// How many kinds are named as the most frequent.
const TOP: usize = 5;

/// Everything that is counted.
pub(super) struct Books {
    pub(super) recent: Window<Recent>,
    pub(super) malformed: Window<u64>,
    pub(super) activities: VecDeque<Activity>,
    pub(super) totals: Totals,
}

/// What happened in one slot of time.
#[derive(Default)]
pub(super) struct Recent {
    pub(super) redactions: BTreeMap<Kind, u64>,
    pub(super) unknown: u64,
    pub(super) added: Histogram,
}

/// Something that happened to one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Activity {
    /// When.
    pub(crate) at: SystemTime,
    /// The request's id.
    pub(crate) request_id: String,
    /// What.
    pub(crate) direction: Direction,
}

/// Which way it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Secrets were replaced.
    Out {
        /// How many.
        redactions: usize,
        /// Their kinds, each once, sorted by label.
        kinds: Vec<Kind>,
    },
    /// Placeholders were restored.
    In {
        /// How many.
        restored: u64,
    },
}

/// The recent past.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// Secrets replaced per minute.
    pub(crate) redactions_per_min: f64,
    /// The most frequent kinds and how often each was found, the first the most frequent.
    pub(crate) top: Vec<(Kind, u64)>,
    /// Half of all exchanges were delayed by no more than this.
    pub(crate) added_p50: Duration,
    /// All but one in a hundred were delayed by no more than this.
    pub(crate) added_p99: Duration,
    /// Placeholders left as they were.
    pub(crate) unknown: u64,
    /// The oldest first.
    pub(crate) activities: Vec<Activity>,
}

/// Counts since the start.
#[derive(Clone, Default)]
pub(crate) struct Totals {
    /// Exchanges, and requests that became none.
    pub(crate) requests: u64,
    /// Errors that the gateway made itself, by code.
    pub(crate) refusals: BTreeMap<Cow<'static, str>, u64>,
    /// Answers by upstream and status.
    pub(crate) answers: BTreeMap<String, BTreeMap<u16, u64>>,
    /// Secrets replaced, by kind.
    pub(crate) redactions: BTreeMap<Kind, u64>,
    /// Placeholders restored.
    pub(crate) restored: u64,
    /// Placeholders left as they were.
    pub(crate) unknown: u64,
    /// Events of streams that could not be read.
    pub(crate) malformed: u64,
    /// Forwarded exchanges by the time added: one for each of [`BOUNDS`], and the rest.
    pub(crate) added: [u64; BOUNDS.len() + 1],
    /// The sum of those times.
    pub(crate) added_sum: Duration,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            recent: Window::new(FIVE_MINUTES),
            malformed: Window::new(FIFTEEN_MINUTES),
            activities: VecDeque::with_capacity(ACTIVITIES),
            totals: Totals::default(),
        }
    }
}

impl Books {
    pub(super) fn tokenized(&mut self, now: Duration, at: SystemTime, request_id: &str, kinds: &[Kind]) {
        let recent = self.recent.now(now);
        for &kind in kinds {
            *recent.redactions.entry(kind).or_default() += 1;
            *self.totals.redactions.entry(kind).or_default() += 1;
        }
        let distinct: BTreeSet<Kind> = kinds.iter().copied().collect();
        let direction = Direction::Out { redactions: kinds.len(), kinds: distinct.into_iter().collect() };
        self.remember(Activity { at, request_id: request_id.to_owned(), direction });
    }

    pub(super) fn ended(&mut self, now: Duration, at: SystemTime, ended: &Ended<'_>) {
        let recent = self.recent.now(now);
        recent.unknown += ended.unknown;
        if let Some(added) = ended.added {
            recent.added.add(added);
            self.totals.add(added);
        }
        if ended.malformed > 0 {
            *self.malformed.now(now) += ended.malformed;
        }
        self.totals.count(ended);
        if let Some(request_id) = ended.request_id.filter(|_| ended.restored > 0) {
            let direction = Direction::In { restored: ended.restored };
            self.remember(Activity { at, request_id: request_id.to_owned(), direction });
        }
    }

    pub(super) fn snapshot(&mut self, now: Duration) -> Snapshot {
        let mut kinds = BTreeMap::<Kind, u64>::new();
        let (mut added, mut unknown) = (Histogram::default(), 0);
        for recent in self.recent.slots(now) {
            for (&kind, count) in &recent.redactions {
                *kinds.entry(kind).or_default() += count;
            }
            added.merge(&recent.added);
            unknown += recent.unknown;
        }
        let all: u64 = kinds.values().sum();
        let mut top: Vec<(Kind, u64)> = kinds.into_iter().collect();
        top.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
        top.truncate(TOP);
        #[allow(clippy::cast_precision_loss)] // below 2^53
        let redactions_per_min = all as f64 * 60.0 / FIVE_MINUTES.as_secs_f64();
        Snapshot {
            redactions_per_min,
            top,
            added_p50: added.percentile(0.5),
            added_p99: added.percentile(0.99),
            unknown,
            activities: self.activities.iter().cloned().collect(),
        }
    }

    pub(super) fn malformed(&mut self, now: Duration) -> u64 {
        self.malformed.slots(now).sum()
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Takes in activities of elsewhere, where they belong by their time.
    pub(super) fn remember_all(&mut self, activities: Vec<Activity>) {
        self.activities.extend(activities);
        self.activities.make_contiguous().sort_by_key(|activity| activity.at);
        let surplus = self.activities.len().saturating_sub(ACTIVITIES);
        self.activities.drain(..surplus);
    }

    fn remember(&mut self, activity: Activity) {
        if self.activities.len() == ACTIVITIES {
            self.activities.pop_front();
        }
        self.activities.push_back(activity);
    }
}

impl Totals {
    fn add(&mut self, added: Duration) {
        let seconds = added.as_secs_f64();
        let bucket = BOUNDS.iter().position(|&bound| seconds <= bound).unwrap_or(BOUNDS.len());
        self.added[bucket] += 1;
        self.added_sum += added;
    }

    fn count(&mut self, ended: &Ended<'_>) {
        self.requests += 1;
        self.restored += ended.restored;
        self.unknown += ended.unknown;
        self.malformed += ended.malformed;
        if let Some(code) = ended.refused {
            *self.refusals.entry(Cow::Borrowed(code)).or_default() += 1;
        }
        if let (Some(host), Some(status)) = (ended.host, ended.answered) {
            if !self.answers.contains_key(host) {
                self.answers.insert(host.to_owned(), BTreeMap::new());
            }
            if let Some(statuses) = self.answers.get_mut(host) {
                *statuses.entry(status).or_default() += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Kind = Kind::new("A");
    const B: Kind = Kind::new("B");

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ended(restored: u64) -> Ended<'static> {
        Ended {
            host: Some("a.test"),
            answered: Some(200),
            refused: None,
            added: Some(Duration::from_millis(2)),
            request_id: Some("r"),
            restored,
            unknown: 1,
            malformed: 2,
        }
    }

    #[test]
    fn the_window_moves_on_and_totals_stay() {
        let mut books = Books::default();
        books.tokenized(at(0), SystemTime::UNIX_EPOCH, "r", &[B, A, B]);
        books.ended(at(1), SystemTime::UNIX_EPOCH, &ended(3));
        let now = books.snapshot(at(2));
        assert_eq!(now.top, [(B, 2), (A, 1)]);
        assert!((now.redactions_per_min - 0.6).abs() < 1e-9);
        assert_eq!(now.unknown, 1);
        assert!((1.8..2.2).contains(&(now.added_p50.as_secs_f64() * 1e3)), "{:?}", now.added_p50);
        assert_eq!(books.malformed(at(2)), 2);
        assert_eq!(
            now.activities.iter().map(|it| it.direction.clone()).collect::<Vec<_>>(),
            [Direction::Out { redactions: 3, kinds: vec![A, B] }, Direction::In { restored: 3 }]
        );

        let later = books.snapshot(at(310));
        assert_eq!((later.top.len(), later.unknown, later.added_p99), (0, 0, Duration::ZERO));
        assert_eq!(books.malformed(at(310)), 2);
        assert_eq!(books.malformed(at(920)), 0);
        let totals = books.totals();
        assert_eq!((totals.redactions[&B], totals.restored, totals.malformed), (2, 3, 2));
        assert_eq!(totals.answers["a.test"][&200], 1);
        assert_eq!(totals.added[4], 1, "2 ms is in the bucket up to 2.5 ms");
    }

    #[test]
    fn fifty_activities_are_remembered() {
        let mut books = Books::default();
        for number in 0..60 {
            books.tokenized(at(0), SystemTime::UNIX_EPOCH, &number.to_string(), &[A]);
            books.ended(at(0), SystemTime::UNIX_EPOCH, &ended(0));
        }
        let activities = books.snapshot(at(0)).activities;
        assert_eq!(activities.len(), 50);
        assert_eq!((activities[0].request_id.as_str(), activities[49].request_id.as_str()), ("10", "59"));
    }
}
