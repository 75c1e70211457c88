//! Why a log cannot be opened, or a line not appended.

use std::{io, path::PathBuf, sync::Arc};

/// Why a log cannot be opened for writing. Nothing may be forwarded without one.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its directory cannot be made.
    #[error("cannot make the directory of {}: {source}", path.display())]
    Directory {
        /// The log.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another writer has it.
    #[error("{} is in use by {holder}", chain.display())]
    Locked {
        /// The log.
        chain: PathBuf,
        /// `process <pid>`, or `another process`.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It cannot be opened or read.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The log.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A line inside it is damaged. Only a torn last line is repaired.
    #[error(
        "{} is damaged at line {line}: {reason}; keep it as evidence: move it aside and start again with a fresh log",
        path.display()
    )]
    Damaged {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Its first line names another signing key.
    #[error(
        "{} was begun with another signing key: put that key back, or move the log aside to begin a new one",
        path.display()
    )]
    OtherKey {
        /// The log.
        path: PathBuf,
    },
    /// There is no randomness for a new log's id.
    #[error("{0}")]
    Random(#[from] crate::KeyError),
    /// The directory of receipts or manifests cannot be used.
    #[error("cannot keep files in {}: {source}", path.display())]
    Folder {
        /// The directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Its torn last line cannot be moved aside.
    #[error("cannot repair the end of {}: {source}", path.display())]
    Repair {
        /// The log.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The line that tells of a repair cannot be appended.
    #[error("cannot write to {}: {source}", path.display())]
    Append {
        /// The log.
        path: PathBuf,
        /// Why.
        source: AppendError,
    },
}

/// Why an append failed. Nothing of it is in the log then, and what it stood for must not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk did not take it. It may the next time.
    #[error("the log could not be written: {0}")]
    Write(Arc<io::Error>),
    /// A receipt cannot be written. It may be the next time.
    #[error("a receipt could not be written: {0}")]
    Receipt(Arc<io::Error>),
    /// The disk lost lines or may have; the writer stays closed until it has them safe again.
    #[error("the log's disk failed, and has not recovered: {0}")]
    Sync(Arc<io::Error>),
    /// Something else wrote to the log or cut it, or the system miscounted what it wrote.
    #[error("the log has {found} bytes instead of {expected}: something else changed it")]
    Changed {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The line is longer than any reader accepts.
    #[error("the line is too long")]
    TooLong,
    /// The writer was closed.
    #[error("the log is closed")]
    Closed,
    /// The thread that was writing this line died.
    #[error("the write was interrupted")]
    Interrupted,
}

/// Why a session has no manifest. It can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The checkpoint before it could not be made.
    #[error(transparent)]
    Checkpoint(#[from] AppendError),
    /// The file could not be written.
    #[error("a session manifest could not be written: {0}")]
    Write(#[from] io::Error),
}

impl From<io::Error> for AppendError {
    fn from(error: io::Error) -> Self {
        Self::Write(Arc::new(error))
    }
}
