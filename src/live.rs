//! What is in force: everything made from the configuration, replaced whole when it changes.
//!
//! An exchange takes [`Live::now`] once and keeps it to its end, so that one in flight finishes on
//! the set it began with. Nothing in a [`Running`] ever changes.

mod identity;
mod reload;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use arc_swap::ArcSwap;
use waterwall_core::detect::Detectors;
use waterwall_pipeline::{Policy, Unscannable};

use crate::config::{self, Config};
use crate::evidence::files;
use crate::upstream::Target;

pub(crate) use reload::{Cause, Reloader, holds_secret};
pub(crate) use watch::Watcher;

/// One configuration and what was made from it.
pub(crate) struct Running {
    /// The configuration; its ports are those in use.
    pub(crate) config: Config,
    /// In the order of `config.upstreams`.
    pub(crate) targets: Vec<Arc<Target>>,
    /// What is looked for and how strictly.
    pub(crate) policy: Arc<Policy>,
}

impl Running {
    /// Makes everything that `config` describes; takes over from `before` what is the same.
    ///
    /// # Errors
    /// When something that it names cannot be used.
    pub(crate) fn prepare(config: Config, before: Option<&Self>) -> Result<Self> {
        let known = before.map_or(&[][..], |before| &before.targets);
        Ok(Self {
            targets: Target::all(&config.upstreams, known)?,
            policy: Arc::new(policy(&config)?),
            config,
        })
    }
}

fn policy(config: &Config) -> Result<Policy> {
    let redaction = &config.redaction;
    Ok(Policy {
        detectors: Arc::new(named(redaction.detectors.clone(), &config.audit)?),
        max_body_bytes: redaction.max_body_bytes,
        unscannable: match redaction.unscannable {
            config::Unscannable::Refuse => Unscannable::Refuse,
            config::Unscannable::Pass => Unscannable::Pass,
        },
        explain_placeholders: redaction.explain_placeholders,
    })
}

/// The log tells one set of known values from another under a key that only the log's own signer can make.
fn named(detectors: Detectors, audit: &config::Audit) -> Result<Detectors> {
    if detectors.known_count() == 0 {
        return Ok(detectors);
    }
    let key = files::signing_key(&audit.signing_key)
        .map_err(|failure| anyhow!("known values have no name on the audit log: {failure}"))?;
    Ok(detectors.named_with(&key.secret_for("waterwall known values")))
}

/// The place where the set in force is found.
pub(crate) struct Live(ArcSwap<Running>);

impl Live {
    /// Starts with `running`.
    pub(crate) fn new(running: Running) -> Self {
        Self(ArcSwap::from_pointee(running))
    }

    /// What is in force now.
    pub(crate) fn now(&self) -> Arc<Running> {
        self.0.load_full()
    }

    /// Puts `running` in force, for what begins from now on.
    fn replace(&self, running: Running) {
        self.0.store(Arc::new(running));
    }
}
