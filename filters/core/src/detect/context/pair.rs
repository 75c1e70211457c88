//! Arguments that stand for user and password, and the constants of configuration in PHP.

use std::ops::Range;

use super::{
    Context, command,
    place::{Separated, Sign},
};
use crate::detect::{class::work, engine::Match, value::Makeup};

/// How long an argument is.
const LONGEST: usize = 128;

/// `auth=("user", "password")`, `setBasicAuth("user", "password")`: whether there are two arguments.
pub(super) fn look(context: &Context, text: &[u8], separated: &Separated, matches: &mut Vec<Match>) -> bool {
    let open = match separated.sign {
        Sign::Call => separated.at,
        Sign::Equals if text.get(separated.at) == Some(&b'(') => separated.at + 1,
        Sign::Equals if text[separated.at..].starts_with(b" (") => separated.at + 2,
        _ => return false,
    };
    let Some(user) = quoted(text, open) else {
        return false;
    };
    let comma = user.end + 1;
    if text.get(comma) != Some(&b',') {
        return false;
    }
    let blank = usize::from(text.get(comma + 1) == Some(&b' '));
    let second = comma + 1 + blank;
    let some = if text[second..].starts_with(b"Some(") { 5 } else { 0 };
    let Some(password) = quoted(text, second + some) else {
        return false;
    };
    if text.get(password.end + 1) == Some(&b')') && !text[password.clone()].contains(&b' ') {
        command::password(context, text, password, matches);
    }
    true
}

/// What stands between the quotation marks that open at `at`.
fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mark = text.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = &text[at + 1..text.len().min(at + 1 + LONGEST)];
    let length =
        rest.iter().position(|&byte| byte == mark || byte == b'\n').filter(|&end| rest[end] == mark)?;
    work::count(length);
    Some(at + 1..at + 1 + length)
}

/// `define('AUTH_KEY', '…')` of WordPress: 64 signs of any kind, blanks too.
pub(super) fn salted(
    context: &Context,
    text: &[u8],
    name: &Range<usize>,
    separated: &Separated,
    matches: &mut Vec<Match>,
) -> bool {
    let defined = separated.sign == Sign::Comma && {
        let before = text[..name.start].strip_suffix(b"'").or_else(|| text[..name.start].strip_suffix(b"\""));
        before.is_some_and(|before| before.trim_ascii_end().ends_with(b"define("))
    };
    defined && salt(context, text, separated.at, matches)
}

/// The same, of a name that ends in `_SALT`.
pub(super) fn define(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    if text.get(word.end) == Some(&b',') {
        salt(context, text, word.end + 1, matches);
    }
}

fn salt(context: &Context, text: &[u8], at: usize, matches: &mut Vec<Match>) -> bool {
    let blanks = text[at..].iter().take(16).take_while(|byte| **byte == b' ').count();
    let Some(value) = quoted(text, at + blanks) else {
        return false;
    };
    let makeup = Makeup::of(&text[value.clone()]);
    let drawn = makeup.length >= 32 && makeup.distinct >= 16 && makeup.special >= 4 && makeup.digits >= 1;
    if drawn && !makeup.is_wordy() {
        context.push("GENERIC_SECRET", value, matches);
    }
    drawn
}
