//! [`Lock`]: one writer per log, in this process and outside it; or two that know of each other.
//!
//! The lock is the kernel's (`flock` on `<chain>.lock`), so it ends with its holder, however that
//! ends. It belongs to the open file: given to another process, that file is held by both, and the
//! lock ends with the later one. The process id in the file is only for people; the file itself
//! stays, because removing a lock file that someone else may be opening lets two in.

use std::{
    fs::{File, TryLockError},
    io::{self, Read},
    os::{
        fd::OwnedFd,
        unix::fs::{FileExt, MetadataExt},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use super::{OpenError, disk};

/// Held for the life of a writer.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// Another process may hold it too.
    shared: AtomicBool,
}

impl Lock {
    /// Takes the lock of the log at `chain` without waiting.
    pub(super) fn take(chain: &Path) -> Result<Self, OpenError> {
        let path = lock_path(chain);
        let refuse = |source: io::Error| OpenError::Lock { path: path.clone(), source };
        let mut file =
            disk::private_options().read(true).write(true).create(true).open(&path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { chain: chain.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(refuse(error)),
        }
        let lock = Self { file, shared: AtomicBool::new(false) };
        lock.sign().map_err(refuse)?;
        Ok(lock)
    }

    /// Joins a lock that another process holds and has given us.
    pub(super) fn adopt(chain: &Path, given: OwnedFd) -> Result<Self, OpenError> {
        let path = lock_path(chain);
        let refuse = |source: io::Error| OpenError::Lock { path: path.clone(), source };
        let file = File::from(given);
        let known = disk::private_options().read(true).open(&path).map_err(refuse)?;
        let identity = |file: &File| file.metadata().map(|it| (it.dev(), it.ino()));
        let same = identity(&file).and_then(|given| Ok(given == identity(&known)?)).map_err(refuse)?;
        // Nobody else can take it, and through this file it is ours already.
        let held = matches!(known.try_lock(), Err(TryLockError::WouldBlock)) && file.try_lock().is_ok();
        match same && held {
            true => Ok(Self { file, shared: AtomicBool::new(true) }),
            false => Err(refuse(io::Error::other("what the other gateway gave is not this log's lock"))),
        }
    }

    /// The same lock for another process.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        let file = self.file.try_clone()?;
        self.shared.store(true, SeqCst);
        Ok(file.into())
    }

    /// No other process holds it any more.
    pub(super) fn own(&self) -> io::Result<()> {
        self.sign()?;
        self.shared.store(false, SeqCst);
        Ok(())
    }

    /// Writes our process id into the file.
    fn sign(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all_at(std::process::id().to_string().as_bytes(), 0)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.shared.load(SeqCst) {
            // Both of these would be felt by the other one; closing is not.
            return;
        }
        // A stale id would only mislead.
        let _ = self.file.set_len(0);
        // Closing is not enough: a child that another thread has forked, but that has not become
        // its program yet, shares the lock for that moment.
        let _ = self.file.unlock();
    }
}

fn lock_path(chain: &Path) -> PathBuf {
    disk::beside(chain, ".lock")
}

/// The process id in the lock file, if its holder has written it already.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(20).read_to_string(&mut text) {
        Ok(1..) => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}
