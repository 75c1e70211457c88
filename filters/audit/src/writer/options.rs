//! [`WriterOptions`]: how a log is written.

use crate::SigningKey;

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
    /// True: the append that makes a checkpoint also syncs the file, after the other appends have
    /// been answered. False: only `ChainWriter::checkpoint_if_due` and `ChainWriter::close` do,
    /// so that no request waits for the disk; then call the former every second or so.
    pub sync_inline: bool,
}

impl WriterOptions {
    /// The defaults: 100 lines, 300 seconds, syncing inline.
    #[must_use]
    pub fn new(signing_key: SigningKey) -> Self {
        Self {
            signing_key,
            signing_key_id: "waterwall-2026-05".to_owned(),
            checkpoint_lines: 100,
            checkpoint_seconds: 300,
            sync_inline: true,
        }
    }
}
