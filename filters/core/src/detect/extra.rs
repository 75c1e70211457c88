//! The patterns that a user adds: regular expressions, matched without backtracking.

use regex::bytes::Regex;

use super::engine::Match;
use crate::secret::Kind;

/// A pattern from configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraPattern {
    /// The label: `[A-Z0-9_]+`.
    pub kind: String,
    /// A regular expression in the syntax of the `regex` crate. All of its match is the secret.
    pub regex: String,
}

/// Why a pattern cannot be used. `index` counts from 0.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraError {
    /// The label is not `[A-Z0-9_]+`.
    #[error("pattern {index}: type {kind:?} is not made of A-Z, 0-9 and _")]
    Label {
        /// Which pattern.
        index: usize,
        /// Its label.
        kind: String,
    },
    /// The expression does not compile, or is too large.
    #[error("pattern {index} ({kind}): {reason}")]
    Regex {
        /// Which pattern.
        index: usize,
        /// Its label.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The expression matches the empty string, so it would match everywhere.
    #[error("pattern {index} ({kind}): it matches the empty string")]
    Empty {
        /// Which pattern.
        index: usize,
        /// Its label.
        kind: String,
    },
}

/// A compiled pattern.
pub(super) struct Extra {
    pub(super) kind: Kind,
    pub(super) regex: Regex,
}

/// Compiles the patterns; the first that is wrong is the error.
pub(super) fn compile(patterns: Vec<ExtraPattern>) -> Result<Vec<Extra>, ExtraError> {
    let compiled = patterns.into_iter().enumerate().map(|(index, ExtraPattern { kind, regex })| {
        let Some(label) = Kind::intern(&kind) else {
            return Err(ExtraError::Label { index, kind });
        };
        match Regex::new(&regex) {
            Ok(regex) if regex.is_match(b"") => Err(ExtraError::Empty { index, kind }),
            Ok(regex) => Ok(Extra { kind: label, regex }),
            Err(error) => Err(ExtraError::Regex { index, kind, reason: error.to_string() }),
        }
    });
    compiled.collect()
}

/// Adds the matches of all patterns; the first pattern's rank is `rank`. Each search is linear; a
/// pattern that looks far ahead before it fails can make the sum of them more than that, so a
/// pattern is the configuration's own responsibility.
pub(super) fn matches(extras: &[Extra], rank: usize, text: &[u8], matches: &mut Vec<Match>) {
    for (index, extra) in extras.iter().enumerate() {
        let found = extra.regex.find_iter(text).filter(|found| !found.is_empty());
        matches.extend(found.map(|found| Match { range: found.range(), rank: rank + index, anchored: true }));
    }
}
