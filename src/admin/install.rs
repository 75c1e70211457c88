//! The last result of `verify-install`, kept in `STATE_DIR/verify-install.json` for others to see.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The largest file that is read.
const MAX_BYTES: u64 = 4096;

/// How many checks passed, and when; nothing until the first run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many of the checks passed.
    pub checks_passed: u32,
    /// How many there were; 0 when it was never run.
    pub checks_total: u32,
    /// When, RFC 3339.
    pub last_run_ts: Option<String>,
}

impl Outcome {
    /// A run that has just ended.
    #[must_use]
    pub fn now(checks_passed: u32, checks_total: u32) -> Self {
        let now = super::facts::timestamp(SystemTime::now());
        Self { checks_passed, checks_total, last_run_ts: Some(now) }
    }
}

/// Keeps the outcome of a run, in one step.
///
/// # Errors
/// When the state directory cannot be written.
pub fn keep(state_dir: &Path, outcome: &Outcome) -> io::Result<()> {
    let text = serde_json::to_string(outcome)?;
    let new = state_dir.join(format!("verify-install.{}.new", std::process::id()));
    // Left by a run that was killed, under a number that has come around.
    let _ = fs::remove_file(&new);
    crate::state::write_new(&new, 0o600, text.as_bytes())?;
    fs::rename(&new, file(state_dir))
}

/// The outcome of the last run; the default where there was none, or none can be read.
#[must_use]
pub fn last(state_dir: &Path) -> Outcome {
    let file = file(state_dir);
    let small = file.metadata().is_ok_and(|it| it.len() <= MAX_BYTES);
    let text = small.then(|| fs::read_to_string(file)).and_then(Result::ok);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("verify-install.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_outcome_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last(dir.path()), Outcome::default());
        for passed in [9, 10] {
            let outcome = Outcome::now(passed, 10);
            keep(dir.path(), &outcome).unwrap();
            assert_eq!(last(dir.path()), outcome);
        }
        fs::write(file(dir.path()), "{").unwrap();
        assert_eq!(last(dir.path()), Outcome::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
