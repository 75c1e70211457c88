//! From a name to its value: what separates them, and where the value ends.

use std::ops::Range;

use super::Position;
use crate::detect::{
    class::{Class, work},
    letters,
    value::{Makeup, is_call},
};

/// Longer values are no secrets of this kind.
pub(super) const LONGEST: usize = 512;

/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Colon,
    Equals,
    /// `(`: the argument of a setter.
    Call,
    /// A comma behind a quoted name: the next argument.
    Comma,
    /// The end of an XML tag.
    Tag,
    /// A blank behind a flag or a keyword of `.netrc`.
    Blank,
    /// `is`, in prose.
    Prose,
}

/// A separator: what it is, where what follows starts, and whether the name was quoted.
#[derive(Clone, Copy)]
pub(super) struct Separated {
    pub(super) sign: Sign,
    pub(super) at: usize,
    pub(super) spaced: bool,
    pub(super) quoted: bool,
    /// `?` behind the name: what follows is a type.
    optional: bool,
}

fn blanks(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take(64).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The end of a quotation mark that starts at `at`, and which one it is; escaped ones and the entities of
/// markup count.
fn quote(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let slashes = text[at..].iter().take(8).take_while(|&&byte| byte == b'\\').count();
    let mark = at + slashes;
    match text.get(mark)? {
        b'\'' | b'"' | b'`' => Some((text[mark], mark + 1)),
        b'&' if slashes == 0 => ENTITIES
            .iter()
            .find(|(entity, _)| text[at..].starts_with(entity))
            .map(|&(entity, mark)| (mark, at + entity.len())),
        _ => None,
    }
}

const ENTITIES: [(&[u8], u8); 4] =
    [(b"&quot;", b'"'), (b"&#34;", b'"'), (b"&#39;", b'\''), (b"&apos;", b'\'')];

/// What separates the name from a value, if anything does.
pub(super) fn separator(text: &[u8], name: &Range<usize>) -> Option<Separated> {
    let mut at = name.end;
    let mut quoted = false;
    if let Some((_, end)) = quote(text, at) {
        (at, quoted) = (end, true);
    }
    let optional = text.get(at) == Some(&b'?');
    while matches!(text.get(at), Some(b']' | b'?' | b'!' | b'*')) {
        at += 1;
    }
    let blank = blanks(text, at);
    let spaced = blank > at;
    let separated = |sign, at| Some(Separated { sign, at, spaced, quoted, optional });
    match text.get(blank)? {
        b':' | b'=' => operator(text, blank).and_then(|(sign, at)| separated(sign, at)),
        b'(' if !quoted && !spaced => separated(Sign::Call, blank + 1),
        b',' if quoted => named_value(text, blank + 1)
            .map_or_else(|| separated(Sign::Comma, blank + 1), |(sign, at)| separated(sign, at)),
        b'>' if !quoted && !spaced && text[..name.start].ends_with(b"<") => separated(Sign::Tag, blank + 1),
        b'>' if quoted && !spaced && is_attribute(&text[..name.start]) => separated(Sign::Tag, blank + 1),
        b'i' | b'w' | b'l' | b'-' | 0xe2 if spaced && prose(text, blank).is_some() => {
            prose(text, blank).and_then(|at| separated(Sign::Prose, at))
        }
        b'|' if in_table(text, name) => separated(Sign::Prose, blank + 1),
        b'|' if text[blank..].starts_with(b"||=") => separated(Sign::Equals, blank + 3),
        b'?' if text[blank..].starts_with(b"?=") => separated(Sign::Equals, blank + 2),
        b'{' if spaced && text[blank..].starts_with(b"{ get") => {
            accessor(text, blank).and_then(|at| separated(Sign::Equals, at))
        }
        b'v' if quoted => named_value(text, blank).and_then(|(sign, at)| separated(sign, at)),
        b's' if text[blank..].starts_with(b"string = ") => separated(Sign::Equals, blank + 9),
        b'\n' | b'\r' | b'\\' | b'-' => named_value(text, blank).and_then(|(sign, at)| separated(sign, at)),
        // `ALTER USER app WITH PASSWORD '…'`.
        b'\'' if spaced && !quoted && text[name.clone()].eq_ignore_ascii_case(b"password") => {
            separated(Sign::Equals, blank)
        }
        b'"' if spaced && !quoted && is_definition(&text[..name.start]) => separated(Sign::Equals, blank),
        _ if spaced && !quoted && takes_blank(text, name) => separated(Sign::Blank, blank),
        _ => None,
    }
}

/// What stands before a name that C gives a meaning to.
pub(in crate::detect) const DEFINE: &[u8] = b"#define ";

/// Whether a name follows that C gives a meaning to: `#define NAME "value"`.
fn is_definition(before: &[u8]) -> bool {
    before.ends_with(DEFINE)
}

/// Whether a quotation mark opens the attribute that names an XML element: `name="` or `key="`.
fn is_attribute(before: &[u8]) -> bool {
    let Some((b'"' | b'\'', head)) = before.split_last() else {
        return false;
    };
    head.ends_with(b"name=") || head.ends_with(b"key=") || head.ends_with(b"id=")
}

/// Whether a name stands in a row of a Markdown table.
fn in_table(text: &[u8], name: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(80)..name.start];
    let line = &before[memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)..];
    line.trim_ascii_start().starts_with(b"|")
}

