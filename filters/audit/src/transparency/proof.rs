//! Proofs: that a line is in the tree of a note, and that one tree goes on from another.
//!
//! A proof is one JSON object that carries all that is needed to check it but the public key:
//!
//! | member | inclusion | consistency |
//! | --- | --- | --- |
//! | `proof_type` | `inclusion` | `consistency` |
//! | `log` | the log's origin | the same |
//! | `size`, `root` | the tree | the newer tree |
//! | `old_size`, `old_root` | – | the older tree |
//! | `index`, `line` | the line's place, from 0, and its text | – |
//! | `receipt` | the receipt that the line answers for, as it is, or null | – |
//! | `hashes` | the path, nearest first | the path |
//! | `note` | the signed note of `size` and `root` | the same |
//! | `old_note` | – | the signed note of the older tree, or null |
//!
//! Roots and hashes are standard base64, as in notes.

use std::io::{self, BufRead};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Note, NoteError, merkle,
    note::{self, origin_of},
};
use crate::{
    canonical::{self, Number, Object, Value},
    chain::Hash,
    evidence::{Receipt, signed::Members},
    keys::PublicKey,
    line::{Line, read_line},
};

/// A log's leaves and who it is.
#[derive(Clone, Debug)]
pub struct Leaves {
    /// The log's origin.
    pub origin: String,
    hashes: Vec<Hash>,
    seqs: Vec<u64>,
}

/// Why a proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The log cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Line so many is not one.
    #[error("line {0} of the log is not a line")]
    Line(u64),
    /// The log has no line.
    #[error("the log is empty")]
    Empty,
    /// There is no such line in the tree.
    #[error("there is no line with seq {0} in the tree of the note")]
    NoSuchLine(u64),
    /// The note is of another log, or of another past of this one.
    #[error("the note is not one of this log: {0}")]
    Note(&'static str),
}

impl Leaves {
    /// Reads a log's whole lines.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn read(mut log: impl BufRead) -> Result<Self, ProveError> {
        let mut leaves = Self { origin: String::new(), hashes: Vec::new(), seqs: Vec::new() };
        let mut buffer = Vec::new();
        while read_line(&mut log, &mut buffer)? {
            // A line that is still being written is not part of the log.
            let Some(text) = buffer.strip_suffix(b"\n") else {
                break;
            };
            let broken = || ProveError::Line(leaves.hashes.len() as u64 + 1);
            let line = Line::read(text).map_err(|_| broken())?;
            if leaves.hashes.is_empty() {
                leaves.origin = origin_of(line.hash());
            }
            let seq = line.seq.ok_or_else(broken)?;
            leaves.hashes.push(merkle::leaf(text));
            leaves.seqs.push(seq);
        }
        if leaves.hashes.is_empty() { Err(ProveError::Empty) } else { Ok(leaves) }
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// The place of a line, from 0.
    #[must_use]
    pub fn index_of(&self, seq: u64) -> Option<u64> {
        self.seqs.binary_search(&seq).ok().map(|index| index as u64)
    }

    /// The text of the line with this `seq`, from the same log read anew. `None` when there is none.
    ///
    /// # Errors
    /// Only what `log` itself reports.
    pub fn line(&self, seq: u64, mut log: impl BufRead) -> io::Result<Option<String>> {
        let Some(index) = self.index_of(seq) else { return Ok(None) };
        let mut buffer = Vec::new();
        for _ in 0..=index {
            read_line(&mut log, &mut buffer)?;
        }
        let text = buffer.strip_suffix(b"\n").map(<[u8]>::to_vec);
        Ok(text.and_then(|text| String::from_utf8(text).ok()))
    }

    /// The leaves of the tree of a note, if the note is of this log.
    fn tree(&self, note: &Note) -> Result<&[Hash], ProveError> {
        if note.origin != self.origin {
            return Err(ProveError::Note("its origin is another"));
        }
        let tree = usize::try_from(note.size).ok().and_then(|size| self.hashes.get(..size));
        let tree = tree.ok_or(ProveError::Note("the log is shorter"))?;
        if merkle::root(tree) == note.root { Ok(tree) } else { Err(ProveError::Note("its root is another")) }
    }

    /// Proves that the line with this `seq`, whose text is `line`, is in the tree of the note.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn inclusion(
        &self,
        seq: u64,
        line: &str,
        receipt: Option<Object>,
        note: &Note,
        note_text: &str,
    ) -> Result<Value, ProveError> {
        let tree = self.tree(note)?;
        let index = self.index_of(seq).ok_or(ProveError::NoSuchLine(seq))?;
        // The text was read after the leaves were.
        if usize::try_from(index).ok().and_then(|index| tree.get(index))
            != Some(&merkle::leaf(line.as_bytes()))
        {
            return Err(ProveError::Line(index + 1));
        }
        let path = merkle::inclusion(tree, index).ok_or(ProveError::NoSuchLine(seq))?;
        let mut proof = common("inclusion", note, note_text, &path);
        proof.insert("index".to_owned(), Value::Number(index.into()));
        proof.insert("line".to_owned(), Value::String(line.to_owned()));
        proof.insert("receipt".to_owned(), receipt.map_or(Value::Null, Value::Object));
        Ok(Value::Object(proof))
    }

    /// Proves that the tree of `new` goes on from the first `old_size` lines; `old` is their note, if
    /// there is one.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn consistency(
        &self,
        old_size: u64,
        old: Option<(&Note, &str)>,
        new: &Note,
        new_text: &str,
    ) -> Result<Value, ProveError> {
        let tree = self.tree(new)?;
        if let Some((note, _)) = old {
            self.tree(note)?;
        }
        let path = merkle::consistency(tree, old_size).ok_or(ProveError::NoSuchLine(old_size))?;
        // As many leaves as there is a consistency proof for.
        let old_root = merkle::root(&tree[..usize::try_from(old_size).unwrap_or(0)]);
        let mut proof = common("consistency", new, new_text, &path);
        proof.insert("old_size".to_owned(), Value::Number(old_size.into()));
        proof.insert("old_root".to_owned(), hash_value(old_root));
        proof.insert(
            "old_note".to_owned(),
            old.map_or(Value::Null, |(_, text)| Value::String(text.to_owned())),
        );
        Ok(Value::Object(proof))
    }

    /// The root over the first `size` lines.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        self.hashes.get(..usize::try_from(size).ok()?).map(merkle::root)
    }
}

