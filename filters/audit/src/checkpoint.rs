//! Checkpoints: lines that sign the chain so far.
//!
//! A checkpoint has the chain's four members, `line_type` "checkpoint", `signing_key_id`,
//! `chain_root_hash` and `signature`. It is made so:
//!
//! 1. the line with `chain_root_hash` and `signature` both `""`;
//! 2. `chain_root_hash` = SHA-256 of that text, as hex. Earlier lines are in it by `prev_hash`;
//! 3. `signature` = standard base64 of Ed25519 over the 32 bytes of that hash;
//! 4. the text with both filled in is the line, and *its* hash is the next line's `prev_hash`.

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    canonical::{self, Fields, Object, Value},
    chain::{Hash, Head},
    keys::{PublicKey, SigningKey},
    line::SealText,
};

/// The `line_type` of a checkpoint.
pub const LINE_TYPE: &str = "checkpoint";

const ROOT: &str = "chain_root_hash";
const SIGNATURE: &str = "signature";

/// Why a checkpoint is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The signature is not base64.
    SignatureEncoding(String),
    /// The root is not the hash of the line.
    Root {
        /// What the line says.
        claimed: String,
        /// What it hashes to.
        computed: Hash,
    },
}

/// Makes the checkpoint that comes after `head` and moves the head past it. Returns the line
/// (canonical, without newline) and its root hash.
pub fn seal(head: &mut Head, key: &SigningKey, key_id: &str, now: SystemTime) -> (String, Hash) {
    let mut fields = Fields::default();
    fields.text("line_type", LINE_TYPE);
    fields.text("signing_key_id", key_id);
    fields.text(ROOT, "");
    fields.text(SIGNATURE, "");
    let addressed = head.address(&mut fields, now);

    let root = Hash::of(&fields.to_canonical());
    fields.text(ROOT, &root.to_hex());
    fields.text(SIGNATURE, &key.sign(root.as_bytes()));

    let line = fields.to_canonical();
    *head = addressed.after(&line);
    (line, root)
}

/// A checkpoint whose root is its own, and the signature that is yet to be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its root.
    pub root: Hash,
    signature: Vec<u8>,
}

impl Claim {
    /// Reads a checkpoint line.
    ///
    /// # Errors
    /// A [`Fault`] in what it says of itself.
    pub fn of_object(mut line: Object) -> Result<Self, Fault> {
        let mut blank = |member: &str| {
            let old = line.insert(member.to_owned(), Value::String(String::new()));
            old.as_ref().and_then(Value::as_str).map(str::to_owned)
        };
        let claimed = blank(ROOT).unwrap_or_default();
        let signature = blank(SIGNATURE).ok_or_else(|| Fault::SignatureEncoding("missing".to_owned()))?;
        let mut unsigned = String::new();
        canonical::write_object(&line, &mut unsigned);
        Self::new(&claimed, &signature, &unsigned)
    }

    /// Reads a checkpoint line whose text is canonical.
    ///
    /// # Errors
    /// As [`Claim::of_object`].
    pub(crate) fn of_text(line: &str, seal: &SealText<'_>) -> Result<Self, Fault> {
        let SealText { root, signature, .. } = seal;
        // The keys are in order, so the root comes first.
        let parts = [&line[..root.start], &line[root.end..signature.start], &line[signature.end..]];
        Self::new(&line[root.clone()], &line[signature.clone()], &parts.concat())
    }

    fn new(claimed: &str, signature: &str, unsigned: &str) -> Result<Self, Fault> {
        let signature =
            BASE64_STANDARD.decode(signature).map_err(|error| Fault::SignatureEncoding(error.to_string()))?;
        let computed = Hash::of(unsigned);
        if claimed != computed.to_hex() {
            return Err(Fault::Root { claimed: claimed.to_owned(), computed });
        }
        Ok(Self { root: computed, signature })
    }
}

/// The first of `claims` whose signature is not one of its root by `key`.
#[must_use]
pub fn first_forged(claims: &[Claim], key: &PublicKey) -> Option<usize> {
    let signed = claims.iter().map(|claim| (&claim.root.as_bytes()[..], &claim.signature[..]));
    key.first_forged(&signed.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &SigningKey) -> Object {
        let (line, _) = seal(&mut Head::GENESIS.clone(), key, "test", SystemTime::UNIX_EPOCH);
        match canonical::parse(&line) {
            Ok(Value::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    /// Whether the signature is valid, if the rest is.
    fn check(line: Object, key: &PublicKey) -> Result<bool, Fault> {
        let claim = Claim::of_object(line)?;
        Ok(first_forged(&[claim], key).is_none())
    }

    #[test]
    fn a_seal_checks_only_with_its_key_and_its_members() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(check(sealed(&key), &key.public()), Ok(true));
        let other = SigningKey::generate().unwrap().public();
        assert_eq!(check(sealed(&key), &other), Ok(false));

        let mut altered = sealed(&key);
        altered.insert("seq".to_owned(), Value::Null);
        assert!(matches!(check(altered, &key.public()), Err(Fault::Root { .. })));
        let mut altered = sealed(&key);
        altered.insert(SIGNATURE.to_owned(), Value::String("%".to_owned()));
        assert!(matches!(check(altered, &key.public()), Err(Fault::SignatureEncoding(_))));
        let mut altered = sealed(&key);
        altered.remove(SIGNATURE);
        assert!(matches!(check(altered, &key.public()), Err(Fault::SignatureEncoding(_))));
    }

    #[test]
    fn its_text_says_what_its_members_say() {
        let key = SigningKey::generate().unwrap();
        let (line, _) = seal(&mut Head::GENESIS.clone(), &key, "test", SystemTime::UNIX_EPOCH);
        let flipped = line.replace("\"seq\":1", "\"seq\":2");
        for text in [line.as_str(), &flipped, &line.replace("==", "=!")] {
            let line = crate::line::Line::read(text.as_bytes()).unwrap();
            let by_text = Claim::of_text(text, line.seal().unwrap());
            assert_eq!(by_text, Claim::of_object(line.object().unwrap()));
        }
    }
}
