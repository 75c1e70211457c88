//! The last result of `verify-install`, kept in `STATE_DIR/verify-install.json` for others to see.
//!
//! The gateway puts each result on the audit log: while it runs, at once; one from before, when it starts.
//! `STATE_DIR/verify-install.recorded` is a copy of the last one that is there.

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
    /// Names of the checks that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

impl Outcome {
    /// A run that has just ended.
    #[must_use]
    pub fn now(checks_passed: u32, checks_total: u32) -> Self {
        let now = super::facts::timestamp(SystemTime::now());
        Self { checks_passed, checks_total, last_run_ts: Some(now), failed: Vec::new() }
    }

    /// The same, with what failed.
    #[must_use]
    pub fn failing<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { failed: names.into_iter().map(str::to_owned).collect(), ..self }
    }
}

/// Keeps the outcome of a run, in one step.
///
/// # Errors
/// When the state directory cannot be written.
pub fn keep(state_dir: &Path, outcome: &Outcome) -> io::Result<()> {
    replace(&file(state_dir), &serde_json::to_string(outcome)?)
}

/// The last outcome that is on the audit log.
#[must_use]
pub fn recorded(state_dir: &Path) -> Option<Outcome> {
    serde_json::from_str(&read(&mark(state_dir))?).ok()
}

/// Notes that an outcome is on the audit log.
///
/// # Errors
/// When the state directory cannot be written.
pub fn set_recorded(state_dir: &Path, outcome: &Outcome) -> io::Result<()> {
    replace(&mark(state_dir), &serde_json::to_string(outcome)?)
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension(format!("{}.new", std::process::id()));
    // Left by a run that was killed, under a number that has come around.
    let _ = fs::remove_file(&new);
    crate::state::write_new(&new, 0o600, text.as_bytes())?;
    fs::rename(&new, file)
}

/// The text of a small file.
fn read(file: &Path) -> Option<String> {
    let small = file.metadata().is_ok_and(|it| it.len() <= MAX_BYTES);
    small.then(|| fs::read_to_string(file)).and_then(Result::ok)
}

/// The outcome of the last run; the default where there was none, or none can be read.
#[must_use]
pub fn last(state_dir: &Path) -> Outcome {
    let text = read(&file(state_dir));
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("verify-install.json")
}

fn mark(state_dir: &Path) -> PathBuf {
    state_dir.join("verify-install.recorded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_outcome_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last(dir.path()), Outcome::default());
        for passed in [9, 10] {
            let outcome =
                Outcome::now(passed, 10).failing(["ca_file"].into_iter().take(10 - passed as usize));
            keep(dir.path(), &outcome).unwrap();
            assert_eq!(last(dir.path()), outcome);
        }
        fs::write(file(dir.path()), "{").unwrap();
        assert_eq!(last(dir.path()), Outcome::default());
        assert_eq!(recorded(dir.path()), None);
        let outcome = Outcome::now(10, 10);
        set_recorded(dir.path(), &outcome).unwrap();
        assert_eq!(recorded(dir.path()), Some(outcome));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
