//! [`export`]: makes a bundle, after checking that everything in it fits.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use super::{
    Ledger, Window,
    gather::{self, Checked, Documents},
    listing::{self, Listed},
    signed,
    verify::{Hashed, hex},
};
use crate::{
    Hash, PublicKey, SigningKey,
    canonical::{Object, Value},
    timestamp,
};

/// The `signing_key_id` of a chain without a checkpoint.
const DEFAULT_KEY_ID: &str = "waterwall-2026-05";

/// What goes into a bundle.
#[derive(Debug)]
pub struct Source<'a> {
    /// The chain.
    pub chain: &'a Path,
    /// The policy file's bytes.
    pub policy: &'a [u8],
    /// The text under the chain's policy hash, if it is known: the proof of what was in force.
    pub policy_text: Option<&'a str>,
    /// The directory of policies' texts, each `<its policy hash>.txt`.
    pub policies: Option<&'a Path>,
    /// The public key's file, byte for byte.
    pub pem: &'a [u8],
    /// The directory of receipts.
    pub receipts: Option<&'a Path>,
    /// The directory of session manifests.
    pub manifests: Option<&'a Path>,
    /// Which of these.
    pub window: Window,
    /// True: receipts that lines name and that are gone are declared lost, not a failure.
    pub declare_missing: bool,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file cannot be read, or the bundle cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The public key file is not one.
    #[error("the public key is not an Ed25519 key in PEM form")]
    Key,
    /// The keys are not a pair.
    #[error("the signing key and the public key are not a pair")]
    Pair,
    /// The chain does not verify.
    #[error("the chain does not verify: {0}")]
    Chain(String),
    /// A document does not verify, or does not fit the chain.
    #[error("{name} does not fit: {what}")]
    Document {
        /// The file's name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A receipt that a line names is not there.
    #[error("receipt {name} of the redaction line at seq {seq} is not there")]
    Missing {
        /// The line.
        seq: u64,
        /// The receipt's name.
        name: String,
    },
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Lines of the chain.
    pub lines: u64,
    /// How many receipts.
    pub receipts: usize,
    /// How many session manifests.
    pub manifests: usize,
    /// What should be known; sentences for people.
    pub notes: Vec<String>,
}

/// Checks everything and writes the bundle to `out`.
///
/// # Errors
/// [`ExportError`]; then what was written to `out` is not a bundle.
pub fn export(
    source: &Source<'_>,
    key: &SigningKey,
    now: SystemTime,
    out: impl Write,
) -> Result<Exported, ExportError> {
    let pem = std::str::from_utf8(source.pem).map_err(|_| ExportError::Key)?;
    let public = PublicKey::from_pem(pem).map_err(|_| ExportError::Key)?;
    if key.public() != public {
        return Err(ExportError::Pair);
    }
    let chain = Chain::open(source.chain, &public)?;
    let documents = Documents::gather(source, &chain.ledger, &public)?;
    let mut exported = Exported {
        lines: chain.ledger.verdict().lines,
        receipts: documents.receipts.len(),
        manifests: documents.manifests.len(),
        notes: chain.ledger.verdict().notes.clone(),
    };
    if documents.newer > 0 {
        let newer = documents.newer;
        exported.notes.push(format!("{newer} receipts are newer than the copied log: left out"));
    }
    if !documents.missing.is_empty() {
        exported.notes.push(format!("{} receipts are declared lost", documents.missing.len()));
    }
    let texts = policy_texts(source, &chain.ledger)?;
    let manifest = signed::sign(manifest(source, &chain, &documents, &texts, now), key);
    let manifest = Value::Object(manifest).to_canonical() + "\n";

    let written = |error| ExportError::Io { path: "the bundle".to_owned(), source: error };
    let mut bundle = Bundle::new(out, now);
    bundle.add(listing::NAME, manifest.as_bytes()).map_err(written)?;
    chain.copy_to(&mut bundle).map_err(|error| failed(source.chain, error))?;
    for document in documents.receipts.iter().chain(&documents.manifests) {
        let bytes = fs::read(&document.path).map_err(|error| failed(&document.path, error))?;
        if hash(&bytes) != document.listed.sha256 {
            return Err(failed(&document.path, io::Error::other("it changed meanwhile")));
        }
        bundle.add(&document.listed.file, &bytes).map_err(written)?;
    }
    bundle.add(listing::POLICY, source.policy).map_err(written)?;
    bundle.add(listing::KEY, source.pem).map_err(written)?;
    for (listed, text) in &texts {
        bundle.add(&listed.file, text).map_err(written)?;
    }
    bundle.finish().map_err(written)?;
    Ok(exported)
}

pub(super) fn failed(path: &Path, source: io::Error) -> ExportError {
    ExportError::Io { path: path.display().to_string(), source }
}

pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The texts under the policy hashes that lines name, as far as they are known.
fn policy_texts(source: &Source<'_>, ledger: &Ledger) -> Result<Vec<(Listed, Vec<u8>)>, ExportError> {
    let mut texts = Vec::new();
    for policy in ledger.policies().filter(|policy| Hash::from_hex(policy).is_some()) {
        let given = source.policy_text.filter(|text| hash(text.as_bytes()) == *policy);
        let listed = |name: &str| Listed { file: format!("policy/{name}.txt"), sha256: policy.to_owned() };
        if let Some(text) = given {
            texts.push((listed("detectors"), text.as_bytes().to_vec()));
        } else if let Some(directory) = source.policies {
            let path = directory.join(format!("{policy}.txt"));
            let kept = gather::read(&path)?;
            // What is under another's name proves nothing.
            texts.extend(kept.filter(|text| hash(text) == *policy).map(|text| (listed(policy), text)));
        }
    }
    Ok(texts)
}

