//! Rules with conditions, as gitleaks has them: a group that is the secret, entropy, keywords, exceptions.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::go;
use crate::secret::Kind;

/// How large a compiled expression may be; tenfold what the `regex` crate allows by itself, as counted
/// repetitions of large classes are common in such rules.
const SIZE: usize = 100 << 20;

/// A rule as it is written: expressions have the syntax of Go's `regexp` package.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The label of what it finds.
    pub kind: Kind,
    /// What it looks for.
    pub regex: String,
    /// The group that is the secret; 0 is the first that matched anything, or without groups the whole.
    pub group: usize,
    /// The secret must have more Shannon entropy than this, in bits per byte; 0 is not asked for.
    pub entropy: f64,
    /// One of these must be in the text, in any case; none: any text will do.
    pub keywords: Vec<String>,
    /// The path of the file under scan must match. Where there is no file, it counts as matching.
    pub path: Option<String>,
    /// What is no secret after all.
    pub exceptions: Vec<Exception>,
}

/// Says of some matches that they are no secret.
#[derive(Clone, Debug, Default)]
pub struct Exception {
    /// All of what it says must hold, not just one.
    pub all: bool,
    /// One of these matches the target.
    pub regexes: Vec<String>,
    /// What `regexes` look at.
    pub target: Target,
    /// One of these is in the secret, in any case.
    pub stopwords: Vec<String>,
    /// One of these matches the path of the file under scan; where there is no file, none does.
    pub paths: Vec<String>,
    /// It speaks of commits, of which nothing is known here.
    pub commits: bool,
}

/// What an exception's expressions look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The secret.
    #[default]
    Secret,
    /// All that the rule's expression matched.
    Match,
    /// The lines on which that stands.
    Line,
}

/// Why a rule cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// An expression does not compile.
    #[error("{reason} in the expression {regex:?}")]
    Regex {
        /// The expression.
        regex: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It matches the empty string, so it would match everywhere.
    #[error("the expression matches the empty string")]
    Empty,
    /// There are fewer groups in the expression.
    #[error("the expression has no group {0}")]
    Group(usize),
}

/// All of a rule but its expression, compiled.
pub(super) struct Conditions {
    group: usize,
    entropy: f64,
    /// In lower case.
    pub(super) keywords: Vec<String>,
    path: Option<Regex>,
    exceptions: Vec<Compiled>,
}

/// A compiled exception.
struct Compiled {
    all: bool,
    regexes: Vec<Regex>,
    target: Target,
    /// In lower case.
    stopwords: Vec<String>,
    paths: Vec<Regex>,
    commits: bool,
}

impl Rule {
    pub(super) fn compile(&self) -> Result<(Regex, Conditions), RuleError> {
        let regex = compile(&self.regex)?;
        if regex.is_match(b"") {
            return Err(RuleError::Empty);
        }
        if self.group >= regex.captures_len() {
            return Err(RuleError::Group(self.group));
        }
        let conditions = Conditions {
            group: self.group,
            entropy: self.entropy,
            keywords: self.keywords.iter().map(|word| word.to_ascii_lowercase()).collect(),
            path: self.path.as_deref().map(compile).transpose()?,
            exceptions: self.exceptions.iter().map(Exception::compile).collect::<Result<_, _>>()?,
        };
        Ok((regex, conditions))
    }
}

impl Exception {
    fn compile(&self) -> Result<Compiled, RuleError> {
        let all = |regexes: &[String]| regexes.iter().map(|regex| compile(regex)).collect::<Result<_, _>>();
        Ok(Compiled {
            all: self.all,
            regexes: all(&self.regexes)?,
            target: self.target,
            stopwords: self.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect(),
            paths: all(&self.paths)?,
            commits: self.commits,
        })
    }
}

/// Compiles an expression of Go's: there, classes such as `\w` are of ASCII alone.
fn compile(regex: &str) -> Result<Regex, RuleError> {
    let translated = go::translate(regex);
    let build = |unicode| {
        let mut builder = RegexBuilder::new(&translated);
        builder.unicode(unicode).octal(true).size_limit(SIZE).dfa_size_limit(SIZE).build()
    };
    // Some, like `\pL`, cannot do without Unicode.
    build(false).or_else(|_| build(true)).map_err(|error| {
        let message = error.to_string();
        let last = message.lines().next_back().unwrap_or_default();
        RuleError::Regex { regex: regex.to_owned(), reason: last.trim_start_matches("error: ").to_owned() }
    })
}

