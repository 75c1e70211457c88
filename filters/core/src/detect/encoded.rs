//! Secrets inside of encoded text: base64, hex and percent-encoding.
//!
//! One level is decoded, and scanned as it stands. Of base64 and hex the whole run is the secret, since no part
//! of it alone decodes; of percent-encoding only the bytes that encode the secret are.

use std::ops::Range;

use super::{
    class::{Class, work},
    context::{decode64, digit64},
    engine::{Engine, Match},
    long::LONG,
};

/// The shortest hex run that is decoded: the shortest token has 16 bytes.
const SHORTEST_HEX: usize = 2 * LONG;

/// What is decoded to see whether a run is text at all.
const TASTE: usize = 12;

/// The longest run that is decoded.
const LONGEST: usize = 64 * 1024;

/// The longest piece of percent-encoded text that is decoded at once.
const PIECE: usize = 4096;

/// Looks into base64 runs that decode to text.
#[derive(Default)]
pub(super) struct Base64 {
    /// Where the last run ended.
    seen: usize,
}

impl Base64 {
    /// Looks into the base64 around a run of base64url, whose alphabet lacks `+`, `/` and `=`.
    pub(super) fn look(&mut self, engine: &Engine, text: &[u8], run: Range<usize>, matches: &mut Vec<Match>) {
        if run.start < self.seen {
            return;
        }
        let glued = run.start > 0 && matches!(text[run.start - 1], b'+' | b'/');
        let before =
            if glued { Class::ANY64.run_start(text, run.start, 64).max(self.seen) } else { run.start };
        let start = [before, run.start].into_iter().find(|&start| tastes(&text[start..run.end]));
        let Some(start) = start else {
            return;
        };
        let end = Class::ANY64.run_end(text, run.end, LONGEST);
        let (end, encoded) = lines(text, start..end);
        self.seen = end;
        // In a source map or a picture, only what has a format of its own counts.
        let media = text[..start].ends_with(b";base64,");
        if end - start < LONGEST
            && let Some(Match { rank, anchored, .. }) =
                inner(engine, encoded.as_deref().unwrap_or(&text[start..end]))
            && (anchored || !media)
        {
            matches.push(Match { range: start..end, rank, anchored });
        }
    }
}

/// Looks into a run that is hex throughout and decodes to text: a digest's first bytes hardly ever do.
pub(super) fn hex(engine: &Engine, text: &[u8], run: Range<usize>, matches: &mut Vec<Match>) {
    let digits = &text[run.clone()];
    if digits.len() < SHORTEST_HEX || !digits.len().is_multiple_of(2) || digits.len() > LONGEST {
        return;
    }
    let byte = |pair: &[u8]| {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        Some((digit(0)? << 4 | digit(1)?) as u8)
            .filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
    };
    // The first bytes give nearly everything else away, and cheaply.
    if !digits[..2 * TASTE].chunks(2).all(|pair| byte(pair).is_some()) {
        return;
    }
    work::count(digits.len());
    let Some(decoded) = digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>() else {
        return;
    };
    let mut found = Vec::new();
    engine.text(&decoded, false, &mut found);
    if let Some(Match { rank, anchored, .. }) = first(found) {
        matches.push(Match { range: run, rank, anchored });
    }
}

/// What an encoded run is called by: a match with an anchor of its own before others, then the first.
fn first(found: Vec<Match>) -> Option<Match> {
    found
        .into_iter()
        .min_by_key(|found| (!found.anchored, found.range.start, usize::MAX - found.range.end, found.rank))
}

/// How tools break long base64 into lines (RFC 2045 §6.8, RFC 7468 §2).
const WIDTHS: [usize; 4] = [60, 64, 72, 76];

