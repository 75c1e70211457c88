//! Files that evidence is made of and checked with, read whole.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use waterwall_audit::{PublicKey, SigningKey};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Receipts, manifests, notes, keys, policies: none comes near this.
pub(crate) const MAX_FILE: u64 = 64 << 20;

/// Reads a small file.
///
/// # Errors
/// When it cannot be read or is no small file.
pub(crate) fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| Failure::io("cannot read", file, &error);
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    let read = opened.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if read as u64 > MAX_FILE {
        let what = format!("{} is larger than {} MiB", file.display(), MAX_FILE >> 20);
        return Err(Failure::new(what, "Check the name."));
    }
    Ok(bytes)
}

/// Reads a small text file.
///
/// # Errors
/// As [`bytes`], and when it is not UTF-8.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(file)?)
        .map_err(|_| Failure::new(format!("{} is not text", file.display()), "Check the name."))
}

/// Reads a public key.
///
/// # Errors
/// When there is none in the file.
pub(crate) fn public_key(file: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&text(file)?).map_err(|error| {
        let what = format!("{}: {error}", file.display());
        Failure::new(what, "Name the signing.pub that belongs to the log.")
    })
}

/// Reads a private key.
///
/// # Errors
/// When there is none in the file.
pub(crate) fn signing_key(file: &Path) -> Result<SigningKey, Failure> {
    let pem = Zeroizing::new(text(file)?);
    SigningKey::from_pem(&pem).map_err(|error| {
        let what = format!("{}: {error}", file.display());
        Failure::new(what, "Name the signing.key of the gateway that wrote the log.")
    })
}
