//! `GET /admin/state`: everything there is to see, measured when it is asked for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waterwall_audit::writer::Status;
use waterwall_core::detect::Detectors;
use waterwall_core::secret::Kind;
use waterwall_pipeline::SessionView;

use super::facts::{Condition, Facts, PATTERNS_MIN_REQUIRED, clock, timestamp};
use super::{health, install};
use crate::kill_switch::Sources;
use crate::metrics::{Activity, Direction, Snapshot};

/// How long a port of our own may take to answer.
const PROBE: Duration = Duration::from_secs(1);

/// The whole state.
pub(super) async fn report(facts: &Facts) -> Value {
    let condition = facts.condition();
    let snapshot = facts.metrics.snapshot();
    let agents = facts.config.listen;
    let admin = facts.config.admin_listen;
    let mut report = health::vitals(facts, &condition);
    let rest = json!({
        "reason": condition.reason(),
        "health": health_of(facts, &condition),
        "killswitch": kill_switch(condition.sources),
        "patterns": patterns(facts),
        "map": map(facts),
        "chain": chain(facts, &condition.chain),
        "counters_5m": counters(&snapshot),
        "sessions": sessions(facts),
        "verify_install": install::last(&facts.state_dir()),
        "recent_activity": snapshot.activities.iter().map(activity).collect::<Vec<_>>(),
        "config": config(facts),
        "open_connections": facts.open.count(),
        "_runtime_listener_bound": answers(agents).await,
        "_runtime_admin_bound_loopback": admin.ip().to_canonical().is_loopback() && answers(admin).await,
    });
    if let Value::Object(rest) = rest {
        report.extend(rest);
    }
    Value::Object(report)
}

fn health_of(facts: &Facts, condition: &Condition) -> Value {
    json!({
        "signer_key_readable": facts.signer_key_readable(),
        "upstream_reachable": facts.metrics.upstream_reachable(),
        "chain_intact": condition.chain.healthy,
        "patterns_loaded": condition.patterns,
        "patterns_min_required": PATTERNS_MIN_REQUIRED,
    })
}

fn kill_switch(sources: Sources) -> Value {
    let Sources { config, sigusr1, sentinel, http } = sources;
    json!({
        "config": config,
        "sigusr1": sigusr1,
        "sentinel": sentinel,
        "http": http,
        "active": sources.any(),
    })
}

fn patterns(facts: &Facts) -> Value {
    let detectors = &facts.live.now().policy.detectors;
    let builtin = Detectors::builtin();
    let pem = builtin.kinds().filter(|&kind| kind == Kind::new("PEM_BLOCK")).count();
    json!({
        "count": detectors.len(),
        "breakdown": {
            "base": builtin.len() - pem,
            "ext": detectors.len() - builtin.len(),
            "pem": pem,
        },
        "hash": detectors.policy_hash(),
        "last_reload_ts": timestamp(facts.reloader.report().loaded),
        "min_required": PATTERNS_MIN_REQUIRED,
    })
}

fn map(facts: &Facts) -> Value {
    json!({
        "size": facts.services.vault.len(),
        "capacity": facts.services.vault.capacity(),
        "ttl_seconds": facts.config.vault.ttl.as_secs(),
        "eviction_policy": "lru",
    })
}

fn chain(facts: &Facts, chain: &Status) -> Value {
    let checked = facts.verifier.last();
    // Until this process makes one, the last is the one that the log was found with.
    let found = checked.signed.as_ref();
    let signed_ts = chain.last_checkpoint_ts.clone().or(found.map(|it| it.ts.clone()));
    let signed_root = chain.last_checkpoint_root.map(|hash| hash.to_string());
    json!({
        "lines": chain.lines,
        "checkpoints": chain.checkpoints,
        "last_signed_ts": signed_ts,
        "last_checkpoint_root_hash": signed_root.or(found.map(|it| it.chain_root_hash.clone())),
        "current_head_prev_hash": chain.head_hash.to_string(),
        "uncovered": chain.uncovered,
        "uncovered_at_start": chain.uncovered_at_start,
        "verify_status": checked.status.name(),
        "verify_reason": checked.status.reason(),
        "verified_lines": checked.lines,
        "verified_ts": checked.at.map(timestamp),
    })
}

fn counters(snapshot: &Snapshot) -> Value {
    let top = snapshot.top.iter();
    json!({
        "redactions_per_min": rounded(snapshot.redactions_per_min),
        "top_types": top.map(|(kind, count)| json!({"type": kind.label(), "count": count})).collect::<Vec<_>>(),
        "latency_p50_ms": millis(snapshot.added_p50),
        "latency_p99_ms": millis(snapshot.added_p99),
        "unknown_placeholders": snapshot.unknown,
    })
}

fn sessions(facts: &Facts) -> Vec<Value> {
    let one = |view: &SessionView| {
        json!({
            "session_id": view.session_id,
            "redactions": view.redactions,
            "started_ts": timestamp(view.started),
        })
    };
    facts.sessions().iter().map(one).collect()
}

fn activity(activity: &Activity) -> Value {
    let (ts, id) = (clock(activity.at), &activity.request_id);
    match &activity.direction {
        Direction::Out { redactions, kinds } => {
            let types: Vec<_> = kinds.iter().map(|kind| kind.label()).collect();
            json!({"ts": ts, "direction": "out", "request_id": id, "redactions": redactions, "types": types})
        }
        Direction::In { restored } => {
            json!({"ts": ts, "direction": "in", "request_id": id, "detok_count": restored})
        }
    }
}

fn config(facts: &Facts) -> Value {
    let report = facts.reloader.report();
    json!({
        "source": facts.config.source.name().display().to_string(),
        "loaded_ts": timestamp(report.loaded),
        "reloads": report.accepted,
        "refused": report.refused,
        "refusal": report.refusal,
    })
}

/// Whether something accepts connections there, asked as anyone would ask.
async fn answers(address: SocketAddr) -> bool {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let connecting = TcpStream::connect(SocketAddr::new(ip, address.port()));
    timeout(PROBE, connecting).await.is_ok_and(|connected| connected.is_ok())
}

fn millis(took: Duration) -> f64 {
    rounded(took.as_secs_f64() * 1000.0)
}

/// To three decimals.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