/// The end of the accessors and the equals sign of a property in C#: `{ get; set; } = `.
fn accessor(text: &[u8], at: usize) -> Option<usize> {
    let window = &text[at..text.len().min(at + 48)];
    memchr::memmem::find(window, b"} = ").map(|end| at + end + 4)
}

/// The end of `is ` or `is: ` between a name and its value, or of a dash, as people write.
fn prose(text: &[u8], at: usize) -> Option<usize> {
    let words: [&[u8]; 9] =
        [b"is: ", b"is now ", b"is ", b"was ", b"lautet ", b"- ", b"-> ", b"\xe2\x86\x92 ", b"\xe2\x80\x93 "];
    words.iter().find(|word| text[at..].starts_with(word)).map(|word| at + word.len())
}

/// `:`, `=`, `:=`, `=>`, `==`; a type may stand between a colon and `=`.
fn operator(text: &[u8], at: usize) -> Option<(Sign, usize)> {
    let rest = &text[at..];
    if rest.starts_with(b"::") {
        return None;
    }
    let length =
        [&b"==="[..], b"==", b":=", b"=>", b"=", b":"].iter().find(|sign| rest.starts_with(sign))?.len();
    let end = at + length;
    if rest[..length] != *b":" {
        return Some((Sign::Equals, end));
    }
    let is_type = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_&'<>[]|. ?".contains(byte);
    // What is quoted is a value, though an equals sign be in it.
    let quoted = matches!(rest[1..].trim_ascii_start().first(), Some(b'"' | b'\'' | b'`'));
    let annotation = rest[1..].iter().take(32).take_while(is_type).count();
    let assigned = !quoted
        && annotation > 1
        && rest.get(1 + annotation) == Some(&b'=')
        && rest.get(2 + annotation) != Some(&b'=');
    Some(if assigned { (Sign::Equals, at + 2 + annotation) } else { (Sign::Colon, end) })
}

/// `value:` or `value=` behind a name that is itself a value: `name: X` above `value: y`.
fn named_value(text: &[u8], at: usize) -> Option<(Sign, usize)> {
    let window = &text[at..text.len().min(at + 48)];
    let skipped = window.iter().take_while(|byte| b" \t\r\n,\"'\\-".contains(byte) || **byte == b'n').count();
    let word =
        [&b"value"[..], b"Value", b"VALUE"].into_iter().find(|word| window[skipped..].starts_with(word))?;
    let mut end = at + skipped + word.len();
    if let Some((_, behind)) = quote(text, end) {
        end = behind;
    }
    let sign = blanks(text, end);
    matches!(text.get(sign), Some(b':' | b'=')).then_some((Sign::Colon, sign + 1))
}

/// Words behind which a name stands whose value is the next word.
pub(in crate::detect) const COMMANDS: [&[u8]; 7] =
    [b"ENV ", b"setenv ", b"setx ", b"set -x ", b"set -gx ", b"set -Ux ", b"export -x "];

/// Whether a blank may separate the name from its value: a flag, a line of `.netrc`, `ENV` of a container
/// file.
fn takes_blank(text: &[u8], name: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(160)..name.start];
    let has = |word: &[u8]| memchr::memmem::find(before, word).is_some();
    let netrc =
        text[name.clone()] == *b"password" && has(b"login ") && (has(b"machine ") || has(b"default "));
    let server = text[name.clone()] == *b"requirepass" || text[name.clone()] == *b"masterauth";
    let flag = text[name.start] == b'-'
        && text.get(name.start + 1).is_some_and(|byte| *byte == b'-' || byte.is_ascii_lowercase());
    flag || netrc
        || server && starts_line(text, name)
        || COMMANDS.iter().any(|command| before.ends_with(command))
}

