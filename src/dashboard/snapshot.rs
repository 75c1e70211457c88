//! `GET /admin/state` as the panes read it. Every text in it is fit to be shown.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// Text without anything that could steer a terminal: what does not print stands escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain(String);

impl Plain {
    /// Makes text fit to be shown.
    pub(super) fn new(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len());
        for char in text.chars() {
            match char {
                // Not to be escaped for their sake: this is no string literal.
                '\'' | '"' | '\\' => plain.push(char),
                _ => plain.extend(char.escape_debug()),
            }
        }
        Self(plain)
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// One answer of the gateway. Times are RFC 3339 in UTC unless it says otherwise.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Snapshot {
    pub(super) ts: Plain,
    pub(super) status: Plain,
    /// What is not as it should be.
    pub(super) reason: Option<Plain>,
    pub(super) uptime_seconds: u64,
    pub(super) ca_mode: Plain,
    pub(super) session_key_age_seconds: u64,
    pub(super) last_upstream_ok_ts: Option<Plain>,
    pub(super) sse_parse_failures_15m: u64,
    pub(super) health: Health,
    pub(super) killswitch: KillSwitch,
    pub(super) patterns: Patterns,
    pub(super) map: Map,
    pub(super) chain: Chain,
    pub(super) counters_5m: Counters,
    pub(super) sessions: Vec<Session>,
    pub(super) verify_install: VerifyInstall,
    /// The oldest first.
    pub(super) recent_activity: Vec<Activity>,
    pub(super) config: Configuration,
    pub(super) open_connections: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Health {
    pub(super) signer_key_readable: bool,
    pub(super) upstream_reachable: bool,
    pub(super) chain_intact: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct KillSwitch {
    pub(super) config: bool,
    pub(super) sigusr1: bool,
    pub(super) sentinel: bool,
    pub(super) http: bool,
    pub(super) active: bool,
}

impl KillSwitch {
    /// The sources in their usual order, and whether each is armed.
    pub(super) fn sources(&self) -> [(&'static str, bool); 4] {
        let Self { config, sigusr1, sentinel, http, .. } = *self;
        [("config", config), ("sigusr1", sigusr1), ("sentinel", sentinel), ("http", http)]
    }

    /// What stays armed when HTTP's own is disarmed.
    pub(super) fn others(&self) -> Vec<&'static str> {
        let armed = self.sources().into_iter().filter(|(name, armed)| *armed && *name != "http");
        armed.map(|(name, _)| name).collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Patterns {
    pub(super) count: u64,
    pub(super) breakdown: Breakdown,
    pub(super) hash: Plain,
    pub(super) last_reload_ts: Plain,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Breakdown {
    pub(super) base: u64,
    pub(super) ext: u64,
    pub(super) pem: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Map {
    pub(super) size: u64,
    pub(super) capacity: u64,
    pub(super) ttl_seconds: u64,
    pub(super) eviction_policy: Plain,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Chain {
    pub(super) lines: u64,
    /// Since the start.
    pub(super) checkpoints: u64,
    pub(super) last_signed_ts: Option<Plain>,
    pub(super) current_head_prev_hash: Plain,
    /// Lines that no checkpoint covers yet.
    pub(super) uncovered: u64,
    /// `pending`, `ok`, `fail` or `unreadable`.
    pub(super) verify_status: Plain,
    pub(super) verify_reason: Option<Plain>,
    pub(super) verified_lines: u64,
    pub(super) verified_ts: Option<Plain>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Counters {
    pub(super) redactions_per_min: f64,
    pub(super) top_types: Vec<TopType>,
    pub(super) latency_p50_ms: f64,
    pub(super) latency_p99_ms: f64,
    pub(super) unknown_placeholders: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TopType {
    #[serde(rename = "type")]
    pub(super) kind: Plain,
    pub(super) count: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Session {
    /// `None` for requests that name no session.
    pub(super) session_id: Option<Plain>,
    pub(super) redactions: u64,
    pub(super) started_ts: Plain,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct VerifyInstall {
    pub(super) checks_passed: u64,
    pub(super) checks_total: u64,
    pub(super) last_run_ts: Option<Plain>,
}

/// Times are `HH:MM:SS`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "direction", rename_all = "lowercase")]
pub(super) enum Activity {
    /// Secrets were replaced.
    Out { ts: Plain, request_id: Plain, redactions: u64, types: Vec<Plain> },
    /// Placeholders were put back.
    In { ts: Plain, request_id: Plain, detok_count: u64 },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Configuration {
    pub(super) reloads: u64,
    pub(super) refused: u64,
    /// Why the file as it is now is not in force.
    pub(super) refusal: Option<Plain>,
}

impl Snapshot {
    /// Reads an answer.
    ///
    /// # Errors
    /// What is missing or wrong: another program answers there, or another version of this one.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|error| format!("what answers is not this gateway ({error})"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A state with something in every field.
    pub(in crate::dashboard) fn sample() -> Value {
        json!({
            "v": 1, "ts": "2026-11-24T12:44:10.5Z", "status": "ok", "uptime_seconds": 11_520,
            "ca_mode": "intercept", "session_key_age_seconds": 11_520,
            "last_upstream_ok_ts": "2026-11-24T12:44:01.1Z", "sse_parse_failures_15m": 3, "reason": null,
            "health": {"signer_key_readable": true, "upstream_reachable": true, "chain_intact": true,
                "patterns_loaded": 337, "patterns_min_required": 16},
            "killswitch": {"config": false, "sigusr1": false, "sentinel": false, "http": false, "active": false},
            "patterns": {"count": 337, "breakdown": {"base": 331, "ext": 5, "pem": 1}, "hash": "9f3c1a2b".repeat(8),
                "last_reload_ts": "2026-11-24T09:32:00Z", "min_required": 16},
            "map": {"size": 12, "capacity": 10_000, "ttl_seconds": 14_400, "eviction_policy": "lru"},
            "chain": {"lines": 1234, "checkpoints": 12, "last_signed_ts": "2026-11-24T12:40:00Z",
                "last_checkpoint_root_hash": "ab".repeat(32), "current_head_prev_hash": "cd".repeat(32),
                "uncovered": 7, "verify_status": "ok", "verify_reason": null, "verified_lines": 1200,
                "verified_ts": "2026-11-24T12:32:00Z"},
            "counters_5m": {"redactions_per_min": 2.4, "top_types": [{"type": "AWS_ACCESS_KEY", "count": 8},
                {"type": "PEM_BLOCK", "count": 4}], "latency_p50_ms": 0.8, "latency_p99_ms": 3.25,
                "unknown_placeholders": 1},
            "sessions": [{"session_id": "5e55104e-0000-4000-8000-000000000001", "redactions": 11,
                "started_ts": "2026-11-24T12:01:02Z"}, {"session_id": null, "redactions": 1,
                "started_ts": "2026-11-23T23:59:58Z"}],
            "verify_install": {"checks_passed": 9, "checks_total": 10, "last_run_ts": "2026-11-24T09:33:00Z"},
            "recent_activity": [
                {"ts": "12:44:01", "direction": "out", "request_id": "req-1", "redactions": 2,
                    "types": ["AWS_ACCESS_KEY", "PEM_BLOCK"]},
                {"ts": "12:44:02", "direction": "in", "request_id": "req-1", "detok_count": 2}],
            "config": {"source": "/etc/waterwall/waterwall.yaml", "loaded_ts": "2026-11-24T09:32:00Z",
                "reloads": 2, "refused": 1, "refusal": null},
            "open_connections": 3, "_runtime_listener_bound": true, "_runtime_admin_bound_loopback": true,
        })
    }

    pub(in crate::dashboard) fn snapshot(state: &Value) -> Snapshot {
        Snapshot::parse(state.to_string().as_bytes()).expect("a state")
    }

    #[test]
    fn nothing_in_it_can_steer_a_terminal() {
        let text = Plain::new("a\u{1b}[2Jb\u{7}\u{9b}c\r\n\t\u{202e}d\u{200b} é \"x\\y\" 漢");
        assert!(!text.as_str().chars().any(char::is_control), "{text}");
        assert_eq!(text.as_str(), "a\\u{1b}[2Jb\\u{7}\\u{9b}c\\r\\n\\t\\u{202e}d\\u{200b} é \"x\\y\" 漢");
        let mut state = sample();
        state["sessions"][0]["session_id"] = json!("\u{1b}]0;owned\u{7}");
        let shown = snapshot(&state).sessions[0].session_id.clone().expect("a session");
        assert_eq!(shown.as_str(), "\\u{1b}]0;owned\\u{7}");
    }

    #[test]
    fn another_programs_answer_is_none() {
        let mut state = sample();
        state["killswitch"] = Value::Null;
        for (body, told) in [
            (&b"<html>"[..], "not this gateway (expected value"),
            (&b"{}"[..], "missing field `ts`"),
            (state.to_string().as_bytes(), "invalid type: null"),
        ] {
            let error = Snapshot::parse(body).expect_err("refused");
            assert!(error.contains(told), "{error}");
        }
    }
}
