//! What a forger can do: relink lines, sign with a key that was stolen, pack a bundle.

use std::{fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, pkcs8::DecodePrivateKey};
use sha2::{Digest, Sha256};
use waterwall_audit::{ChainWriter, Hash, LogId, PublicKey, SigningKey, WriterOptions, canonical::Object};

pub(crate) use crate::common::{at, join, object, redaction, text_of, tied, with};

/// A log with its receipts, and the key that signs it.
pub(crate) struct Sample {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) pem: String,
    pub(crate) public_pem: String,
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

    pub(crate) fn manifests(&self) -> PathBuf {
        self.directory.path().join("manifests")
    }

    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_pem(&self.pem).unwrap()
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_pem(&self.public_pem).unwrap()
    }

    /// How many secrets were replaced.
    pub(crate) fn redactions(&self) -> u64 {
        self.lines().iter().filter(|line| line.contains("\"redaction\"")).count() as u64
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.chain()).unwrap().lines().map(str::to_owned).collect()
    }
}

/// Makes every line name the one before it, as anyone can.
pub(crate) fn relink(lines: &[String]) -> Vec<String> {
    tied(lines, |line| line)
}

/// The same, and signs every checkpoint anew: with the key that was stolen.
pub(crate) fn resign(lines: &[String], pem: &str) -> Vec<String> {
    tied(lines, |line| {
        if !line.contains("\"checkpoint\"") {
            return line;
        }
        let blank = with(&with(&line, "chain_root_hash", ""), "signature", "");
        let root = Hash::of(&blank);
        let line = with(&blank, "chain_root_hash", root.to_hex().as_str());
        with(&line, "signature", sign(root.as_bytes(), pem).as_str())
    })
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
