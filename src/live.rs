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

use anyhow::Result;
use arc_swap::ArcSwap;
use waterwall_pipeline::{Policy, Unscannable};

use crate::config::{self, Config};
use crate::upstream::Target;

pub(crate) use reload::{Cause, Reloader};
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
            policy: Arc::new(policy(&config.redaction)),
            config,
        })
    }
}

fn policy(redaction: &config::Redaction) -> Policy {
    Policy {
        detectors: Arc::new(redaction.detectors.clone()),
        max_body_bytes: redaction.max_body_bytes,
        unscannable: match redaction.unscannable {
            config::Unscannable::Refuse => Unscannable::Refuse,
            config::Unscannable::Pass => Unscannable::Pass,
        },
        explain_placeholders: redaction.explain_placeholders,
    }
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
