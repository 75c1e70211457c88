//! [`Documents`]: the receipts and session manifests that go into a bundle with a copy of a log.
//!
//! The log may be growing, and be rotated, while it is exported. The copy's last line is where the bundle
//! ends: what is newer is left out, as what belongs to an archive is.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    ExportError, Ledger, Receipt, SessionManifest, Source, Window,
    export::{failed, hash},
    listing::Listed,
};
use crate::{keys::PublicKey, writer};

/// A document that was checked: its name in the bundle, its place, its hash.
pub(super) struct Checked {
    pub(super) listed: Listed,
    pub(super) path: PathBuf,
}

/// The documents that go along.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) receipts: Vec<Checked>,
    pub(super) manifests: Vec<Checked>,
    /// Receipts that lines name and that are declared lost.
    pub(super) missing: Vec<String>,
    /// How many receipts are of what came after the copy.
    pub(super) newer: usize,
}

impl Documents {
    pub(super) fn gather(source: &Source<'_>, ledger: &Ledger, key: &PublicKey) -> Result<Self, ExportError> {
        let mut documents = Self::default();
        let mut elsewhere = Elsewhere { chain: source.chain, key, ledgers: None };
        documents.gather_receipts(source, ledger, &mut elsewhere)?;
        documents.gather_manifests(source, ledger, &mut elsewhere)?;
        Ok(documents)
    }

    fn gather_receipts(
        &mut self,
        source: &Source<'_>,
        ledger: &Ledger,
        elsewhere: &mut Elsewhere<'_>,
    ) -> Result<(), ExportError> {
        let mut lines = HashMap::new();
        for (name, path) in files(source.receipts, source.window)? {
            // It may be half written: only what a line names is certain to be whole.
            if ledger.ends_before_name(&name) {
                self.newer += 1;
                continue;
            }
            let Some(bytes) = read(&path)? else { continue };
            let refuse = |what: String| ExportError::Document { name: name.clone(), what };
            let receipt = Receipt::open(&bytes, elsewhere.key).map_err(|error| refuse(error.to_string()))?;
            if !ledger.fits(&receipt) {
                // Its line may not be written yet: it comes after the receipt.
                if ledger.ends_before(&receipt) {
                    self.newer += 1;
                    continue;
                }
                if elsewhere.any(|other| other.fits(&receipt))? {
                    continue;
                }
                return Err(refuse("its redaction line is not in the chain".to_owned()));
            }
            if let Some(other) = lines.insert(receipt.chain_seq, name.clone()) {
                return Err(refuse(format!("{other} is of the same redaction line")));
            }
            self.receipts.push(checked("receipts", &name, path, &bytes));
        }
        let missing = ledger.named_receipts(source.window).filter(|(seq, _)| !lines.contains_key(seq));
        for (seq, name) in missing {
            if !source.declare_missing {
                return Err(ExportError::Missing { seq, name: name.to_owned() });
            }
            self.missing.push(name.to_owned());
        }
        Ok(())
    }

    fn gather_manifests(
        &mut self,
        source: &Source<'_>,
        ledger: &Ledger,
        elsewhere: &mut Elsewhere<'_>,
    ) -> Result<(), ExportError> {
        for (name, path) in files(source.manifests, source.window)? {
            let Some(bytes) = read(&path)? else { continue };
            let refuse =
                |what: &dyn ToString| ExportError::Document { name: name.clone(), what: what.to_string() };
            let session = SessionManifest::open(&bytes, elsewhere.key).map_err(|error| refuse(&error))?;
            if let Err(what) = ledger.check_session(&session) {
                // Its checkpoint was there before it.
                if elsewhere.any(|other| other.check_session(&session).is_ok())? {
                    continue;
                }
                return Err(refuse(&what));
            }
            self.manifests.push(checked("manifests", &name, path, &bytes));
        }
        Ok(())
    }
}

/// `None` when the file has gone since it was listed: a receipt whose line could not be written. Where a line
/// names it, it is missing.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, ExportError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

fn checked(folder: &str, name: &str, path: PathBuf, bytes: &[u8]) -> Checked {
    Checked { listed: Listed { file: format!("{folder}/{name}"), sha256: hash(bytes) }, path }
}

