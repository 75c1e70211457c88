//! `GET /healthz`: one flat object, 200 when all is well, else 503 with the same fields.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use serde_json::{Value, json};

use crate::config::Config;
use crate::kill_switch::KillSwitch;

/// The version of the object's fields.
const VERSION: u32 = 1;

/// What the report is made of.
pub(super) struct Health {
    started: Instant,
    kill_switch: Arc<KillSwitch>,
    map_capacity: usize,
}

impl Health {
    pub(super) fn new(config: &Config, kill_switch: Arc<KillSwitch>) -> Self {
        Self {
            started: Instant::now(),
            kill_switch,
            map_capacity: config.vault.capacity,
        }
    }

    /// The state at this moment. An armed kill switch is not a failure: it does its work.
    pub(super) fn report(&self) -> (StatusCode, Value) {
        let sources = self.kill_switch.sources();
        let report = json!({
            "v": VERSION,
            "status": "ok",
            "uptime_seconds": self.started.elapsed().as_secs(),
            "killswitch_active": !sources.is_empty(),
            "killswitch_sources": sources,
            "map_capacity": self.map_capacity,
        });
        (StatusCode::OK, report)
    }
}
