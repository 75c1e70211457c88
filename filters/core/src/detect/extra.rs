//! The patterns that a user adds: regular expressions, matched without backtracking.

use std::ops::Range;

use regex::bytes::Regex;

use super::engine::Match;
use crate::secret::Kind;

/// The name of the group that is the secret.
const SECRET: &str = "secret";

/// A pattern from configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraPattern {
    /// The label: `[A-Z0-9_]+`.
    pub kind: String,
    /// A regular expression in the syntax of the `regex` crate. Its group named `secret` is the
    /// secret; without one, all of its match is.
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
        let mut add = |range: Range<usize>| matches.push(Match { range, rank: rank + index, anchored: true });
        if extra.regex.capture_names().flatten().any(|name| name == SECRET) {
            groups(&extra.regex, text, add);
        } else {
            extra
                .regex
                .find_iter(text)
                .filter(|found| !found.is_empty())
                .for_each(|found| add(found.range()));
        }
    }
}

/// Finds the group `secret` of each match. What follows the group may begin the next match: it was
/// only looked at.
fn groups(regex: &Regex, text: &[u8], mut add: impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(found) = regex.captures_at(text, at) {
        // Group 0 is there whenever anything is.
        let all = found.get(0).map_or(text.len(), |all| all.end());
        match found.name(SECRET).filter(|secret| !secret.is_empty()) {
            Some(secret) => {
                add(secret.range());
                at = secret.end();
            }
            None => at = all.max(at + 1),
        }
        if at > text.len() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, as text.
    fn found<'a>(regex: &str, text: &'a str) -> Vec<&'a str> {
        let pattern = ExtraPattern { kind: "MY_TOKEN".to_owned(), regex: regex.to_owned() };
        let extras = compile(vec![pattern]).unwrap();
        let mut found = Vec::new();
        matches(&extras, 0, text.as_bytes(), &mut found);
        found.into_iter().map(|found| &text[found.range]).collect()
    }

    #[test]
    fn all_of_a_match_is_the_secret() {
        assert_eq!(found("k=[a-z]{3}", "k=abc k=def"), ["k=abc", "k=def"]);
    }

    #[test]
    fn a_group_may_say_which_part_is() {
        let apart = r"(?:\A|[^a-z])(?P<secret>[a-z]{3})(?:\z|[^a-z])";
        assert_eq!(found(apart, "abc def,abcd ghi"), ["abc", "def", "ghi"]);
        assert_eq!(found("k=(?P<secret>[a-z]*)", "k= k=abc"), ["abc"]);
        assert_eq!(found("x|(?P<secret>y)", "xxyx"), ["y"]);
    }
}