/// The end of base64 that goes on over lines of one width, and all of it without the breaks.
fn lines(text: &[u8], first: Range<usize>) -> (usize, Option<Vec<u8>>) {
    let width = first.len();
    let (mut end, mut encoded) = (first.end, None);
    if !WIDTHS.contains(&width) {
        return (end, encoded);
    }
    while end - first.start < LONGEST {
        let newline: &[u8] = if text[end..].starts_with(b"\\n") { b"\\n" } else { b"\n" };
        let next = end + text[end..].strip_prefix(newline).map_or(0, |_| newline.len());
        let indent = text[next..].iter().take(40).take_while(|byte| **byte == b' ').count();
        let line = next + indent..Class::ANY64.run_end(text, next + indent, width + 1);
        if next == end || line.is_empty() || line.len() > width {
            break;
        }
        let encoded: &mut Vec<u8> = encoded.get_or_insert_with(|| text[first.clone()].to_vec());
        encoded.extend_from_slice(&text[line.clone()]);
        end = line.end;
        if line.len() < width {
            break;
        }
    }
    (end, encoded)
}

/// Whether a run's first characters decode to text.
pub(super) fn tastes(run: &[u8]) -> bool {
    let taste = |four: &[u8]| {
        let bits = four.iter().try_fold(0, |bits, &byte| Some(bits << 6 | digit64(byte)?));
        let text = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t' | 0xc2..=0xf4);
        bits.is_some_and(|bits: u32| text((bits >> 16) as u8) && text((bits >> 8) as u8) && text(bits as u8))
    };
    run.len() >= LONG && run[..TASTE].chunks(4).all(taste)
}

/// The first secret in what a run decodes to.
fn inner(engine: &Engine, run: &[u8]) -> Option<Match> {
    let decoded = decode64(run);
    work::count(run.len());
    let text = decoded.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t' | 0x80..));
    let mut found = Vec::new();
    if text {
        engine.text(&decoded, false, &mut found);
    }
    first(found)
}

/// The secrets in percent-encoded text that are not to be seen without decoding.
pub(super) fn percent(engine: &Engine, text: &[u8], matches: &mut Vec<Match>) {
    let mut seen = 0;
    for sign in memchr::memchr_iter(b'%', text) {
        percent_at(engine, text, sign, &mut seen, matches);
    }
}

/// The same around one percent sign.
pub(super) fn percent_at(
    engine: &Engine,
    text: &[u8],
    sign: usize,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    if sign < *seen || percent_byte(&text[sign..]).is_none() {
        return;
    }
    let ends =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\');
    let back = text[..sign].iter().rev().take(PIECE / 4).position(ends).unwrap_or(sign.min(PIECE / 4));
    let ahead = text[sign..].iter().take(PIECE).position(ends).unwrap_or((text.len() - sign).min(PIECE));
    work::count(back + ahead);
    piece(engine, text, sign - back..sign + ahead, matches);
    *seen = sign + ahead;
}

/// Decodes one piece, scans it, and maps what is found back.
fn piece(engine: &Engine, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
    let (mut decoded, mut offsets) = (Vec::new(), Vec::new());
    let mut at = range.start;
    while at < range.end {
        offsets.push(at);
        let byte = percent_byte(&text[at..range.end]);
        decoded.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    offsets.push(range.end);
    let mut found = Vec::new();
    engine.text(&decoded, true, &mut found);
    matches.extend(found.into_iter().map(|found| {
        let range = offsets[found.range.start]..offsets[found.range.end];
        Match { range, ..found }
    }));
}

/// The byte that `%XX` at the start of `text` stands for.
pub(super) fn percent_byte(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    (text.first() == Some(&b'%')).then(|| Some((digit(1)? << 4 | digit(2)?) as u8))?
}

/// A value with its percent-encoded bytes decoded, where it has such.
pub(super) fn percent_decoded(value: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', value)?;
    let mut decoded = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let byte = percent_byte(&value[at..]);
        decoded.push(byte.unwrap_or(value[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    (decoded.len() < value.len()).then_some(decoded)
}
