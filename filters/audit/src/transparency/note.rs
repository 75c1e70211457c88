//! [`Note`]: a signed statement of a log's size and root, in the C2SP formats `signed-note` and
//! `tlog-checkpoint`.
//!
//! ```text
//! waterwall/2b6f0c9d1e0a4c7f8d3b5a6978685746
//! 1234
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — waterwall/2b6f0c9d1e0a4c7f8d3b5a6978685746 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```
//!
//! First the text: the log's *origin* (which is also the name of its key), its size in lines, the
//! tree's root; then an empty line and the signatures. A signature is base64 of a key id (the first
//! four bytes of SHA-256 of name, newline, 1, public key) and Ed25519 over the text. Further lines of
//! text are extensions, further signatures are witnesses': not judged here, and kept as [`super::beside`] says.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    chain::Hash,
    keys::{PublicKey, SigningKey},
};

/// Signature algorithm 1 of the format: Ed25519.
const ED25519: u8 = 1;

/// A larger file is no note.
pub(super) const MAX_NOTE: usize = 1 << 20;

/// Why a text is not a note of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It does not have the shape of one.
    #[error("not a checkpoint note: {0}")]
    Form(&'static str),
    /// Nothing in it is signed with the key.
    #[error("the note has no signature by this key")]
    Unsigned,
    /// A signature that names the key is not one of its own.
    #[error("the note's signature is not valid")]
    Signature,
}

/// A log's size and root, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which log, see [`origin_of`].
    pub origin: String,
    /// How many lines.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: Hash,
}

/// A log's origin: `waterwall/` and the first 32 digits of its first line's hash. Each chain file is a
/// log of its own; after a rotation there is another, with another genesis line.
#[must_use]
pub fn origin_of(first_line: Hash) -> String {
    format!("waterwall/{}", &first_line.to_hex()[..32])
}

impl Note {
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root.as_bytes()))
    }

    /// The note, signed.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.text();
        let mut signature = key_id(&self.origin, &key.public()).to_vec();
        signature.extend_from_slice(&key.sign_raw(text.as_bytes()));
        format!("{text}\n\u{2014} {} {}\n", self.origin, BASE64_STANDARD.encode(signature))
    }

    /// Reads a note and checks that `key` signed it.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &str, key: &PublicKey) -> Result<Self, NoteError> {
        let (text, signatures) = split(note)?;
        let parsed = parse(text)?;
        let id = key_id(&parsed.origin, key);
        let mut signed = false;
        for line in signatures.lines() {
            let (name, signature) = signature_line(line)?;
            // Other names and other keys are witnesses.
            let Some(signature) = signature.strip_prefix(&id).filter(|_| name == parsed.origin) else {
                continue;
            };
            if !key.verifies(text.as_bytes(), signature) {
                return Err(NoteError::Signature);
            }
            signed = true;
        }
        if signed { Ok(parsed) } else { Err(NoteError::Unsigned) }
    }
}

/// The signature lines in a note of `origin` that are not by `key`, each with its newline: its witnesses'.
pub(super) fn witnesses(note: &str, origin: &str, key: &PublicKey) -> String {
    let ours = key_id(origin, key);
    let is_other = |line: &&str| {
        let signature = signature_line(line.trim_end_matches('\n'));
        signature.is_ok_and(|(name, signature)| name != origin || !signature.starts_with(&ours))
    };
    let lines = split(note).map_or("", |(_, signatures)| signatures);
    lines.split_inclusive('\n').filter(is_other).collect()
}

/// The verifier key of a log, as Go's `note.NewVerifier` and other tools of the format take it.
#[must_use]
pub(super) fn verifier_key(origin: &str, key: &PublicKey) -> String {
    let id: String = key_id(origin, key).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut encoded = vec![ED25519];
    encoded.extend_from_slice(key.as_bytes());
    format!("{origin}+{id}+{}", BASE64_STANDARD.encode(encoded))
}

fn key_id(origin: &str, key: &PublicKey) -> [u8; 4] {
    let hash = Sha256::new_with_prefix(origin)
        .chain_update(b"\n")
        .chain_update([ED25519])
        .chain_update(key.as_bytes())
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The signed text (with its last newline) and the signature lines.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > MAX_NOTE {
        return Err(NoteError::Form("too long"));
    }
    if note.contains(|letter: char| letter.is_control() && letter != '\n') || !note.ends_with('\n') {
        return Err(NoteError::Form("control characters, or no newline at its end"));
    }
    let at = note.rfind("\n\n").ok_or(NoteError::Form("no empty line before the signatures"))?;
    Ok((&note[..=at], &note[at + 2..]))
}

fn parse(text: &str) -> Result<Note, NoteError> {
    let mut lines = text.lines();
    let mut next = |what| lines.next().filter(|line| !line.is_empty()).ok_or(NoteError::Form(what));
    let origin = next("no origin")?.to_owned();
    let size = next("no size")?;
    let root = next("no root")?;
    let number: u64 = size.parse().map_err(|_| NoteError::Form("its size is not a number"))?;
    if number.to_string() != size {
        return Err(NoteError::Form("its size is not plain decimal"));
    }
    let root = BASE64_STANDARD.decode(root).ok().and_then(|root| <[u8; 32]>::try_from(root).ok());
    let root = root.ok_or(NoteError::Form("its root is not base64 of 32 bytes"))?;
    Ok(Note { origin, size: number, root: Hash::from(root) })
}

fn signature_line(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    const FORM: NoteError = NoteError::Form("a signature line is malformed");
    let (name, signature) =
        line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(FORM)?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| FORM)?;
    if name.is_empty() || signature.len() < 5 { Err(FORM) } else { Ok((name, signature)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> (Note, SigningKey) {
        let root = super::super::merkle::leaf(b"a line");
        (Note { origin: origin_of(root), size: 1, root }, SigningKey::generate().unwrap())
    }

    #[test]
    fn a_note_opens_only_with_its_key_and_text() {
        let (note, key) = note();
        let text = note.sign(&key);
        assert_eq!(Note::open(&text, &key.public()), Ok(note.clone()));
        let other = SigningKey::generate().unwrap().public();
        assert_eq!(Note::open(&text, &other), Err(NoteError::Unsigned));
        let altered = text.replacen("\n1\n", "\n2\n", 1);
        assert_eq!(Note::open(&altered, &key.public()), Err(NoteError::Signature));
        for broken in ["", "\n", "a\n1\nx\n", "a\n01\n\n\n", &text[..text.len() - 1]] {
            assert!(matches!(Note::open(broken, &key.public()), Err(NoteError::Form(_))), "{broken:?}");
        }
    }

    #[test]
    fn witnesses_signatures_and_extensions_are_let_be() {
        let (note, key) = note();
        let witness = Note { origin: "witness.example".to_owned(), ..note.clone() };
        let witness = witness.sign(&SigningKey::generate().unwrap());
        let line = witness.lines().last().unwrap();
        let witnessed = note.sign(&key) + line + "\n";
        assert_eq!(Note::open(&witnessed, &key.public()), Ok(note.clone()));
        let extended = format!("{}an extension\n", note.text());
        let mut signature = key_id(&note.origin, &key.public()).to_vec();
        signature.extend_from_slice(&key.sign_raw(extended.as_bytes()));
        let text = format!("{extended}\n\u{2014} {} {}\n", note.origin, BASE64_STANDARD.encode(signature));
        assert_eq!(Note::open(&text, &key.public()), Ok(note));
    }
}
