//! [`Sessions`]: what each agent's session has done so far, and the manifest when it ends.
//!
//! Sessions go on side by side; another one's request ends none. A session ends when it has been
//! idle for long enough, and with the gateway. Requests whose agent names no session are counted
//! together; they get a manifest only if something was replaced or left unknown.
//!
//! One lock owns the table; it is held for a few assignments, never during input or output.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use waterwall_audit::{ChainWriter, Place, Session, writer::ManifestError};

/// As many sessions are held open; one more ends the one that has been idle for longest.
const MOST: usize = 10_000;

/// The sessions under way. See the module.
#[derive(Default)]
pub struct Sessions(Mutex<Table>);

#[derive(Default)]
struct Table {
    open: HashMap<Option<String>, Open>,
    /// Ended, without a manifest yet.
    ended: Vec<Session>,
}

struct Open {
    session: Session,
    last: Instant,
}

/// A session under way, as the admin server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The agent's id for it; `None` for all requests without one.
    pub session_id: Option<String>,
    /// Secrets replaced so far.
    pub redactions: u64,
    /// When its first request came.
    pub started: SystemTime,
}

impl Sessions {
    /// Counts a request, before any line of it is on the log.
    pub(crate) fn request(&self, id: Option<&str>, policy_hash: &str, chain: &ChainWriter) {
        let mut table = self.table();
        let id = id.map(str::to_owned);
        if !table.open.contains_key(&id) {
            if table.open.len() >= MOST {
                table.end_longest_idle();
            }
            table.open.insert(id.clone(), Open::new(id.clone(), chain));
        }
        if let Some(open) = table.open.get_mut(&id) {
            open.last = Instant::now();
            open.session.requests += 1;
            if open.session.policy_hash != policy_hash {
                policy_hash.clone_into(&mut open.session.policy_hash);
            }
        }
    }

