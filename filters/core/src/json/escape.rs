//! JSON string escapes (RFC 8259 §7), both ways, with a map back to the raw bytes.

use std::ops::Range;

use zeroize::Zeroize;

use super::special::backslash;
use crate::simd;

/// A decoded string and the way back: where each decoded byte stood in the raw string.
///
/// Runs without an escape need no entry, so the map is as short as the text is plain.
#[derive(Default)]
pub struct Decoded {
    /// The decoded bytes. A lone surrogate is kept as its three-byte generalised UTF-8 form.
    pub text: Vec<u8>,
    /// Whether a backslash is in the decoded text.
    pub has_backslash: bool,
    escapes: Vec<Escape>,
}

/// Where one escape stood, and where its output stands. Bodies are below 4 GiB.
struct Escape {
    text_start: u32,
    text_end: u32,
    raw_start: u32,
    raw_end: u32,
}

impl Decoded {
    /// Decodes `raw` (string content, without the quotes) into this buffer, replacing what it held.
    /// An escape that is not JSON's is kept as it stands.
    pub fn decode(&mut self, raw: &[u8]) {
        let Self { text, has_backslash, escapes } = self;
        text.clear();
        escapes.clear();
        *has_backslash = false;
        decode_onto(raw, text, |text, text_start, raw_start, raw_end| {
            *has_backslash |= text[text_start] == b'\\';
            escapes.push(Escape {
                text_start: text_start as u32,
                text_end: text.len() as u32,
                raw_start: raw_start as u32,
                raw_end: raw_end as u32,
            });
        });
    }

    /// The raw range behind a range of the decoded text. An escape that is touched is covered
    /// whole.
    #[must_use]
    pub fn raw(&self, range: Range<usize>) -> Range<usize> {
        let start = match self.at_or_before(range.start) {
            Some(escape) if range.start < escape.text_end as usize => escape.raw_start as usize,
            escape => past(escape, range.start),
        };
        let end = match self.at_or_before(range.end.wrapping_sub(1)) {
            _ if range.is_empty() => start,
            Some(escape) if range.end <= escape.text_end as usize => escape.raw_end as usize,
            escape => past(escape, range.end),
        };
        start..end
    }

    /// The last escape whose output begins at or before `offset`.
    fn at_or_before(&self, offset: usize) -> Option<&Escape> {
        let begun = self.escapes.partition_point(|escape| escape.text_start as usize <= offset);
        begun.checked_sub(1).map(|last| &self.escapes[last])
    }
}

/// The raw offset of a decoded `offset` in the plain run behind `escape`.
fn past(escape: Option<&Escape>, offset: usize) -> usize {
    escape.map_or(offset, |escape| escape.raw_end as usize + (offset - escape.text_end as usize))
}

impl Drop for Decoded {
    /// The buffer may have held plaintext (law 10).
    fn drop(&mut self) {
        // To fill nothing is slower than to ask.
        if self.text.capacity() > 0 {
            self.text.zeroize();
        }
    }
}

/// Appends what `text[raw]` decodes to, without a way back.
pub fn decode(text: &[u8], raw: Range<usize>, out: &mut Vec<u8>) {
    let mut at = simd::decode(text, raw.clone(), out);
    while at < raw.end {
        at += decode_escape(&text[at..raw.end], out);
        at = simd::decode(text, at..raw.end, out);
    }
}

/// Appends what `raw` decodes to. `escape` gets what has been decoded, where in it the last escape's output
/// starts, and where the escape stood.
#[inline]
fn decode_onto(raw: &[u8], out: &mut Vec<u8>, mut escape: impl FnMut(&[u8], usize, usize, usize)) {
    out.reserve(raw.len());
    let mut at = 0;
    loop {
        let start = backslash(raw, at);
        out.extend_from_slice(&raw[at..start]);
        if start == raw.len() {
            return;
        }
        let text_start = out.len();
        at = start + decode_escape(&raw[start..], out);
        escape(out, text_start, start, at);
    }
}