/// The value behind a separator.
pub(super) fn value(
    text: &[u8],
    name: &Range<usize>,
    separated: Separated,
) -> Option<(Range<usize>, Position)> {
    let Separated { sign, at, spaced, quoted, optional } = separated;
    let compared = text[..at].ends_with(b"==");
    let sign_end = at;
    let at = opening(text, blanks(text, at), sign, quoted);
    let (distant, start) = before_quote(text, at);
    if let Some((mark, open)) = quote(text, start) {
        if start == sign_end && !quoted && ends_text(text, name, start..open) {
            return None;
        }
        let range = quoted_value(text, mark, start, open)?;
        let distant = distant || matches!(sign, Sign::Comma);
        return Some((range, if distant { Position::Distant } else { Position::Quoted }));
    }
    match sign {
        Sign::Call | Sign::Comma => None,
        Sign::Colon if optional => None,
        // What is compared is a piece of code; the next line may give another name its value.
        Sign::Equals if compared || text[sign_end..at].contains(&b'\n') && is_assignment(&text[at..]) => None,
        Sign::Tag => {
            let end = at + text[at..].iter().take(LONGEST).position(|&byte| byte == b'<')?;
            Some((at..end, Position::Quoted))
        }
        Sign::Colon | Sign::Equals | Sign::Blank | Sign::Prose => {
            let line = !quoted
                && sign != Sign::Prose
                && starts_line(text, name)
                && (sign == Sign::Colon || !spaced || at == separated.at);
            let ini = !quoted && sign == Sign::Equals && starts_line(text, name);
            bare_value(text, name, at, line, sign).map(|(value, position)| {
                let alone = ini && ends_line(text, value.end) && is_drawn(&text[value.clone()]);
                (value, if alone { Position::Line } else { position })
            })
        }
    }
}

/// Whether a value is so random that it is no code.
fn is_drawn(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let random = makeup.is_random() && makeup.digits >= 2 || letters::is_gibberish(value);
    random && value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.')
        || super::verdict::is_generated(value)
}

/// Skips what may open a value: a bracket, a new line, the marks of Markdown and the properties of YAML.
fn opening(text: &[u8], mut at: usize, sign: Sign, quoted: bool) -> usize {
    for _ in 0..3 {
        let skipped = match (sign, text.get(at)) {
            (Sign::Equals | Sign::Call | Sign::Comma, Some(b'\n' | b'\r' | b'(')) => 1,
            (Sign::Colon, Some(b'\n' | b'\r')) if quoted => 1,
            (Sign::Colon, Some(b'*')) if text[at..].starts_with(b"** ") => 2,
            (Sign::Colon, Some(b'!')) if text[at..].starts_with(b"!!str ") => 6,
            (Sign::Colon, Some(b'&')) => {
                let name = Class::URL.run_end(text, at + 1, 32);
                if text.get(name) == Some(&b' ') { name - at } else { 0 }
            }
            (Sign::Colon, Some(b'>' | b'|')) => {
                let marks =
                    text[at + 1..].iter().take(3).take_while(|byte| b"+-0123456789".contains(byte)).count();
                if text.get(at + 1 + marks) == Some(&b'\n') { marks + 2 } else { 0 }
            }
            _ => 0,
        };
        if skipped == 0 {
            break;
        }
        at = blanks(text, at + skipped);
    }
    at
}

/// The word behind a name and a blank, if it holds a digit: without the stop or comma of a sentence.
pub(super) fn next_word(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(name.end..)?.strip_prefix(b" ")?;
    let word = &rest[..rest.len().min(128)];
    let length =
        word.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'\\').unwrap_or(word.len());
    work::count(length);
    let word = &word[..length];
    let end = length - word.iter().rev().take_while(|byte| b".,;:!?)\"'".contains(byte)).count();
    (end >= 8 && word[..end].iter().any(u8::is_ascii_digit)).then(|| name.end + 1..name.end + 1 + end)
}

