//! Gathers the values that the configuration says are secret: from .env files, files, environment variables
//! and the store.
//!
//! No message names a value, only where it comes from and what it is called.

mod common;
mod dotenv;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use waterwall_core::detect::KnownValue;
use zeroize::Zeroizing;

use crate::failure::Failure;

pub(crate) use store::Store;

/// Larger files are not read.
const LARGEST: u64 = 1 << 20;

/// Where to look, and what to make of it.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) env_files: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) variables: Vec<String>,
    /// Names whose values are taken however short or common.
    pub(crate) force: BTreeSet<String>,
    /// Names whose values are no secret.
    pub(crate) ignore: BTreeSet<String>,
    /// Values with fewer bytes are left out.
    pub(crate) min_length: usize,
}

/// One value: where it is from and what became of it; not the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The variable, or the file.
    pub name: String,
    /// Where it was found.
    pub origin: String,
    /// Its length in bytes.
    pub length: usize,
    /// When it was added to the store.
    pub added: Option<String>,
    /// Why it is not looked for.
    pub left_out: Option<&'static str>,
}

/// All that was found.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) values: Vec<KnownValue>,
    pub(crate) listed: Vec<Listed>,
    /// What the operator should know, a line each.
    pub(crate) warnings: Vec<String>,
    /// The files that were looked at, there or not.
    pub(crate) read: Vec<PathBuf>,
}

/// Why a source cannot be used: the file, and what is wrong with it.
pub(crate) struct Unusable {
    pub(crate) file: PathBuf,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

/// Why a value is not worth looking for, if it is not.
pub(crate) fn why_not(value: &[u8], min_length: usize, forced: bool) -> Option<&'static str> {
    if value.len() < KnownValue::SHORTEST {
        return Some("shorter than 4 bytes");
    }
    if forced {
        return None;
    }
    if value.len() < min_length {
        return Some("too short");
    }
    common::why(value)
}

/// Reads all sources. `variable` looks a variable of the process's environment up.
pub(crate) fn gather(
    sources: &Sources,
    store: &Store,
    variable: fn(&str) -> Option<OsString>,
) -> Result<Gathered, Unusable> {
    let mut gathering = Gathering { sources, gathered: Gathered::default() };
    for file in &sources.env_files {
        gathering.env_file(file)?;
    }
    for file in &sources.files {
        gathering.file(file)?;
    }
    gathering.variables(variable);
    gathering.store(store)?;
    Ok(gathering.gathered)
}

struct Gathering<'a> {
    sources: &'a Sources,
    gathered: Gathered,
}

/// A value that is being looked at.
struct Found<'a> {
    name: &'a str,
    origin: String,
    /// The likeliest reading first.
    readings: &'a [Zeroizing<Vec<u8>>],
    added: Option<String>,
    forced: bool,
}

