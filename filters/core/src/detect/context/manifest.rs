//! Kubernetes manifests: every value of a Secret is one.

use std::ops::Range;

use super::Context;
use crate::detect::{
    class::{Class, work},
    engine::Match,
    example, value,
};

/// How far a manifest reaches to either side of its kind.
const REACH: usize = 8192;

/// `kind: Secret`: the values under `data:` and `stringData:` of the same document.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    if word.start < *seen || text.get(word.end).is_some_and(|byte| !byte.is_ascii_whitespace()) {
        return;
    }
    let from = word.start.saturating_sub(REACH).max(*seen);
    let start = memchr::memmem::rfind(&text[from..word.start], b"\n---").map_or(from, |at| from + at + 1);
    let to = text.len().min(word.end + REACH);
    let end = memchr::memmem::find(&text[word.end..to], b"\n---").map_or(to, |at| word.end + at);
    work::count(end - from);
    *seen = end;
    let mut section = None;
    let mut at = start;
    for line in text[start..end].split(|byte| *byte == b'\n') {
        let range = at..at + line.len();
        at = range.end + 1;
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        let content = line.trim_ascii();
        match section {
            _ if matches!(content, b"data:" | b"stringData:") => {
                section = Some((indent, content == b"data:"))
            }
            Some((outer, encoded)) if indent > outer => entry(context, text, range, encoded, matches),
            _ if content.is_empty() => {}
            _ => section = None,
        }
    }
}

/// `"kind": "Secret"`: the members of `"data"` and `"stringData"` of the same document.
pub(super) fn object(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    let before = text[..word.start].trim_ascii_end();
    let kind = before.strip_suffix(b":").is_some_and(|before| before.trim_ascii_end().ends_with(b"\"kind\""));
    if !kind || word.start < *seen {
        return;
    }
    let from = word.start.saturating_sub(REACH).max(*seen);
    let to = text.len().min(word.end + REACH);
    work::count(to - from);
    *seen = to;
    for (section, encoded) in [(&b"\"data\""[..], true), (b"\"stringData\"", false)] {
        let Some(at) = memchr::memmem::find(&text[from..to], section) else {
            continue;
        };
        let body = from + at + section.len();
        let Some(open) = text[body..to].iter().take(16).position(|byte| *byte == b'{') else {
            continue;
        };
        members(context, text, body + open + 1..to, encoded, matches);
    }
}

/// The string values of one flat object.
fn members(context: &Context, text: &[u8], range: Range<usize>, encoded: bool, matches: &mut Vec<Match>) {
    let (mut start, mut quoted, mut is_value) = (range.start, false, false);
    for at in range {
        match text[at] {
            b'"' if quoted => {
                quoted = false;
                if is_value && is_secret(&text[start..at], encoded) {
                    context.push("GENERIC_SECRET", start..at, matches);
                }
                is_value = false;
            }
            b'"' => (start, quoted) = (at + 1, true),
            b':' if !quoted => is_value = true,
            b'}' | b'{' if !quoted => return,
            _ => {}
        }
    }
}

/// One line of a section: its value.
fn entry(context: &Context, text: &[u8], line: Range<usize>, encoded: bool, matches: &mut Vec<Match>) {
    let bytes = &text[line.clone()];
    let Some(colon) = memchr::memmem::find(bytes, b": ") else {
        return;
    };
    let rest = &bytes[colon + 2..];
    let blank = rest.iter().take_while(|byte| **byte == b' ').count();
    let quoted = usize::from(rest.get(blank).is_some_and(|byte| matches!(byte, b'"' | b'\'')));
    let start = line.start + colon + 2 + blank + quoted;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\');
    let end = start + text[start..line.end].iter().position(ends).unwrap_or(line.end - start);
    if is_secret(&text[start..end], encoded) {
        context.push("GENERIC_SECRET", start..end, matches);
    }
}

/// Whether a value of a Secret is one: all are, but for templates and examples.
fn is_secret(value: &[u8], encoded: bool) -> bool {
    let plausible = match encoded {
        true => {
            value.len() >= 8
                && value.len().is_multiple_of(4)
                && value.iter().all(|&byte| Class::BASE64.has(byte))
        }
        false => {
            value.len() >= 6
                && !example::is_example(value)
                && !value::is_identifier(value)
                && !value::is_path(value)
        }
    };
    plausible && !value::is_reference(value) && !example::is_prompt(value)
}
