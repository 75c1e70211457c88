//! The patterns that a user adds: regular expressions, matched without backtracking.
//!
//! A slower path than the built-in set's, and no path at all while there are none. Rules with keywords are
//! tried only on texts that hold one of them; one search looks for all keywords.

mod go;
mod rule;
#[cfg(test)]
mod tests;

use std::{fmt::Write as _, ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;

use self::rule::Conditions;
use super::engine::Match;
use crate::secret::Kind;

pub use self::rule::{Exception, Rule, RuleError, Target};

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
    regex: Regex,
    /// Of a pattern that is no more than an expression, none.
    conditions: Option<Conditions>,
    /// What it is, written out, for the policy hash.
    origin: String,
}

/// All patterns. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Extras {
    set: Arc<Set>,
    /// The path of the file under scan, where there is one.
    path: Option<Arc<str>>,
}

#[derive(Default)]
struct Set {
    list: Vec<Extra>,
    keywords: Option<Keywords>,
}

impl Extras {
    pub(super) fn new(list: Vec<Extra>) -> Self {
        let keywords = Keywords::of(&list);
        Self { set: Arc::new(Set { list, keywords }), path: None }
    }

    /// The same, for the text of one file.
    pub(super) fn for_file(&self, path: &str) -> Self {
        Self { set: Arc::clone(&self.set), path: Some(path.into()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.set.list.len()
    }

    pub(super) fn kind(&self, index: usize) -> Kind {
        self.set.list[index].kind
    }

    /// Whether any of them asks for the path of what it is tried on.
    pub(super) fn ask_for_path(&self) -> bool {
        self.set.list.iter().filter_map(|extra| extra.conditions.as_ref()).any(Conditions::ask_for_path)
    }

    /// Appends a line for each pattern.
    pub(super) fn describe(&self, text: &mut String) {
        for Extra { kind, origin, .. } in &self.set.list {
            let _ = writeln!(text, "{kind}\textra\t{}", origin.escape_debug());
        }
    }
}

/// Compiles the patterns; the first that is wrong is the error.
pub(super) fn compile(patterns: Vec<ExtraPattern>) -> Result<Vec<Extra>, ExtraError> {
    let compiled = patterns.into_iter().enumerate().map(|(index, ExtraPattern { kind, regex })| {
        let Some(label) = Kind::intern(&kind) else {
            return Err(ExtraError::Label { index, kind });
        };
        match Regex::new(&regex) {
            Ok(regex) if regex.is_match(b"") => Err(ExtraError::Empty { index, kind }),
            Ok(compiled) => Ok(Extra { kind: label, regex: compiled, conditions: None, origin: regex }),
            Err(error) => Err(ExtraError::Regex { index, kind, reason: error.to_string() }),
        }
    });
    compiled.collect()
}

/// Compiles rules; the first that is wrong is the error, with its place in the list.
pub(super) fn compile_rules(rules: &[Rule]) -> Result<Vec<Extra>, (usize, RuleError)> {
    let compiled = rules.iter().enumerate().map(|(index, rule)| {
        let (regex, conditions) = rule.compile().map_err(|error| (index, error))?;
        let origin = format!("{rule:?}");
        Ok(Extra { kind: rule.kind, regex, conditions: Some(conditions), origin })
    });
    compiled.collect()
}

/// Adds the matches of all patterns; the first pattern's rank is `rank`. Each search is linear; a
/// pattern that looks far ahead before it fails can make the sum of them more than that, so a
/// pattern is the configuration's own responsibility.
pub(super) fn matches(extras: &Extras, rank: usize, text: &[u8], matches: &mut Vec<Match>) {
    let Set { list, keywords } = &*extras.set;
    let may_match = keywords.as_ref().map(|keywords| keywords.look(text, list.len()));
    for (index, Extra { regex, conditions, .. }) in list.iter().enumerate() {
        if may_match.as_ref().is_some_and(|may| !may[index]) {
            continue;
        }
        let mut push = |range| matches.push(Match { range, rank: rank + index, anchored: true });
        match conditions {
            Some(conditions) => conditions.for_each(regex, text, extras.path.as_deref(), push),
            None if regex.capture_names().flatten().any(|name| name == SECRET) => groups(regex, text, push),
            None => {
                regex.find_iter(text).map(|it| it.range()).filter(|it| !it.is_empty()).for_each(&mut push)
            }
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

/// The keywords of all patterns: what a text must hold for a pattern to be tried on it.
struct Keywords {
    search: AhoCorasick,
    /// By keyword: the patterns that it stands for.
    owners: Vec<Vec<usize>>,
    /// Patterns without keywords are always tried.
    always: Vec<usize>,
}

impl Keywords {
    /// `None` when no pattern has any.
    fn of(list: &[Extra]) -> Option<Self> {
        let (mut words, mut owners, mut always) = (Vec::<&str>::new(), Vec::<Vec<usize>>::new(), Vec::new());
        for (index, extra) in list.iter().enumerate() {
            let own = extra.conditions.as_ref().map_or(&[][..], |conditions| &conditions.keywords);
            if own.is_empty() {
                always.push(index);
            }
            for word in own {
                match words.iter().position(|known| known == word) {
                    Some(at) => owners[at].push(index),
                    None => {
                        words.push(word);
                        owners.push(vec![index]);
                    }
                }
            }
        }
        if words.is_empty() {
            return None;
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&words)
            .expect("keywords of a configuration stay below the 2^31 states of an automaton");
        Some(Self { search, owners, always })
    }

    /// For each of `count` patterns, whether it is to be tried on a text.
    fn look(&self, text: &[u8], count: usize) -> Vec<bool> {
        let mut may = vec![false; count];
        self.always.iter().for_each(|&index| may[index] = true);
        let mut seen = vec![false; self.owners.len()];
        for found in self.search.find_overlapping_iter(text) {
            let word = found.pattern().as_usize();
            if !std::mem::replace(&mut seen[word], true) {
                self.owners[word].iter().for_each(|&index| may[index] = true);
            }
        }
        may
    }
}
