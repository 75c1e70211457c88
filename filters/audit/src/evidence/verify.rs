//! [`verify_evidence`]: is a bundle whole, signed and true to its chain?
//!
//! The bundle is read once, front to back, and nothing of it is written anywhere: the chain is
//! verified as it comes by, of the documents only what they say is kept. Then the findings are
//! judged in the order of the predecessor's verifier, whose words are kept, and after each of its
//! steps come the checks that it lacked.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write,
    io::{self, Read},
};

use sha2::{Digest, Sha256};

use super::{
    Ledger, Receipt, SessionManifest, Window, archive,
    listing::{self, Listed, Listing},
    signed::{self, DocumentError},
};
use crate::{canonical::Object, keys::PublicKey, shown::shown};

/// No document, key or policy file is larger.
const MAX_DOCUMENT: u64 = 64 << 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceVerdict {
    /// Why the bundle is refused; `None` when it is sound.
    pub failure: Option<String>,
    /// Lines in its chain.
    pub lines: u64,
    /// Lines that no checkpoint covers.
    pub uncovered: u64,
    /// Valid receipts.
    pub receipts: u64,
    /// Valid session manifests.
    pub manifests: u64,
    /// What is no failure but should be known; sentences for people.
    pub notes: Vec<String>,
}

/// Checks a bundle with the key, whose file's bytes are `pem`.
#[must_use]
pub fn verify_evidence(bundle: impl Read, key: &PublicKey, pem: &[u8]) -> EvidenceVerdict {
    let mut contents = Contents::new(key);
    let mut verdict = EvidenceVerdict::default();
    let judged = archive::for_each_member(bundle, |name, member| contents.take(name, member))
        .map_err(|what| format!("extraction failed: {what}"))
        .and_then(|()| contents.judge(pem, &mut verdict));
    // Names and figures in it come from the bundle.
    verdict.failure = judged.err().map(|what| shown(&what).into_owned());
    verdict
}

/// What came out of the bundle.
struct Contents<'a> {
    key: &'a PublicKey,
    /// The SHA-256 of every member, by name.
    hashes: HashMap<String, String>,
    manifest: Option<Vec<u8>>,
    /// Chains by name; one is wanted.
    chains: BTreeMap<String, Ledger>,
    receipts: HashMap<String, Result<Receipt, DocumentError>>,
    sessions: HashMap<String, Result<SessionManifest, DocumentError>>,
    bundled_key: Option<Vec<u8>>,
}

impl<'a> Contents<'a> {
    fn new(key: &'a PublicKey) -> Self {
        Self {
            key,
            hashes: HashMap::new(),
            manifest: None,
            chains: BTreeMap::new(),
            receipts: HashMap::new(),
            sessions: HashMap::new(),
            bundled_key: None,
        }
    }

    fn take(&mut self, name: &str, member: &mut dyn Read) -> io::Result<()> {
        let mut member = Hashed { inner: member, sha256: Sha256::new() };
        if name.starts_with("chain/") {
            let ledger = Ledger::read(&mut member, self.key)?;
            // Verifying stops at the first failure; the file's hash is of all of it.
            io::copy(&mut member, &mut io::sink())?;
            self.chains.insert(name.to_owned(), ledger);
        } else {
            let mut bytes = Vec::new();
            (&mut member).take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > MAX_DOCUMENT {
                return Err(io::Error::other(format!("member {name:?} is too large")));
            }
            self.keep(name, bytes);
        }
        self.hashes.insert(name.to_owned(), member.hex());
        Ok(())
    }

    /// Keeps what is needed of a document: receipts may be many.
    fn keep(&mut self, name: &str, bytes: Vec<u8>) {
        if name.starts_with("receipts/") {
            self.receipts.insert(name.to_owned(), Receipt::open(&bytes, self.key));
        } else if name.starts_with("manifests/") {
            self.sessions.insert(name.to_owned(), SessionManifest::open(&bytes, self.key));
        } else if name == listing::NAME {
            self.manifest = Some(bytes);
        } else if name == listing::KEY {
            self.bundled_key = Some(bytes);
        }
    }

