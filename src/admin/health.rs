//! `GET /healthz`: one flat object, 200 when all is well, else 503 with the same fields.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use waterwall_audit::writer::Status;
use waterwall_pipeline::Services;

use crate::kill_switch::{KillSwitch, Sources};
use crate::live::{Live, Reloader};

/// The version of the object's fields.
const VERSION: u32 = 1;
/// Fewer patterns than these mean that something is badly wrong.
const PATTERNS_MIN_REQUIRED: usize = 16;

/// What the report is made of.
pub(super) struct Health {
    started: Instant,
    live: Arc<Live>,
    services: Arc<Services>,
    switch: Arc<KillSwitch>,
    reloader: Arc<Reloader>,
}

impl Health {
    pub(super) fn new(
        live: Arc<Live>,
        services: Arc<Services>,
        switch: Arc<KillSwitch>,
        reloader: Arc<Reloader>,
    ) -> Self {
        Self { started: Instant::now(), live, services, switch, reloader }
    }

    /// The state at this moment. An armed kill switch is not a failure: it does its work.
    pub(super) fn report(&self) -> (StatusCode, Value) {
        let services = &self.services;
        let sources = self.switch.sources();
        let chain = services.chain.status();
        let patterns = self.live.now().policy.detectors.len();
        let refusal = self.reloader.report().refusal;
        let well = chain.healthy && patterns >= PATTERNS_MIN_REQUIRED;
        let now = OffsetDateTime::now_utc();
        let report = json!({
            "v": VERSION,
            // Formatting fails only for years beyond 9999.
            "ts": now.format(&Rfc3339).unwrap_or_default(),
            "status": if well { "ok" } else { "fail" },
            "reason": reason(&chain, patterns, sources, refusal.as_deref()),
            // Why the file as it is now is not in force; null when it is.
            "config_refused": refusal,
            "uptime_seconds": self.started.elapsed().as_secs(),
            "session_key_age_seconds": services.now(),
            "killswitch_active": sources.any(),
            "killswitch_sources": sources.names(),
            "patterns_loaded": patterns,
            "patterns_min_required": PATTERNS_MIN_REQUIRED,
            // The gateway does not start without it, and keeps it in memory.
            "signer_key_readable": true,
            "chain_intact": chain.healthy,
            "chain_lines": chain.lines,
            "chain_trouble": chain.trouble,
            "map_size": services.vault.len(),
            "map_capacity": services.vault.capacity(),
        });
        let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, report)
    }
}

/// What is not as it should be, the worst first; the last two leave the status ok.
fn reason(chain: &Status, patterns: usize, sources: Sources, refusal: Option<&str>) -> Option<String> {
    if !chain.healthy {
        let trouble = chain.trouble.as_deref().unwrap_or("it is closed");
        return Some(format!("the audit log cannot be written: {trouble}"));
    }
    if patterns < PATTERNS_MIN_REQUIRED {
        return Some(format!("only {patterns} patterns are loaded"));
    }
    if sources.any() {
        return Some(format!("the kill switch is engaged ({})", sources.names().join(", ")));
    }
    refusal.map(|reason| format!("the configuration was refused, the one before stays in force: {reason}"))
}
