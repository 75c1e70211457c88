//! What the writer tells: how it opened, what it appended, how it is.

use crate::{Event, Hash};

/// How a log was found and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// There was none; it was made.
    pub created: bool,
    /// `seq` of the last line that was found; 0 for none.
    pub lines: u64,
    /// How many lines at the end no checkpoint covers.
    pub uncovered: u64,
    /// The last line had lost its newline.
    pub newline_restored: bool,
    /// Name of the file beside the log that now has a torn last line.
    pub torn_moved_to: Option<String>,
    /// How many receipts had no line, and were moved to `<name>.orphan`.
    pub orphaned_receipts: u64,
    /// How many receipts were not there, or not whole, and were made anew from their lines.
    pub rebuilt_receipts: u64,
}

impl OpenReport {
    /// What the log says before anything else is done with it: the next checkpoint covers lines that
    /// none covered when they were found, and from then on nobody can tell which.
    pub(super) fn uncovered_event(&self) -> Option<Event> {
        (self.uncovered > 0)
            .then_some(Event::UncoveredAtStart { lines: self.uncovered, last_seq: self.lines })
    }
}

/// A successful append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// `seq` of the line, or of the last of several; they are consecutive.
    pub seq: u64,
}

/// The writer's condition, for health checks and the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `seq` of the last line.
    pub lines: u64,
    /// Hash of the last line: the next line's `prev_hash`.
    pub head_hash: Hash,
    /// Checkpoints since the writer was opened.
    pub checkpoints: u64,
    /// The last one's `chain_root_hash`.
    pub last_checkpoint_root: Option<Hash>,
    /// The last one's `ts`.
    pub last_checkpoint_ts: Option<String>,
    /// Lines that no checkpoint covers yet.
    pub uncovered: u64,
    /// How many lines none covered when the writer opened the log.
    pub uncovered_at_start: u64,
    /// Writes so far: `lines / writes` is what group commit saves.
    pub writes: u64,
    /// Rotations since the writer was opened.
    pub rotations: u64,
    /// Why the last rotation by size did not succeed; the log goes on.
    pub rotation_trouble: Option<String>,
    /// The last append succeeded, and no sync has failed since.
    pub healthy: bool,
    /// Why not.
    pub trouble: Option<String>,
}
