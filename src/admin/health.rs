//! `GET /healthz`: one flat object, 200 when all is well, else 503 with the same fields.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use waterwall_pipeline::Services;

/// The version of the object's fields.
const VERSION: u32 = 1;
/// Fewer patterns than these mean that something is badly wrong.
const PATTERNS_MIN_REQUIRED: usize = 16;

/// What the report is made of.
pub(super) struct Health {
    started: Instant,
    services: Arc<Services>,
}

impl Health {
    pub(super) fn new(services: Arc<Services>) -> Self {
        Self { started: Instant::now(), services }
    }

    /// The state at this moment. An armed kill switch is not a failure: it does its work.
    pub(super) fn report(&self) -> (StatusCode, Value) {
        let services = &self.services;
        let sources = (services.kill_switch)();
        let chain = services.chain.status();
        let patterns = services.policy.detectors.len();
        let well = chain.healthy && patterns >= PATTERNS_MIN_REQUIRED;
        let now = OffsetDateTime::now_utc();
        let report = json!({
            "v": VERSION,
            // Formatting fails only for years beyond 9999.
            "ts": now.format(&Rfc3339).unwrap_or_default(),
            "status": if well { "ok" } else { "fail" },
            "uptime_seconds": self.started.elapsed().as_secs(),
            "session_key_age_seconds": services.now(),
            "killswitch_active": !sources.is_empty(),
            "killswitch_sources": sources,
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
