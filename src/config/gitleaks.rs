//! `extra_detectors` in gitleaks' own format, a `.gitleaks.toml` as it is.
//!
//! What the format says of commits and reports means nothing here and is passed over; `useDefault` brings
//! nothing, as the built-in set is always on. Rules that look at nothing but a path are passed over too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use waterwall_core::detect::{Detectors, Exception, Rule, RuleError, Target};
use waterwall_core::secret::Kind;

use super::error::without_quotes;
use super::{Error, locate};

/// How many files may extend each other; gitleaks allows two.
const DEPTH: usize = 8;

/// The rules of a file and of those that it extends.
pub(super) struct Loaded {
    pub(super) detectors: Detectors,
    /// The files read besides the one named.
    pub(super) read: Vec<PathBuf>,
    pub(super) warnings: Vec<String>,
}

/// Reads a file, and those it extends.
pub(super) fn load(file: &Path) -> Result<Loaded, Error> {
    let mut reading = Reading::default();
    reading.file(file, 0)?;
    let (rules, places): (Vec<_>, Vec<_>) =
        reading.rules.into_values().map(|found| (found.rule, found.place)).unzip();
    let detectors = Detectors::with_rules(&rules).map_err(|(index, error)| places[index].refuse(&error))?;
    reading.read.retain(|read| read != file);
    Ok(Loaded { detectors, read: reading.read, warnings: reading.warnings })
}

#[derive(Default)]
struct Reading {
    /// By id: of two with one id the later file's counts, the one that extends.
    rules: BTreeMap<String, Found>,
    read: Vec<PathBuf>,
    warnings: Vec<String>,
}

struct Found {
    rule: Rule,
    place: Place,
}

/// Where a rule stands.
struct Place {
    file: PathBuf,
    id: String,
    line: u64,
}

impl Place {
    fn refuse(&self, error: &RuleError) -> Error {
        let what = format!("rule {:?}: {error}", self.id);
        let remedy =
            "Correct the rule, or disable it. The syntax is Go's: no look-around, no back-references.";
        Error::on_line(&self.file, self.line, what, remedy)
    }
}

impl Reading {
    fn file(&mut self, file: &Path, depth: usize) -> Result<(), Error> {
        if depth == DEPTH {
            return Err(Error::in_file(
                file,
                "too many files extend each other",
                "Remove a `path` under [extend].",
            ));
        }
        self.read.push(file.to_owned());
        let text = locate::read_text(file)?;
        let raw: Raw = toml::from_str(&text).map_err(|error| unreadable(file, &text, &error))?;
        let extend = raw.extend.unwrap_or_default();
        if extend.use_default.unwrap_or(false) {
            self.warn(file, "`useDefault` brings nothing, as the built-in detectors are always on");
        }
        if extend.url.is_some() {
            self.warn(file, "`url` under [extend] is passed over: nothing is fetched");
        }
        if let Some(path) = extend.path {
            let base = file.parent().unwrap_or(Path::new(""));
            self.file(&base.join(path), depth + 1)?;
        }
        let mut global = raw.allowlists;
        global.extend(raw.allowlist);
        self.add(file, &text, raw.rules)?;
        for id in &extend.disabled_rules {
            self.rules.remove(id);
        }
        for allowlist in &global {
            let exception = allowlist.exception();
            for (id, found) in &mut self.rules {
                if allowlist.target_rules.is_empty() || allowlist.target_rules.contains(id) {
                    found.rule.exceptions.push(exception.clone());
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &Path, text: &str, rules: Vec<RawRule>) -> Result<(), Error> {
        let mut pathless = Vec::new();
        for raw in rules {
            let line = line_of(text, raw.id.span().start);
            let id = raw.id.into_inner();
            let Some(regex) = raw.regex else {
                pathless.push(id);
                continue;
            };
            let Some(kind) = kind(&id) else {
                let what = format!("rule {id:?} has no letter or digit in its id");
                return Err(Error::on_line(file, line, what, "Give it a name, like my-token."));
            };
            let allowlists = raw.allowlists.iter().chain(&raw.allowlist);
            let rule = Rule {
                kind,
                regex,
                group: raw.secret_group.unwrap_or(0),
                entropy: raw.entropy.unwrap_or(0.0),
                keywords: raw.keywords,
                path: raw.path,
                exceptions: allowlists.map(Allowlist::exception).collect(),
            };
            let place = Place { file: file.to_owned(), id: id.clone(), line };
            self.rules.insert(id, Found { rule, place });
        }
        if !pathless.is_empty() {
            let ids = pathless.join(", ");
            self.warn(file, &format!("rules without a regex are passed over: {ids}"));
        }
        Ok(())
    }

    fn warn(&mut self, file: &Path, what: &str) {
        self.warnings.push(format!("extra_detectors: {}: {what}", file.display()));
    }
}

/// A label from an id: `my-token` is `MY_TOKEN`.
fn kind(id: &str) -> Option<Kind> {
    let label = |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_uppercase().into() } else { '_' };
    let label: String = id.bytes().take(64).map(label).collect();
    Kind::intern(&label).filter(|_| label.bytes().any(|byte| byte != b'_'))
}

fn unreadable(file: &Path, text: &str, error: &toml::de::Error) -> Error {
    let line = error.span().map_or(0, |span| line_of(text, span.start));
    // A field's name is ours.
    let what = match error.message() {
        missing if missing.starts_with("missing field `") => missing.to_owned(),
        other => without_quotes(other),
    };
    Error::on_line(
        file,
        line,
        what,
        "Correct the TOML at this place; the format is that of a .gitleaks.toml.",
    )
}

fn line_of(text: &str, at: usize) -> u64 {
    let before = &text.as_bytes()[..at.min(text.len())];
    memchr::memchr_iter(b'\n', before).count() as u64 + 1
}

/// The file. Keys that are not named here say nothing of what is a secret.
#[derive(Deserialize)]
struct Raw {
    extend: Option<Extend>,
    #[serde(default)]
    rules: Vec<RawRule>,
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extend {
    use_default: Option<bool>,
    path: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    disabled_rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRule {
    id: Spanned<String>,
    regex: Option<String>,
    secret_group: Option<usize>,
    entropy: Option<f64>,
    #[serde(default)]
    keywords: Vec<String>,
    path: Option<String>,
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Allowlist {
    condition: Condition,
    regex_target: RegexTarget,
    regexes: Vec<String>,
    stopwords: Vec<String>,
    paths: Vec<String>,
    commits: Vec<String>,
    target_rules: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum Condition {
    #[default]
    #[serde(rename = "OR", alias = "or", alias = "||")]
    Any,
    #[serde(rename = "AND", alias = "and", alias = "&&")]
    All,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RegexTarget {
    #[default]
    #[serde(alias = "")]
    Secret,
    Match,
    Line,
}

impl Allowlist {
    fn exception(&self) -> Exception {
        Exception {
            all: self.condition == Condition::All,
            regexes: self.regexes.clone(),
            target: match self.regex_target {
                RegexTarget::Secret => Target::Secret,
                RegexTarget::Match => Target::Match,
                RegexTarget::Line => Target::Line,
            },
            stopwords: self.stopwords.clone(),
            paths: self.paths.clone(),
            commits: !self.commits.is_empty(),
        }
    }
}
