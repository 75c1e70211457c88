//! What all exchanges share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

use http::{HeaderMap, StatusCode};
use waterwall_audit::{event::Event, writer::ChainWriter};
use waterwall_core::{detect::Detectors, vault::Vault};

use crate::{Refusal, Sessions, session};

/// What happens to a body that cannot be scanned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unscannable {
    /// It is refused.
    Refuse,
    /// It passes, and the log says so.
    Pass,
}

/// What is looked for and how strictly. An exchange keeps the policy that it began with.
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

/// An armed kill switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Armed {
    /// The names of the sources that hold it, at least one.
    pub sources: Vec<&'static str>,
    /// What refused requests are answered with.
    pub status: StatusCode,
}

/// What all exchanges share, whatever policy they follow.
pub struct Services {
    /// Placeholders and their plaintext.
    pub vault: Arc<Vault>,
    /// The audit log.
    pub chain: ChainWriter,
    /// The agents' sessions under way.
    pub sessions: Sessions,
    /// The kill switch: `None` when traffic may pass.
    pub kill_switch: Box<dyn Fn() -> Option<Armed> + Send + Sync>,
    started: Instant,
    /// What the vault's clock showed at the start: it goes on where a predecessor's was.
    clock: u64,
    requests: AtomicU64,
}

impl Services {
    /// Puts the services together.
    pub fn new(
        vault: Arc<Vault>,
        chain: ChainWriter,
        kill_switch: impl Fn() -> Option<Armed> + Send + Sync + 'static,
    ) -> Self {
        Self {
            vault,
            chain,
            sessions: Sessions::default(),
            kill_switch: Box::new(kill_switch),
            started: Instant::now(),
            clock: 0,
            requests: AtomicU64::new(0),
        }
    }

    /// Milliseconds on the vault's clock, which began with the session key.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock + u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Goes on from where a predecessor's clock is now.
    #[must_use]
    pub fn with_clock(self, now: u64) -> Self {
        Self { clock: now, started: Instant::now(), ..self }
    }

    /// The kill switch, for a request that becomes no exchange: one without a route, or a CONNECT.
    /// Exchanges meet it when they begin.
    ///
    /// # Errors
    /// [`Refusal::KillSwitch`], recorded on the log.
    pub fn refuse_if_armed(&self, policy: &Policy, headers: &HeaderMap) -> Result<(), Refusal> {
        self.refuse_armed(|| session::request_id(headers, &policy.detectors))
    }

    /// As [`Self::refuse_if_armed`]; asks for the request's id only where it is needed.
    pub(crate) fn refuse_armed(&self, request_id: impl FnOnce() -> Option<String>) -> Result<(), Refusal> {
        let Some(armed) = (self.kill_switch)() else { return Ok(()) };
        let sources_active = armed.sources.iter().map(|&source| source.into()).collect();
        let event = Event::Killswitch { request_id: request_id(), sources_active };
        // The request is refused in any case; a log that fails shows in the gateway's health.
        let _ = self.chain.append(event, SystemTime::now());
        Err(Refusal::KillSwitch(armed))
    }

    /// An id for a request that came without one: unique on this host.
    pub(crate) fn request_id(&self) -> String {
        let start = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        format!("ww-{:x}-{:x}-{:x}", std::process::id(), start, self.requests.fetch_add(1, Relaxed))
    }
}