impl Gathering<'_> {
    fn env_file(&mut self, file: &Path) -> Result<(), Unusable> {
        let Some(text) = self.read(file)? else { return Ok(()) };
        let parsed = dotenv::parse(&text);
        let first = self.gathered.listed.len();
        for dotenv::Variable { name, line, readings } in &parsed.variables {
            let origin = format!("{}:{line}", file.display());
            self.take(Found { name, origin, readings, added: None, forced: false });
        }
        self.warn_left_out(&file.display().to_string(), first);
        if let Some(lines) = listing(parsed.unread.iter()) {
            self.warn(format!("{}: no assignment in line {lines}", file.display()));
        }
        Ok(())
    }

    fn file(&mut self, file: &Path) -> Result<(), Unusable> {
        let Some(text) = self.read(file)? else { return Ok(()) };
        let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let value = Zeroizing::new(text[..end].to_vec());
        let first = self.gathered.listed.len();
        let origin = file.display().to_string();
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        self.take(Found {
            name: &name,
            origin: origin.clone(),
            readings: &[value],
            added: None,
            forced: false,
        });
        self.warn_left_out(&origin, first);
        Ok(())
    }

    fn variables(&mut self, variable: fn(&str) -> Option<OsString>) {
        let first = self.gathered.listed.len();
        for (index, name) in self.sources.variables.iter().enumerate() {
            match variable(name) {
                Some(value) => {
                    let readings = [Zeroizing::new(value.into_vec())];
                    let origin = "environment".to_owned();
                    self.take(Found { name, origin, readings: &readings, added: None, forced: false });
                }
                // A value may stand where its name should.
                None => self.warn(format!("env, entry {}: the environment has no such variable", index + 1)),
            }
        }
        self.warn_left_out("the environment", first);
    }

    fn store(&mut self, store: &Store) -> Result<(), Unusable> {
        self.gathered.read.push(store.file().to_owned());
        let stored = store.load().map_err(|failure| Unusable {
            file: store.file().to_owned(),
            what: failure.to_string(),
            remedy: failure.remedy().to_owned(),
        })?;
        let first = self.gathered.listed.len();
        for stored in &stored {
            // The store has checked it.
            let Some(value) = stored.value() else { continue };
            let (readings, added) = ([value], Some(stored.added.clone()));
            let origin = "store".to_owned();
            self.take(Found {
                name: &stored.name,
                origin,
                readings: &readings,
                added,
                forced: stored.forced,
            });
        }
        self.warn_left_out("the store", first);
        Ok(())
    }

    /// The content of a file; `None`, with a warning, when there is none.
    fn read(&mut self, file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
        self.gathered.read.push(file.to_owned());
        let mut text = Zeroizing::new(Vec::new());
        let read = File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text));
        let (what, remedy) = match read {
            Ok(length) if length as u64 <= LARGEST => return Ok(Some(text)),
            Ok(_) => ("is larger than 1 MiB".to_owned(), "Name a file that holds only secrets."),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.warn(format!("there is no file {}; it counts as soon as it appears", file.display()));
                return Ok(None);
            }
            Err(error) => (
                format!("cannot be read: {error}"),
                "Make it a file that this user may read, or name another.",
            ),
        };
        Err(Unusable {
            file: file.to_owned(),
            what: format!("known_values: the file {what}"),
            remedy: remedy.to_owned(),
        })
    }

    fn take(&mut self, found: Found<'_>) {
        let Found { name, origin, readings, added, forced } = found;
        let likeliest = &readings[0];
        if likeliest.is_empty() || self.sources.ignore.contains(name) {
            return;
        }
        let forced = forced || self.sources.force.contains(name);
        let left_out = why_not(likeliest, self.sources.min_length, forced);
        let (name, length) = (name.to_owned(), likeliest.len());
        self.gathered.listed.push(Listed { name, origin, length, added, left_out });
        for (index, reading) in readings.iter().enumerate() {
            let wanted = if index == 0 { left_out.is_none() } else { self.is_wanted(reading) };
            self.gathered.values.extend(wanted.then(|| KnownValue::new(reading)).flatten());
            self.take_password(reading);
        }
    }

    fn is_wanted(&self, value: &[u8]) -> bool {
        why_not(value, self.sources.min_length, false).is_none()
    }

    /// The password in a URL is used apart from it, too.
    fn take_password(&mut self, url: &[u8]) {
        if let Some(password) = password(url).filter(|password| self.is_wanted(password)) {
            self.gathered.values.extend(KnownValue::new(password));
        }
    }

    fn warn(&mut self, warning: String) {
        self.gathered.warnings.push(format!("known_values: {warning}"));
    }

    fn warn_left_out(&mut self, source: &str, first: usize) {
        let left_out = self.gathered.listed[first..].iter();
        let names = left_out.filter_map(|it| it.left_out.map(|why| format!("{} ({why})", it.name)));
        if let Some(names) = listing(names) {
            self.warn(format!("{source}: not looked for: {names}; list a name under force or ignore"));
        }
    }
}

/// The items with commas between; `None` when there is none.
fn listing(items: impl Iterator<Item = impl std::fmt::Display>) -> Option<String> {
    let mut text = String::new();
    for item in items {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{item}");
    }
    (!text.is_empty()).then_some(text)
}

/// The password of `scheme://user:password@host`.
fn password(url: &[u8]) -> Option<&[u8]> {
    let rest = &url[memchr::memmem::find(url, b"://")? + 3..];
    let authority =
        &rest[..rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len())];
    let user = &authority[..memchr::memrchr(b'@', authority)?];
    Some(&user[memchr::memchr(b':', user)? + 1..])
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        Self::new(format!("{}: {}", unusable.file.display(), unusable.what), unusable.remedy)
    }
}
