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
    /// The signature is not one of this root by this key.
    Signature,
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

/// Checks a checkpoint line's root and signature.
///
/// # Errors
/// The first [`Fault`].
pub fn check(mut line: Object, key: &PublicKey) -> Result<(), Fault> {
    let mut blank = |member: &str| {
        let old = line.insert(member.to_owned(), Value::String(String::new()));
        old.as_ref().and_then(Value::as_str).map(str::to_owned)
    };
    let claimed = blank(ROOT).unwrap_or_default();
    let signature = blank(SIGNATURE).ok_or_else(|| Fault::SignatureEncoding("missing".to_owned()))?;
    let signature =
        BASE64_STANDARD.decode(signature).map_err(|error| Fault::SignatureEncoding(error.to_string()))?;

    let mut unsigned = String::new();
    canonical::write_object(&line, &mut unsigned);
    let computed = Hash::of(&unsigned);
    if claimed != computed.to_hex() {
        return Err(Fault::Root { claimed, computed });
    }
    if key.verifies(computed.as_bytes(), &signature) { Ok(()) } else { Err(Fault::Signature) }
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

    #[test]
    fn a_seal_checks_only_with_its_key_and_its_members() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(check(sealed(&key), &key.public()), Ok(()));
        let other = SigningKey::generate().unwrap().public();
        assert_eq!(check(sealed(&key), &other), Err(Fault::Signature));

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
}
