//! The kill switch: while any of its four sources is armed, nothing is forwarded.
//!
//! `config` and `sentinel` stand in files and outlive the process. `sigusr1` and `http` are kept
//! here, in memory: a restart disarms them, a successor takes them over. Each is armed and disarmed by itself.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use http::StatusCode;
use waterwall_pipeline::Armed;

use crate::config::{self, RefusalStatus};
use crate::handover::Held;
use crate::live::Live;

/// The switch.
pub(crate) struct KillSwitch {
    live: Arc<Live>,
    sigusr1: AtomicBool,
    http: AtomicBool,
}

/// Which sources are armed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sources {
    /// `kill_switch: true` in the configuration.
    pub(crate) config: bool,
    /// SIGUSR1, which toggles.
    pub(crate) sigusr1: bool,
    /// The sentinel file exists, or cannot be looked at.
    pub(crate) sentinel: bool,
    /// `POST /admin/killswitch`.
    pub(crate) http: bool,
}

impl Sources {
    /// Whether traffic is refused.
    pub(crate) fn any(self) -> bool {
        self.config || self.sigusr1 || self.sentinel || self.http
    }

    /// The names of the armed ones, always in this order.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let all = [
            ("config", self.config),
            ("sigusr1", self.sigusr1),
            ("sentinel", self.sentinel),
            ("http", self.http),
        ];
        all.into_iter().filter(|(_, armed)| *armed).map(|(name, _)| name).collect()
    }
}

impl KillSwitch {
    /// The switch as the configuration in force describes it, its other sources disarmed.
    pub(crate) fn new(live: Arc<Live>) -> Self {
        Self { live, sigusr1: AtomicBool::new(false), http: AtomicBool::new(false) }
    }

    /// Looks at every source; called for each request, nothing is cached.
    pub(crate) fn sources(&self) -> Sources {
        self.sources_under(&self.live.now().config.kill_switch)
    }

    fn sources_under(&self, config: &config::KillSwitch) -> Sources {
        Sources {
            config: config.armed,
            sigusr1: self.sigusr1.load(SeqCst),
            sentinel: stands(&config.sentinel),
            http: self.http.load(SeqCst),
        }
    }

    /// What the pipeline asks before it begins anything.
    pub(crate) fn armed(&self) -> Option<Armed> {
        let running = self.live.now();
        let config = &running.config.kill_switch;
        let sources = self.sources_under(config);
        sources.any().then(|| Armed {
            sources: sources.names(),
            status: match config.refusal_status {
                RefusalStatus::BadGateway => StatusCode::BAD_GATEWAY,
                RefusalStatus::Forbidden => StatusCode::FORBIDDEN,
                RefusalStatus::BadRequest => StatusCode::BAD_REQUEST,
            },
        })
    }

    /// What a successor could not know.
    pub(crate) fn held(&self) -> Held {
        Held { sigusr1: self.sigusr1.load(SeqCst), http: self.http.load(SeqCst) }
    }

    /// Does what another process has done between `before` and `after`; what it left alone stays.
    pub(crate) fn follow(&self, before: Held, after: Held) {
        if before.sigusr1 != after.sigusr1 {
            self.sigusr1.store(after.sigusr1, SeqCst);
        }
        if before.http != after.http {
            self.http.store(after.http, SeqCst);
        }
    }

    /// SIGUSR1 came. Returns whether it is armed now.
    pub(crate) fn toggle_sigusr1(&self) -> bool {
        !self.sigusr1.fetch_xor(true, SeqCst)
    }

    /// `POST /admin/killswitch` came.
    pub(crate) fn set_http(&self, armed: bool) {
        self.http.store(armed, SeqCst);
    }
}

/// Only a plain "no such file" disarms: what cannot be looked at counts as armed.
fn stands(sentinel: &Path) -> bool {
    match sentinel.symlink_metadata() {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_fixed_order() {
        let all = Sources { config: true, sigusr1: true, sentinel: true, http: true };
        assert_eq!(all.names(), ["config", "sigusr1", "sentinel", "http"]);
        let none = Sources { config: false, sigusr1: false, sentinel: false, http: false };
        assert!(!none.any() && none.names().is_empty());
        assert!(Sources { http: true, ..none }.any());
    }

    #[test]
    fn what_another_process_left_alone_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("waterwall.yaml");
        std::fs::write(&file, "state_dir: state\n").unwrap();
        let surroundings = crate::config::Surroundings::of_process();
        let config = config::Config::load(Some(&file), &surroundings).unwrap();
        let live = Live::new(crate::live::Running::prepare(config, None).unwrap());
        let switch = KillSwitch::new(Arc::new(live));
        let (neither, http) = (Held::default(), Held { http: true, ..Held::default() });
        switch.toggle_sigusr1();
        switch.follow(neither, http);
        assert_eq!(switch.held(), Held { sigusr1: true, http: true });
        switch.follow(http, neither);
        assert_eq!(switch.held(), Held { sigusr1: true, http: false });
    }

    #[test]
    fn what_cannot_be_looked_at_counts_as_armed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        assert!(!stands(&file));
        std::fs::write(&file, "").unwrap();
        assert!(stands(&file));
        // A path through a plain file fails with ENOTDIR, for root as well.
        assert!(stands(&file.join("kill")));
        let dangling = dir.path().join("link");
        std::os::unix::fs::symlink("/nowhere/at/all", &dangling).unwrap();
        assert!(stands(&dangling));
    }
}
