//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_saphyr::{Location, MessageFormatter, UserMessageFormatter};

/// A refused configuration. Displays as one line, `FILE:LINE:COLUMN: what`; lines and columns
/// count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    file: PathBuf,
    at: Option<(u64, u64)>,
    what: String,
    remedy: String,
}

impl Error {
    /// An error about a file as a whole.
    pub(super) fn in_file(file: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: None, what: what.into(), remedy: remedy.into() }
    }

    /// An error at one place of a file.
    pub(super) fn at(
        file: &Path,
        place: Location,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let at = (place != Location::UNKNOWN).then(|| (place.line(), place.column()));
        Self { at, ..Self::in_file(file, what, remedy) }
    }

    /// An error on a line of a file; 0 is none in particular.
    pub(super) fn on_line(
        file: &Path,
        line: u64,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { at: (line > 0).then_some((line, 1)), ..Self::in_file(file, what, remedy) }
    }

    /// An error of the YAML reader: bad syntax, an unknown key, a value of the wrong type.
    pub(super) fn from_yaml(file: &Path, error: &serde_saphyr::Error) -> Self {
        let (what, remedy) = explain(error.without_snippet());
        let place = error.location().unwrap_or(Location::UNKNOWN);
        Self::at(file, place, what, remedy)
    }

    /// The file that is refused.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// One line that says what to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.what)
    }
}

impl std::error::Error for Error {}

/// Puts a reader's error into one line, and its remedy into another.
fn explain(error: &serde_saphyr::Error) -> (String, String) {
    use serde_saphyr::Error as Yaml;
    match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key {field:?}"), format!("Remove it, or use one of: {}.", expected.join(", ")))
        }
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value {variant:?}"), format!("Use one of: {}.", expected.join(", ")))
        }
        Yaml::SerdeMissingField { field, .. } => {
            (format!("the key {field:?} is missing"), format!("Add a line `{field}: …` here."))
        }
        Yaml::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the key {key:?} stands here a second time"), "Remove one of the two.".to_owned())
        }
        Yaml::SerdeInvalidType { unexpected, expected, .. }
        | Yaml::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("found {unexpected} where {expected} is expected"), "Correct the value.".to_owned())
        }
        Yaml::InvalidScalar { ty: "u64", .. } => {
            ("a whole number is expected".to_owned(), "Write digits only.".to_owned())
        }
        other => (
            // The reader's own wording may quote the file; it must stay on one line.
            UserMessageFormatter.format_message(other).escape_debug().to_string(),
            "Correct the YAML at this place.".to_owned(),
        ),
    }
}
