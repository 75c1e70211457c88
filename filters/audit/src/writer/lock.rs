//! [`Lock`]: one writer per log, in this process and outside it.
//!
//! The lock is the kernel's (`flock` on `<chain>.lock`), so it ends with its holder, however that
//! ends. The process id in the file is only for people; the file itself stays, because removing a
//! lock file that someone else may be opening lets two in.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{OpenError, disk};

/// Held for the life of a writer.
#[derive(Debug)]
pub(super) struct Lock(File);

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
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(refuse)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A stale id would only mislead.
        let _ = self.0.set_len(0);
        // Closing is not enough: a child that another thread has forked, but that has not become
        // its program yet, shares the lock for that moment.
        let _ = self.0.unlock();
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
