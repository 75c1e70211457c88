//! Whether the state directory is this user's alone, as it has to be before anything is served.

use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::failure::Failure;

/// What group and others may do.
const OTHERS: u32 = 0o077;
/// The part of it by which they could put files there.
const OTHERS_WRITE: u32 = 0o022;
/// Files that others must not have been able to read.
const PRIVATE: [&str; 4] = ["signing.key", "ca.key", "admin.token", "audit"];

/// Refuses a directory that belongs to another user, or that others can write to or look into. One
/// that was made a moment ago, with nothing of ours in it, is only closed.
///
/// # Errors
/// When it is not private, or cannot be looked at.
pub(super) fn check_directory(dir: &Path) -> Result<(), Failure> {
    let found = fs::metadata(dir).map_err(|error| Failure::io("cannot look at", dir, &error))?;
    check_owner(dir, &found)?;
    let mode = found.mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let has_ours = PRIVATE.iter().any(|name| dir.join(name).symlink_metadata().is_ok());
    if mode & OTHERS_WRITE != 0 || has_ours {
        return Err(open_to_others(dir, mode, "700"));
    }
    fs::set_permissions(dir, Permissions::from_mode(0o700))
        .map_err(|error| Failure::io("cannot close to other users", dir, &error))
}

/// Refuses a secret file that belongs to another user or that others can read.
///
/// # Errors
/// As [`check_directory`].
pub(super) fn check_file(file: &Path) -> Result<(), Failure> {
    let found = fs::metadata(file).map_err(|error| Failure::io("cannot look at", file, &error))?;
    check_owner(file, &found)?;
    let mode = found.mode() & 0o777;
    if mode & OTHERS == 0 { Ok(()) } else { Err(open_to_others(file, mode, "600")) }
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), Failure> {
    let us = rustix::process::geteuid().as_raw();
    if found.uid() == us {
        return Ok(());
    }
    let what = format!("{} belongs to user {}, and this is user {us}", path.display(), found.uid());
    Err(Failure::new(what, "Run as that user, change its owner, or name another `state_dir`."))
}

fn open_to_others(path: &Path, mode: u32, wanted: &str) -> Failure {
    let path = path.display();
    Failure::new(
        format!("{path} is open to other users (mode {mode:04o})"),
        format!("Make it yours alone: chmod {wanted} {path}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        let dir = tempfile::tempdir().unwrap();
        let set = |mode| fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
        let mode = || fs::metadata(dir.path()).unwrap().mode() & 0o777;
        for closed in [0o755, 0o750, 0o711] {
            set(closed);
            check_directory(dir.path()).unwrap();
            assert_eq!(mode(), 0o700, "{closed:o}");
        }
        for open in [0o777, 0o770, 0o702] {
            set(open);
            let failure = check_directory(dir.path()).unwrap_err();
            assert!(failure.to_string().ends_with(&format!("(mode {open:04o})")), "{failure}");
            assert_eq!(mode(), open, "left as it is");
        }
        set(0o755);
        fs::write(dir.path().join("signing.key"), "").unwrap();
        let failure = check_directory(dir.path()).unwrap_err();
        assert!(failure.remedy().contains("chmod 700"), "{}", failure.remedy());
        set(0o700);
        check_directory(dir.path()).unwrap();
    }
}
