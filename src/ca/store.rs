//! The authority in force: read from its files, and read again when they change.
//!
//! The files are looked at whenever TLS is about to be terminated, so a new authority serves the
//! next tunnel without a restart. One that cannot be used changes nothing: the old one stays.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Minter;

/// Why an authority cannot sign leaves.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file of it cannot be read.
    #[error("{} cannot be read: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The certificate is not one.
    #[error("the certificate is not a PEM certificate of an authority")]
    Certificate,
    /// The key is not one.
    #[error("the key is not an unencrypted PEM private key")]
    Key,
    /// They do not belong together.
    #[error("the key does not belong to the certificate")]
    Mismatch,
    /// Its time is over.
    #[error("the certificate has expired on {}", .0.date())]
    Expired(OffsetDateTime),
    /// No key can be made for the leaves.
    #[error("the system has no random numbers")]
    Randomness,
}

/// The authority in force.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Held while the files are looked at, and read where they changed.
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    seen: Option<[Option<Stamp>; 2]>,
    minter: Option<Arc<Minter>>,
}

/// What tells one file from its successor under the same name.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Store {
    /// The authority as its files are now; `None` when there has not been a usable one.
    pub(crate) fn minter(&self, certificate: &Path, key: &Path, now: OffsetDateTime) -> Option<Arc<Minter>> {
        // Replaced member by member, each of them good: a poisoned lock still guards a good value.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = [Stamp::of(certificate), Stamp::of(key)];
        if current.seen.as_ref() != Some(&stamps) {
            // Seen before they are read: a change in between is found next time.
            current.seen = Some(stamps);
            match load(certificate, key, now) {
                Ok(minter) => {
                    tracing::info!(file = %certificate.display(), "private CA loaded");
                    current.minter = Some(Arc::new(minter));
                }
                Err(error) => tracing::error!(%error, "the private CA on disk cannot be used"),
            }
        }
        current.minter.clone()
    }
}

/// Reads an authority from its two files.
///
/// # Errors
/// When they do not hold one that can sign.
pub(crate) fn load(certificate: &Path, key: &Path, now: OffsetDateTime) -> Result<Minter, Unusable> {
    let read = |file: &Path| {
        fs::read_to_string(file).map_err(|error| Unusable::Unreadable { file: file.to_owned(), error })
    };
    let key = Zeroizing::new(read(key)?);
    Minter::new(&read(certificate)?, &key, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Authority;

    #[test]
    fn a_new_pair_is_picked_up_and_half_of_one_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let now = OffsetDateTime::now_utc();
        let (certificate, key) = (dir.path().join("ca.pem"), dir.path().join("ca.key"));
        let store = Store::default();
        let look = || store.minter(&certificate, &key, now);
        let write = |authority: &Authority| {
            fs::write(&certificate, &authority.certificate).expect("written");
            fs::write(&key, &authority.key).expect("written");
        };
        assert!(look().is_none());

        let first = Authority::generate(["a.test"], now).expect("made");
        write(&first);
        let one = look().expect("loaded");
        assert!(Arc::ptr_eq(&one, &look().expect("kept")));

        let second = Authority::generate(["a.test", "longer.test"], now).expect("made");
        fs::write(&certificate, &second.certificate).expect("written");
        assert!(Arc::ptr_eq(&one, &look().expect("kept")));
        write(&second);
        let other = look().expect("loaded");
        assert!(!Arc::ptr_eq(&one, &other));

        fs::remove_file(&key).expect("removed");
        assert!(Arc::ptr_eq(&other, &look().expect("kept")));
    }
}
