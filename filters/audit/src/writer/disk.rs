//! [`Disk`]: the few operations the writer needs of a file, so that tests can make each one fail.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

/// An append-only file. All methods take `&self`: syncing goes on while others append.
pub(super) trait Disk: Send + Sync {
    /// Appends some of `bytes` and tells how many.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Length in bytes. An error when the file is no longer in any directory.
    fn len(&self) -> io::Result<u64>;
    /// Length in bytes, wherever the file is; a cheaper system call.
    fn end(&self) -> io::Result<u64> {
        self.len()
    }
    /// Cuts the file to `len` bytes.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Returns once all that was appended before is on the medium.
    fn sync(&self) -> io::Result<()>;
    /// Fills `buffer` from `offset` on.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes `bytes` over the ones at `offset`.
    fn rewrite_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Locks the file against whoever else has opened it, if nobody else holds it: false then.
    fn try_lock(&self) -> io::Result<bool>;
    /// Gives the lock back.
    fn unlock(&self);
    /// The same file, opened anew.
    fn reopen(&self) -> io::Result<Arc<dyn Disk>>;
}

/// A [`Disk`] that is a file.
pub(super) struct FileDisk {
    file: File,
    path: PathBuf,
}

impl FileDisk {
    /// Opens the log at `path`, making it (0600) when there is none; true if it was made.
    pub(super) fn open(path: &Path) -> io::Result<(Self, bool)> {
        let mut options = private_options();
        options.read(true).append(true);
        let (file, made) = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = options.create_new(true).open(path)?;
                sync_directory_of(path)?;
                (file, true)
            }
            opened => (opened?, false),
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok((Self { file, path: path.to_owned() }, made))
    }

    /// Makes a new log (0600) with this content at `at`, synced; it will be known as `path`. What
    /// is there already is a remnant and is removed.
    pub(super) fn create(at: &Path, path: &Path, content: &[u8]) -> io::Result<Self> {
        match fs::remove_file(at) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private_options().read(true).append(true).create_new(true).open(at)?;
        file.write_all(content)?;
        file.sync_all()?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The file itself, for reading it from its beginning.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// True when `other` is the same file as this one.
    fn check_same(&self, other: &File) -> io::Result<()> {
        let (ours, theirs) = (self.file.metadata()?, other.metadata()?);
        if (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()) {
            return Ok(());
        }
        Err(io::Error::other("the log was replaced by another file"))
    }
}

impl Disk for FileDisk {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        let metadata = self.file.metadata()?;
        if metadata.nlink() == 0 {
            return Err(io::Error::other("the log was deleted"));
        }
        Ok(metadata.len())
    }

    fn end(&self) -> io::Result<u64> {
        // Nothing reads or writes at the place that this leaves: appends go to the end, the rest says where.
        (&self.file).seek(SeekFrom::End(0))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn rewrite_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // Linux appends whatever is written through a file opened for appending, at any offset.
        let file = private_options().write(true).open(&self.path)?;
        self.check_same(&file)?;
        file.write_all_at(bytes, offset)
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self) {
        // It cannot fail on an open file; were it to, the other writer would wait in vain and refuse.
        let _ = self.file.unlock();
    }

    fn reopen(&self) -> io::Result<Arc<dyn Disk>> {
        let file = private_options().read(true).append(true).open(&self.path)?;
        self.check_same(&file)?;
        Ok(Arc::new(Self { file, path: self.path.clone() }))
    }
}

/// Owner only, never through a symbolic link, not inherited by children (the standard library
/// always sets `O_CLOEXEC`).
pub(super) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // The flag's bits fit any C int.
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Makes the directory that `path` lies in, with its parents, owner only.
pub(super) fn make_directory_of(path: &Path) -> io::Result<()> {
    match directory_of(path) {
        Some(directory) => make_directory(directory),
        None => Ok(()),
    }
}

/// Makes a directory with its parents, owner only.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Puts the directory's entries on the medium: a new name is not there before that.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path).unwrap_or(Path::new(".")))?.sync_all()
}

fn directory_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|parent| !parent.as_os_str().is_empty())
}

/// `path` with `suffix` at the end of its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_replaces_and_does_not_append() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (disk, made) = FileDisk::open(&path).unwrap();
        assert!(made);
        assert_eq!(disk.append(b"abcdef").unwrap(), 6);
        let disk = disk.reopen().unwrap();
        disk.rewrite_at(2, b"CD").unwrap();
        assert_eq!(disk.append(b"g").unwrap(), 1);
        let mut read = [0; 4];
        disk.read_at(1, &mut read).unwrap();
        assert_eq!((&read, disk.len().unwrap()), (b"bCDe", 7));
        disk.truncate(3).unwrap();
        disk.sync().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"abC");
    }

    #[test]
    fn another_file_in_its_place_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (disk, _) = FileDisk::open(&path).unwrap();
        fs::rename(&path, directory.path().join("moved")).unwrap();
        fs::write(&path, "").unwrap();
        assert!(disk.reopen().is_err());
        assert!(disk.rewrite_at(0, b"").is_err());
        assert_eq!(disk.len().unwrap(), 0, "moved is not deleted");
    }
}