/// The `.json` files of a directory that the window takes, sorted by name.
fn files(directory: Option<&Path>, window: Window) -> Result<Vec<(String, PathBuf)>, ExportError> {
    let Some(directory) = directory else {
        return Ok(Vec::new());
    };
    let list = || -> io::Result<Vec<(String, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".json")
                && !name.starts_with('.')
                && entry.file_type()?.is_file()
                && window.takes(&name)
            {
                files.push((name, entry.path()));
            }
        }
        files.sort();
        Ok(files)
    };
    list().map_err(|error| failed(directory, error))
}

/// What other logs say: the archives, and the log as it has become since it was copied. Read only when
/// something does not fit the copy; then all documents that there are have been listed.
struct Elsewhere<'a> {
    chain: &'a Path,
    key: &'a PublicKey,
    ledgers: Option<Vec<Ledger>>,
}

impl Elsewhere<'_> {
    fn any(&mut self, fits: impl Fn(&Ledger) -> bool) -> Result<bool, ExportError> {
        let ledgers = match self.ledgers.take() {
            Some(ledgers) => ledgers,
            None => self.read()?,
        };
        let any = ledgers.iter().any(fits);
        self.ledgers = Some(ledgers);
        Ok(any)
    }

    fn read(&self) -> Result<Vec<Ledger>, ExportError> {
        let logs = writer::archives_of(self.chain).into_iter().chain([self.chain.to_owned()]);
        let read = |path: PathBuf| {
            let ledger = File::open(&path).and_then(|file| Ledger::read(file, self.key));
            ledger.map_err(|error| failed(&path, error))
        };
        logs.map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::{ChainWriter, Event, Redaction, Session, SigningKey, WriterOptions};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_311_773 + seconds)
    }

    /// Three redactions and the session that they are of.
    fn go_on(writer: &ChainWriter, from: u64) {
        let first = writer.place();
        for second in from..from + 3 {
            let event = Event::Redaction {
                host: String::new(),
                request_id: Some(second.to_string()),
                session_id: Some("s".to_owned()),
                redactions: vec![Redaction { kind: "X".into(), hmac8: "0011223344556677".to_owned() }],
                policy_hash: String::new(),
            };
            writer.append(event, at(second)).unwrap();
        }
        let session = Session {
            session_id: Some("s".to_owned()),
            started: at(from),
            first,
            requests: 3,
            redactions: 3,
            types: [("X".to_owned(), 3)].into(),
            unknown_placeholders: 0,
            policy_hash: String::new(),
        };
        writer.end_session(&session, at(from + 3)).unwrap().unwrap();
    }

    /// The log is read first; what comes afterwards is neither taken along nor in the way, be it of
    /// the same log or of the one after it.
    #[test]
    fn what_came_after_the_copy_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let (chain, receipts, manifests) = (path("proxy.jsonl"), path("receipts"), path("manifests"));
        let key = SigningKey::generate().unwrap();
        let public = key.public();
        let options = WriterOptions {
            receipts_dir: Some(receipts.clone()),
            manifests_dir: Some(manifests.clone()),
            ..WriterOptions::new(key)
        };
        let (writer, _) = ChainWriter::open(&chain, options, at(0)).unwrap();
        go_on(&writer, 1);
        let ledger = Ledger::read(File::open(&chain).unwrap(), &public).unwrap();
        let source = Source {
            chain: &chain,
            policy: b"",
            policy_text: None,
            policies: None,
            pem: b"",
            receipts: Some(&receipts),
            manifests: Some(&manifests),
            window: Window::default(),
            declare_missing: false,
        };
        let counts = |ledger: &Ledger| {
            let found = Documents::gather(&source, ledger, &public).unwrap();
            (found.receipts.len(), found.manifests.len(), found.newer)
        };
        assert_eq!(counts(&ledger), (3, 1, 0));
        go_on(&writer, 10);
        assert_eq!(counts(&ledger), (3, 1, 3));
        for (rotation, from) in [20, 30, 40].into_iter().enumerate() {
            writer.rotate("by hand", at(from)).unwrap();
            go_on(&writer, from + 1);
            assert_eq!(counts(&ledger), (3, 1, 6 + 3 * rotation));
        }
        let now = Ledger::read(File::open(&chain).unwrap(), &public).unwrap();
        assert_eq!(counts(&now), (3, 1, 0));
        // One that is being written.
        fs::write(receipts.join("20300101T000000.000_r_s99.json"), "").unwrap();
        assert_eq!(counts(&now), (3, 1, 1));
        // One that was taken back between the listing and the reading.
        assert_eq!(read(&path("gone")).unwrap(), None);
    }
}