/// The chain as it is now; what is appended meanwhile is not part of it.
struct Chain {
    file: File,
    length: u64,
    sha256: String,
    ledger: Ledger,
}

impl Chain {
    fn open(path: &Path, key: &PublicKey) -> Result<Self, ExportError> {
        let read = || -> io::Result<Self> {
            let mut file = File::open(path)?;
            let length = whole_lines(&mut file)?;
            let mut hashed = Hashed { inner: (&file).take(length), sha256: Sha256::new() };
            let ledger = Ledger::read(&mut hashed, key)?;
            io::copy(&mut hashed, &mut io::sink())?;
            let sha256 = hashed.hex();
            Ok(Self { file, length, sha256, ledger })
        };
        let chain = read().map_err(|error| failed(path, error))?;
        match &chain.ledger.verdict().failure {
            None => Ok(chain),
            Some(failure) => Err(ExportError::Chain(format!("seq {}: {}", failure.seq, failure.reason))),
        }
    }

    fn copy_to(&self, bundle: &mut Bundle<impl Write>) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut hashed = Hashed { inner: file.take(self.length), sha256: Sha256::new() };
        bundle.add_stream(listing::CHAIN, self.length, &mut hashed)?;
        if hashed.hex() == self.sha256 { Ok(()) } else { Err(io::Error::other("it changed meanwhile")) }
    }
}

/// The length of the file up to its last newline (all of it when there is none: let it be judged).
/// Leaves the file at its beginning.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut length) = (end, end);
    let mut block = [0; 4096];
    while at > 0 {
        let size = at.min(block.len() as u64);
        file.seek(SeekFrom::Start(at - size))?;
        // At most the block's own length.
        let part = &mut block[..usize::try_from(size).unwrap_or(0)];
        file.read_exact(part)?;
        if let Some(newline) = memchr::memrchr(b'\n', part) {
            length = at - size + newline as u64 + 1;
            break;
        }
        at -= size;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(length)
}

fn manifest(
    source: &Source<'_>,
    chain: &Chain,
    documents: &Documents,
    texts: &[(Listed, Vec<u8>)],
    now: SystemTime,
) -> Object {
    let found = chain.ledger.verdict();
    let text = |text: &str| Value::String(text.to_owned());
    let list = |documents: &[Checked]| {
        Value::Array(documents.iter().map(|document| document.listed.to_value()).collect())
    };
    let moment = |moment: Option<_>| moment.map_or(Value::Null, |moment| Value::String(Window::text(moment)));
    let range = [found.first_seq, found.head.as_ref().map(|head| head.seq)];

    let mut listed = Listed { file: listing::CHAIN.to_owned(), sha256: chain.sha256.clone() }.to_object();
    let stats = listing::stats(found.lines, found.checkpoints, range);
    listed.extend(stats.map(|(name, value)| (name.to_owned(), value)));
    let policy = Listed { file: listing::POLICY.to_owned(), sha256: hash(source.policy) };
    let key = Listed { file: listing::KEY.to_owned(), sha256: hash(source.pem) };
    let exported = timestamp::render(timestamp::millis(now)).replace("+00:00", "Z");

    let mut members = vec![
        ("v", Value::Number(1.into())),
        ("ts_exported", Value::String(exported)),
        ("since", moment(source.window.since)),
        ("until", moment(source.window.until)),
        ("policy_hash", text(&policy.sha256)),
        ("signing_key_id", text(found.signing_key_id.as_deref().unwrap_or(DEFAULT_KEY_ID))),
        ("chain", Value::Object(listed)),
        ("receipts", list(&documents.receipts)),
        ("manifests", list(&documents.manifests)),
        ("policy_snapshot", policy.to_value()),
        ("pubkey", key.to_value()),
    ];
    if !texts.is_empty() {
        members.push(("extras", Value::Array(texts.iter().map(|(listed, _)| listed.to_value()).collect())));
    }
    if !documents.missing.is_empty() {
        members.push((
            "missing_receipts",
            Value::Array(documents.missing.iter().map(|name| text(name)).collect()),
        ));
    }
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A `.tar.gz` that is being written.
struct Bundle<W: Write> {
    tar: Builder<GzEncoder<W>>,
    mtime: u64,
}

impl<W: Write> Bundle<W> {
    fn new(out: W, now: SystemTime) -> Self {
        let seconds = timestamp::millis(now) / 1000;
        Self {
            tar: Builder::new(GzEncoder::new(out, Compression::default())),
            mtime: u64::try_from(seconds).unwrap_or(0),
        }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.add_stream(name, bytes.len() as u64, bytes)
    }

    fn add_stream(&mut self, name: &str, length: u64, content: impl Read) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o600);
        header.set_mtime(self.mtime);
        self.tar.append_data(&mut header, name, content)
    }

    fn finish(self) -> io::Result<()> {
        self.tar.into_inner()?.finish()?.flush()
    }
}
