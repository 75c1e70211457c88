//! What a user is told when something cannot be done: one line what, one line what to do.

use std::fmt;
use std::io;
use std::path::Path;

use crate::config;

/// An error for a person. Displays as its first line; [`Failure::remedy`] is the second.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    what: String,
    remedy: String,
}

impl Failure {
    /// An error and its remedy, a line each.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// A file operation that failed; `doing` reads like "cannot write".
    #[must_use]
    pub fn io(doing: &str, file: &Path, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "Check the name.",
            io::ErrorKind::PermissionDenied => "Use a path this user may access, or run as a user who may.",
            io::ErrorKind::ReadOnlyFilesystem => "Use a path on a writable file system.",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Make room on that disk.",
            _ => "Check the path.",
        };
        Self::new(format!("{doing} {}: {error}", file.display()), remedy)
    }

    /// One line that says what to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::new(error.to_string(), error.remedy())
    }
}

/// Keeps the remedy of a `Failure` inside; anything else is told as its chain of causes.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(|error| {
            Self::new(format!("{error:#}"), "Run it again with RUST_LOG=debug to see what led to this.")
        })
    }
}
