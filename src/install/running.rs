//! The checks of a gateway that runs, from what its admin server says of itself.

use serde_json::Value;

use super::{Check, files};
use crate::config::Config;

/// Checks a running gateway: `state` is the answer to `GET /admin/state`.
#[must_use]
pub fn while_running(config: &Config, state: &Value) -> Vec<Check> {
    let health = &state["health"];
    vec![
        Check::of("ca_file", files::authority(config)),
        says("signing_key", &health["signer_key_readable"]),
        patterns(health),
        says("chain_dir_writable", &health["chain_intact"]),
        says("listener_bound", &state["_runtime_listener_bound"]),
        says("admin_bound_loopback", &state["_runtime_admin_bound_loopback"]),
        Check::of("mitmproxy_ca_file", files::authority_key(config)),
        session_key(&state["session_key_age_seconds"]),
        Check::of("sentinel_dir", Ok("looked at on every request".to_owned())),
        upstream(health),
    ]
}

/// What the gateway itself says, yes or no.
fn says(name: &'static str, answer: &Value) -> Check {
    let ok = *answer == true;
    let detail = if ok { "the gateway says so" } else { "the gateway says no; see its messages" };
    Check { name, ok, detail: detail.to_owned() }
}

fn patterns(health: &Value) -> Check {
    let loaded = health["patterns_loaded"].as_u64().unwrap_or(0);
    let required = health["patterns_min_required"].as_u64().unwrap_or(16);
    let detail = format!("{loaded} loaded, {required} needed");
    Check { name: "patterns_complete", ok: loaded >= required, detail }
}

/// The key lives as long as the process, which may run for months.
fn session_key(age: &Value) -> Check {
    let detail = age.as_u64().map_or("no age given".to_owned(), |age| format!("age={age}s"));
    Check { name: "session_key_age_sane", ok: age.is_u64(), detail }
}

fn upstream(health: &Value) -> Check {
    let ok = health["upstream_reachable"] == true;
    let detail =
        if ok { "an upstream has answered" } else { "no upstream has answered yet, or the last try failed" };
    Check { name: "upstream_reachable", ok, detail: detail.to_owned() }
}
