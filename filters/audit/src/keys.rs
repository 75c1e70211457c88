//! The Ed25519 keys that sign and verify, and their PEM forms.
//!
//! Private: PEM PKCS#8, unencrypted, in the first version of that format (OpenSSL and the
//! predecessor refuse the second, which has the public key in it). Public: PEM
//! SubjectPublicKeyInfo. Where the files lie and what modes they have is the caller's concern.
//!
//! Signing is AWS-LC's, which the gateway's TLS has in it already: it takes half of dalek's time, and each
//! request with a secret waits for a signature. An Ed25519 signature is a function of key and message (RFC
//! 8032), so the bytes are the same; a test compares them. Verifying is dalek's, whose strict rules say
//! which of several spellings of a signature are refused. Both wipe the key when it goes.

mod batch;

use std::fmt;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{
    Signature, Signer, VerifyingKey,
    pkcs8::{
        DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
        spki::der::pem::LineEnding,
    },
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// From so many signatures on, one equation is cheaper than one for each.
const WORTH_A_BATCH: usize = 4;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not a PEM PKCS#8 Ed25519 private key.
    #[error("not an unencrypted Ed25519 private key in PEM PKCS#8 form")]
    Private,
    /// The text is not a PEM SubjectPublicKeyInfo Ed25519 public key.
    #[error("not an Ed25519 public key in PEM SubjectPublicKeyInfo form")]
    Public,
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    Random,
    /// The key could not be encoded.
    #[error("the key could not be encoded")]
    Encode,
}

/// The private key that signs checkpoints. Zeroized on drop; `Debug` shows nothing of it.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    /// The same key, as AWS-LC has it.
    pair: Option<Ed25519KeyPair>,
}

impl SigningKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| KeyError::Random)?;
        Ok(Self::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    fn new(key: ed25519_dalek::SigningKey) -> Self {
        let seed = Zeroizing::new(key.to_bytes());
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed.as_slice(), key.verifying_key().as_bytes());
        Self { pair: pair.ok(), key }
    }

    /// Reads PEM PKCS#8.
    ///
    /// # Errors
    /// [`KeyError::Private`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self::new).map_err(|_| KeyError::Private)
    }

    /// Writes PEM PKCS#8.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let first_version = KeypairBytes { secret_key: self.key.to_bytes(), public_key: None };
        first_version.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Encode)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key())
    }

    /// Another secret, made from this one for one purpose: SHA-256 over the purpose and the seed. It tells
    /// nothing of the key, nor of a secret for another purpose.
    #[must_use]
    pub fn secret_for(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let seed = Zeroizing::new(self.key.to_bytes());
        let digest = Sha256::new_with_prefix(purpose).chain_update([0]).chain_update(seed.as_slice());
        Zeroizing::new(digest.finalize().into())
    }

    /// Signs `message`; standard base64 with padding.
    #[must_use]
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        BASE64_STANDARD.encode(self.sign_raw(message))
    }

    /// Signs `message`; the 64 bytes.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.as_ref().and_then(|pair| pair.try_sign(message).ok());
        match signature.as_ref().map(|signature| signature.as_ref().try_into()) {
            Some(Ok(signature)) => signature,
            // Only for want of memory; the same bytes either way.
            _ => self.key.sign(message).to_bytes(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// The public key that verifies checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads PEM SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Public`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        VerifyingKey::from_public_key_pem(pem).map(Self).map_err(|_| KeyError::Public)
    }

    /// Writes PEM SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Encode)
    }

    /// Standard base64 of the 32 bytes.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0.as_bytes())
    }

    /// The 32 bytes of the key itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// True when `signature` is one of `message` by this key. Strict: one signature has one form.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl PublicKey {
    /// The first of these pairs of a message and a signature that is not one of it by this key.
    ///
    /// Many are verified in one equation, which costs a quarter of verifying each; if it does not hold, each
    /// is verified by itself. The two differ only for a signature that was made so with the private key in
    /// hand: one with a component of small order, which [`PublicKey::verifies`] refuses, may pass among
    /// others. Who has that key can sign anything.
    pub(crate) fn first_forged(&self, signed: &[(&[u8], &[u8])]) -> Option<usize> {
        // Under a key of small order everyone can sign.
        if signed.len() >= WORTH_A_BATCH && !self.0.is_weak() && batch::holds(&self.0, signed) {
            return None;
        }
        signed.iter().position(|(message, signature)| !self.verifies(message, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_pem() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(key.public(), again.public());
        assert_eq!(PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap(), key.public());
        assert_ne!(SigningKey::generate().unwrap().public(), key.public());
        assert_eq!(format!("{key:?}"), "SigningKey");
    }

    #[test]
    fn both_libraries_sign_with_the_same_bytes() {
        for length in (0..300).chain([1_000, 100_000]) {
            let key = SigningKey::generate().unwrap();
            let message: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let pair = key.pair.as_ref().unwrap();
            let signature = pair.try_sign(&message).unwrap();
            assert_eq!(signature.as_ref(), key.key.sign(&message).to_bytes());
            assert_eq!(signature.as_ref(), key.sign_raw(&message));
        }
    }

    #[test]
    fn secrets_differ_by_key_and_purpose() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        assert_eq!(key.secret_for("a"), key.secret_for("a"));
        assert_ne!(key.secret_for("a"), key.secret_for("b"));
        assert_ne!(key.secret_for("a"), other.secret_for("a"));
    }

    #[test]
    fn private_pem_is_the_first_version_of_pkcs8() {
        let pem = SigningKey::generate().unwrap().to_pem().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(body).unwrap();
        assert_eq!(der.len(), 48);
        assert_eq!(der[..5], [0x30, 0x2e, 0x02, 0x01, 0x00]);
    }

    #[test]
    fn the_wrong_half_is_refused() {
        let key = SigningKey::generate().unwrap();
        assert!(matches!(SigningKey::from_pem(&key.public().to_pem().unwrap()), Err(KeyError::Private)));
        assert!(matches!(PublicKey::from_pem(&key.to_pem().unwrap()), Err(KeyError::Public)));
        assert!(PublicKey::from_pem("").is_err());
    }

    #[test]
    fn the_first_of_many_that_is_forged_is_named() {
        let key = SigningKey::generate().unwrap();
        let signed = |n: u8| ([n; 32], key.sign_raw(&[n; 32]).to_vec());
        let all: Vec<_> = (0..50).map(signed).collect();
        let first_forged = |signed: &[([u8; 32], Vec<u8>)], key: &PublicKey| {
            let signed: Vec<_> =
                signed.iter().map(|(message, signature)| (&message[..], &signature[..])).collect();
            key.first_forged(&signed)
        };
        for count in [0, 1, 3, 4, 50] {
            assert_eq!(first_forged(&all[..count], &key.public()), None);
            for at in 0..count {
                let mut forged = all[..count].to_vec();
                forged[at].0[7] ^= 1;
                forged[count - 1].1[40] ^= 1;
                assert_eq!(first_forged(&forged, &key.public()), Some(at));
                forged[at].1.pop();
                assert_eq!(first_forged(&forged, &key.public()), Some(at));
            }
        }
        let other = SigningKey::generate().unwrap().public();
        assert_eq!(first_forged(&all, &other), Some(0));
    }

    #[test]
    fn signatures_verify_only_as_they_are() {
        let key = SigningKey::generate().unwrap();
        let signature = BASE64_STANDARD.decode(key.sign(b"root")).unwrap();
        assert!(key.public().verifies(b"root", &signature));
        assert!(!key.public().verifies(b"r00t", &signature));
        assert!(!key.public().verifies(b"root", &signature[..63]));
    }
}
