//! Whether a part of a telling word may be a name with a value beside it, in raw bytes.
//!
//! In the raw bytes a name stands as it is, and what separates it from its value begins with the same sign
//! or with a backslash. Of all that [`super::super::context`] asks, this asks what costs little.

use super::{GLUE, unglued};
use crate::detect::context::{Telling, name};

/// How far the separator is looked for.
const REACH: usize = 64;

/// What a name says of the value beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// A key or a token: a short word is none.
    Drawn,
    /// It may be any word.
    Chosen,
}

/// What was said of the last names: the same ones come again and again.
#[derive(Default)]
pub(super) struct Names<'b>([Option<(&'b [u8], Says)>; 32]);

impl<'b> Names<'b> {
    fn of(&mut self, name: &'b [u8]) -> Says {
        let sum = name.iter().fold(name.len(), |sum, &byte| sum.wrapping_mul(31) + usize::from(byte));
        let slot = &mut self.0[sum % 32];
        match *slot {
            Some((known, says)) if known == name => says,
            _ => slot.insert((name, says(name))).1,
        }
    }
}

fn says(name: &[u8]) -> Says {
    match name::telling(name) {
        Some(Telling::Secret | Telling::Token | Telling::Key) => Says::Drawn,
        Some(Telling::Password | Telling::Auth) => Says::Chosen,
        // `PWD` and `PASS` tell only in some places.
        None if [&b"pwd"[..], b"pass"].iter().any(|word| name.eq_ignore_ascii_case(word)) => Says::Chosen,
        None => Says::Nothing,
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
        && unglued(raw, start).filter(|&start| start < end).any(|start| match names.of(&raw[start..end]) {
            Says::Nothing => false,
            Says::Drawn => !is_plain_word(raw, end),
            Says::Chosen => true,
        })
}

/// Whether what follows a name is a short word without quotation marks and without digits, or a short number:
/// that was not drawn. Nearly all values in code are such.
fn is_plain_word(raw: &[u8], end: usize) -> bool {
    const SHORT: usize = 20;
    const SHORT_NUMBER: usize = 12;
    let count =
        |bytes: &[u8], is: fn(&u8) -> bool| bytes.iter().take(REACH).take_while(|byte| is(byte)).count();
    let between = count(&raw[end..], |byte| b" \t\\\"'`]?!*".contains(byte));
    let rest = &raw[end + between..];
    let sign = count(rest, |byte| b":=>".contains(byte));
    let tag = rest.first() == Some(&b'>');
    // Behind a colon a type may stand, and the value behind that.
    let typed =
        rest.first() == Some(&b':') && rest.iter().take(2 * SHORT).skip(sign).any(|byte| *byte == b'=');
    let blanks = count(&rest[sign..], |byte| matches!(byte, b' ' | b'\t'));
    let rest = &rest[sign + blanks..];
    let (value, behind) = rest.split_at(count(rest, |byte| !b" \t\r\n\"'`<>|\\".contains(byte)));
    let slashes = count(behind, |byte| *byte == b'\\');
    let ends = match behind.get(slashes) {
        Some(b'n' | b'r' | b't') => slashes > 0,
        Some(b' ' | b'<' | b'>' | b'|') | None => slashes == 0,
        // What stands before a quotation mark may belong to it.
        Some(b'"' | b'\'') => value.len() > 2 && !value.ends_with(b"("),
        Some(_) => false,
    };
    let is_word =
        value.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    let digits = value.iter().any(u8::is_ascii_digit);
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let short = !digits && value.len() < SHORT || letters < 2 && value.len() < SHORT_NUMBER;
    (1..=3).contains(&sign) && !tag && !typed && ends && is_word && short
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
