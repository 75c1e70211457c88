//! Calls that take a password by its place: `getConnection(url, "app", "…")`, `jwt.sign(payload, '…')`.

use std::ops::Range;

use super::{Context, Position, Telling};
use crate::detect::{class::work, engine::Match};

/// How far arguments reach.
const REACH: usize = 400;

/// `getConnection(url, user, password)`, `mysqli_connect(host, user, password, …)`, `new PDO(dsn, user, password)`.
pub(super) fn third(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    argument(context, text, word, 2, Telling::Password, matches);
}

/// `login(user, password)`, `NetworkCredential(user, password)`.
pub(super) fn second(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    argument(context, text, word, 1, Telling::Password, matches);
}

/// `jwt.sign(payload, secret)`.
pub(super) fn key(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    argument(context, text, word, 1, Telling::Secret, matches);
}

/// `"…".toCharArray()`, as Java hands over passwords.
pub(super) fn characters(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let Some(head) = text[..word.start].strip_suffix(b"\".") else { return };
    let back = &head[head.len().saturating_sub(128)..];
    work::count(back.len());
    if let Some(open) = memchr::memrchr(b'"', back) {
        let start = head.len() - back.len() + open + 1;
        context.judge(b"password", Telling::Password, text, start..head.len(), Position::Distant, matches);
    }
}

/// `ConvertTo-SecureString "…" -AsPlainText`.
pub(super) fn secure(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let blank =
        text[word.end..].iter().take(24).take_while(|byte| !matches!(byte, b'"' | b'\'' | b'\n')).count();
    let between = &text[word.end..word.end + blank];
    let known: [&[u8]; 3] = [b" ", b" -String ", b"("];
    if known.contains(&between)
        && let Some(value) = quoted(text, word.end + blank)
    {
        context.judge(b"password", Telling::Password, text, value, Position::Quoted, matches);
    }
}

/// Judges one argument of the call whose name and bracket a literal is the end of.
fn argument(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    place: usize,
    telling: Telling,
    matches: &mut Vec<Match>,
) {
    let Some(value) = arguments(text, word.end).nth(place) else { return };
    if let Some(value) = quoted(text, value) {
        context.judge(b"argument", telling, text, value, Position::Quoted, matches);
    }
}

/// Where the arguments start, one after the other, without blanks.
fn arguments(text: &[u8], open: usize) -> impl Iterator<Item = usize> + '_ {
    let end = text.len().min(open + REACH);
    let mut next = Some(open);
    std::iter::from_fn(move || {
        let start = next? + text[next?..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        next = comma(&text[start..end]).map(|at| start + at + 1);
        Some(start)
    })
}

/// The comma behind an argument: brackets and quotation marks hold commas of their own.
fn comma(rest: &[u8]) -> Option<usize> {
    let (mut depth, mut mark) = (0, None);
    for (at, &byte) in rest.iter().enumerate() {
        match (mark, byte) {
            (Some(open), _) if byte == open => mark = None,
            (Some(_), b'\n') => return None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => mark = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') if depth == 0 => return None,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b',') if depth == 0 => {
                work::count(at);
                return Some(at);
            }
            _ => {}
        }
    }
    work::count(rest.len());
    None
}

/// What stands between the quotation marks that open at `at`.
fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mark = text.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let rest = &text[at + 1..text.len().min(at + 129)];
    let length =
        rest.iter().position(|&byte| byte == mark || byte == b'\n').filter(|&end| rest[end] == mark)?;
    work::count(length);
    Some(at + 1..at + 1 + length)
}
