//! The file of extra patterns: `patterns: [{type: MY_TOKEN, regex: 'mytok_[A-Za-z0-9]{32}'}]`.

use std::path::Path;

use waterwall_core::detect::{Detectors, ExtraError, ExtraPattern};

use super::build::Context;
use super::raw;
use super::{Error, locate};

/// Reads and checks a file: the built-in set and its patterns.
pub(super) fn load(context: &Context<'_>, file: &Path) -> Result<Detectors, Error> {
    let text = locate::read_text(file)?;
    let context = Context { file, ..*context };
    let raw: raw::Patterns = context.parse(&text)?;
    let patterns: Vec<_> =
        raw.patterns.iter().map(|pattern| check(&context, pattern)).collect::<Result<_, _>>()?;
    Detectors::with_extra(patterns).map_err(|error| {
        // Each was accepted by itself, so this is about all of them.
        Error::in_file(file, error.to_string(), "Use fewer or simpler patterns.")
    })
}

/// The text under the policy hash of the built-in set with this file's patterns; `None` when it is
/// not such a file.
#[must_use]
pub fn policy_text(file: &Path) -> Option<String> {
    let raw: raw::Patterns = serde_saphyr::from_str(&locate::read_text(file).ok()?).ok()?;
    let pattern = |raw: raw::Pattern| ExtraPattern { kind: raw.kind.value, regex: raw.regex.value };
    Detectors::with_extra(raw.patterns.into_iter().map(pattern).collect()).ok().map(|set| set.policy_text())
}

/// Checks one pattern by itself, so that an error can name its line.
fn check(context: &Context<'_>, raw: &raw::Pattern) -> Result<ExtraPattern, Error> {
    let pattern = ExtraPattern { kind: raw.kind.value.clone(), regex: raw.regex.value.clone() };
    let Err(error) = Detectors::with_extra(vec![pattern.clone()]) else {
        return Ok(pattern);
    };
    Err(match error {
        ExtraError::Label { .. } => context.refuse(
            raw.kind.referenced,
            "this cannot be a type",
            "Use capital letters, digits and underscores, like MY_TOKEN.",
        ),
        ExtraError::Regex { reason, .. } => context.refuse(
            raw.regex.referenced,
            format!("the regex cannot be used: {}", gist(&reason)),
            "Correct it; the syntax is that of Rust's regex crate (no look-around, no back-references).",
        ),
        ExtraError::Empty { .. } => context.refuse(
            raw.regex.referenced,
            "the regex matches the empty string",
            "Make it match at least one character everywhere it matches.",
        ),
    })
}

/// The last line of a multi-line message: what is wrong, below the picture of where.
fn gist(reason: &str) -> &str {
    let last = reason.lines().next_back().unwrap_or(reason);
    last.trim_start_matches("error: ")
}