    /// Counts secrets that were replaced and recorded.
    pub(crate) fn redacted<'a>(&self, id: Option<&str>, kinds: impl Iterator<Item = &'a str>) {
        self.update(id, |session| {
            for kind in kinds {
                session.redactions += 1;
                match session.types.get_mut(kind) {
                    Some(count) => *count += 1,
                    None => drop(session.types.insert(kind.to_owned(), 1)),
                }
            }
        });
    }

    /// Notes the end of an answer, and what in it was left as it was.
    pub(crate) fn answered(&self, id: Option<&str>, unknown_placeholders: u64) {
        self.update(id, |session| session.unknown_placeholders += unknown_placeholders);
    }

    /// The sessions under way, the oldest first.
    #[must_use]
    pub fn view(&self) -> Vec<SessionView> {
        let mut views: Vec<_> = self.table().open.values().map(Open::view).collect();
        views.sort_by_key(|view| view.started);
        views
    }

    /// Ends the sessions that have been idle for `idle`, and writes the manifests that are due.
    ///
    /// # Errors
    /// The first that could not be written. It stays due.
    pub fn end_idle(
        &self,
        idle: Duration,
        chain: &ChainWriter,
        now: SystemTime,
    ) -> Result<(), ManifestError> {
        self.table().end(|open| open.last.elapsed() >= idle);
        self.write_ended(chain, now)
    }

    /// Ends all sessions.
    ///
    /// # Errors
    /// As [`Sessions::end_idle`].
    pub fn end_all(&self, chain: &ChainWriter, now: SystemTime) -> Result<(), ManifestError> {
        self.table().end(|_| true);
        self.write_ended(chain, now)
    }

    /// What happened in each session since this was last asked, for a successor that counts on. The
    /// sessions stay open, for what is in flight.
    #[must_use]
    pub fn take(&self) -> Vec<Session> {
        let mut table = self.table();
        let mut taken = std::mem::take(&mut table.ended);
        let news = table
            .open
            .values_mut()
            .map(|open| &mut open.session)
            .filter(|session| session.requests + session.redactions + session.unknown_placeholders > 0);
        taken.extend(news.map(|session| {
            let (requests, redactions, unknown_placeholders) = (0, 0, 0);
            let (first, started) = (session.first, session.started);
            let id = session.session_id.clone();
            let zero = Session {
                session_id: id,
                started,
                first,
                requests,
                redactions,
                types: BTreeMap::new(),
                unknown_placeholders,
                policy_hash: session.policy_hash.clone(),
            };
            std::mem::replace(session, zero)
        }));
        taken
    }

    /// Counts what a predecessor has counted.
    pub fn absorb(&self, taken: Session) {
        let mut table = self.table();
        let Some(open) = table.open.get_mut(&taken.session_id) else {
            let open = Open { session: taken, last: Instant::now() };
            table.open.insert(open.session.session_id.clone(), open);
            return;
        };
        let session = &mut open.session;
        session.started = session.started.min(taken.started);
        let place = |place: Place| (place.rotations, place.next_seq);
        session.first = std::cmp::min_by_key(session.first, taken.first, |it| place(*it));
        session.requests += taken.requests;
        session.redactions += taken.redactions;
        session.unknown_placeholders += taken.unknown_placeholders;
        for (kind, count) in taken.types {
            *session.types.entry(kind).or_default() += count;
        }
        if session.policy_hash.is_empty() {
            session.policy_hash = taken.policy_hash;
        }
    }

    fn write_ended(&self, chain: &ChainWriter, now: SystemTime) -> Result<(), ManifestError> {
        let mut due = std::mem::take(&mut self.table().ended).into_iter();
        while let Some(session) = due.next() {
            if let Err(error) = chain.end_session(&session, now) {
                self.table().ended.extend(std::iter::once(session).chain(due));
                return Err(error);
            }
        }
        Ok(())
    }

    /// A session that has ended meanwhile is not begun again by the end of an answer.
    fn update(&self, id: Option<&str>, change: impl FnOnce(&mut Session)) {
        if let Some(open) = self.table().open.get_mut(&id.map(str::to_owned)) {
            open.last = Instant::now();
            change(&mut open.session);
        }
    }

    /// The table is whole between any two statements, so a panic elsewhere does not spoil it.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn end(&mut self, mut over: impl FnMut(&Open) -> bool) {
        let ended = self.open.extract_if(|_, open| over(open)).map(|(_, open)| open.session);
        self.ended.extend(ended.filter(has_something_to_tell));
    }

    fn end_longest_idle(&mut self) {
        if let Some(longest) = self.open.values().map(|open| open.last).min() {
            self.end(|open| open.last == longest);
        }
    }
}

/// Requests without a session are no session; what happened in them is told all the same.
fn has_something_to_tell(session: &Session) -> bool {
    session.session_id.is_some() || session.redactions + session.unknown_placeholders > 0
}

impl Open {
    fn new(session_id: Option<String>, chain: &ChainWriter) -> Self {
        let session = Session {
            session_id,
            started: SystemTime::now(),
            first: chain.place(),
            requests: 0,
            redactions: 0,
            types: BTreeMap::new(),
            unknown_placeholders: 0,
            policy_hash: String::new(),
        };
        Self { session, last: Instant::now() }
    }

