//! Putting a new authority in the place of an old one: both files or neither, and the old pair kept.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::Authority;
use crate::state::write_new;

/// What a swap did.
#[derive(Debug, PartialEq, Eq)]
pub struct Swapped {
    /// The new certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Where the old files went; empty when there were none.
    pub backups: Vec<PathBuf>,
}

/// Puts `authority` into `directory` as `ca.pem` and `ca.key`. `stamp` names the backups.
///
/// # Errors
/// When a file cannot be written; the old pair is in force then, as before.
pub fn swap(directory: &Path, authority: &Authority, stamp: &str) -> io::Result<Swapped> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let (certificate, key) = (directory.join("ca.pem"), directory.join("ca.key"));
    let new = |file: &Path| file.with_added_extension(format!("new-{}", std::process::id()));
    let (new_certificate, new_key) = (new(&certificate), new(&key));
    let swapped = prepare(&new_key, &key, 0o600, &authority.key)
        .and_then(|()| prepare(&new_certificate, &certificate, 0o644, &authority.certificate))
        .and_then(|()| {
            let backups = [&key, &certificate].map(|file| back_up(file, stamp));
            let [old_key, old_certificate] = backups;
            let (old_key, old_certificate) = (old_key?, old_certificate?);
            // The key first: in between, a running gateway sees two that do not fit and keeps what
            // it has.
            fs::rename(&new_key, &key)?;
            if let Err(error) = fs::rename(&new_certificate, &certificate) {
                restore(old_key.as_deref(), &key);
                return Err(error);
            }
            Ok(old_certificate.into_iter().chain(old_key).collect())
        });
    if swapped.is_err() {
        for left_over in [&new_certificate, &new_key] {
            // The first error is the one to tell.
            let _ = fs::remove_file(left_over);
        }
    }
    Ok(Swapped { backups: swapped?, certificate, key })
}

/// Writes a file that is to replace `old`, with its owner and mode: the gateway may run as another
/// user than whoever makes the authority.
fn prepare(new: &Path, old: &Path, mode: u32, content: &str) -> io::Result<()> {
    write_new(new, mode, content.as_bytes())?;
    if let Ok(old) = old.metadata() {
        let own = new.metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            chown(new, Some(old.uid()), Some(old.gid()))?;
        }
        fs::set_permissions(new, fs::Permissions::from_mode(old.mode() & 0o777))?;
    }
    Ok(())
}

/// Gives a file a second name beside it; it stays in place. `None` when there is no such file.
fn back_up(file: &Path, stamp: &str) -> io::Result<Option<PathBuf>> {
    let backup = file.with_added_extension(format!("{stamp}.bak"));
    match fs::hard_link(file, &backup) {
        Ok(()) => Ok(Some(backup)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn restore(backup: Option<&Path>, file: &Path) {
    // Nothing better can be done about a failure here; the backup is still there.
    let _ = match backup {
        Some(backup) => fs::rename(backup, file),
        None => fs::remove_file(file),
    };
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn authority() -> Authority {
        Authority::generate(["a.test"], OffsetDateTime::now_utc()).unwrap()
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_pair_is_kept_and_its_mode_too() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("ca");
        let first = authority();
        assert_eq!(swap(&dir, &first, "1").unwrap().backups, [] as [PathBuf; 0]);
        assert_eq!(dir.join("ca.key").metadata().unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(dir.join("ca.key"), fs::Permissions::from_mode(0o440)).unwrap();

        let second = authority();
        let swapped = swap(&dir, &second, "2").unwrap();
        assert_eq!(names(&dir), ["ca.key", "ca.key.2.bak", "ca.pem", "ca.pem.2.bak"]);
        assert_eq!(fs::read_to_string(&swapped.certificate).unwrap(), second.certificate);
        assert_eq!(fs::read_to_string(&swapped.backups[0]).unwrap(), first.certificate);
        assert_eq!(fs::read_to_string(&swapped.backups[1]).unwrap(), first.key);
        assert_eq!(swapped.key.metadata().unwrap().mode() & 0o777, 0o440);
    }

    #[test]
    fn what_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let first = authority();
        swap(dir.path(), &first, "1").unwrap();
        // A certificate that is a directory cannot be replaced, nor linked to.
        fs::remove_file(dir.path().join("ca.pem")).unwrap();
        fs::create_dir_all(dir.path().join("ca.pem/full")).unwrap();
        swap(dir.path(), &authority(), "2").unwrap_err();
        assert_eq!(fs::read_to_string(dir.path().join("ca.key")).unwrap(), first.key);
        assert!(names(dir.path()).iter().all(|name| !name.contains("new-")));
    }
}
