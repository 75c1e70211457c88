//! Signed JSON documents: receipts, session manifests, a bundle's `MANIFEST.json`.
//!
//! All are signed alike: Ed25519 over the canonical text of the object with `signature` set to `""`.
//! Nothing in the signature tells the kinds apart, so each is known by its own members, and one is
//! never taken for another. How the file is laid out is free; one object, no duplicate keys.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    canonical::{self, Object, Value},
    keys::{PublicKey, SigningKey},
    timestamp,
};

const SIGNATURE: &str = "signature";

/// Why bytes are not a valid document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not one JSON object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// No signature.
    #[error("unsigned")]
    Unsigned,
    /// The signature is not one of this document by the key.
    #[error("signature invalid")]
    Signature,
    /// It is another kind of document, or a member is missing or malformed.
    #[error("malformed: {0}")]
    Form(&'static str),
}

/// Reads an object and checks its signature.
///
/// # Errors
/// [`DocumentError`], but never `Form`.
pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Object, DocumentError> {
    let object = read(bytes)?;
    check_signature(&object, key)?;
    Ok(object)
}

/// Reads an object.
pub(super) fn read(bytes: &[u8]) -> Result<Object, DocumentError> {
    let json = |what: String| DocumentError::Json(what);
    let text = std::str::from_utf8(bytes).map_err(|error| json(error.to_string()))?;
    match canonical::parse(text).map_err(|error| json(error.to_string()))? {
        Value::Object(object) => Ok(object),
        _ => Err(json("another value".to_owned())),
    }
}

/// Checks an object's signature.
pub(super) fn check_signature(object: &Object, key: &PublicKey) -> Result<(), DocumentError> {
    let signature = match object.get(SIGNATURE) {
        Some(Value::String(signature)) if !signature.is_empty() => signature,
        _ => return Err(DocumentError::Unsigned),
    };
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| DocumentError::Signature)?;
    let signed = signed_text(object.clone());
    if key.verifies(signed.as_bytes(), &signature) { Ok(()) } else { Err(DocumentError::Signature) }
}

/// Signs an object.
pub(super) fn sign(mut object: Object, key: &SigningKey) -> Object {
    let signature = key.sign(signed_text(object.clone()).as_bytes());
    object.insert(SIGNATURE.to_owned(), Value::String(signature));
    object
}

fn signed_text(mut object: Object) -> String {
    object.insert(SIGNATURE.to_owned(), Value::String(String::new()));
    let mut text = String::new();
    canonical::write_object(&object, &mut text);
    text
}

/// A valid receipt: what was redacted in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// `seq` of its redaction line.
    pub chain_seq: u64,
    /// The labels of what was redacted, in body order.
    pub types: Vec<String>,
    /// The placeholders' hex parts, in body order.
    pub hmac8s: Vec<String>,
    /// The agent's request id.
    pub request_id: Option<String>,
    /// The agent's session id.
    pub session_id: Option<String>,
    /// The time of its redaction line, in milliseconds since 1970, if it has the form that is written.
    pub ts: Option<i64>,
}

impl Receipt {
    /// Reads a receipt and checks its signature and its members.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, DocumentError> {
        let object = open(bytes, key)?;
        let members = Members(&object);
        if members.text("receipt_type") != Some("redaction") || object.contains_key("manifest_type") {
            return Err(DocumentError::Form("not a receipt"));
        }
        let receipt = Self {
            chain_seq: members.number("chain_seq").ok_or(DocumentError::Form("chain_seq"))?,
            types: members.texts("types").ok_or(DocumentError::Form("types"))?,
            hmac8s: members.texts("hmac8s").ok_or(DocumentError::Form("hmac8s"))?,
            request_id: members.text("request_id").map(str::to_owned),
            session_id: members.text("session_id").map(str::to_owned),
            ts: members.text("ts").and_then(timestamp::parse_exact),
        };
        let count = members.number("redaction_count");
        if receipt.types.len() != receipt.hmac8s.len() || count != Some(receipt.types.len() as u64) {
            return Err(DocumentError::Form("redaction_count is not the number of its redactions"));
        }
        Ok(receipt)
    }

    /// True when `line` is the redaction line that it is of, and says the same.
    #[must_use]
    pub fn is_of(&self, line: &str) -> bool {
        read(line.as_bytes()).is_ok_and(|line| super::ledger::says(&line, self))
    }
}

