//! What all exchanges share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

use waterwall_audit::writer::ChainWriter;
use waterwall_core::{detect::Detectors, vault::Vault};

/// What happens to a body that cannot be scanned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unscannable {
    /// It is refused.
    Refuse,
    /// It passes, and the log says so.
    Pass,
}

/// What is looked for and how strictly.
pub struct Policy {
    /// What counts as a secret.
    pub detectors: Arc<Detectors>,
    /// Largest request body, decoded, in bytes.
    pub max_body_bytes: usize,
    /// What happens to a body that cannot be scanned.
    pub unscannable: Unscannable,
    /// Whether the model is told what placeholders are, by a sentence in the system prompt.
    pub explain_placeholders: bool,
}

/// What all exchanges share.
pub struct Services {
    /// Detectors and limits.
    pub policy: Policy,
    /// Placeholders and their plaintext.
    pub vault: Arc<Vault>,
    /// The audit log.
    pub chain: ChainWriter,
    /// The kill switch: names of the sources that hold it armed.
    pub kill_switch: Box<dyn Fn() -> Vec<&'static str> + Send + Sync>,
    started: Instant,
    requests: AtomicU64,
}

impl Services {
    /// Puts the services together.
    pub fn new(
        policy: Policy,
        vault: Arc<Vault>,
        chain: ChainWriter,
        kill_switch: impl Fn() -> Vec<&'static str> + Send + Sync + 'static,
    ) -> Self {
        Self {
            policy,
            vault,
            chain,
            kill_switch: Box::new(kill_switch),
            started: Instant::now(),
            requests: AtomicU64::new(0),
        }
    }

    /// Seconds on the vault's clock.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// An id for a request that came without one: unique on this host.
    pub(crate) fn request_id(&self) -> String {
        let start = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        format!("ww-{:x}-{:x}-{:x}", std::process::id(), start, self.requests.fetch_add(1, Relaxed))
    }
}
