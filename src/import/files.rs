//! The predecessor's keys and logs: checked where they are, then copied.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use waterwall_audit::{SigningKey, verify_chain};
use zeroize::Zeroizing;

use super::{Note, same_file};
use crate::config::Config;
use crate::failure::Failure;
use crate::state::{self, Files, Piece};

/// Where the predecessor wrote its log, whatever it was configured with.
const SYSTEM_LOG: &str = "/var/log/waterwall/proxy.jsonl";

/// The signing key and what it signed.
pub(super) struct Evidence {
    key: Option<PathBuf>,
    chain: Option<PathBuf>,
}

impl Evidence {
    /// Looks for both.
    ///
    /// # Errors
    /// When a log was named that is not there.
    pub(super) fn find(dir: &Path, named: Option<&Path>) -> Result<Self, Failure> {
        if let Some(named) = named
            && !named.is_file()
        {
            return Err(Failure::new(format!("there is no log {}", named.display()), "Check the name."));
        }
        let system = (dir == Path::new("/etc/waterwall")).then(|| PathBuf::from(SYSTEM_LOG));
        let usual = ["proxy.jsonl", "audit/proxy.jsonl", "log/proxy.jsonl", "logs/proxy.jsonl"];
        let mut usual = usual.iter().map(|name| dir.join(name)).chain(system);
        let chain = named.map(Path::to_owned).or_else(|| usual.find(|file| file.is_file()));
        let key = Some(dir.join("signing.key")).filter(|file| file.is_file());
        Ok(Self { key, chain })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.key.is_none() && self.chain.is_none()
    }

    /// Whether the key is one, and the log holds together under it and is at rest.
    ///
    /// # Errors
    /// When any of this is not so.
    pub(super) fn verify(&self, notes: &mut Vec<Note>) -> Result<(), Failure> {
        let key = self.key.as_deref().map(read_key).transpose()?;
        let Some(chain) =
            self.chain.as_deref().filter(|chain| fs::metadata(chain).is_ok_and(|file| file.len() > 0))
        else {
            return Ok(());
        };
        let Some(key) = key else {
            let what = format!("{} is there, but no signing.key that it could go on with", chain.display());
            return Err(Failure::new(what, "Put the key beside the other files, or move the log away."));
        };
        refuse_in_use(chain)?;
        let unreadable = |error| Failure::io("cannot read", chain, &error);
        let log = File::open(chain).map_err(unreadable)?;
        let verdict = verify_chain(BufReader::new(log), &key.public()).map_err(unreadable)?;
        if let Some(failure) = &verdict.failure {
            let what = format!(
                "{} does not hold together at seq {}: {}",
                chain.display(),
                failure.seq,
                failure.reason
            );
            let remedy =
                "Keep it as evidence, move it out of the way, and import the rest; a new log is begun.";
            return Err(Failure::new(what, remedy));
        }
        notes.push(Note::about(chain, format!("verified, and gone on with: {verdict}")));
        Ok(())
    }

    /// Copies the key, the log and the directories of receipts and manifests beside it.
    ///
    /// # Errors
    /// When the places are taken by something else.
    pub(super) fn bring(&self, config: &Config) -> Result<Vec<Piece>, Failure> {
        let mut pieces = Vec::new();
        if let Some(key) = &self.key {
            pieces.push(copy(key, &config.audit.signing_key, 0o600)?);
        }
        let Some(chain) = &self.chain else { return Ok(pieces) };
        for (name, target) in
            [("receipts", &config.audit.receipts_dir), ("manifests", &config.audit.manifests_dir)]
        {
            let from = chain.with_file_name(name);
            if from.is_dir() && !same_file(&from, target) {
                pieces.push(copy_directory(&from, target)?);
            }
        }
        // Last: what the log refers to is there before it.
        pieces.push(copy(chain, &config.audit.chain, 0o600)?);
        Ok(pieces)
    }
}

/// Copies the private CA.
///
/// # Errors
/// When one of its files is missing or its place is taken.
pub(super) fn bring_ca(dir: &Path, files: &Files<'_>) -> Result<Vec<Piece>, Failure> {
    let (key, certificate) = (dir.join("ca.key"), dir.join("ca.pem"));
    for file in [&key, &certificate] {
        if !file.is_file() {
            return Err(Failure::new(format!("there is no {}", file.display()), "Import without --with-ca."));
        }
    }
    Ok(vec![copy(&key, &files.ca_key(), 0o600)?, copy(&certificate, &files.ca_certificate(), 0o644)?])
}

fn read_key(file: &Path) -> Result<SigningKey, Failure> {
    let pem = fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| Failure::io("cannot read", file, &error))?;
    SigningKey::from_pem(&pem).map_err(|error| {
        Failure::new(format!("{}: {error}", file.display()), "Move it away to get a new key and a new log.")
    })
}

/// The predecessor's lock is a file with its process id; it does not go away after a crash.
fn refuse_in_use(chain: &Path) -> Result<(), Failure> {
    let mut lock = chain.as_os_str().to_owned();
    lock.push(".lock");
    let holder = fs::read_to_string(lock).unwrap_or_default();
    let alive = |id: u32| Path::new("/proc").join(id.to_string()).exists();
    match holder.trim().parse() {
        Ok(id) if alive(id) => {
            let what = format!("{} is being written by process {id}", chain.display());
            Err(Failure::new(what, "Stop the predecessor first."))
        }
        _ => Ok(()),
    }
}

/// Makes a file unless it is there.
pub(super) fn create(file: &Path, mode: u32, content: &[u8]) -> Result<Piece, Failure> {
    let created = match state::write_new(file, mode, content) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Failure::io("cannot write", file, &error)),
    };
    Ok(Piece { path: file.to_owned(), created })
}

/// Copies a file to a place that is free, or that holds it already, perhaps with more after it.
fn copy(from: &Path, to: &Path, mode: u32) -> Result<Piece, Failure> {
    if to.symlink_metadata().is_ok() {
        if same_file(from, to) || begins_with(to, from).unwrap_or(false) {
            return Ok(Piece { path: to.to_owned(), created: false });
        }
        let what = format!("{} is there already, and is not a copy of {}", to.display(), from.display());
        return Err(Failure::new(what, "Import before the gateway's first start, or move that file away."));
    }
    let failed = |error: io::Error| Failure::io("cannot write", to, &error);
    if let Some(parent) = to.parent() {
        state::make_private_dir(parent)?;
    }
    let mut source = File::open(from).map_err(|error| Failure::io("cannot read", from, &error))?;
    state::write_new_from(to, mode, &mut source).map_err(failed)?;
    Ok(Piece { path: to.to_owned(), created: true })
}

fn begins_with(longer: &Path, shorter: &Path) -> io::Result<bool> {
    let (mut longer, mut shorter) =
        (BufReader::new(File::open(longer)?), BufReader::new(File::open(shorter)?));
    loop {
        let (left, right) = (longer.fill_buf()?, shorter.fill_buf()?);
        let length = left.len().min(right.len());
        if right.is_empty() || length == 0 || left[..length] != right[..length] {
            return Ok(right.is_empty());
        }
        longer.consume(length);
        shorter.consume(length);
    }
}

fn copy_directory(from: &Path, to: &Path) -> Result<Piece, Failure> {
    let failed = |error: io::Error| Failure::io("cannot read", from, &error);
    let mut created = false;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            created |= copy(&entry.path(), &to.join(entry.file_name()), 0o600)?.created;
        }
    }
    Ok(Piece { path: to.to_owned(), created })
}
