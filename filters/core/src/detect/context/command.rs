//! Headers and command lines.

use std::ops::Range;

use super::{Context, member, piped, place, verdict::is_opaque};
use crate::detect::{
    class::work,
    engine::Match,
    example, letters,
    value::{self, Makeup},
};

/// How far a command line is read.
const LINE: usize = 300;

/// `Bearer `: an opaque token behind it.
pub(super) fn bearer(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let end = place::opaque_end(text, word.end, text.len());
    let token = &text[word.end..end];
    if token.len() >= 16 && is_opaque(token) && !value::is_member(token) {
        context.push("GENERIC_SECRET", word.end..end, matches);
    }
}

/// `Basic `: user and password in base64.
pub(super) fn basic(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let end = place::opaque_end(text, word.end, text.len());
    if member::is_basic(&text[word.end..end]) {
        context.push("BASIC_AUTH", word.end..end, matches);
    }
}

/// `Cookie: ` or `Set-Cookie: `: the values of session cookies.
pub(super) fn cookie(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    if word.start < *seen {
        return;
    }
    let limit = text.len().min(word.end + 2048);
    let length = text[word.end..limit].iter().position(|b| matches!(b, b'\n' | b'\r' | b'"' | b'\''));
    let line = word.end..word.end + length.unwrap_or(limit - word.end);
    *seen = line.end;
    work::count(line.len());
    cookies(context, text, line, matches);
}

/// The values of session cookies: `a=b; session=…`.
pub(super) fn cookies(context: &Context, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
    const NAMES: [&[u8]; 5] = [b"sess", b"sid", b"auth", b"jwt", b"token"];
    let mut at = range.start;
    for pair in text[range].split(|byte| *byte == b';') {
        let start = at;
        at += pair.len() + 1;
        let Some(equals) = memchr::memchr(b'=', pair) else {
            continue;
        };
        let name = pair[..equals].to_ascii_lowercase();
        let value = &pair[equals + 1..];
        let known = NAMES.iter().any(|word| memchr::memmem::find(&name, word).is_some());
        if known && value.len() >= 20 && (is_opaque(value) || letters::is_gibberish(value)) {
            context.push("GENERIC_SECRET", start + equals + 1..start + pair.len(), matches);
        }
    }
}

/// `mysql -pPASSWORD`, `mysqldump … -p'PASSWORD'`.
pub(super) fn mysql(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    flag(context, text, word, b" -p", matches);
}

/// `redis-cli -a PASSWORD`.
pub(super) fn redis(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    flag(context, text, word, b" -a ", matches);
}

/// `ldapsearch -D cn=admin -w PASSWORD`.
pub(super) fn ldap(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    flag(context, text, word, b" -w ", matches);
}

/// Commands whose name holds a telling word: `sshpass`, `chpasswd`, `--password-stdin`, `htpasswd`, `wpa_passphrase`.
pub(super) fn named(context: &Context, text: &[u8], name: &Range<usize>, matches: &mut Vec<Match>) {
    match &text[name.clone()] {
        b"chpasswd" | b"--password-stdin" => piped::look(context, text, name.clone(), &mut 0, matches),
        b"sshpass" => {
            if let Some(rest) = text[name.end..].strip_prefix(b" -p") {
                let blank = usize::from(rest.first() == Some(&b' '));
                password(context, text, word_at(text, name.end + 3 + blank), matches);
            }
        }
        b"htpasswd" => argument(context, text, name.end, 2, matches),
        b"wpa_passphrase" => argument(context, text, name.end, 1, matches),
        _ => {}
    }
}

/// One argument of a command, counted without its flags; of htpasswd behind the file and the user.
fn argument(context: &Context, text: &[u8], at: usize, place: usize, matches: &mut Vec<Match>) {
    let window = &text[at..text.len().min(at + LINE)];
    let line = &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())];
    work::count(line.len());
    let mut start = at;
    let mut words = Vec::new();
    for part in line.split(|byte| *byte == b' ') {
        if !part.is_empty() && !part.starts_with(b"-") {
            words.push(start);
        }
        start += part.len() + 1;
    }
    if let Some(&start) = words.get(place) {
        password(context, text, word_at(text, start), matches);
    }
}

pub(super) fn flag(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    flag: &[u8],
    matches: &mut Vec<Match>,
) {
    let window = &text[word.end..text.len().min(word.end + LINE)];
    let line = &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())];
    work::count(line.len());
    if let Some(at) = memchr::memmem::find(line, flag) {
        password(context, text, word_at(text, word.end + at + flag.len()), matches);
    }
}

/// A word that its place says to be a password.
pub(super) fn password(context: &Context, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
    let value = &text[range.clone()];
    let chosen = Makeup::of(value).is_password() && !value::is_reference(value);
    if chosen && !example::is_example(value) && !example::is_prompt(value) && !value::is_path(value) {
        context.push("GENERIC_PASSWORD", range, matches);
    }
}

/// One word of a command line, without its quotation marks.
pub(super) fn word_at(text: &[u8], at: usize) -> Range<usize> {
    let slashes = text[at..].iter().take(4).take_while(|&&byte| byte == b'\\').count();
    let mark = text.get(at + slashes).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let start = if mark.is_some() { at + slashes + 1 } else { at };
    let ends = |byte: u8| match mark {
        Some(mark) => byte == mark || byte == b'\n' || byte == b'\\',
        None => byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'|' | b';' | b')'),
    };
    let length = text[start..].iter().take(200).position(|&byte| ends(byte));
    start..start + length.unwrap_or_else(|| (text.len() - start).min(200))
}
