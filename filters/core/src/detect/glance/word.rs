//! Whether a part of a telling word may be a name with a value beside it, in raw bytes.
//!
//! In the raw bytes a name stands as it is, and what separates it from its value begins with the same sign
//! or with a backslash. Of all that [`super::super::context`] asks, this asks what costs little.

use super::{GLUE, unglued};
use crate::detect::context::name;

/// How far the separator is looked for.
const REACH: usize = 64;

/// What was said of the last names: the same ones come again and again.
#[derive(Default)]
pub(super) struct Names<'b>([Option<(&'b [u8], bool)>; 32]);

impl<'b> Names<'b> {
    /// Whether a name tells of a secret.
    fn tells(&mut self, name: &'b [u8]) -> bool {
        let sum = name.iter().fold(name.len(), |sum, &byte| sum.wrapping_mul(31) + usize::from(byte));
        let slot = &mut self.0[sum % 32];
        match *slot {
            Some((known, tells)) if known == name => tells,
            _ => {
                // `PWD` and `PASS` tell only in some places.
                let sometimes = [&b"pwd"[..], b"pass"].iter().any(|word| name.eq_ignore_ascii_case(word));
                let tells = sometimes || name::telling(name).is_some();
                *slot = Some((name, tells));
                tells
            }
        }
    }
}

/// Whether the part of a word at `at` may be a name's that tells what follows. `named` is where the last name
/// ended: one that holds several such parts is looked at once.
pub(super) fn may_tell<'b>(raw: &'b [u8], at: usize, named: &mut usize, names: &mut Names<'b>) -> bool {
    const LONGEST: usize = name::LONGEST + GLUE[2];
    if at < *named {
        return false;
    }
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
    let end = at + raw[at..].iter().take(LONGEST + 1).take_while(is_name).count();
    let start = at - raw[..at].iter().rev().take(LONGEST + 1).take_while(is_name).count();
    *named = end;
    end - start <= LONGEST
        && (may_be_separated(raw, start, end) || may_be_member(raw, end))
        && unglued(raw, start).filter(|&start| start < end).any(|start| names.tells(&raw[start..end]))
}

/// Whether a string in the string may end soon behind the name, and be a member's name: any sign may stand in
/// one.
fn may_be_member(raw: &[u8], end: usize) -> bool {
    let rest = &raw[end..raw.len().min(end + name::LONGEST + 2)];
    let is_json = || matches!(raw.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b'\\'));
    is_json()
        && memchr::memchr(b'"', rest).is_some_and(|quote| {
            let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\\' | b'n' | b'r' | b't');
            let behind = end + quote + 1;
            let blanks = raw[behind..].iter().take_while(blank).count();
            raw.get(behind + blanks) == Some(&b':')
        })
}

/// Whether a value may follow the name.
fn may_be_separated(raw: &[u8], start: usize, end: usize) -> bool {
    let mark = |byte: &&u8| matches!(**byte, b'\\' | b'"' | b'\'' | b'`');
    let marks = raw[end..].iter().take_while(mark).count();
    let behind = end + marks;
    match raw[end..behind].last() {
        // `\n`, `\t`; or the end of a string in a string.
        Some(b'\\') => may_be_below(raw, behind),
        Some(_) => may_be_sign(raw, start, behind, true),
        None => may_be_sign(raw, start, end, false),
    }
}

/// Behind an escape that is no quotation mark: a blank, or a line's end and `value:` on the next.
fn may_be_below(raw: &[u8], letter: usize) -> bool {
    let skipped =
        |byte: &&u8| matches!(**byte, b' ' | b'\\' | b'n' | b'r' | b't' | b',' | b'"' | b'\'' | b'-');
    match raw.get(letter) {
        Some(b'n' | b'r') => {
            let below = raw[letter..].iter().take(8 * REACH).take_while(skipped).count();
            raw[letter + below..]
                .first_chunk()
                .is_some_and(|word: &[u8; 5]| word.eq_ignore_ascii_case(b"value"))
        }
        byte => byte.is_some(),
    }
}

/// Whether what stands at `at`, behind a name that is quoted or not, may separate it from a value.
fn may_be_sign(raw: &[u8], start: usize, at: usize, quoted: bool) -> bool {
    let sign = at + raw[at..].iter().take_while(|byte| matches!(byte, b']' | b'?' | b'!' | b'*')).count();
    let blanks = raw[sign..].iter().take(REACH).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &raw[sign + blanks..];
    let before = &raw[..start];
    match rest.first() {
        Some(b':') => !rest.starts_with(b"::"),
        Some(b'=' | b'&') => true,
        Some(b'\\') => {
            let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
            may_be_below(rest, slashes)
        }
        Some(b'(') => blanks == 0 && !quoted && rest.iter().take(REACH).any(is_mark),
        Some(b',' | b'v' | b'>') if quoted => true,
        Some(b'>') => before.last() == Some(&b'<'),
        Some(b'-') => quoted || blanks > 0,
        Some(b's') if rest.starts_with(b"string = ") => true,
        Some(_) if quoted || blanks == 0 => false,
        Some(b'i') => rest.starts_with(b"is"),
        Some(b'\'') => true,
        Some(_) => may_take_blank(raw, start),
        None => false,
    }
}

/// What may be the beginning of a quoted value.
fn is_mark(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'&')
}

/// Whether a blank may separate the name at `start` from its value: a flag, the commands that set a variable, a
/// line of some files.
fn may_take_blank(raw: &[u8], start: usize) -> bool {
    let name = |start: usize| &raw[start..];
    let known = |start| {
        [&b"--"[..], b"password", b"requirepass", b"masterauth"]
            .iter()
            .any(|word| name(start).starts_with(word))
    };
    // `ENV `, `setenv `, `setx `, `set -x `.
    let command = matches!(raw[..start], [.., b'V' | b'v' | b'x', b' ']);
    command || unglued(raw, start).any(known)
}
