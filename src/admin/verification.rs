//! Reading the log back, now and then: what stands on the disk is what was written.
//!
//! It is the verifier that auditors use, on a thread of its own. Lines appended meanwhile are left
//! for the next time.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Deserialize;
use waterwall_audit::{PublicKey, SigningKey};

/// How often the log is read.
const EVERY: Duration = Duration::from_secs(15 * 60);
/// How much of the log's end is searched for the last whole line at a time.
const STEP: u64 = 64 << 10;
/// How much of it is searched for the last checkpoint at most.
const FURTHEST: u64 = 16 << 20;
/// What a checkpoint line holds; to tell lines apart without reading them all.
const CHECKPOINT: &[u8] = b"\"checkpoint\"";

/// Reads the log until dropped.
pub(crate) struct Verifier {
    last: Arc<Mutex<Checked>>,
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the last reading found.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) status: Status,
    /// How many lines held together.
    pub(crate) lines: u64,
    /// When; `None` before the first.
    pub(crate) at: Option<SystemTime>,
    /// The last checkpoint, where the log verifies and has one.
    pub(crate) signed: Option<Signed>,
}

/// What a checkpoint line says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Signed {
    /// When it was made, as it stands there.
    pub(crate) ts: String,
    /// Its hash.
    pub(crate) chain_root_hash: String,
}

/// Whether the log verifies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    /// It has not been read yet.
    Pending,
    /// It does.
    Sound,
    /// It does not; where and why.
    Broken(String),
    /// It could not be read.
    Unreadable(String),
}

impl Status {
    /// A word for scripts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sound => "ok",
            Self::Broken(_) => "fail",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// What is wrong.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Pending | Self::Sound => None,
            Self::Broken(reason) | Self::Unreadable(reason) => Some(reason),
        }
    }
}

impl Verifier {
    /// Starts reading the log at `chain`, which `signing_key` signs.
    ///
    /// # Errors
    /// When the key cannot be read, or no thread can be started.
    pub(crate) fn start(chain: PathBuf, signing_key: &Path) -> Result<Self> {
        let pem = std::fs::read_to_string(signing_key).map(zeroize::Zeroizing::new);
        let pem = pem.with_context(|| format!("cannot read the signing key {}", signing_key.display()))?;
        let key = SigningKey::from_pem(&pem).context("not a signing key")?.public();
        let last =
            Arc::new(Mutex::new(Checked { status: Status::Pending, lines: 0, at: None, signed: None }));
        let (stop, stopped) = mpsc::channel();
        let shared = Arc::clone(&last);
        let thread = thread::Builder::new()
            .name("verify".to_owned())
            .spawn(move || {
                loop {
                    let checked = check(&chain, &key);
                    if let Some(reason) = checked.status.reason() {
                        tracing::error!(log = %chain.display(), reason, "the audit log does not verify");
                    }
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = checked;
                    if stopped.recv_timeout(EVERY) != Err(mpsc::RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })
            .context("cannot start a thread")?;
        Ok(Self { last, stop: Some(stop), thread: Some(thread) })
    }

    /// What the last reading found.
    pub(crate) fn last(&self) -> Checked {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Verifier {
    /// A reading under way is not waited for: it changes nothing.
    fn drop(&mut self) {
        self.stop = None;
        drop(self.thread.take());
    }
}

fn check(chain: &Path, key: &PublicKey) -> Checked {
    let verdict = whole_lines(chain).and_then(|lines| waterwall_audit::verify_chain(lines, key));
    let at = Some(SystemTime::now());
    match verdict {
        Ok(verdict) => {
            let status = match &verdict.failure {
                None => Status::Sound,
                Some(failure) => Status::Broken(format!("at seq {}: {}", failure.seq, failure.reason)),
            };
            let signed = verdict.is_ok().then(|| last_checkpoint(chain)).transpose();
            // It could be read a moment ago; should it not be now, the next reading tells.
            Checked { status, lines: verdict.lines, at, signed: signed.ok().flatten().flatten() }
        }
        Err(error) => Checked { status: Status::Unreadable(error.to_string()), lines: 0, at, signed: None },
    }
}

/// The last checkpoint line, looked for from the end: there is one every hundred lines or so.
fn last_checkpoint(chain: &Path) -> io::Result<Option<Signed>> {
    let mut file = File::open(chain)?;
    let length = file.metadata()?.len();
    let mut reach = STEP;
    loop {
        let begin = length.saturating_sub(reach);
        file.seek(SeekFrom::Start(begin))?;
        let mut text = Vec::new();
        file.by_ref().take(length - begin).read_to_end(&mut text)?;
        let found = text.split(|&byte| byte == b'\n').rev().find_map(checkpoint);
        if found.is_some() || begin == 0 || reach >= FURTHEST {
            return Ok(found);
        }
        reach *= 4;
    }
}

fn checkpoint(line: &[u8]) -> Option<Signed> {
    #[derive(Deserialize)]
    struct Line {
        line_type: String,
        #[serde(flatten)]
        signed: Signed,
    }
    let is_one = line.windows(CHECKPOINT.len()).any(|window| window == CHECKPOINT);
    let line: Line = serde_json::from_slice(line).ok().filter(|_| is_one)?;
    (line.line_type == "checkpoint").then_some(line.signed)
}

/// The log up to the end of its last whole line: the one after it may be under way.
fn whole_lines(chain: &Path) -> io::Result<BufReader<io::Take<File>>> {
    let mut file = File::open(chain)?;
    let mut end = file.metadata()?.len();
    let mut buffer = Vec::new();
    let whole = loop {
        let begin = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(begin))?;
        buffer.clear();
        file.by_ref().take(end - begin).read_to_end(&mut buffer)?;
        match buffer.iter().rposition(|&byte| byte == b'\n') {
            Some(at) => break begin + at as u64 + 1,
            None if begin == 0 => break 0,
            None => end = begin,
        }
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(BufReader::new(file.take(whole)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_under_way_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("log");
        let read = |content: &str| {
            fs::write(&file, content).unwrap();
            let mut text = String::new();
            whole_lines(&file).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read(""), "");
        assert_eq!(read("half"), "");
        assert_eq!(read("one\ntwo\n"), "one\ntwo\n");
        assert_eq!(read("one\nhalf"), "one\n");
        let long = "x".repeat(200_000);
        assert_eq!(read(&format!("one\n{long}")), "one\n");
        assert_eq!(read(&format!("{long}\nhalf")), format!("{long}\n"));
    }

    #[test]
    fn what_does_not_verify_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap().public();
        let missing = check(&dir.path().join("none"), &key);
        assert_eq!(missing.status.name(), "unreadable");
        let file = dir.path().join("log");
        fs::write(&file, "{}\n").unwrap();
        let broken = check(&file, &key);
        assert_eq!(broken.status.name(), "fail", "{broken:?}");
    }
}
