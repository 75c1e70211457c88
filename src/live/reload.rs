//! Reading the configuration again: it comes into force whole, or not at all.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use time::OffsetDateTime;
use waterwall_audit::Event;
use waterwall_core::detect::{Detectors, Leaf};
use waterwall_pipeline::Services;

use super::identity::Identities;
use super::{Live, Running};
use crate::ca;
use crate::config::{Config, Surroundings};
use crate::evidence::policies;
use crate::state::{self, Files};

/// Who wants the configuration read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// A watched file has changed.
    File,
    /// SIGHUP.
    Signal,
    /// `POST /admin/reload`.
    Request,
    /// It was refused before, for a reason that may have gone.
    Retry,
}

/// How reloading went so far.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// When what is in force was read.
    pub(crate) loaded: SystemTime,
    /// How often a configuration came into force after the start.
    pub(crate) accepted: u64,
    /// How often one was refused.
    pub(crate) refused: u64,
    /// Why the file as it is now is not in force.
    pub(crate) refusal: Option<String>,
}

/// Reads the configuration again and puts it in force.
pub(crate) struct Reloader {
    live: Arc<Live>,
    pub(super) services: Arc<Services>,
    /// As it was read at the start, with the ports as written.
    pub(super) first: Config,
    surroundings: Surroundings,
    /// Held through a reload: one at a time.
    turn: Mutex<()>,
    /// Short: never held across input or output.
    state: Mutex<State>,
}

struct State {
    report: Report,
    /// The watched files as they were when last read.
    seen: Identities,
}

impl Reloader {
    /// For a gateway that has just read `first` and put it in force.
    pub(crate) fn new(first: Config, live: Arc<Live>, services: Arc<Services>) -> Self {
        let report = Report { loaded: SystemTime::now(), accepted: 0, refused: 0, refusal: None };
        let seen = Identities::of(first.watched_files());
        Self {
            live,
            services,
            first,
            surroundings: Surroundings::of_process(),
            turn: Mutex::new(()),
            state: Mutex::new(State { report, seen }),
        }
    }

    /// How reloading went so far.
    pub(crate) fn report(&self) -> Report {
        self.state().report.clone()
    }

    /// The watched files as they are, when that is not how they were last read.
    pub(super) fn changed(&self) -> Option<Identities> {
        let now = Identities::of(self.watched());
        (now != self.state().seen).then_some(now)
    }

    fn watched(&self) -> Vec<PathBuf> {
        self.live.now().config.watched_files()
    }

    /// Reads the configuration. It comes into force if all of it can be used and the log has taken
    /// the change; else everything stays as it was. Blocks.
    ///
    /// # Errors
    /// Why it is refused, and what to do; holds no secret.
    pub(crate) fn reload(&self, cause: Cause) -> Result<(), String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Before reading, so that a change meanwhile is noticed.
        let seen = Identities::of(self.watched());
        let outcome = self.read().and_then(|running| self.put_in_force(running));
        let outcome = outcome.map_err(|reason| withhold_secrets(reason, &self.live.now().policy.detectors));
        self.conclude(cause, outcome.as_ref().err(), seen);
        outcome
    }

    fn read(&self) -> Result<Running, String> {
        let mut config = Config::from_source(self.first.source.clone(), &self.surroundings)
            .map_err(|error| format!("{error}. {}", error.remedy()))?;
        let fixed = self.first.fixed_differences(&config);
        if !fixed.is_empty() {
            let keys = fixed.join(", ");
            return Err(format!(
                "{keys} cannot change while the gateway runs. Restart it, or undo the change."
            ));
        }
        check_authority(&config)?;
        let before = self.live.now();
        (config.listen, config.admin_listen) = (before.config.listen, before.config.admin_listen);
        Running::prepare(config, Some(&before)).map_err(|error| format!("{error:#}"))
    }

    /// No record, no change.
    fn put_in_force(&self, running: Running) -> Result<(), String> {
        let before = self.live.now();
        let (old, new) = (&before.policy.detectors, &running.policy.detectors);
        if old.policy_hash() != new.policy_hash() {
            policies::keep(&running.config.audit.chain, new);
            let event = Event::PolicyChange {
                old_policy_hash: old.policy_hash().to_owned(),
                new_policy_hash: new.policy_hash().to_owned(),
                pattern_count: new.len() as u64,
            };
            self.services
                .chain
                .append(event, SystemTime::now())
                .map_err(|error| format!("the audit log could not be written: {error}"))?;
        }
        running.config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        // What would keep a gateway from starting is refused before, unless it was so at the start.
        if let Err(failure) = state::examine_authority(&running.config) {
            tracing::warn!("{failure}. {}", failure.remedy());
        }
        self.live.replace(running);
        Ok(())
    }

    /// Tells everyone. A reason that is known already is not recorded twice.
    fn conclude(&self, cause: Cause, refusal: Option<&String>, seen: Identities) {
        let repeated = {
            let mut state = self.state();
            state.seen = match refusal {
                // What is watched may be other files now.
                None => seen.of_others(self.watched()),
                Some(_) => seen,
            };
            let report = &mut state.report;
            let repeated = refusal.is_some() && refusal == report.refusal.as_ref();
            report.refusal = refusal.cloned();
            match refusal {
                None => {
                    report.loaded = SystemTime::now();
                    report.accepted += 1;
                }
                Some(_) if cause != Cause::Retry => report.refused += 1,
                Some(_) => {}
            }
            repeated
        };
        let cause = cause.name();
        let Some(reason) = refusal else {
            tracing::info!(cause, "configuration reloaded");
            return;
        };
        if !repeated {
            // The log may be what is broken; that shows in the gateway's health.
            let event = Event::ReloadRefused { reason: reason.clone() };
            let _ = self.services.chain.append(event, SystemTime::now());
        }
        if !repeated || cause != Cause::Retry.name() {
            tracing::error!(cause, reason, "configuration refused; the one before stays in force");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Signal => "SIGHUP",
            Self::Request => "request",
            Self::Retry => "retry",
        }
    }
}

/// A private CA that is complete has to be usable. The new one serves the next tunnel, which is where
/// it is read; a certificate without its key is a choice.
fn check_authority(config: &Config) -> Result<(), String> {
    let files = Files::of(config);
    let (certificate, key) = (files.ca_certificate(), files.ca_key());
    if !config.forward.intercept || !certificate.is_file() || !key.is_file() {
        return Ok(());
    }
    let loaded = ca::load(&certificate, &key, OffsetDateTime::now_utc());
    loaded.map(drop).map_err(|error| {
        format!("{}: {error}. Put the old pair back, or run `waterwall regen-ca`.", certificate.display())
    })
}

/// A reason may quote the file. Where that is a secret, it is not told.
fn withhold_secrets(reason: String, detectors: &Detectors) -> String {
    if holds_secret(&reason, detectors) {
        return "the configuration cannot be used; the reason is withheld because it quotes a secret. Check the file with `waterwall scan`.".to_owned();
    }
    reason
}

/// Whether a text from outside is not to be told.
pub(crate) fn holds_secret(text: &str, detectors: &Detectors) -> bool {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text: text.as_bytes(), key: None }, &mut spans);
    !spans.is_empty()
}
