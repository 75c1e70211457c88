//! [`WriterOptions`]: how a log is written.

use std::path::PathBuf;

use crate::{LogId, SigningKey};

/// When lines are made safe against a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// With each checkpoint. What was appended since the last one may be lost when the machine
    /// dies; nothing is when only the process does.
    Checkpoint,
    /// Before an append returns. Appends that come at the same time share a sync.
    EveryCommit,
}

/// How a log is written.
#[derive(Debug)]
pub struct WriterOptions {
    /// Signs the checkpoints.
    pub signing_key: SigningKey,
    /// The key's label on checkpoints. It does not bind the key.
    pub signing_key_id: String,
    /// A checkpoint is due after so many redaction lines.
    pub checkpoint_lines: u64,
    /// A checkpoint is due so many seconds after the first line that none covers.
    pub checkpoint_seconds: u64,
    /// When lines are made safe against a power cut.
    pub fsync: Fsync,
    /// Where receipts go; `None`: none are written.
    pub receipts_dir: Option<PathBuf>,
    /// Where session manifests go; `None`: none are written.
    pub manifests_dir: Option<PathBuf>,
    /// The log is rotated when it has so many bytes; `None`: never by itself.
    pub rotate_bytes: Option<u64>,
    /// The id of a log that is begun; `None`: a random one.
    pub log_id: Option<LogId>,
    /// With [`Fsync::Checkpoint`]. True: the append that makes a checkpoint also syncs the file, after the other appends have
    /// been answered. False: only `ChainWriter::checkpoint_if_due` and `ChainWriter::close` do,
    /// so that no request waits for the disk; then call the former every second or so.
    pub sync_inline: bool,
    /// Whether the log says first how many lines at its end no checkpoint covered when it was opened.
    pub tell_uncovered: bool,
}

impl WriterOptions {
    /// The defaults: 100 lines, 300 seconds, syncing inline with each checkpoint, neither receipts nor
    /// manifests.
    #[must_use]
    pub fn new(signing_key: SigningKey) -> Self {
        Self {
            signing_key,
            signing_key_id: "waterwall-2026-05".to_owned(),
            checkpoint_lines: 100,
            checkpoint_seconds: 300,
            fsync: Fsync::Checkpoint,
            receipts_dir: None,
            manifests_dir: None,
            rotate_bytes: None,
            log_id: None,
            sync_inline: true,
            tell_uncovered: false,
        }
    }
}
