//! What is wrong with a configuration, where, and what to do about it.
//!
//! Errors are logged, and told on the admin port; and whoever writes a configuration against leaks may
//! put a secret in the wrong place of it. So the place is named, and what stands there is not quoted.

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
        Yaml::SerdeUnknownField { field, expected, .. } => (
            format!("unknown key{}", quoted(field)),
            format!("Remove it, or use one of: {}.", expected.join(", ")),
        ),
        Yaml::SerdeUnknownVariant { expected, .. } => {
            ("unknown value".to_owned(), format!("Use one of: {}.", expected.join(", ")))
        }
        Yaml::SerdeMissingField { field, .. } => {
            (format!("the key {field:?} is missing"), format!("Add a line `{field}: …` here."))
        }
        Yaml::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the key{} stands here a second time", quoted(key)), "Remove one of the two.".to_owned())
        }
        Yaml::SerdeInvalidType { unexpected, expected, .. }
        | Yaml::SerdeInvalidValue { unexpected, expected, .. } => (
            format!("found {} where {expected} is expected", kind(unexpected)),
            "Correct the value.".to_owned(),
        ),
        Yaml::InvalidScalar { ty: "u64", .. } => {
            ("a whole number is expected".to_owned(), "Write digits only.".to_owned())
        }
        other => (
            // The reader's own wording may quote the file; it must stay on one line.
            without_quotes(&UserMessageFormatter.format_message(other)),
            "Correct the YAML at this place.".to_owned(),
        ),
    }
}

/// A key, where it is no more than a misspelt one: lower case, and not long.
fn quoted(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-';
    let is_plain = key.len() <= 24 && key.bytes().all(plain);
    if is_plain { format!(" {key:?}") } else { String::new() }
}

/// What a reader found, without its text.
fn kind(unexpected: &str) -> &str {
    match unexpected.split_once(' ') {
        Some(("string", _)) => "a string",
        Some(("character", _)) => "a character",
        _ => unexpected,
    }
}

/// A reader's message in one line, without what stands between its first mark of a quotation and its last.
pub(super) fn without_quotes(message: &str) -> String {
    const MARKS: [char; 5] = ['"', '\'', '`', '[', ']'];
    let text = match (message.find(MARKS), message.rfind(MARKS)) {
        (Some(first), Some(last)) => format!("{}\u{2026}{}", &message[..=first], &message[last..]),
        _ => message.to_owned(),
    };
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_taken_out() {
        for (message, left) in [
            ("expected mapping start", "expected mapping start"),
            ("unsupported tag `!my-secret`\nhere", "unsupported tag `\u{2026}` here"),
            ("the value [a ] secret] must be quoted", "the value [\u{2026}] must be quoted"),
            ("unknown anchor 'it's secret'", "unknown anchor '\u{2026}'"),
            ("found \"", "found \"\u{2026}\""),
        ] {
            assert_eq!(without_quotes(message), left);
        }
    }
}
