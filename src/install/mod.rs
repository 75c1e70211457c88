//! The ten health checks of `waterwall verify-install`, before a start and of a running gateway.
//!
//! Their names and order are an interface: operators' scripts and the predecessor's habits rely on
//! them. A check only looks; what it has to try (write a file, listen on a port) it takes back.

mod files;
mod network;
mod running;

use crate::admin::install::{Outcome, keep};
use crate::config::Config;

pub use network::Reach;
pub use running::while_running;

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, e.g. `ca_file`.
    pub name: &'static str,
    /// Whether it passed.
    pub ok: bool,
    /// What was seen, or what is wrong and what to do. Never a secret.
    pub detail: String,
}

impl Check {
    /// A check from what came of it, in words either way.
    fn of(name: &'static str, outcome: Result<String, String>) -> Self {
        let ok = outcome.is_ok();
        Self { name, ok, detail: outcome.unwrap_or_else(|wrong| wrong) }
    }
}

/// Checks an installation whose gateway does not run: everything that a start needs.
#[must_use]
pub fn before_start(config: &Config, reach: Reach) -> Vec<Check> {
    vec![
        Check::of("ca_file", files::authority(config)),
        Check::of("signing_key", files::signing_key(config)),
        Check::of("patterns_complete", files::patterns(config)),
        Check::of("chain_dir_writable", files::chain_dir(config)),
        Check::of("listener_bindable", network::bindable(config.listen)),
        Check::of("admin_bindable", network::bindable(config.admin_listen)),
        Check::of("mitmproxy_ca_file", files::authority_key(config)),
        Check::of("session_key", Ok("made anew at each start".to_owned())),
        Check::of("sentinel_dir", files::sentinel_dir(config)),
        Check::of("upstream_reachable", network::upstreams(config, reach)),
    ]
}

/// Keeps the result for the admin server to tell and a gateway to put on its log. Where the directory is not ours, it does not tell.
pub fn remember(config: &Config, checks: &[Check]) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let passed = checks.iter().filter(|check| check.ok).count();
    let failed = checks.iter().filter(|check| !check.ok).map(|check| check.name);
    let _ = keep(&config.state_dir, &Outcome::now(count(passed), count(checks.len())).failing(failed));
}
