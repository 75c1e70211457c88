//! What the reports are made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use waterwall_audit::writer::Status;
use waterwall_pipeline::{Services, SessionView};

use super::verification::Verifier;
use crate::config::Config;
use crate::forward::Open;
use crate::kill_switch::{KillSwitch, Sources};
use crate::live::{Live, Reloader};
use crate::metrics::Metrics;

/// Fewer patterns than these mean that something is badly wrong.
pub(super) const PATTERNS_MIN_REQUIRED: usize = 16;

/// A gateway, as far as it can be looked at.
pub(crate) struct Facts {
    /// As it was at the start: what cannot change.
    pub(crate) config: Config,
    pub(crate) live: Arc<Live>,
    pub(crate) services: Arc<Services>,
    pub(crate) switch: Arc<KillSwitch>,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) open: Open,
    pub(crate) verifier: Verifier,
}

/// What decides whether the gateway is well.
pub(super) struct Condition {
    pub(super) chain: Status,
    pub(super) patterns: usize,
    pub(super) sources: Sources,
    pub(super) refusal: Option<String>,
}

impl Facts {
    /// The condition at this moment.
    pub(super) fn condition(&self) -> Condition {
        Condition {
            chain: self.services.chain.status(),
            patterns: self.live.now().policy.detectors.len(),
            sources: self.switch.sources(),
            refusal: self.reloader.report().refusal,
        }
    }

    /// Whether the key that signs the log could be read again. The gateway holds it in memory.
    pub(super) fn signer_key_readable(&self) -> bool {
        std::fs::File::open(&self.config.audit.signing_key).is_ok()
    }

    /// What happens to a CONNECT to a listed host: `intercept`, or `off` where it is switched off or
    /// the private CA is not complete.
    pub(super) fn ca_mode(&self) -> &'static str {
        let running = self.live.now();
        let files = crate::state::Files::of(&running.config);
        let complete = files.ca_certificate().is_file() && files.ca_key().is_file();
        if running.config.forward.intercept && complete { "intercept" } else { "off" }
    }

    /// The agents' sessions under way, the oldest first.
    pub(super) fn sessions(&self) -> Vec<SessionView> {
        self.services.sessions.view()
    }

    /// Where `verify-install` leaves its result.
    pub(super) fn state_dir(&self) -> PathBuf {
        self.config.state_dir.clone()
    }
}

impl Condition {
    /// An armed kill switch or a refused configuration is not a failure: both do their work.
    pub(super) fn is_well(&self) -> bool {
        self.chain.healthy && self.patterns >= PATTERNS_MIN_REQUIRED
    }

    /// What is not as it should be, the worst first; the last two leave the status ok.
    pub(super) fn reason(&self) -> Option<String> {
        if !self.chain.healthy {
            let trouble = self.chain.trouble.as_deref().unwrap_or("it is closed");
            return Some(format!("the audit log cannot be written: {trouble}"));
        }
        if self.patterns < PATTERNS_MIN_REQUIRED {
            return Some(format!("only {} patterns are loaded", self.patterns));
        }
        if self.sources.any() {
            return Some(format!("the kill switch is engaged ({})", self.sources.names().join(", ")));
        }
        let refused = "the configuration was refused, the one before stays in force";
        self.refusal.as_ref().map(|reason| format!("{refused}: {reason}"))
    }
}

/// RFC 3339 in UTC, always with three decimals.
const TO_THE_MILLISECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A time in the reports. Formatting fails only for years beyond 9999.
pub(super) fn timestamp(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(TO_THE_MILLISECOND).unwrap_or_default()
}

/// `HH:MM:SS` in UTC.
pub(super) fn clock(at: SystemTime) -> String {
    let (hour, minute, second) = OffsetDateTime::from(at).to_hms();
    format!("{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_three_decimals_whatever_they_are() {
        let at = |millis: u64| timestamp(SystemTime::UNIX_EPOCH + Duration::from_micros(millis * 1000 + 999));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_680), "1970-01-01T00:00:01.680Z");
    }
}