/// Decodes the escape at the start of `raw`; returns how many raw bytes it took.
fn decode_escape(raw: &[u8], out: &mut Vec<u8>) -> usize {
    let plain = match raw.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'u') => return decode_unicode(raw, out),
        _ => {
            out.push(b'\\');
            return 1;
        }
    };
    out.push(plain);
    2
}

fn decode_unicode(raw: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(unit) = code_unit(raw) else {
        out.push(b'\\');
        return 1;
    };
    if (0xD800..0xDC00).contains(&unit)
        && let Some(low @ 0xDC00..=0xDFFF) = raw.get(6..).and_then(code_unit)
    {
        let scalar = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        push_utf8(scalar, out);
        return 12;
    }
    push_utf8(unit, out);
    6
}

/// The value of a `\uXXXX` at the start of `raw`.
fn code_unit(raw: &[u8]) -> Option<u32> {
    let digits = raw.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// Writes a code point, surrogates included, as (generalised) UTF-8.
fn push_utf8(point: u32, out: &mut Vec<u8>) {
    match char::from_u32(point) {
        Some(scalar) => out.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xE0 | (point >> 12) as u8,
            0x80 | (point >> 6 & 0x3F) as u8,
            0x80 | (point & 0x3F) as u8,
        ]),
    }
}

/// Appends `text` as JSON string content escaped `times` times over; 0 copies it.
///
/// Only what JSON requires is escaped, in the short form where there is one: the form of
/// `JSON.stringify` and of Python's `json.dumps(ensure_ascii=False)`.
pub fn escape(text: &[u8], times: usize, out: &mut Vec<u8>) {
    if times == 0 {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        match short_escape(byte) {
            None if byte >= 0x20 => out.push(byte),
            None => escape(format!("\\u{byte:04x}").as_bytes(), times - 1, out),
            Some(letter) => escape(&[b'\\', letter], times - 1, out),
        }
    }
}

fn short_escape(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(raw: &str) -> Decoded {
        let mut decoded = Decoded::default();
        decoded.decode(raw.as_bytes());
        decoded
    }

    #[test]
    fn decodes_every_escape_and_finds_the_way_back() {
        let decoded = decode(r#"a\n\u0041\/b\ud83d\ude00z\ud83d!"#);
        assert_eq!(decoded.text, b"a\nA/b\xf0\x9f\x98\x80z\xed\xa0\xbd!");
        assert_eq!(decoded.raw(0..1), 0..1);
        assert_eq!(decoded.raw(1..3), 1..9);
        assert_eq!(decoded.raw(2..5), 3..12);
        assert_eq!(decoded.raw(6..7), 12..24, "half an escape is the whole escape");
        assert_eq!(decoded.raw(3..3), 9..9);
    }

    proptest! {
        #[test]
        fn escaping_is_undone_by_decoding(text: String, times in 1_usize..4) {
            let mut raw = Vec::new();
            escape(text.as_bytes(), times, &mut raw);
            let mut decoded = Decoded::default();
            for _ in 0..times {
                decoded.decode(&raw);
                raw.clone_from(&decoded.text);
            }
            prop_assert_eq!(raw, text.as_bytes());
        }

        #[test]
        fn with_and_without_a_way_back_it_decodes_the_same(raw in r#"([a-z"/ntu0]|\\|\\u00[0-9]{2}|\\ud83d\\ude00){0,80}"#) {
            let mut decoded = Vec::new();
            super::decode(raw.as_bytes(), 0..raw.len(), &mut decoded);
            prop_assert_eq!(decoded, decode(&raw).text.clone());
        }

        #[test]
        fn the_escaped_form_is_that_of_serde_json(text: String) {
            let mut raw = vec![b'"'];
            escape(text.as_bytes(), 1, &mut raw);
            raw.push(b'"');
            prop_assert_eq!(raw, serde_json::to_vec(&text).expect("a string is always JSON"));
        }
    }
}
