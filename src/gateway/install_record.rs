//! Puts the results of `verify-install` on the audit log.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use waterwall_audit::{ChainWriter, Event};

use crate::admin::install::{self, Outcome};

/// More failed checks than there are have no place on a line.
const MAX_FAILED: usize = 20;

/// Looks for a new result on the upkeep thread.
pub(super) struct InstallRecord {
    state_dir: PathBuf,
    /// The last one that is on the log.
    recorded: Option<Outcome>,
}

impl InstallRecord {
    /// For results that are kept in `state_dir`.
    pub(super) fn new(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned(), recorded: None }
    }

    /// Records the last result, if it is not on the log yet. What fails is tried again with the next call.
    pub(super) fn catch_up(&mut self, chain: &ChainWriter) {
        let outcome = install::last(&self.state_dir);
        if outcome.last_run_ts.is_none() || self.recorded.as_ref() == Some(&outcome) {
            return;
        }
        if install::recorded(&self.state_dir).as_ref() != Some(&outcome) {
            if let Err(error) = chain.append(event(&outcome), SystemTime::now()) {
                tracing::error!(%error, "the result of verify-install is not on the audit log");
                return;
            }
            if let Err(error) = install::set_recorded(&self.state_dir, &outcome) {
                tracing::warn!(%error, "the result of verify-install may be recorded again after a restart");
            }
        }
        self.recorded = Some(outcome);
    }
}

/// The file is ours, and yet only what a check can be called goes on the log.
fn event(outcome: &Outcome) -> Event {
    let is_name = |name: &&String| {
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    };
    let names = outcome.failed.iter().filter(is_name).take(MAX_FAILED);
    Event::VerifyInstall {
        checks_passed: outcome.checks_passed.into(),
        checks_total: outcome.checks_total.into(),
        failed: names.cloned().map(Into::into).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use waterwall_audit::{SigningKey, WriterOptions};

    use super::*;

    #[test]
    fn each_result_is_on_the_log_once() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let options = WriterOptions::new(SigningKey::generate().unwrap());
        let (chain, _) = ChainWriter::open(&log, options, SystemTime::now()).unwrap();
        let lines = || fs::read_to_string(&log).unwrap().matches("verify_install").count();
        let mut record = InstallRecord::new(dir.path());
        record.catch_up(&chain);
        assert_eq!(lines(), 0, "it was never run");
        let hostile = ["ca_file", "a\u{1b}b", "", &"x".repeat(100)];
        install::keep(dir.path(), &Outcome::now(9, 10).failing(hostile)).unwrap();
        for _ in 0..2 {
            record.catch_up(&chain);
            assert_eq!(lines(), 1);
            // After a restart.
            record = InstallRecord::new(dir.path());
        }
        assert!(fs::read_to_string(&log).unwrap().contains("\"failed\":[\"ca_file\"]"));
        install::keep(dir.path(), &Outcome::now(10, 10)).unwrap();
        record.catch_up(&chain);
        assert_eq!(lines(), 2);
    }

    #[test]
    fn what_cannot_be_recorded_is_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let options = WriterOptions::new(SigningKey::generate().unwrap());
            ChainWriter::open(&dir.path().join("log"), options, SystemTime::now())
        };
        let (closed, _) = open().unwrap();
        closed.close(SystemTime::now()).unwrap();
        install::keep(dir.path(), &Outcome::now(10, 10)).unwrap();
        let mut record = InstallRecord::new(dir.path());
        record.catch_up(&closed);
        assert_eq!((record.recorded, install::recorded(dir.path())), (None, None));
    }
}