    /// Goes through all rules; the first that is broken, in words.
    fn judge(&self, pem: &[u8], verdict: &mut EvidenceVerdict) -> Result<(), String> {
        let manifest = self.manifest()?;
        let listing =
            Listing::read(&manifest).map_err(|what| format!("MANIFEST.json parse error: {what}"))?;
        self.check_files(&listing)?;
        self.check_key(pem)?;
        let ledger = self.check_chain(&listing)?;
        verdict.lines = ledger.verdict().lines;
        verdict.uncovered = ledger.verdict().uncovered;
        self.check_receipts(&listing, ledger)?;
        verdict.receipts = listing.receipts.len() as u64;
        self.check_sessions(&listing, ledger)?;
        verdict.manifests = listing.manifests.len() as u64;
        self.check_policy(&listing, ledger, verdict)?;
        verdict.notes.extend(ledger.verdict().notes.iter().cloned());
        if !listing.missing_receipts.is_empty() {
            verdict
                .notes
                .push(format!("the exporter declares {} receipts lost", listing.missing_receipts.len()));
        }
        Ok(())
    }

    fn manifest(&self) -> Result<Object, String> {
        let bytes = self.manifest.as_ref().ok_or("MANIFEST.json missing")?;
        let refused = |error: DocumentError| match error {
            DocumentError::Json(what) => format!("MANIFEST.json parse error: {what}"),
            DocumentError::Unsigned => "MANIFEST.json is unsigned".to_owned(),
            DocumentError::Signature | DocumentError::Form(_) => "MANIFEST.json signature invalid".to_owned(),
        };
        let object = signed::open(bytes, self.key).map_err(refused)?;
        // Receipts and session manifests are signed alike.
        if object.contains_key("receipt_type") || object.contains_key("manifest_type") {
            return Err("MANIFEST.json parse error: another kind of document".to_owned());
        }
        Ok(object)
    }

    /// Every listed file is there with its hash, and no other.
    fn check_files(&self, listing: &Listing) -> Result<(), String> {
        self.check_file(&listing.chain.file, &listing.chain.file.file)?;
        for listed in listing.receipts.iter().chain(&listing.manifests) {
            self.check_file(listed, listed.name())?;
        }
        let others = [&listing.policy, &listing.key].into_iter().flatten();
        for listed in others.chain(&listing.extras) {
            self.check_file(listed, &listed.file)?;
        }
        let mut seen = HashSet::new();
        if let Some(twice) = listing.files().find(|file| !seen.insert(*file)) {
            return Err(format!("MANIFEST.json lists {twice} twice"));
        }
        let mut unlisted: Vec<_> = self.hashes.keys().filter(|name| !seen.contains(name.as_str())).collect();
        unlisted.sort();
        match unlisted.first() {
            Some(name) => Err(format!("{name} is in the bundle but not in MANIFEST.json")),
            None => Ok(()),
        }
    }

    fn check_file(&self, listed: &Listed, shown: &str) -> Result<(), String> {
        match self.hashes.get(&listed.file) {
            None => Err(format!("{} missing", listed.file)),
            Some(hash) if *hash == listed.sha256 => Ok(()),
            Some(_) => Err(format!("sha256 mismatch on {shown}")),
        }
    }

    fn check_key(&self, pem: &[u8]) -> Result<(), String> {
        match &self.bundled_key {
            None => Err("pubkey.pem missing".to_owned()),
            Some(bundled) if bundled == pem => Ok(()),
            Some(_) => Err("pubkey.pem in bundle does not match supplied pubkey".to_owned()),
        }
    }

    fn check_chain(&self, listing: &Listing) -> Result<&Ledger, String> {
        let file = &listing.chain.file.file;
        let ledger = self.chains.get(file).ok_or_else(|| format!("{file} is not in the chain's place"))?;
        let found = ledger.verdict();
        if let Some(failure) = &found.failure {
            return Err(format!("chain verification failed: {}", failure.reason));
        }
        let range = [found.first_seq, found.head.as_ref().map(|head| head.seq)];
        let observed = listing::stats(found.lines, found.checkpoints, range);
        for ((name, claimed), (_, observed)) in listing.chain.stats.iter().zip(observed) {
            let observed = observed.to_canonical();
            if *claimed != observed {
                return Err(format!(
                    "MANIFEST chain stats mismatch on {name}: manifest={claimed} observed={observed}"
                ));
            }
        }
        Ok(ledger)
    }

