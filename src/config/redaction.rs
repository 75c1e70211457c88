//! The section `redaction`: detectors, known values, and how strict to be.

use std::path::{Path, PathBuf};

use serde_saphyr::Spanned;
use waterwall_core::detect::Detectors;

use super::build::Context;
use super::raw;
use super::{Error, Redaction, Unscannable, allow, gitleaks, patterns};
use crate::known_values::{self, Gathered, Sources, Store};

/// Bodies are held in memory whole; a larger limit than this is a slip of the pen.
const LARGEST_BODY: u64 = 4 << 30;

/// The least number of bytes of a known value, unless the file says otherwise.
const MIN_LENGTH: u64 = 8;

/// The section, and what was learnt on the way.
pub(super) struct Checked {
    pub(super) section: Redaction,
    /// The files it was made from, there or not.
    pub(super) read: Vec<PathBuf>,
    /// What the operator should know, a line each.
    pub(super) warnings: Vec<String>,
}

/// Checks the section and reads the files that it names.
pub(super) fn check(context: &Context<'_>, raw: raw::Redaction, state_dir: &Path) -> Result<Checked, Error> {
    let largest = context.count(raw.max_body_bytes, 64 << 20, LARGEST_BODY)?;
    let Patterns { detectors, mut read, mut warnings } = extra(context, raw.extra_detectors.as_ref())?;
    let allow = allow::check(context, raw.allow, &detectors)?;
    let raw_known = raw.known_values.unwrap_or_default();
    let min_length = context.count(raw_known.min_length.clone(), MIN_LENGTH, 1024)?;
    let known_min_length = usize::try_from(min_length).unwrap_or(usize::MAX);
    let known = known(context, raw_known, known_min_length, state_dir)?;
    read.extend(known.read);
    warnings.extend(known.warnings);
    let section = Redaction {
        detectors: detectors.with_known(&known.values).allowing(allow.everywhere()),
        allow,
        known: known.listed,
        known_min_length,
        // Saturates where a pointer has 32 bits, and no such body can exist there.
        max_body_bytes: usize::try_from(largest).unwrap_or(usize::MAX),
        unscannable: match raw.unscannable {
            Some(raw::Unscannable::Pass) => Unscannable::Pass,
            Some(raw::Unscannable::Refuse) | None => Unscannable::Refuse,
        },
        explain_placeholders: raw.explain_placeholders.unwrap_or(false),
    };
    Ok(Checked { section, read, warnings })
}

/// The built-in set and the user's patterns.
struct Patterns {
    detectors: Detectors,
    read: Vec<PathBuf>,
    warnings: Vec<String>,
}

fn extra(context: &Context<'_>, written: Option<&Spanned<String>>) -> Result<Patterns, Error> {
    let Some(written) = written else {
        return Ok(Patterns { detectors: Detectors::builtin(), read: Vec::new(), warnings: Vec::new() });
    };
    let file = context.path(written)?;
    if !file.is_file() {
        let what = format!("extra_detectors: there is no file {}", file.display());
        return Err(context.refuse(written.referenced, what, "Create it, or set `extra_detectors: null`."));
    }
    let mut read = vec![file.clone()];
    if file.extension().is_some_and(|extension| extension == "toml") {
        let loaded = gitleaks::load(&file)?;
        read.extend(loaded.read);
        return Ok(Patterns { detectors: loaded.detectors, read, warnings: loaded.warnings });
    }
    Ok(Patterns { detectors: patterns::load(context, &file)?, read, warnings: Vec::new() })
}

fn known(
    context: &Context<'_>,
    raw: raw::KnownValues,
    min_length: usize,
    state_dir: &Path,
) -> Result<Gathered, Error> {
    let paths = |written: Option<Vec<Spanned<String>>>| {
        written.unwrap_or_default().iter().map(|path| context.path(path)).collect::<Result<Vec<_>, _>>()
    };
    let sources = Sources {
        env_files: paths(raw.env_files)?,
        files: paths(raw.files)?,
        variables: raw
            .env
            .unwrap_or_default()
            .iter()
            .map(|name| variable(context, name))
            .collect::<Result<_, _>>()?,
        force: raw.force.unwrap_or_default().into_iter().collect(),
        ignore: raw.ignore.unwrap_or_default().into_iter().collect(),
        min_length,
    };
    known_values::gather(&sources, &Store::of(state_dir), context.surroundings.variable)
        .map_err(|unusable| Error::in_file(&unusable.file, unusable.what, unusable.remedy))
}

/// The name of a variable: an assignment, say, is none, and its value must not be warned of as missing.
fn variable(context: &Context<'_>, written: &Spanned<String>) -> Result<String, Error> {
    let is_name = |text: &str| {
        !text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !written.value.is_empty() && is_name(&written.value) {
        return Ok(written.value.clone());
    }
    let remedy = "Write the name alone, like MY_TOKEN; its value stays in the environment.";
    Err(context.refuse(written.referenced, "this is not the name of a variable", remedy))
}
