//! [`Reason`]: what can be wrong with a log. The texts are an interface: scripts match on them.

use crate::chain::Hash;

/// What is wrong with a line, or with the log as a whole.
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
    /// An empty line.
    #[error("blank line where seq {0} was expected")]
    Blank(u64),
    /// Other bytes than the writer's say the same.
    #[error("line is not in canonical form at seq {0}")]
    Form(u64),
    /// The line's number is not the next one.
    #[error("seq mismatch: expected {expected}, found {found}")]
    Seq {
        /// The least that could stand there.
        expected: u64,
        /// What stands there.
        found: String,
    },
    /// The line's time is malformed, or before the one of the line before it.
    #[error("ts malformed or going back at seq {0}")]
    Time(u64),
    /// The last line has no newline.
    #[error("no newline at the end of seq {0}")]
    Unended(u64),
    /// A genesis line that is not the first.
    #[error("genesis line inside the log at seq {0}")]
    Genesis(u64),
    /// The genesis line has another public key than the one that verifies the checkpoints.
    #[error("the genesis line names another public key")]
    GenesisKey,
    /// No checkpoint: anyone could have written all of it.
    #[error("no checkpoint: nothing in this log is signed")]
    NoCheckpoint,
    /// The log does not go on from the one given before it.
    #[error("not the continuation of the log before it: {0}")]
    Link(&'static str),
    /// The remembered head is of another log.
    #[error("the remembered head is of another log: give its archives too, oldest first")]
    OtherLog,
    /// The log is shorter than it was.
    #[error("the log ends before the remembered head of {0} lines: its end was cut off or rolled back")]
    Cut(u64),
    /// The log has another line there.
    #[error("line {0} is not the one of the remembered head: the log was rewritten")]
    Rewritten(u64),
}
