//! Keeps the signed note beside the audit log.

use std::path::Path;

use waterwall_audit::transparency::{FollowError, Follower};
use waterwall_audit::{ChainWriter, SigningKey};

/// Follows the audit log on the upkeep thread, and tells what it finds in the gateway's own log.
pub(super) struct NoteKeeper {
    follower: Follower,
    /// The last trouble that was told: a standing one is told once.
    told: Option<String>,
}

impl NoteKeeper {
    /// For the log at `chain`, with the key that signs it.
    pub(super) fn new(chain: &Path, key: SigningKey) -> Self {
        Self { follower: Follower::new(chain, key), told: None }
    }

    /// Brings the note up to the last checkpoint. What fails here stops no request: the log itself is
    /// sound or the writer would say so.
    pub(super) fn catch_up(&mut self, chain: &ChainWriter) {
        let outcome = self.follow(chain).err().map(|error| error.to_string());
        if outcome != self.told {
            if let Some(error) = &outcome {
                tracing::error!(error, "the audit log's checkpoint note is not up to date");
            }
            self.told = outcome;
        }
    }

    fn follow(&mut self, chain: &ChainWriter) -> Result<(), FollowError> {
        self.follower.catch_up(chain.status().lines)?;
        self.follower.check_reached()
    }
}
