//! The list of what is no secret: `allow: [{sha256: …}, {type: …}, {path: 'test/fixtures/**'}]`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde_saphyr::Spanned;
use waterwall_core::detect::{Allowed, Detectors};
use waterwall_core::secret::Kind;

use super::Error;
use super::build::Context;
use super::raw;

/// The list. An entry with a path counts for files only.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    entries: Vec<Entry>,
    /// What paths are relative to: the configuration's directory.
    base: PathBuf,
}

#[derive(Clone, Debug)]
struct Entry {
    allowed: Allowed,
    path: Option<GlobMatcher>,
}

/// Globs are compared as they were written.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        let glob = |entry: &Self| entry.path.as_ref().map(|path| path.glob().clone());
        self.allowed == other.allowed && glob(self) == glob(other)
    }
}

/// The base follows from where the configuration came from.
impl PartialEq for AllowList {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl AllowList {
    /// What is allowed whatever its place.
    pub(super) fn everywhere(&self) -> Vec<Allowed> {
        self.entries.iter().filter(|entry| entry.path.is_none()).map(|entry| entry.allowed.clone()).collect()
    }

    /// Whether any entry asks for a path.
    pub(super) fn asks_for_path(&self) -> bool {
        self.entries.iter().any(|entry| entry.path.is_some())
    }

    /// What is allowed in a file.
    pub(super) fn in_file(&self, file: &str) -> Vec<Allowed> {
        let counts = |entry: &&Entry| entry.path.as_ref().is_none_or(|path| path.is_match(file));
        self.entries.iter().filter(counts).map(|entry| entry.allowed.clone()).collect()
    }

    /// A file's path as globs and rules see it: relative to the configuration's directory where it is inside.
    pub(super) fn path_of(&self, file: &Path) -> String {
        let absolute = |path: &Path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            std::fs::canonicalize(path).ok()
        };
        let inside = absolute(file).zip(absolute(&self.base));
        let inside = inside.as_ref().and_then(|(file, base)| file.strip_prefix(base).ok());
        let shown = file.strip_prefix("./").unwrap_or(file);
        inside.unwrap_or(shown).to_string_lossy().into_owned()
    }
}

/// Checks the list against the types that there are.
pub(super) fn check(
    context: &Context<'_>,
    written: Option<Vec<raw::Allow>>,
    detectors: &Detectors,
) -> Result<AllowList, Error> {
    let entries = written.unwrap_or_default().into_iter().map(|raw| entry(context, raw, detectors));
    let base = context.file.parent().unwrap_or(Path::new("")).to_owned();
    Ok(AllowList { entries: entries.collect::<Result<_, _>>()?, base })
}

fn entry(context: &Context<'_>, raw: raw::Allow, detectors: &Detectors) -> Result<Entry, Error> {
    let sha256 = raw.sha256.as_ref().map(|written| sha256(context, written)).transpose()?;
    let kind = raw.kind.as_ref().map(|written| kind(context, written, detectors)).transpose()?;
    let path = raw.path.as_ref().map(|written| glob(context, written)).transpose()?;
    Ok(Entry { allowed: Allowed { sha256, kind }, path })
}

fn sha256(context: &Context<'_>, written: &Spanned<String>) -> Result<[u8; 32], Error> {
    let digits = written.value.as_bytes();
    let mut hash = [0; 32];
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks(2).zip(&mut hash).map(|(pair, byte)| {
        *byte = (digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8;
        Some(())
    });
    if pairs.collect::<Option<Vec<_>>>().is_some() && digits.len() == 64 {
        return Ok(hash);
    }
    let remedy = "Write 64 hex digits; `waterwall secrets hash` makes them from a value.";
    Err(context.refuse(written.referenced, "this is not a SHA-256", remedy))
}

fn kind(context: &Context<'_>, written: &Spanned<String>, detectors: &Detectors) -> Result<Kind, Error> {
    let refuse = |what: &str, remedy: &str| Err(context.refuse(written.referenced, what, remedy));
    match detectors.kinds().find(|kind| kind.label() == written.value) {
        Some(kind) => Ok(kind),
        None if written.value == "KNOWN_VALUE" => {
            let remedy = "Take the value off known_values, or list its name there under `ignore`.";
            refuse("known values cannot be allowed", remedy)
        }
        None => refuse("no detector has this type", "Write the type as `waterwall scan` shows it."),
    }
}

fn glob(context: &Context<'_>, written: &Spanned<String>) -> Result<GlobMatcher, Error> {
    let pattern = written.value.strip_prefix("./").unwrap_or(&written.value);
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        let what = format!("this is not a glob: {}", error.kind());
        context.refuse(written.referenced, what, "Write a path, with * and ** for parts of it.")
    })
}