fn hash_value(hash: Hash) -> Value {
    Value::String(BASE64_STANDARD.encode(hash.as_bytes()))
}

fn common(kind: &str, note: &Note, note_text: &str, path: &[Hash]) -> Object {
    Object::from([
        ("v".to_owned(), Value::Number(Number::from(1))),
        ("proof_type".to_owned(), Value::String(kind.to_owned())),
        ("log".to_owned(), Value::String(note.origin.clone())),
        ("size".to_owned(), Value::Number(note.size.into())),
        ("root".to_owned(), hash_value(note.root)),
        ("hashes".to_owned(), Value::Array(path.iter().map(|hash| hash_value(*hash)).collect())),
        ("note".to_owned(), Value::String(note_text.to_owned())),
    ])
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is not a proof.
    #[error("not a proof: {0}")]
    Form(String),
    /// Its note does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its note says something else than the proof.
    #[error("the note is of another tree than the proof")]
    OtherTree,
    /// The path does not lead to the root.
    #[error("the hashes do not lead to the root")]
    Path,
    /// The receipt is not valid.
    #[error("the receipt is not valid: {0}")]
    Receipt(String),
    /// The receipt is of another line.
    #[error("the receipt does not say what the line says")]
    OtherLine,
}

/// What a valid proof shows, in words.
///
/// # Errors
/// [`ProofError`].
pub fn check(text: &str, key: &PublicKey) -> Result<String, ProofError> {
    let form = |what: &str| ProofError::Form(what.to_owned());
    let proof = match canonical::parse(text) {
        Ok(Value::Object(proof)) => proof,
        Ok(_) => return Err(form("not an object")),
        Err(error) => return Err(form(&error.to_string())),
    };
    let members = Members(&proof);
    let note = Note::open(members.text("note").ok_or_else(|| form("no note"))?, key)?;
    let hash = |name: &str| members.text(name).and_then(decode).ok_or_else(|| form(name));
    let number = |name: &str| members.number(name).ok_or_else(|| form(name));
    let tree = Note {
        origin: members.text("log").ok_or_else(|| form("log"))?.to_owned(),
        size: number("size")?,
        root: hash("root")?,
    };
    if tree != note {
        return Err(ProofError::OtherTree);
    }
    let path: Option<Vec<Hash>> =
        members.texts("hashes").and_then(|hashes| hashes.iter().map(|hash| decode(hash)).collect());
    let path = path.ok_or_else(|| form("hashes"))?;
    match members.text("proof_type") {
        Some("inclusion") => {
            let line = members.text("line").ok_or_else(|| form("line"))?;
            let index = number("index")?;
            if !merkle::includes(note.root, note.size, index, merkle::leaf(line.as_bytes()), &path) {
                return Err(ProofError::Path);
            }
            let receipt = check_receipt(&proof, line, key)?;
            Ok(format!("line {} of {} is in the log {}{receipt}", index + 1, note.size, note.origin))
        }
        Some("consistency") => {
            let (old_size, old_root) = (number("old_size")?, hash("old_root")?);
            if let Some(old) = members.text("old_note") {
                let old = Note::open(old, key)?;
                if (old.origin, old.size, old.root) != (note.origin.clone(), old_size, old_root) {
                    return Err(ProofError::OtherTree);
                }
            }
            if !merkle::goes_on(old_size, old_root, note.size, note.root, &path) {
                return Err(ProofError::Path);
            }
            Ok(format!("{} lines of the log {} go on from its first {old_size}", note.size, note.origin))
        }
        _ => Err(form("proof_type")),
    }
}

/// Checks the receipt in an inclusion proof against the line, if there is one.
fn check_receipt(proof: &Object, line: &str, key: &PublicKey) -> Result<&'static str, ProofError> {
    let receipt = match proof.get("receipt") {
        None | Some(Value::Null) => return Ok(""),
        Some(receipt) => receipt.to_canonical(),
    };
    let receipt =
        Receipt::open(receipt.as_bytes(), key).map_err(|error| ProofError::Receipt(error.to_string()))?;
    if receipt.is_of(line) { Ok(", and answers for the receipt") } else { Err(ProofError::OtherLine) }
}

fn decode(text: &str) -> Option<Hash> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    <[u8; 32]>::try_from(bytes).ok().map(Hash::from)
}

/// The verifier key of a log, as Go's `note.NewVerifier` and other tools take it.
#[must_use]
pub fn verifier_key(origin: &str, key: &PublicKey) -> String {
    note::verifier_key(origin, key)
}
