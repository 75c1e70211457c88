//! [`Verdict`]: what was found in a log.

use std::fmt;

use super::{Genesis, Head, Reason};
use crate::canonical::{Number, Object, Value};

/// What was found. `Display` is the one- or two-line text for people and scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines that hold together, from the first on.
    pub lines: u64,
    /// Checkpoints with a valid signature among them.
    pub checkpoints: u64,
    /// How many of these lines come after the last valid checkpoint: nothing signs them yet.
    pub uncovered: u64,
    /// `seq` of the first line.
    pub first_seq: Option<u64>,
    /// The last line; `None` when there is none. Worth remembering elsewhere.
    pub head: Option<Head>,
    /// What the first line says, if it is a genesis line.
    pub genesis: Option<Genesis>,
    /// The first checkpoint's label of the key.
    pub signing_key_id: Option<String>,
    /// What is no failure but should be known; sentences for people.
    pub notes: Vec<String>,
    /// Where and why it ends, if it does not hold together.
    pub failure: Option<Failure>,
}

/// The first thing that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line's `seq`; if it cannot be read, the one expected there.
    pub seq: u64,
    /// What is wrong.
    pub reason: Reason,
}

impl Verdict {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failure.is_none()
    }

    /// The verdict as one line of JSON: `ok`, `lines`, `checkpoints`, `uncovered_lines`, `head`
    /// (null without a line), `notes`, `failure_seq`, `failure_reason` (both null when ok).
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.to_object()).to_canonical()
    }

    /// The members of [`Verdict::to_json`].
    #[must_use]
    pub fn to_object(&self) -> Object {
        let number = |value: u64| Value::Number(Number::from(value));
        let failure = self.failure.as_ref();
        Object::from([
            ("ok".to_owned(), Value::Bool(self.is_ok())),
            ("lines".to_owned(), number(self.lines)),
            ("checkpoints".to_owned(), number(self.checkpoints)),
            ("uncovered_lines".to_owned(), number(self.uncovered)),
            ("head".to_owned(), self.head.as_ref().map_or(Value::Null, Head::to_value)),
            ("notes".to_owned(), Value::Array(self.notes.iter().cloned().map(Value::String).collect())),
            ("failure_seq".to_owned(), failure.map_or(Value::Null, |failure| number(failure.seq))),
            (
                "failure_reason".to_owned(),
                failure.map_or(Value::Null, |failure| Value::String(failure.reason.to_string())),
            ),
        ])
    }

    /// The verdict on this log and those after it: counts add up, the end is the last one's.
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        Self {
            lines: self.lines + next.lines,
            checkpoints: self.checkpoints + next.checkpoints,
            uncovered: next.uncovered,
            first_seq: self.first_seq,
            genesis: self.genesis,
            signing_key_id: self.signing_key_id.or(next.signing_key_id),
            notes: self.notes.into_iter().chain(next.notes).collect(),
            head: next.head,
            failure: self.failure.or(next.failure),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, checkpoints, failure, .. } = self;
        match failure {
            None => write!(f, "OK: {lines} lines verified, {checkpoints} checkpoints valid"),
            Some(Failure { seq, reason }) => write!(
                f,
                "FAIL: first failure at seq {seq}: {reason}\nverified up to {lines} lines, {checkpoints} checkpoints"
            ),
        }
    }
}
