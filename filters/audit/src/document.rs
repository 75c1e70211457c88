//! [`Document`]: a signed JSON object in a file of its own: a receipt, a session manifest.
//!
//! The signature is base64 of Ed25519 over the canonical text of the object with `signature` "".
//! In the file the members stand in the order they are given in, with two spaces of indent and
//! non-ASCII as `\uXXXX`: what Python's `json.dumps(document, indent=2)` writes. Verifiers read the
//! value again, so that layout is free.

use crate::{
    SigningKey,
    canonical::{self, Value, write_string},
};

/// The member that holds the signature.
pub(crate) const SIGNATURE: &str = "signature";

/// The members of a document that is being made, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Document(Vec<(&'static str, Value)>);

impl Document {
    pub(crate) fn put(&mut self, member: &'static str, value: impl Into<Value>) {
        self.0.push((member, value.into()));
    }

    /// Signs it with `key`, whose label is `key_id`; the file's text.
    pub(crate) fn sign(mut self, key: &SigningKey, key_id: &str) -> String {
        self.put("signing_key_id", key_id);
        self.put(SIGNATURE, "");
        let signature = key.sign(self.to_canonical().as_bytes());
        if let Some((_, last)) = self.0.last_mut() {
            *last = Value::String(signature);
        }
        self.to_file()
    }

    fn to_canonical(&self) -> String {
        let mut members: Vec<_> = self.0.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        let mut text = String::with_capacity(1024);
        canonical::write_members(members.into_iter().map(|(key, value)| (*key, value)), &mut text);
        text
    }

    fn to_file(&self) -> String {
        let mut out = String::with_capacity(1536);
        let members = self.0.iter().map(|(key, value)| (Some(*key), value));
        write_lines(members, ('{', '}'), 0, &mut out);
        out
    }
}

fn write_value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(text) => write_ascii(text, out),
        Value::Array(items) => write_lines(items.iter().map(|item| (None, item)), ('[', ']'), depth, out),
        Value::Object(object) => {
            let members = object.iter().map(|(key, value)| (Some(key.as_str()), value));
            write_lines(members, ('{', '}'), depth, out);
        }
        other => out.push_str(&other.to_canonical()),
    }
}

/// An object or array, one member a line.
fn write_lines<'a>(
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    (open, close): (char, char),
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut empty = true;
    for (key, value) in items {
        out.push_str(if empty { "\n" } else { ",\n" });
        empty = false;
        indent(depth + 1, out);
        if let Some(key) = key {
            write_ascii(key, out);
            out.push_str(": ");
        }
        write_value(value, depth + 1, out);
    }
    if !empty {
        out.push('\n');
        indent(depth, out);
    }
    out.push(close);
}

fn indent(depth: usize, out: &mut String) {
    (0..depth).for_each(|_| out.push_str("  "));
}

/// A JSON string of printable ASCII alone.
fn write_ascii(text: &str, out: &mut String) {
    // Nearly every text is, and then the canonical form is this one.
    if text.bytes().fold(true, |plain, byte| plain & (byte <= b'~')) {
        write_string(text, out);
        return;
    }
    let mut escaped = String::new();
    write_string(text, &mut escaped);
    for letter in escaped.chars() {
        if letter <= '~' {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Object;

    #[test]
    fn a_file_looks_as_python_writes_it() {
        let mut document = Document::default();
        document.put("b", "s\u{e9}\u{1f600}\u{7f}\n");
        document.put("a", Value::Array(vec![]));
        document.put("c", Value::Array(vec![1_u64.into(), Value::Null]));
        document.put("d", Value::Object(Object::from([("x".to_owned(), 2_u64.into())])));
        document.put("e", Value::Object(Object::new()));
        let expected = "{\n  \"b\": \"s\\u00e9\\ud83d\\ude00\\u007f\\n\",\n  \"a\": [],\n  \"c\": [\n    1,\n    null\n  ],\n  \"d\": {\n    \"x\": 2\n  },\n  \"e\": {}\n}";
        assert_eq!(document.to_file(), expected);
        assert!(document.to_canonical().starts_with("{\"a\":[],\"b\":"));
    }
}