/// A valid session manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionManifest {
    /// Which session.
    pub session_id: Option<String>,
    /// `seq` of the first and the last line of its time.
    pub seq_range: [u64; 2],
    /// The root of the checkpoint made at its end.
    pub root: String,
    /// How many secrets were redacted in it.
    pub redactions: u64,
    /// It began in an archive of the log.
    pub rotated: bool,
}

impl SessionManifest {
    /// Reads a session manifest and checks its signature and its members.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, DocumentError> {
        let object = open(bytes, key)?;
        let members = Members(&object);
        if members.text("manifest_type") != Some("session") || object.contains_key("receipt_type") {
            return Err(DocumentError::Form("not a session manifest"));
        }
        let range: Option<Vec<u64>> = match object.get("chain_seq_range") {
            Some(Value::Array(items)) => items.iter().map(Value::as_u64).collect(),
            _ => None,
        };
        let range = range.and_then(|range| <[u64; 2]>::try_from(range).ok());
        Ok(Self {
            session_id: members.text("session_id").map(str::to_owned),
            seq_range: range.ok_or(DocumentError::Form("chain_seq_range"))?,
            root: members.text("chain_root_hash").ok_or(DocumentError::Form("chain_root_hash"))?.to_owned(),
            redactions: members.number("redaction_total").ok_or(DocumentError::Form("redaction_total"))?,
            rotated: object.contains_key("rotations"),
        })
    }
}

/// Typed access to an object's members; `None` for what is missing or of another type.
pub(crate) struct Members<'a>(pub(crate) &'a Object);

impl<'a> Members<'a> {
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(crate) fn object(&self, name: &str) -> Option<Members<'a>> {
        match self.0.get(name)? {
            Value::Object(object) => Some(Members(object)),
            _ => None,
        }
    }

    pub(crate) fn array(&self, name: &str) -> Option<&'a [Value]> {
        match self.0.get(name)? {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.array(name)?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(text: &str, key: &SigningKey) -> Vec<u8> {
        let object = read(text.as_bytes()).unwrap();
        Value::Object(sign(object, key)).to_canonical().into_bytes()
    }

    const RECEIPT: &str = r#"{"receipt_type":"redaction","chain_seq":7,"redaction_count":1,"types":["A"],
        "hmac8s":["0011223344556677"],"request_id":null,"session_id":"s","signature":""}"#;
    const MANIFEST: &str = r#"{"manifest_type":"session","session_id":"s","chain_seq_range":[1,7],
        "chain_root_hash":"00","redaction_total":1,"avg":2.0}"#;

    #[test]
    fn kinds_are_not_taken_for_each_other() {
        let key = SigningKey::generate().unwrap();
        let public = key.public();
        let (receipt, manifest) = (signed(RECEIPT, &key), signed(MANIFEST, &key));
        assert_eq!(Receipt::open(&receipt, &public).unwrap().chain_seq, 7);
        assert_eq!(SessionManifest::open(&manifest, &public).unwrap().seq_range, [1, 7]);
        assert!(matches!(Receipt::open(&manifest, &public), Err(DocumentError::Form(_))));
        assert!(matches!(SessionManifest::open(&receipt, &public), Err(DocumentError::Form(_))));
        let both = RECEIPT.replace("\"session_id\"", "\"manifest_type\":\"session\",\"session_id\"");
        assert!(Receipt::open(&signed(&both, &key), &public).is_err());
        let counted = RECEIPT.replace("count\":1", "count\":2");
        assert!(Receipt::open(&signed(&counted, &key), &public).is_err());
    }

    #[test]
    fn signatures_are_strict() {
        let key = SigningKey::generate().unwrap();
        let text = String::from_utf8(signed(RECEIPT, &key)).unwrap();
        let open = |text: &str| Receipt::open(text.as_bytes(), &key.public());
        assert!(open(&text.replace(",", " ,\n")).is_ok(), "the layout is free");
        assert_eq!(open(&text.replace(":7", ":8")), Err(DocumentError::Signature));
        assert_eq!(open(&text.replace("==\"", "=\\n=\"")), Err(DocumentError::Signature));
        assert_eq!(open(RECEIPT), Err(DocumentError::Unsigned));
        assert!(matches!(open(&text.replacen('{', "{\"chain_seq\":7,", 1)), Err(DocumentError::Json(_))));
        assert!(matches!(open("[]"), Err(DocumentError::Json(_))));
    }
}
