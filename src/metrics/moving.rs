//! [`Counts`]: what one gateway has counted, on the way to its successor.
//!
//! Times are told as ages, because each process counts from its own start.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use waterwall_core::secret::Kind;

use super::books::{Activity, Books, Direction, Recent, Totals};

/// Everything in the books of a gateway. Fields that a sender does not know are at zero.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    totals: MovedTotals,
    recent: Vec<Aged<MovedRecent>>,
    malformed: Vec<Aged<u64>>,
    activities: Vec<MovedActivity>,
    /// Milliseconds since 1970; 0 for none.
    pub(super) upstream_ok: u64,
    pub(super) upstream_reachable: bool,
}

/// What happened in a slot of time that began so many slots ago.
#[derive(Serialize, Deserialize)]
struct Aged<T> {
    age: i64,
    what: T,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct MovedTotals {
    requests: u64,
    refusals: BTreeMap<String, u64>,
    answers: BTreeMap<String, BTreeMap<u16, u64>>,
    redactions: BTreeMap<String, u64>,
    restored: u64,
    unknown: u64,
    malformed: u64,
    added: Vec<u64>,
    added_sum: Duration,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct MovedRecent {
    redactions: BTreeMap<String, u64>,
    unknown: u64,
    added: Vec<(usize, u32)>,
}

#[derive(Serialize, Deserialize)]
struct MovedActivity {
    /// Since 1970.
    at: Duration,
    request_id: String,
    /// How many were replaced, and of which kinds; `None` for an answer.
    out: Option<(usize, Vec<String>)>,
    restored: u64,
}

impl Counts {
    /// What the books hold.
    pub(super) fn of(books: &mut Books, now: Duration) -> Self {
        Self {
            totals: books.totals.clone().into(),
            recent: books.recent.aged(now).map(|(age, what)| Aged { age, what: what.into() }).collect(),
            malformed: books.malformed.aged(now).map(|(age, &what)| Aged { age, what }).collect(),
            activities: books.activities.iter().cloned().map(Into::into).collect(),
            upstream_ok: 0,
            upstream_reachable: false,
        }
    }

    /// Adds everything to the books.
    pub(super) fn absorb(self, books: &mut Books, now: Duration) {
        self.totals.add_to(&mut books.totals);
        for Aged { age, what } in self.recent {
            if let Some(recent) = books.recent.before(now, age) {
                what.add_to(recent);
            }
        }
        for Aged { age, what } in self.malformed {
            if let Some(malformed) = books.malformed.before(now, age) {
                *malformed += what;
            }
        }
        let moved = self.activities.into_iter().map(Activity::from);
        books.remember_all(moved.collect());
    }
}

impl From<Totals> for MovedTotals {
    fn from(totals: Totals) -> Self {
        Self {
            requests: totals.requests,
            refusals: totals.refusals.into_iter().map(|(code, count)| (code.into_owned(), count)).collect(),
            answers: totals.answers,
            redactions: by_label(&totals.redactions),
            restored: totals.restored,
            unknown: totals.unknown,
            malformed: totals.malformed,
            added: totals.added.to_vec(),
            added_sum: totals.added_sum,
        }
    }
}

impl MovedTotals {
    fn add_to(self, totals: &mut Totals) {
        totals.requests += self.requests;
        totals.restored += self.restored;
        totals.unknown += self.unknown;
        totals.malformed += self.malformed;
        totals.added_sum += self.added_sum;
        for (ours, theirs) in totals.added.iter_mut().zip(self.added) {
            *ours += theirs;
        }
        for (code, count) in self.refusals {
            *totals.refusals.entry(Cow::Owned(code)).or_default() += count;
        }
        for (host, statuses) in self.answers {
            let ours = totals.answers.entry(host).or_default();
            statuses.into_iter().for_each(|(status, count)| *ours.entry(status).or_default() += count);
        }
        add_kinds(&mut totals.redactions, self.redactions);
    }
}

impl From<&Recent> for MovedRecent {
    fn from(recent: &Recent) -> Self {
        let added = recent.added.buckets().collect();
        Self { redactions: by_label(&recent.redactions), unknown: recent.unknown, added }
    }
}

impl MovedRecent {
    fn add_to(self, recent: &mut Recent) {
        recent.unknown += self.unknown;
        add_kinds(&mut recent.redactions, self.redactions);
        self.added.into_iter().for_each(|(bucket, count)| recent.added.add_bucket(bucket, count));
    }
}

impl From<Activity> for MovedActivity {
    fn from(Activity { at, request_id, direction }: Activity) -> Self {
        let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (out, restored) = match direction {
            Direction::Out { redactions, kinds } => {
                (Some((redactions, kinds.iter().map(|kind| kind.label().to_owned()).collect())), 0)
            }
            Direction::In { restored } => (None, restored),
        };
        Self { at, request_id, out, restored }
    }
}

impl From<MovedActivity> for Activity {
    fn from(MovedActivity { at, request_id, out, restored }: MovedActivity) -> Self {
        let direction = match out {
            Some((redactions, kinds)) => {
                Direction::Out { redactions, kinds: kinds.iter().filter_map(|it| Kind::intern(it)).collect() }
            }
            None => Direction::In { restored },
        };
        Self { at: SystemTime::UNIX_EPOCH + at, request_id, direction }
    }
}

fn by_label(kinds: &BTreeMap<Kind, u64>) -> BTreeMap<String, u64> {
    kinds.iter().map(|(kind, &count)| (kind.label().to_owned(), count)).collect()
}

fn add_kinds(ours: &mut BTreeMap<Kind, u64>, theirs: BTreeMap<String, u64>) {
    for (label, count) in theirs {
        if let Some(kind) = Kind::intern(&label) {
            *ours.entry(kind).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, Metrics};
    use super::*;

    const A: Kind = Kind::new("A");

    fn ended(code: Option<&'static str>) -> Ended<'static> {
        Ended {
            host: Some("a.test"),
            answered: Some(200),
            refused: code,
            added: Some(Duration::from_millis(2)),
            request_id: Some("r"),
            restored: 3,
            unknown: 1,
            malformed: 2,
        }
    }

    fn moved(counts: &Counts) -> Counts {
        serde_json::from_str(&serde_json::to_string(counts).unwrap()).unwrap()
    }

    #[test]
    fn a_successor_goes_on_counting() {
        let (older, newer) = (Metrics::new(), Metrics::new());
        older.tokenized("one", &[A, A]);
        older.ended(&ended(Some("some-code")));
        older.upstream_answered();
        newer.tokenized("two", &[A]);
        newer.ended(&ended(None));
        // It did not arrive, so it is given again.
        drop(older.give());
        older.keep();
        newer.absorb(moved(&older.give()));
        // What the older one still does comes later, and what it did does not come twice.
        older.ended(&ended(None));
        newer.absorb(moved(&older.give()));
        newer.absorb(moved(&older.give()));

        let totals = newer.totals();
        assert_eq!((totals.requests, totals.restored, totals.unknown, totals.malformed), (3, 9, 3, 6));
        assert_eq!(totals.redactions, BTreeMap::from([(A, 3)]));
        assert_eq!(totals.refusals, BTreeMap::from([("some-code".into(), 1)]));
        assert_eq!(totals.answers["a.test"][&200], 3);
        assert_eq!((totals.added[4], totals.added_sum), (3, Duration::from_millis(6)));
        let snapshot = newer.snapshot();
        assert_eq!((snapshot.top, snapshot.unknown), (vec![(A, 3)], 3));
        assert!(snapshot.added_p99 > Duration::ZERO);
        assert_eq!(newer.malformed_15m(), 6);
        let ids: Vec<_> = snapshot.activities.iter().map(|it| it.request_id.as_str()).collect();
        assert_eq!(ids, ["one", "r", "two", "r", "r"], "the oldest first");
        assert!(newer.upstream_reachable() && newer.last_upstream_ok() == older.last_upstream_ok());
        // Whoever asks the older one meanwhile is not told that nothing happened.
        assert_eq!((older.totals().requests, older.totals().restored), (2, 6));
    }

    #[test]
    fn what_a_successor_has_seen_itself_is_newer() {
        let (older, newer) = (Metrics::new(), Metrics::new());
        older.upstream_answered();
        let counts = older.give();
        newer.upstream_answered();
        newer.upstream_failed();
        newer.absorb(counts);
        assert!(!newer.upstream_reachable());
    }

    #[test]
    fn a_message_of_another_version_is_taken_as_far_as_it_goes() {
        let counts: Counts = serde_json::from_str("{\"totals\":{\"requests\":2},\"later\":1}").unwrap();
        let newer = Metrics::new();
        newer.absorb(counts);
        assert_eq!(newer.totals().requests, 2);
    }
}
