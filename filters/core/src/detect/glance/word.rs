//! Whether a part of a telling word may be a name with a value beside it, in raw bytes.
//!
//! A name stands in the raw bytes as it is. If it tells, what is around it is judged when the string is
//! decoded ([`super::super::context`]); but where that is plainly no value, it is not even decoded.

use super::{GLUE, unglued};
use crate::detect::context::{Telling, name};

/// How far is looked.
const REACH: usize = 64;

/// What a name says of the value beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// A key or a token: a short word is none.
    Drawn,
    /// It may be any word; or the name is a command's.
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
    let holds = |word: &[u8]| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    match name::telling(name) {
        Some(Telling::Secret | Telling::Token | Telling::Key) if !holds(b"pass") => Says::Drawn,
        Some(_) => Says::Chosen,
        // `PWD` tells in some places, `htpasswd` is a command, `passe` tells behind `mot de`.
        None if holds(b"pass") || holds(b"pwd") => Says::Chosen,
        None => Says::Nothing,
    }
}

/// Whether the part of a word at `at` may be a name's that tells what is beside it. `named` is where the last
/// name ended: one that holds several such parts is looked at once.
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
        && unglued(raw, start).filter(|&start| start < end).any(|start| match names.of(&raw[start..end]) {
            Says::Nothing => false,
            Says::Drawn => !has_plainly_no_value(raw, start, end),
            Says::Chosen => true,
        })
}

/// Whether no value is beside the name of a key or a token, as is easy to see.
fn has_plainly_no_value(raw: &[u8], start: usize, end: usize) -> bool {
    let is_flag = unglued(raw, start).any(|start| raw.get(start) == Some(&b'-'));
    let nothing = match raw[end..] {
        [b'/' | b'}' | b'#' | b'+' | b'@' | b'[' | b'$' | b'~' | b'^' | b'%', ..] => true,
        [b' ', byte, ..] if byte.is_ascii_lowercase() => is_sentence(raw, end),
        _ => is_plain_word(raw, end),
    };
    nothing && !is_flag && !may_be_value_itself(&raw[..start]) && !may_be_member(raw, end)
}

/// Whether a string in the string goes on behind a name, ends soon, and is itself a member's name: any sign
/// may stand in one.
fn may_be_member(raw: &[u8], end: usize) -> bool {
    let is_json = matches!(raw.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b'\\'));
    let rest = &raw[end..raw.len().min(end + 16 * name::LONGEST)];
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let ended = rest.get(slashes) == Some(&b'"');
    let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\\' | b'n' | b'r' | b't');
    is_json
        && !ended
        && memchr::memchr(b'"', rest).is_some_and(|quote| {
            let behind = &raw[end + quote + 1..];
            behind.iter().find(|byte| !blank(byte)) == Some(&b':')
        })
}

/// Whether a name is behind a sign that makes it a value, as in `"value": "…", "name": "api_key"`, or behind a
/// word that makes something of it.
fn may_be_value_itself(before: &[u8]) -> bool {
    let skipped = |byte: &&u8| matches!(**byte, b'"' | b'\'' | b'\\' | b' ' | b'\t' | b'n' | b'r' | b't');
    let between = before.iter().rev().take_while(skipped).count();
    let behind = before[..before.len() - between].last();
    between > 0 && matches!(behind, Some(b':' | b'='))
        // `variable "api_key" { default = …`, `ENV `, `setenv `, `setx `, `set -x `.
        || matches!(before, [.., b'"'])
        || matches!(before, [.., b'V' | b'v' | b'x', b' '])
}

/// Whether a word of a sentence follows the name and a blank: nothing that leads to a value, and without digits.
fn is_sentence(raw: &[u8], end: usize) -> bool {
    const LONGEST: usize = 140;
    let rest = &raw[end + 1..raw.len().min(end + 1 + LONGEST)];
    let leads = matches!(rest[0], b'i' | b'w' | b'l' | b's' | b'v');
    let word = rest.iter().take_while(|byte| !matches!(byte, b' ' | b'\\')).count();
    !leads && word < rest.len() && !rest[..word].iter().any(u8::is_ascii_digit)
}

/// Whether what follows a name and its sign is a short word without quotation marks and without digits, or a
/// short number: that was not drawn. Nearly all values in code are such.
fn is_plain_word(raw: &[u8], end: usize) -> bool {
    const SHORT: usize = 16;
    const SHORT_NUMBER: usize = 12;
    let count =
        |bytes: &[u8], is: fn(&u8) -> bool| bytes.iter().take(REACH).take_while(|byte| is(byte)).count();
    let between = count(&raw[end..], |byte| b" \t\\\"'`]?!*".contains(byte));
    let rest = &raw[end + between..];
    let sign = count(rest, |byte| b":=>".contains(byte));
    let tag = rest.first() == Some(&b'>');
    // Behind a colon a type may stand, and the value behind that.
    let typed = rest.first() == Some(&b':') && rest.iter().take(40).skip(sign).any(|byte| *byte == b'=');
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