    fn view(&self) -> SessionView {
        let Session { session_id, redactions, started, .. } = &self.session;
        SessionView { session_id: session_id.clone(), redactions: *redactions, started: *started }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::{Value, json};
    use waterwall_audit::{SigningKey, WriterOptions};

    use super::*;

    const NEVER: Duration = Duration::from_secs(1_000_000);

    fn open(directory: &Path) -> ChainWriter {
        let manifests_dir = Some(directory.join("manifests"));
        let options =
            WriterOptions { manifests_dir, ..WriterOptions::new(SigningKey::generate().expect("random")) };
        ChainWriter::open(&directory.join("log"), options, SystemTime::now()).expect("opened").0
    }

    fn manifests(directory: &Path) -> Vec<Value> {
        let entries = fs::read_dir(directory.join("manifests")).expect("there");
        let texts = entries.map(|entry| fs::read_to_string(entry.expect("read").path()).expect("read"));
        let mut all: Vec<Value> = texts.map(|text| serde_json::from_str(&text).expect("JSON")).collect();
        all.sort_by_key(|manifest| manifest["session_id"].to_string());
        all
    }

    #[test]
    fn sessions_go_on_side_by_side_and_end_one_by_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let (chain, sessions) = (open(directory.path()), Sessions::default());
        for _ in 0..2 {
            for id in [Some("one"), Some("two"), None] {
                sessions.request(id, "policy", &chain);
            }
        }
        sessions.redacted(Some("two"), ["A", "B", "A"].into_iter());
        sessions.answered(Some("two"), 4);
        sessions.end_idle(NEVER, &chain, SystemTime::now()).expect("nothing to do");
        assert!(manifests(directory.path()).is_empty());
        let views = sessions.view();
        assert_eq!(views.len(), 3);
        assert!(views.iter().any(|view| view.session_id.as_deref() == Some("two") && view.redactions == 3));

        sessions.end_idle(Duration::ZERO, &chain, SystemTime::now()).expect("written");
        assert!(sessions.view().is_empty());
        // Nothing happened in the requests without a session.
        let manifests = manifests(directory.path());
        let ids: Vec<_> = manifests.iter().map(|manifest| &manifest["session_id"]).collect();
        assert_eq!(ids, ["one", "two"]);
        let two = &manifests[1];
        assert_eq!((&two["redaction_total"], &two["types_seen"]), (&json!(3), &json!({"A": 2, "B": 1})));
        assert_eq!(
            two["behavioral_fingerprint"],
            json!({"avg_redactions_per_request": 1.5, "unknown_placeholder_count": 4, "request_count": 2})
        );
        assert_eq!(two["chain_seq_range"], json!([2, 2]), "from the line after genesis to the checkpoint");
    }

    #[test]
    fn a_manifest_that_cannot_be_written_stays_due() {
        let directory = tempfile::tempdir().expect("a directory");
        let (chain, sessions) = (open(directory.path()), Sessions::default());
        sessions.request(Some("one"), "policy", &chain);
        sessions.request(Some("two"), "policy", &chain);
        let (there, gone) = (directory.path().join("manifests"), directory.path().join("gone"));
        fs::rename(&there, &gone).expect("moved");
        sessions.end_all(&chain, SystemTime::now()).expect_err("no directory");
        fs::rename(&gone, &there).expect("moved back");
        sessions.end_idle(NEVER, &chain, SystemTime::now()).expect("written");
        assert_eq!(manifests(directory.path()).len(), 2);
    }

    #[test]
    fn a_successor_counts_on() {
        let (directory, other) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        let (chain, old) = (open(directory.path()), Sessions::default());
        old.request(Some("one"), "policy", &chain);
        old.redacted(Some("one"), ["A"].into_iter());
        let (later, new) = (open(other.path()), Sessions::default());
        later.checkpoint(SystemTime::now()).expect("written");
        new.request(Some("one"), "policy", &later);
        old.take().into_iter().for_each(|session| new.absorb(session));
        assert!(old.take().is_empty());
        old.answered(Some("one"), 2);
        old.redacted(Some("one"), ["A", "B"].into_iter());
        old.take().into_iter().for_each(|session| new.absorb(session));
        let table = new.table();
        let session = &table.open[&Some("one".to_owned())].session;
        assert_eq!((session.requests, session.redactions, session.unknown_placeholders), (2, 3, 2));
        assert_eq!(session.types, BTreeMap::from([("A".to_owned(), 2), ("B".to_owned(), 1)]));
        assert_eq!(session.first.next_seq, 2, "where the older one began");
    }

    #[test]
    fn there_is_a_limit_to_how_many_are_open() {
        let directory = tempfile::tempdir().expect("a directory");
        let (chain, sessions) = (open(directory.path()), Sessions::default());
        for n in 0..=MOST {
            sessions.request(Some(&n.to_string()), "policy", &chain);
        }
        assert_eq!(sessions.view().len(), MOST);
        assert_eq!(sessions.table().ended.len(), 1);
        assert_eq!(sessions.table().ended[0].session_id.as_deref(), Some("0"));
    }
}