/// Whether a text begins with a name and an equals sign, as a line of settings does.
fn is_assignment(text: &[u8]) -> bool {
    let name = text.iter().take(LONGEST).take_while(|byte| Class::DOTTED.has(**byte)).count();
    let equals = blanks(text, name);
    name > 0 && text.get(equals) == Some(&b'=')
}

/// Whether a quotation mark right behind a sign closes the text that the name is the end of: `"Password:"`.
fn ends_text(text: &[u8], name: &Range<usize>, mark: Range<usize>) -> bool {
    let words = text[..name.start].iter().rev().take(60);
    let words = words.take_while(|byte| byte.is_ascii_alphabetic() || **byte == b' ').count();
    let before = &text[..name.start - words];
    // Behind a mark that closes, as of an attribute, a blank would stand.
    before
        .strip_suffix(&text[mark])
        .filter(|head| text[head.len() + 1..name.end].first() != Some(&b' '))
        .is_some_and(|head| head.last() != Some(&b'\\'))
}

/// Skips what may stand right before a quotation mark: the prefix of a literal, a call around it. Whether
/// it was a call.
fn before_quote(text: &[u8], at: usize) -> (bool, usize) {
    let is_call = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.' | b':' | b'@' | b'$' | b'&')
    };
    let length = text[at..].iter().take(40).take_while(is_call).count();
    let behind = at + length;
    work::count(length);
    match text.get(behind) {
        Some(b'"' | b'\'') if (1..=2).contains(&length) => (false, behind),
        Some(b'(') if length > 0 && matches!(text.get(behind + 1), Some(b'"' | b'\'')) => (true, behind + 1),
        _ => (false, at),
    }
}

/// What stands between quotation marks, escaped as the first one is.
fn quoted_value(text: &[u8], mark: u8, start: usize, open: usize) -> Option<Range<usize>> {
    let slashes = text[start..open].iter().take_while(|&&byte| byte == b'\\').count();
    let entity = text[start] == b'&';
    let window = &text[open..text.len().min(open + LONGEST)];
    let mut at = 0;
    loop {
        let step =
            window[at..].iter().position(|&byte| byte == mark || byte == b'\n' || entity && byte == b'&')?;
        at += step;
        work::count(step);
        if window[at] == b'\n' {
            return None;
        }
        let before = window[..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if before <= slashes || window[at] == b'&' {
            return Some(open..open + at - before.min(slashes));
        }
        at += 1;
    }
}

/// Whether nothing but an indent, a list's dash, `export` or a line number stands before the name.
fn starts_line(text: &[u8], name: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(40)..name.start];
    let newline = before.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
    let escaped = before.windows(2).rposition(|pair| pair == b"\\n").map(|at| at + 2);
    let whole = (name.start <= 40).then_some(0);
    let Some(start) = newline.max(escaped).or(whole) else {
        return false;
    };
    let line = before[start..].trim_ascii();
    let known: [&[u8]; 9] = [b"", b"-", b"+", b"export", b"set", b"SET", b"ENV", b"ARG", b"declare -x"];
    let number = line.iter().all(|byte| byte.is_ascii_digit() || !byte.is_ascii() || b":|\t ".contains(byte));
    known.contains(&line) || number || line.starts_with(b"$env") || line.ends_with(b"export")
}

/// A value without quotation marks.
fn bare_value(
    text: &[u8],
    name: &Range<usize>,
    start: usize,
    line: bool,
    sign: Sign,
) -> Option<(Range<usize>, Position)> {
    let rest = &text[start..text.len().min(start + LONGEST)];
    let in_query = in_query(&text[..name.start]);
    let ends = |at: usize, byte: u8| match byte {
        b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' => true,
        b'\\' => true,
        // At the end of a line, also of one that is escaped.
        b';' | b',' | b')' | b'}' | b']' => {
            let next = rest.get(at + 1);
            !line || byte == b';' || next.is_none_or(|&next| next.is_ascii_whitespace() || next == b'\\')
        }
        b'&' => in_query,
        b'#' => in_query,
        _ => false,
    };
    let length = rest.iter().enumerate().position(|(at, &byte)| ends(at, byte)).unwrap_or(rest.len());
    work::count(length);
    if length == 0 || length == LONGEST {
        return None;
    }
    // A full stop is the sentence's.
    let stop = usize::from(sign == Sign::Prose && length > 1 && rest[length - 1] == b'.');
    let end = start + length - stop;
    // A call, an index, a literal that goes on: code.
    let code = matches!(text.get(end), Some(b'"' | b'\'' | b'`')) && !quote_closes(text, name, end);
    let upper = !text[name.clone()].iter().any(u8::is_ascii_lowercase);
    let tight = sign == Sign::Equals && start > 0 && text[start - 1] == b'=';
    let alone = line && (tight && upper || ends_line(text, end) && (sign == Sign::Colon || tight));
    let connection = tight
        && !rest[..length].contains(&b'(')
        && (text.get(end) == Some(&b';') && !ends_line(text, end + 1) || in_connection(&text[..name.start]));
    let flag = sign == Sign::Blank
        || tight && in_query
        || (tight || sign == Sign::Colon) && behind_flag(&text[..name.start])
        || tight && text[name.start..].starts_with(b"--");
    let shell = tight && upper;
    let position = if sign == Sign::Prose {
        Position::Prose
    } else if alone || connection || flag || shell {
        Position::Line
    } else {
        Position::Bare
    };
    // What opens a bracket goes on.
    let code = code || matches!(text[end - 1], b'(' | b'[' | b'{') || is_call(&text[start..end]);
    (!code).then_some((start..end, position))
}

