//! The file of extra patterns: `patterns: [{type: MY_TOKEN, regex: 'mytok_[A-Za-z0-9]{32}'}]`.

use serde_saphyr::Spanned;
use waterwall_core::secret::Kind;

use super::build::Context;
use super::raw;
use super::{Error, ExtraPattern, locate};

/// Reads and checks the file that the configuration names.
pub(super) fn load(
    context: &Context<'_>,
    named: &Spanned<String>,
) -> Result<Vec<ExtraPattern>, Error> {
    let file = context.path(named)?;
    if !file.is_file() {
        let what = format!("extra_detectors: there is no file {}", file.display());
        let remedy = "Create it, or set `extra_detectors: null`.";
        return Err(context.refuse(named.referenced, what, remedy));
    }
    let text = locate::read_text(&file)?;
    let context = Context {
        file: &file,
        ..*context
    };
    let raw: raw::Patterns = context.parse(&text)?;
    raw.patterns
        .into_iter()
        .map(|pattern| check(&context, pattern))
        .collect()
}

fn check(context: &Context<'_>, raw: raw::Pattern) -> Result<ExtraPattern, Error> {
    let Some(kind) = Kind::intern(&raw.kind.value) else {
        let what = format!("{:?} cannot be a type", raw.kind.value);
        let remedy = "Use capital letters, digits and underscores, like MY_TOKEN.";
        return Err(context.refuse(raw.kind.referenced, what, remedy));
    };
    if raw.regex.value.is_empty() {
        let remedy = "Write a regular expression; an empty one would match everywhere.";
        return Err(context.refuse(raw.regex.referenced, "the regex is empty", remedy));
    }
    Ok(ExtraPattern {
        kind,
        regex: raw.regex.value,
    })
}
