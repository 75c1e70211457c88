//! Formats that no plain anchor and length describes.
//!
//! Each verifier looks at a bounded number of bytes, or at runs that [`Runs`] remembers.

use std::ops::Range;

use super::{
    boundary,
    class::{Class, Runs},
    detector::Candidate,
    value::{Makeup, is_identifier, is_mixed},
};

/// The middle of OpenAI's keys: base64 of `OpenAI`.
const OPENAI_INFIX: &[u8] = b"T3BlbkFJ";

/// `sk-…`: with OpenAI's infix; or 32 letters and digits at once (DeepSeek has 32 hex digits,
/// Moonshot and older OpenAI keys 48); or, as compatible servers hand out, 40 with dashes that mix
/// cases and digits as no CSS class or slug does.
pub(super) fn generic_sk(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    /// No key is longer; the infix stands in the middle.
    const LOOK: usize = 200;
    let &Candidate { text, start, body } = candidate;
    let end = runs.end(Class::URL, body);
    let head = &text[body..end.min(body + LOOK)];
    let plain = Class::ALNUM.run_end(text, body, 32) - body == 32;
    let known = head.len() >= 40 && (is_mixed(head) || memchr::memmem::find(head, OPENAI_INFIX).is_some());
    (plain || known).then_some(start..end)
}

/// GitHub's app tokens: 36 letters and digits, or longer with the dotted segments of a JWT.
pub(super) fn github_app(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let mut end = runs.end(Class::URL, body);
    if end - body < 30 {
        return None;
    }
    for segment in 1..=2 {
        let next = end + 1;
        if text.get(end) == Some(&b'.') && runs.segment_end(segment, next) - next >= 16 {
            end = runs.segment_end(segment, next);
        }
    }
    Some(start..end)
}

/// Brave Search: `BSA` and 24 to 40 of base64url. Three letters are a weak anchor: no path or
/// base64 around it, and with separators in it the body must not read like a constant's name.
pub(super) fn brave(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let end = Class::URL.run_end(text, body, 41);
    let inside = |byte: Option<&u8>| byte.is_some_and(|b| matches!(b, b'+' | b'/' | b'_' | b'-'));
    if !(24..=40).contains(&(end - body))
        || inside(text[..start].last())
        || text.get(end).is_some_and(|b| matches!(b, b'+' | b'/'))
    {
        return None;
    }
    let body = &text[body..end];
    (is_mixed(body) || body.iter().all(u8::is_ascii_alphanumeric)).then_some(start..end)
}

/// Discord: the user's id in base64, a dot, the six or seven characters of a time stamp, a dot,
/// an HMAC of 27 or 38. The candidate starts at the second dot.
pub(super) fn discord(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    const ID: Range<usize> = 23..29;
    let &Candidate { text, start: second, body: hmac } = candidate;
    let stamp = Class::URL.run_start(text, second, 8);
    let dot = stamp.checked_sub(1)?;
    if !(6..=7).contains(&(second - stamp)) || text[dot] != b'.' {
        return None;
    }
    let end = Class::URL.run_end(text, hmac, 65);
    if !(27..=64).contains(&(end - hmac)) {
        return None;
    }
    let run = Class::URL.run_start(text, dot, ID.end);
    let starts = run.max(dot.saturating_sub(ID.end - 1))..=dot.checked_sub(ID.start)?;
    let start = starts.into_iter().find(|&at| {
        // Base64 of a digit begins with M, N or O.
        matches!(text[at], b'M'..=b'O') && boundary::opens(text, at) && !joined(text, at, run)
    })?;
    let (id, token) = (&text[start..dot], &text[start..end]);
    let identifiers = token.iter().any(u8::is_ascii_lowercase)
        && !token.iter().any(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
    // `.default.` of a module.
    let member = text[stamp..second].iter().all(u8::is_ascii_lowercase);
    (is_base64_of_digits(id) || !identifiers && !member).then_some(start..end)
}

/// Whether `at` is in the middle of a run: `-` and `_` open a word but do not end one.
fn joined(text: &[u8], at: usize, run: usize) -> bool {
    at > run && matches!(text[at - 1], b'-' | b'_')
}

/// A digit is 0x3X: its high half makes the first of every four base64 characters M, N or O, and
/// the second D, T, j or z.
fn is_base64_of_digits(id: &[u8]) -> bool {
    id.chunks(4).all(|group| {
        matches!(group[0], b'M'..=b'O')
            && group.get(1).is_none_or(|second| matches!(second, b'D' | b'T' | b'j' | b'z'))
    })
}

/// ClickUp: `pk_`, the user's number, `_` and 32 letters and digits.
pub(super) fn clickup(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let number = Class::DIGIT.run_end(text, body, 13);
    if !(5..=12).contains(&(number - body)) || text.get(number) != Some(&b'_') {
        return None;
    }
    let end = Class::ALNUM.run_end(text, number + 1, 41);
    (30..=40).contains(&(end - number - 1)).then_some(start..end)
}

/// Telegram: a bot's number, a colon and 35 characters, nearly always from `AA`. The candidate
/// starts at the colon. Letters may stand before the number: `/bot123456789:AA…/getMe`.
pub(super) fn telegram(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: colon, .. } = candidate;
    let digits = Class::DIGIT.run_start(text, colon, 18);
    // The first digits may belong to an escape: `%22`, `\u0022`.
    let behind_escape = (digits + 1..colon).take(4).find(|&at| boundary::ends_in_escape(&text[..at]));
    let start = behind_escape.unwrap_or(digits);
    if !(6..=13).contains(&(colon - start)) {
        return None;
    }
    let body = colon + 1;
    let end = Class::URL.run_end(text, body, 48);
    let length = end - body;
    let telling = text[body..].starts_with(b"AA") && (30..48).contains(&length);
    (length == 35 && !is_identifier(&text[body..end]) || telling).then_some(start..end)
}

/// Vault before version 1.10: `s.` or `b.` and 24 letters and digits, or a long batch token. Such
/// a weak anchor asks for a body that mixes cases and digits. The candidate starts at the dot.
pub(super) fn vault_legacy(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: dot, body } = candidate;
    let start = dot.checked_sub(1)?;
    if !matches!(text[start], b's' | b'b') || !boundary::opens(text, start) {
        return None;
    }
    if matches!(text[..start].last(), Some(b'.' | b'_' | b'-' | b'$')) {
        return None;
    }
    let end = Class::ALNUM.run_end(text, body, 25);
    let whole = end - body == 24 && !text.get(end).is_some_and(|&b| Class::URL.has(b) || b == b'(');
    let drawn = is_mixed(&text[body..end]) && !Makeup::of(&text[body..end]).is_wordy();
    (whole && drawn).then_some(start..end)
}
