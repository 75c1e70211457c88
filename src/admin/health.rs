//! `GET /healthz`: one flat object, 200 when all is well, else 503 with the same fields.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::facts::{Condition, Facts, PATTERNS_MIN_REQUIRED, timestamp};

/// The version of the object's fields.
const VERSION: u32 = 1;

/// The state at this moment. Polled every few seconds by agents' hooks and supervisors: cheap.
pub(super) fn report(facts: &Facts) -> (StatusCode, Value) {
    let condition = facts.condition();
    let mut report = vitals(facts, &condition);
    let rest = json!({
        "reason": condition.reason(),
        // Why the file as it is now is not in force; null when it is.
        "config_refused": condition.refusal,
        "killswitch_active": condition.sources.any(),
        "killswitch_sources": condition.sources.names(),
        "patterns_loaded": condition.patterns,
        "patterns_min_required": PATTERNS_MIN_REQUIRED,
        "signer_key_readable": facts.signer_key_readable(),
        "chain_intact": condition.chain.healthy,
        "chain_lines": condition.chain.lines,
        "chain_trouble": condition.chain.trouble,
        "upstream_reachable": facts.metrics.upstream_reachable(),
        "map_size": facts.services.vault.len(),
        "map_capacity": facts.services.vault.capacity(),
    });
    if let Value::Object(rest) = rest {
        report.extend(rest);
    }
    let status = if condition.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Value::Object(report))
}

/// The eight fields that `/healthz` and `/admin/state` begin with.
pub(super) fn vitals(facts: &Facts, condition: &Condition) -> Map<String, Value> {
    let fields = json!({
        "v": VERSION,
        "ts": timestamp(SystemTime::now()),
        "status": if condition.is_well() { "ok" } else { "fail" },
        "uptime_seconds": facts.metrics.uptime().as_secs(),
        "ca_mode": facts.ca_mode(),
        "session_key_age_seconds": facts.services.now() / 1000,
        "last_upstream_ok_ts": facts.metrics.last_upstream_ok().map(timestamp),
        "sse_parse_failures_15m": facts.metrics.malformed_15m(),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
