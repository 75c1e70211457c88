//! Values that stand apart from their names: before them, as in `{"value": "…", "name": "DB_PASSWORD"}`, or in a
//! block under them.

use std::ops::Range;

use crate::detect::class::work;

/// How long such a value is.
const LONGEST: usize = 256;

/// The value before a name that is itself the value of `name` or `key`.
pub(super) fn before(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    if !matches!(text[..name.start].last(), Some(b'"' | b'\'' | b' ')) {
        return None;
    }
    let head = unquoted(&text[..name.start]).trim_ascii_end();
    let head = unquoted(head.strip_suffix(b":").or_else(|| head.strip_suffix(b"="))?.trim_ascii_end());
    let words: [&[u8]; 4] = [b"name", b"key", b"Name", b"Key"];
    let head = words.iter().find_map(|word| head.strip_suffix(*word))?;
    if head.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let before = unquoted(head);
    let blanks = before.iter().rev().take(64).take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
    let before = &before[..before.len() - blanks];
    let range = match before.last()? {
        b'"' | b'\'' => quoted(before)?,
        _ => bare(before)?,
    };
    let lead = &text[..range.start];
    let lead = unquoted(lead).trim_ascii_end();
    let lead = unquoted(lead.strip_suffix(b":").or_else(|| lead.strip_suffix(b"="))?.trim_ascii_end());
    (lead.ends_with(b"value") || lead.ends_with(b"Value")).then_some(range)
}

/// The default of a variable of Terraform: `variable "db_password" { default = "…" }`.
pub(super) fn default(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    if !text[..name.start].ends_with(b"variable \"") {
        return None;
    }
    let window = &text[name.end..text.len().min(name.end + 2 * LONGEST)];
    let block = &window[..memchr::memchr(b'}', window)?];
    work::count(block.len());
    let word = memchr::memmem::find(block, b"default")? + b"default".len();
    let open = word + block[word..].iter().take(24).position(|byte| *byte == b'"')? + 1;
    let spaced = block[word..open - 1].iter().all(|byte| matches!(byte, b' ' | b'=' | b'\t'));
    let close = open + memchr::memchr(b'"', &block[open..])?;
    spaced.then_some(name.end + open..name.end + close)
}

/// Without the quotation mark at the end, escaped or not.
fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\"").or_else(|| text.strip_suffix(b"'")).unwrap_or(text);
    let slashes = text.iter().rev().take(8).take_while(|byte| **byte == b'\\').count();
    &text[..text.len() - slashes]
}

/// What stands between the quotation marks at the end of a text.
fn quoted(text: &[u8]) -> Option<Range<usize>> {
    let inside = unquoted(text);
    let back = &inside[inside.len().saturating_sub(LONGEST)..];
    work::count(back.len());
    let open = memchr::memrchr(text[text.len() - 1], back)?;
    Some(inside.len() - back.len() + open + 1..inside.len())
}

/// The last word of a text, as YAML writes it.
fn bare(text: &[u8]) -> Option<Range<usize>> {
    let length = text.iter().rev().take(LONGEST).take_while(|byte| byte.is_ascii_graphic()).count();
    work::count(length);
    (length < LONGEST).then(|| text.len() - length..text.len())
}
