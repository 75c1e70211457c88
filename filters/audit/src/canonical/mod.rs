//! Canonical JSON: the one text form of everything that is hashed or signed.
//!
//! It is what Python's `json.dumps(value, sort_keys=True, separators=(",", ":"),
//! ensure_ascii=False)` writes, in UTF-8:
//!
//! - keys sorted at every depth by code point, which is the order of their UTF-8 bytes and *not*
//!   RFC 8785's (UTF-16 units);
//! - no white space; non-ASCII, U+007F and `/` as themselves; `\"` `\\` `\b` `\f` `\n` `\r` `\t`,
//!   other controls as `\u00xx` in lower case;
//! - integers of any size in plain decimal; floats as Python's `repr` (see [`Number`]).
//!
//! Writing goes through [`Fields`] (a line that is being made); reading through [`parse`] (strict,
//! to a [`Value`]).

mod fields;
mod number;
mod parse;
mod scan;
mod shapes;

use std::collections::BTreeMap;

pub use fields::Fields;
pub use number::Number;
pub use parse::{ParseError, parse};
pub(crate) use scan::{Glance, glance};
pub(crate) use shapes::Shapes;

/// A JSON object. `BTreeMap` orders `String` keys by UTF-8 bytes: the canonical order.
pub type Object = BTreeMap<String, Value>;

/// A JSON value, able to be written in canonical form without loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, kept as its canonical text.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

/// True when `line` is one JSON object in canonical form, by the fast path alone: lines with floats
/// or escaped keys are left to [`parse`].
#[must_use]
pub fn is_canonical(line: &str) -> bool {
    glance(line).is_some()
}

/// How many of `lines` are canonical by the fast path, read one after the other as a verifier does: each by
/// what it has in common with those before.
#[must_use]
pub fn count_canonical<'a>(lines: impl IntoIterator<Item = &'a str>) -> usize {
    let mut shapes = Shapes::default();
    lines.into_iter().filter(|line| shapes.glance(line).is_some()).count()
}

/// What a fuzzer calls: what is read and written again is read the same, and the fast path takes nothing that
/// the reader would write otherwise.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = parse(text);
    if let Ok(value) = &parsed {
        let written = value.to_canonical();
        assert_eq!(parse(&written).as_ref(), Ok(value), "{written:?}");
    }
    if is_canonical(text) {
        let value = parsed.expect("the fast path took it");
        assert_eq!(value.to_canonical(), text);
    }
}

impl Value {
    /// The text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of an integer between 0 and 2⁶⁴-1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    /// The canonical text.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => write_array(items, out),
            Self::Object(object) => write_object(object, out),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

/// `None` is null: absent values are written.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

fn write_array(items: &[Value], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(out);
    }
    out.push(']');
}

/// Writes `object` in canonical form at the end of `out`.
pub fn write_object(object: &Object, out: &mut String) {
    write_members(object.iter().map(|(key, value)| (key.as_str(), value)), out);
}

/// Writes an object of these members, which are in order.
pub(crate) fn write_members<'a>(members: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        value.write(out);
    }
    out.push('}');
}

/// Writes `text` as a canonical JSON string, quotes included, at the end of `out`.
pub fn write_string(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push('"');
    // Looking at all of it without stopping goes many bytes at a time; nearly no text has such a byte.
    let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    if !text.bytes().fold(false, |any, byte| any | special(byte)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        // The escaped byte is ASCII, so both ends of the slice are character boundaries.
        out.push_str(&text[copied..at]);
        if short.is_empty() {
            out.push_str("\\u00");
            out.push(HEX[usize::from(byte >> 4)].into());
            out.push(HEX[usize::from(byte & 15)].into());
        } else {
            out.push_str(short);
        }
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

#[cfg(test)]
mod tests;
