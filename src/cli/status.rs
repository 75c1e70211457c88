//! How a verb ends.

use std::io;
use std::process::ExitCode;

use crate::failure::Failure;

/// The exit codes; scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// 0: done; for a checker: nothing found, all sound.
    Success,
    /// 1: could not be done; for a checker: something found, something broken.
    Failure,
    /// 2: a checker's input cannot be used.
    Unusable,
    /// 3: sound, but the end of the log is not covered by a checkpoint.
    Uncovered,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failure => 1,
            ExitStatus::Unusable => 2,
            ExitStatus::Uncovered => 3,
        })
    }
}

/// Why a verb ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something for the user to read.
    Failed(Failure),
    /// Whoever read our output is gone (`waterwall scan | head -1`): nobody to tell.
    OutputClosed,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// An error while writing output; the verbs turn every other I/O error into a [`Failure`].
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::OutputClosed;
        }
        let what = format!("the output cannot be written: {error}");
        Self::Failed(Failure::new(what, "Check where the output goes."))
    }
}