/// Whether a parameter's name follows: behind the `?` of a path, or behind the `&` of another parameter.
fn in_query(before: &[u8]) -> bool {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._:=%&+~@-".contains(byte);
    match before.split_last() {
        Some((b'?', head)) => {
            let path = || head.iter().rev().take(200).take_while(part);
            work::count(path().count());
            path().any(|&byte| byte == b'/')
        }
        Some((b'&', head)) => head.last().is_some_and(|byte| part(&byte) && *byte != b'&' || *byte == b';'),
        _ => false,
    }
}

/// Whether a name follows that stands in a connection string: a host or a user before it, and no comma, as
/// in a call.
fn in_connection(before: &[u8]) -> bool {
    const OTHERS: [&[u8]; 8] =
        [b"host=", b"user=", b"dbname=", b"server=", b"source=", b"uid=", b"user id=", b"username="];
    let line = &before[before.len().saturating_sub(200)..];
    let line = &line[memchr::memrchr(b'\n', line).map_or(0, |newline| newline + 1)..];
    work::count(line.len());
    let head = line.trim_ascii_end();
    let separated = match head.last() {
        Some(b';') => true,
        Some(b',' | b'(' | b'{') | None => false,
        Some(_) => head.len() < line.len(),
    };
    separated && {
        let lower = line.to_ascii_lowercase();
        OTHERS.iter().any(|other| memchr::memmem::find(&lower, other).is_some())
    }
}

/// Whether the word before a name is a flag whose argument it is: `--set auth.password=x`, `-e TOKEN=x`.
fn behind_flag(before: &[u8]) -> bool {
    let head = before.trim_ascii_end();
    if head.len() == before.len() {
        return false;
    }
    let word = head.iter().rev().take(16).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-');
    let length = word.count();
    let (word, blank) = (&head[head.len() - length..], head.len().checked_sub(length + 1).map(|at| head[at]));
    word.len() >= 2
        && word[0] == b'-'
        && word[1] != b'>'
        && blank.is_none_or(|byte| byte <= b' ' || byte == b'"')
        && word.iter().any(u8::is_ascii_alphabetic)
}

/// Whether the quotation mark at `end` closes one that stands before the name: `-H "X-Api-Key: abc"`.
fn quote_closes(text: &[u8], name: &Range<usize>, end: usize) -> bool {
    let line = &text[name.start.saturating_sub(200)..name.start];
    line.iter().rev().take_while(|&&byte| byte != b'\n').any(|&byte| byte == text[end])
}

fn ends_line(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        None | Some(b'\n' | b'\r') => true,
        Some(b'\\') => matches!(text.get(at + 1), Some(b'n' | b'r')),
        Some(b' ' | b'\t') => {
            let next = blanks(text, at);
            matches!(text.get(next), None | Some(b'\n' | b'\r' | b'#'))
        }
        _ => false,
    }
}

/// The end of a header's value: of what RFC 6750 calls a `b64token`.
pub(super) fn opaque_end(text: &[u8], start: usize, limit: usize) -> usize {
    let end = Class::OPAQUE.run_end(text, start, 4096).min(limit);
    end - text[start..end].iter().rev().take_while(|&&byte| byte == b'.').count()
}
