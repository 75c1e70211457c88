//! What a forger can do: relink lines, sign with a key that was stolen, pack a bundle.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, pkcs8::DecodePrivateKey};
use sha2::{Digest, Sha256};
use waterwall_audit::{
    ChainWriter, Event, Hash, LogId, PublicKey, Redaction, SigningKey, WriterOptions,
    canonical::{self, Object, Value},
};

pub(crate) const POLICY: &str = "b4fc4c826bc1b64a16bff14db6ede157f6c389c2c68a0a18dfe6ea4223b90bc4";

/// A log with its receipts, and the key that signs it.
pub(crate) struct Sample {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) pem: String,
    pub(crate) public_pem: String,
}

pub(crate) fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_778_311_773_086 + millis)
}

pub(crate) fn redaction(n: u64) -> Event {
    Event::Redaction {
        host: "api.anthropic.com".to_owned(),
        request_id: Some(format!("req_{n}")),
        session_id: Some("s-1".to_owned()),
        redactions: vec![Redaction { kind: "AWS_ACCESS_KEY".into(), hmac8: format!("{n:016x}") }],
        policy_hash: POLICY.to_owned(),
    }
}

impl Sample {
    /// `lines` redactions, ten to a checkpoint, ended by one if `closed`.
    pub(crate) fn new(lines: u64, closed: bool) -> Self {
        let key = SigningKey::generate().unwrap();
        Self::with_key(key.to_pem().unwrap().to_string(), "00112233445566778899aabbccddeeff", lines, closed)
    }

    pub(crate) fn with_key(pem: String, log_id: &str, lines: u64, closed: bool) -> Self {
        let key = SigningKey::from_pem(&pem).unwrap();
        let public_pem = key.public().to_pem().unwrap();
        let sample = Self { directory: tempfile::tempdir().unwrap(), pem, public_pem };
        let options = WriterOptions {
            checkpoint_lines: 10,
            log_id: LogId::parse(log_id),
            receipts_dir: Some(sample.receipts()),
            ..WriterOptions::new(key)
        };
        let (writer, _) = ChainWriter::open(&sample.chain(), options, at(0)).unwrap();
        for n in 0..lines {
            writer.append(redaction(n), at(n * 1_000)).unwrap();
        }
        if closed {
            writer.close(at(lines * 1_000)).unwrap();
        }
        sample
    }

    pub(crate) fn chain(&self) -> PathBuf {
        self.directory.path().join("proxy.jsonl")
    }

    pub(crate) fn receipts(&self) -> PathBuf {
        self.directory.path().join("receipts")
    }

    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_pem(&self.pem).unwrap()
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_pem(&self.public_pem).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.chain()).unwrap().lines().map(str::to_owned).collect()
    }
}

pub(crate) fn join(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

pub(crate) fn object(text: &str) -> Object {
    match canonical::parse(text).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn text_of(object: Object) -> String {
    Value::Object(object).to_canonical()
}

pub(crate) fn with(line: &str, member: &str, value: impl Into<Value>) -> String {
    let mut object = object(line);
    object.insert(member.to_owned(), value.into());
    text_of(object)
}

/// Makes every line name the one before it, as anyone can.
pub(crate) fn relink(lines: &[String]) -> Vec<String> {
    let mut previous = Hash::GENESIS;
    let link = |line: &String| {
        let line = with(line, "prev_hash", previous.to_hex().as_str());
        previous = Hash::of(&line);
        line
    };
    lines.iter().map(link).collect()
}

/// The same, and signs every checkpoint anew: with the key that was stolen.
pub(crate) fn resign(lines: &[String], pem: &str) -> Vec<String> {
    let mut previous = Hash::GENESIS;
    let mut made = Vec::new();
    for line in lines {
        let mut line = with(line, "prev_hash", previous.to_hex().as_str());
        if line.contains("\"checkpoint\"") {
            let blank = with(&with(&line, "chain_root_hash", ""), "signature", "");
            let root = Hash::of(&blank);
            line = with(&blank, "chain_root_hash", root.to_hex().as_str());
            line = with(&line, "signature", sign(root.as_bytes(), pem).as_str());
        }
        previous = Hash::of(&line);
        made.push(line);
    }
    made
}

/// Base64 of a signature.
pub(crate) fn sign(message: &[u8], pem: &str) -> String {
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).unwrap();
    BASE64_STANDARD.encode(key.sign(message).to_bytes())
}

/// Signs a document: a receipt, a manifest, a bundle's list.
pub(crate) fn signed(document: Object, pem: &str) -> Vec<u8> {
    let blank = with(&text_of(document), "signature", "");
    with(&blank, "signature", sign(blank.as_bytes(), pem).as_str()).into_bytes()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
