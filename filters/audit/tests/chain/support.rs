//! What several of the tests need.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use waterwall_audit::{
    ChainWriter, Event, OpenReport, PublicKey, SigningKey, Verdict, WriterOptions, verify_chain,
};

pub(crate) use crate::common::{POLICY, at, redaction};

/// A directory that goes away, with a log in it.
pub(crate) struct Log {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Log {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit/proxy.jsonl");
        Self { directory, path }
    }

    /// A log with `lines` redactions, closed.
    pub(crate) fn with_lines(lines: u64) -> Self {
        let log = Self::new();
        let (writer, _) = log.open();
        for n in 0..lines {
            writer.append(redaction(n), at(n)).unwrap();
        }
        writer.close(at(lines)).unwrap();
        log
    }

    pub(crate) fn open(&self) -> (ChainWriter, OpenReport) {
        open(&self.path, at(0))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    pub(crate) fn verify(&self) -> Verdict {
        verify(&self.bytes())
    }
}

pub(crate) fn open(path: &Path, now: SystemTime) -> (ChainWriter, OpenReport) {
    ChainWriter::open(path, options(), now).unwrap()
}

pub(crate) fn options() -> WriterOptions {
    WriterOptions::new(key())
}

/// The key of `tests/vectors`: the SHA-256 of "waterwall test key". It is put together here, so that
/// no file has a private key in it.
pub(crate) fn key() -> SigningKey {
    let label = ["PRIVATE", "KEY"].join(" ");
    let body = "MC4CAQAwBQYDK2VwBCIEIMSQ/l2OUJnwE1I2FRas6oMVNpy1kWmCkStTqAExLHne";
    SigningKey::from_pem(&format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")).unwrap()
}

pub(crate) fn vectors_key() -> PublicKey {
    PublicKey::from_pem(include_str!("../../../../tests/vectors/test.pub")).unwrap()
}

pub(crate) fn verify(bytes: &[u8]) -> Verdict {
    verify_chain(bytes, &vectors_key()).unwrap()
}

pub(crate) fn killswitch() -> Event {
    Event::Killswitch { request_id: None, sources_active: vec!["config".into()] }
}