    fn check_receipts(&self, listing: &Listing, ledger: &Ledger) -> Result<(), String> {
        let mut lines = HashMap::new();
        let mut valid = Vec::new();
        for listed in &listing.receipts {
            let name = listed.name();
            match self.receipts.get(&listed.file) {
                Some(Ok(receipt)) => valid.push((name, receipt)),
                Some(Err(DocumentError::Json(_))) => return Err(format!("receipt unreadable: {name}")),
                _ => return Err(format!("receipt signature invalid: {name}")),
            }
        }
        for (name, receipt) in valid {
            let seq = receipt.chain_seq;
            if !ledger.has_redaction(seq) {
                return Err(format!(
                    "receipt {name} references chain_seq {seq} which is not a redaction line in the bundled chain"
                ));
            }
            if !ledger.fits(receipt) {
                return Err(format!("receipt {name} does not say what the redaction line at seq {seq} says"));
            }
            if ledger.receipt_of(seq).is_some_and(|named| named != name) {
                return Err(format!(
                    "receipt {name} is not the one that the redaction line at seq {seq} names"
                ));
            }
            if let Some(other) = lines.insert(seq, name) {
                return Err(format!("receipts {other} and {name} are both of chain_seq {seq}"));
            }
        }
        let declared: HashSet<&str> = listing.missing_receipts.iter().map(String::as_str).collect();
        // Without a window every line's receipt is due.
        let window = match listing.window {
            Err(what) if ledger.named_receipts(Window::default()).next().is_some() => {
                return Err(format!("MANIFEST.json parse error: {what}"));
            }
            window => window.unwrap_or_default(),
        };
        let omitted = ledger
            .named_receipts(window)
            .find(|(seq, name)| !lines.contains_key(seq) && !declared.contains(name));
        match omitted {
            Some((seq, name)) => {
                Err(format!("receipt {name} of the redaction line at seq {seq} was left out"))
            }
            None => Ok(()),
        }
    }

    fn check_sessions(&self, listing: &Listing, ledger: &Ledger) -> Result<(), String> {
        for listed in &listing.manifests {
            let name = listed.name();
            let Some(Ok(session)) = self.sessions.get(&listed.file) else {
                return Err(format!("session manifest signature invalid: {name}"));
            };
            ledger
                .check_session(session)
                .map_err(|what| format!("session manifest {name} does not fit the chain: {what}"))?;
        }
        Ok(())
    }

    /// The detectors in force are named by a hash on the lines; a listed file with that hash is the
    /// proof of what they were.
    fn check_policy(
        &self,
        listing: &Listing,
        ledger: &Ledger,
        verdict: &mut EvidenceVerdict,
    ) -> Result<(), String> {
        let texts: Vec<&Listed> =
            listing.extras.iter().filter(|extra| extra.file.starts_with("policy/")).collect();
        if let Some(other) = listing.extras.iter().find(|extra| !extra.file.starts_with("policy/")) {
            return Err(format!("{} has no place in a bundle", other.file));
        }
        let policy = listing.policy.as_ref().map(|policy| &policy.sha256);
        if listing.policy_hash.as_ref().is_some_and(|hash| policy.is_some_and(|policy| policy != hash)) {
            return Err("MANIFEST.json: policy_hash is not that of the policy file".to_owned());
        }
        if let Some(other) = texts.iter().find(|text| !ledger.used_policy(&text.sha256)) {
            return Err(format!("{} is not a policy that was in force", other.file));
        }
        let proven = |hash: &str| {
            texts.iter().any(|text| text.sha256 == hash)
                || listing.policy.as_ref().is_some_and(|policy| policy.sha256 == hash)
        };
        if ledger.last_policy().is_some_and(|policy| !proven(policy)) {
            let note = "nothing ties the policy file to the chain: it may not be the one that was in force";
            verdict.notes.push(note.to_owned());
        } else if let unproven @ 1.. = ledger.policies().filter(|hash| !proven(hash)).count() {
            verdict.notes.push(format!("{unproven} policies that were in force earlier are not in it"));
        }
        if listing.policy.is_none() {
            verdict.notes.push("no policy file is in it".to_owned());
        }
        Ok(())
    }
}

/// Hashes what is read through it.
pub(super) struct Hashed<R> {
    pub(super) inner: R,
    pub(super) sha256: Sha256,
}

impl<R> Hashed<R> {
    /// The hash of all that was read, in hex.
    pub(super) fn hex(self) -> String {
        hex(&self.sha256.finalize())
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        Ok(read)
    }
}