impl Conditions {
    pub(super) fn ask_for_path(&self) -> bool {
        self.path.is_some() || self.exceptions.iter().any(|exception| !exception.paths.is_empty())
    }

    /// Calls `push` with where the secrets stand.
    pub(super) fn for_each(
        &self,
        regex: &Regex,
        text: &[u8],
        path: Option<&str>,
        mut push: impl FnMut(Range<usize>),
    ) {
        let wrong_path = |wanted: &Regex| path.is_some_and(|path| !wanted.is_match(path.as_bytes()));
        if self.path.as_ref().is_some_and(wrong_path) {
            return;
        }
        for captures in regex.captures_iter(text) {
            let whole = captures.get(0).map_or(0..0, |found| found.range());
            let group = match self.group {
                0 => captures.iter().skip(1).flatten().find(|group| !group.is_empty()),
                group => captures.get(group),
            };
            let secret = match group {
                Some(group) => group.range(),
                None if self.group == 0 => whole.clone(),
                None => continue,
            };
            let secret = trimmed(text, secret);
            if !secret.is_empty() && self.is_secret(text, &secret, &whole, path) {
                push(whole_characters(text, secret));
            }
        }
    }

    fn is_secret(
        &self,
        text: &[u8],
        secret: &Range<usize>,
        whole: &Range<usize>,
        path: Option<&str>,
    ) -> bool {
        if self.entropy > 0.0 && entropy(&text[secret.clone()]) <= self.entropy {
            return false;
        }
        !self.exceptions.iter().any(|exception| exception.holds(text, secret, whole, path))
    }
}

impl Compiled {
    fn holds(&self, text: &[u8], secret: &Range<usize>, whole: &Range<usize>, path: Option<&str>) -> bool {
        let target = match self.target {
            Target::Secret => &text[secret.clone()],
            Target::Match => &text[whole.clone()],
            Target::Line => lines_around(text, whole),
        };
        let matches = |regexes: &[Regex], text: &[u8]| regexes.iter().any(|regex| regex.is_match(text));
        let lower = || text[secret.clone()].to_ascii_lowercase();
        let stops = |secret: &[u8]| {
            self.stopwords.iter().any(|word| memchr::memmem::find(secret, word.as_bytes()).is_some())
        };
        // What is said, and whether it holds.
        let mut said = [
            (!self.regexes.is_empty()).then(|| matches(&self.regexes, target)),
            (!self.stopwords.is_empty()).then(|| stops(&lower())),
            (!self.paths.is_empty()).then(|| path.is_some_and(|path| matches(&self.paths, path.as_bytes()))),
            self.commits.then_some(false),
        ]
        .into_iter()
        .flatten()
        .peekable();
        if self.all { said.peek().is_some() && said.all(|holds| holds) } else { said.any(|holds| holds) }
    }
}

/// Without line breaks at either end.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let found = &text[range.clone()];
    let Some(first) = found.iter().position(|&byte| byte != b'\n') else { return range.start..range.start };
    let last = found.iter().rposition(|&byte| byte != b'\n').unwrap_or(first);
    range.start + first..range.start + last + 1
}

/// Expressions match bytes; a placeholder must not stand in the middle of a character.
fn whole_characters(text: &[u8], range: Range<usize>) -> Range<usize> {
    let inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    let start = (0..=range.start).rev().find(|&at| !inside(at)).unwrap_or(0);
    let end = (range.end..text.len()).find(|&at| !inside(at)).unwrap_or(text.len());
    start..end
}

fn lines_around<'t>(text: &'t [u8], range: &Range<usize>) -> &'t [u8] {
    let start = memchr::memrchr(b'\n', &text[..range.start]).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', &text[range.end..]).map_or(text.len(), |newline| range.end + newline);
    &text[start..end]
}

/// Shannon entropy in bits per byte.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let length = text.len() as f64;
    let share = |&count: &u32| f64::from(count) / length;
    counts.iter().filter(|&&count| count > 0).map(share).map(|share| -share * share.log2()).sum()
}
