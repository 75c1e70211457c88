//! [`verify_chain`]: does a log hold together, and how much of it is signed?
//!
//! The log is streamed; memory is bounded by its longest line. What is hashed is the value a line
//! stands for, so other spacing is accepted; duplicate keys are not. `ts` and `seq` are not looked
//! at: earlier logs have gaps in them after a failed write, and `prev_hash` orders the lines.

use std::{
    fmt,
    io::{self, BufRead},
};

use crate::{
    canonical::{Number, Object, Value},
    chain::{Hash, Head},
    checkpoint::{self, Fault},
    keys::PublicKey,
    line::{Line, LineError, read_line},
};

/// What was found. `Display` is the two-line text for people and scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Lines that hold together, from the first on.
    pub lines: u64,
    /// Checkpoints with a valid signature among them.
    pub checkpoints: u64,
    /// How many of these lines come after the last valid checkpoint: nothing signs them yet.
    pub uncovered: u64,
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

/// What can be wrong with a line. The texts are an interface: scripts match on them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No line at all.
    #[error("empty chain log: 0 lines verified (possible truncation)")]
    Empty,
    /// The line is not one JSON object.
    #[error("json decode failure: {0}")]
    Json(String),
    /// The line does not name the line before it.
    #[error("prev_hash mismatch at seq {0}")]
    PrevHash(u64),
    /// A checkpoint's signature is not base64.
    #[error("checkpoint signature decode failure: {0}")]
    SignatureEncoding(String),
    /// A checkpoint's root is not its hash.
    #[error("checkpoint chain_root_hash mismatch at seq {seq}: claimed {claimed}, computed {computed}")]
    Root {
        /// The checkpoint's `seq`.
        seq: u64,
        /// What it says.
        claimed: String,
        /// What it hashes to.
        computed: Hash,
    },
    /// A checkpoint's signature is not one by the key.
    #[error("checkpoint signature failed verification at seq {0}")]
    Signature(u64),
}

impl Verdict {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failure.is_none()
    }

    /// The verdict as one line of JSON: `ok`, `lines`, `checkpoints`, `uncovered_lines`,
    /// `failure_seq`, `failure_reason` (both null when ok).
    #[must_use]
    pub fn to_json(&self) -> String {
        let number = |value: u64| Value::Number(Number::from(value));
        let failure = self.failure.as_ref();
        Value::Object(Object::from([
            ("ok".to_owned(), Value::Bool(self.is_ok())),
            ("lines".to_owned(), number(self.lines)),
            ("checkpoints".to_owned(), number(self.checkpoints)),
            ("uncovered_lines".to_owned(), number(self.uncovered)),
            ("failure_seq".to_owned(), failure.map_or(Value::Null, |failure| number(failure.seq))),
            (
                "failure_reason".to_owned(),
                failure.map_or(Value::Null, |failure| Value::String(failure.reason.to_string())),
            ),
        ]))
        .to_canonical()
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

/// Reads a whole log and checks every link and every checkpoint; the first failure ends it. Blank
/// lines are passed over.
///
/// # Errors
/// Only what `reader` itself reports.
pub fn verify_chain(mut reader: impl BufRead, key: &PublicKey) -> io::Result<Verdict> {
    let mut walk = Walk {
        head: Head::GENESIS,
        verdict: Verdict { lines: 0, checkpoints: 0, uncovered: 0, failure: None },
    };
    let mut buffer = Vec::new();
    while read_line(&mut reader, &mut buffer)? {
        if buffer.trim_ascii().is_empty() {
            continue;
        }
        if let Err(failure) = walk.line(&buffer, key) {
            walk.verdict.failure = Some(failure);
            return Ok(walk.verdict);
        }
    }
    if walk.verdict.lines == 0 {
        walk.verdict.failure = Some(Failure { seq: 0, reason: Reason::Empty });
    }
    Ok(walk.verdict)
}

struct Walk {
    head: Head,
    verdict: Verdict,
}

impl Walk {
    fn line(&mut self, bytes: &[u8], key: &PublicKey) -> Result<(), Failure> {
        let expected = self.head.seq.saturating_add(1);
        let line = whole_line(bytes)
            .map_err(|error| Failure { seq: expected, reason: Reason::Json(error.to_string()) })?;
        let seq = line.seq.unwrap_or(expected);
        let fail = |reason| Failure { seq, reason };
        if !line.follows(self.head.hash) {
            return Err(fail(Reason::PrevHash(seq)));
        }
        if line.is_checkpoint() {
            // It has parsed once already, as an object.
            let object = line.object().unwrap_or_default();
            checkpoint::check(object, key).map_err(|fault| fail(reason(fault, seq)))?;
            self.verdict.checkpoints += 1;
            self.verdict.uncovered = 0;
        } else {
            self.verdict.uncovered += 1;
        }
        self.verdict.lines += 1;
        self.head = Head { seq, hash: line.hash(), ts_millis: 0 };
        Ok(())
    }
}

/// Reads a line with its ending. The last one may lack its newline (the writer puts it back), but
/// nothing may stand in its place.
fn whole_line(bytes: &[u8]) -> Result<Line<'_>, LineError> {
    match bytes.strip_suffix(b"\n") {
        Some(line) => Line::read(line),
        None if bytes.ends_with(b"}") => Line::read(bytes),
        None => Line::read(bytes).and(Err(LineError::Unended)),
    }
}

fn reason(fault: Fault, seq: u64) -> Reason {
    match fault {
        Fault::SignatureEncoding(what) => Reason::SignatureEncoding(what),
        Fault::Root { claimed, computed } => Reason::Root { seq, claimed, computed },
        Fault::Signature => Reason::Signature(seq),
    }
}
