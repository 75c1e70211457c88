//! Whether it is plain from raw bytes that no value is beside the name of a key or a token.
//!
//! What the name's text is, is not known: the string as it decodes, or one in the JSON that it holds. So a backslash
//! and what is behind it are read every way they could be meant, and each question here is one that
//! [`crate::detect::context`] asks, answered for all of these at once. Where that is not easy, a value may be there.

use super::unglued;
use crate::detect::context::{COMMANDS, DEFINE, name};

/// How far is looked.
const REACH: usize = 64;

/// Whether no value is beside the name `raw[start..end]`, as is easy to see.
pub(super) fn has_plainly_no_value(raw: &[u8], start: usize, end: usize) -> bool {
    let is_flag = unglued(raw, start).any(|start| raw.get(start) == Some(&b'-'));
    !is_flag
        && (leads_nowhere(&raw[..start], &raw[end..]) || is_plain_word(raw, end))
        && !takes_word(&raw[..start])
        && !may_be_apart(&raw[..start])
        && !may_be_member(raw, end)
}

/// Whether what is between a name and a value is not there, nor a table that the name could head.
fn leads_nowhere(before: &[u8], behind: &[u8]) -> bool {
    let (quoted, rest) = unquoted(behind);
    match *rest {
        [] => true,
        [b'/' | b'}' | b'#' | b'+' | b'@' | b'[' | b'$' | b'~' | b'^' | b'%', ..] => {
            !quoted || rest[0] == b'}'
        }
        [b')', ..] => is_code(before) && !may_be_values(&rest[1..]),
        [b'(', ..] => !quoted && takes_names(&rest[1..]),
        [b' ', ..] if quoted => is_word_that_leads_nowhere(&rest[1..]) && !matches!(rest[1], b'v' | b'n'),
        [b' ', ..] => is_sentence(&rest[1..]),
        _ => false,
    }
}

/// Whether there is a quotation mark, with any number of backslashes before it; and what is behind it.
fn unquoted(bytes: &[u8]) -> (bool, &[u8]) {
    let slashes = bytes.iter().take_while(|byte| **byte == b'\\').count();
    match bytes[slashes..] {
        [b'"' | b'\'' | b'`', ref rest @ ..] => (true, rest),
        _ => (false, bytes),
    }
}

/// Whether a line has what no head of a table has, as far as it is certain to be one line.
fn is_code(before: &[u8]) -> bool {
    const LINE: usize = 200;
    let mut next = 0;
    for &byte in before.iter().rev().take(LINE) {
        match byte {
            b'(' | b'=' | b'{' => return true,
            b'\\' if matches!(next, b'n' | b'r' | b'u') => return false,
            _ => next = byte,
        }
    }
    false
}

/// Whether the values of a statement in SQL may be behind a bracket.
fn may_be_values(behind: &[u8]) -> bool {
    matches!(behind.trim_ascii_start().first(), Some(b'V' | b'v' | b'\\'))
}

/// Whether the first argument of a call is a name, and not in quotation marks.
fn takes_names(arguments: &[u8]) -> bool {
    const LONGEST: usize = 39;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.:@$".contains(byte);
    let length = arguments.iter().take(LONGEST).take_while(is_name).count();
    match arguments.first() {
        Some(b')') => true,
        Some(byte) if byte.is_ascii_alphanumeric() => {
            length < LONGEST && arguments.get(length).is_some_and(|byte| b" ,);".contains(byte))
        }
        _ => false,
    }
}

/// Whether a word of a sentence or a sign follows the name and a blank: nothing that leads to a value, and
/// without digits.
fn is_sentence(rest: &[u8]) -> bool {
    const LONGEST: usize = 140;
    let rest = &rest[..rest.len().min(LONGEST)];
    let (quoted, word) = unquoted(rest);
    if quoted {
        // What is quoted may stand in a table, and may be a value that `value` names.
        let skipped = |byte: &&u8| b" \t,\"'\\-nrt".contains(byte);
        let behind = rest.iter().find(|byte| !skipped(byte));
        if matches!(word.first(), None | Some(b',' | b')' | b';' | b'|' | b'\\' | b' '))
            || matches!(behind, None | Some(b'v' | b'V'))
        {
            return false;
        }
    } else if !is_word_that_leads_nowhere(rest) {
        return false;
    }
    let length = word.iter().take_while(|byte| !matches!(byte, b' ' | b'\\')).count();
    length < word.len() && !word[..length].iter().any(u8::is_ascii_digit)
}

/// Whether what follows a name and a blank is a word or a sign, and none that leads to a value.
fn is_word_that_leads_nowhere(rest: &[u8]) -> bool {
    const LEADS: [&[u8]; 8] = [b"is ", b"is:", b"was ", b"lautet ", b"string = ", b"?=", b"{ g", b"?\\"];
    let sign = |byte: &u8| byte.is_ascii_alphabetic() || b"({<[/&+.$?!]}".contains(byte);
    rest.first().is_some_and(sign) && !LEADS.iter().any(|lead| rest.starts_with(lead))
}

/// Whether a word that takes a blank and a value stands before the name.
fn takes_word(before: &[u8]) -> bool {
    // `variable "api_key" { default = …`.
    let variable = before.strip_suffix(b"\"").map(|before| without(before, b"\\").ends_with(b"variable "));
    variable == Some(true)
        || before.ends_with(DEFINE)
        || COMMANDS.iter().any(|command| before.ends_with(command))
}

/// Whether a name is itself the value of `name` or `key`, and another one's value before it, as in
/// `"value": "…", "name": "api_key"`.
fn may_be_apart(before: &[u8]) -> bool {
    // Quotation marks and blanks, and the letters of escapes.
    const BETWEEN: &[u8] = b"\"'\\ nrtf";
    const AROUND: &[u8] = b"\"'\\ nrtf,";
    const LEAD: &[u8] = b"\"'\\ nrtf:=";
    const LONGEST: usize = 1024;
    let head = without(before, BETWEEN);
    let [head @ .., b':' | b'='] = head else { return false };
    if head.len() + 1 == before.len() {
        return false;
    }
    let head = without(head, BETWEEN);
    let words: [&[u8]; 4] = [b"name", b"key", b"Name", b"Key"];
    let Some(head) = words.iter().find_map(|word| head.strip_suffix(*word)) else { return false };
    // The value ends where nothing but signs follow. It goes back to a blank, to a quotation mark like one of
    // those, or to an escape behind these; `value` stands before it.
    let value = without(head, AROUND);
    let signs = &head[value.len()..];
    let value = &value[value.len().saturating_sub(LONGEST)..];
    let marks = [b'"', b'\''].into_iter().filter(|mark| signs.contains(mark));
    let starts = marks.chain([b' ']).map(|sign| memchr::memrchr(sign, value));
    let Some(start) = starts.min().flatten() else { return true };
    let holds = |text: &[u8], word: &[u8]| memchr::memmem::find(text, word).is_some();
    let lead = without(&value[..start], LEAD);
    lead.len() < 4
        || lead.ends_with(b"alue")
        || holds(&value[start..], b"alue")
        || holds(value, b"\\u00")
        || holds(signs, b"\\u00")
}

/// Without the bytes at the end that are among these.
fn without<'b>(bytes: &'b [u8], signs: &[u8]) -> &'b [u8] {
    &bytes[..bytes.len() - bytes.iter().rev().take_while(|byte| signs.contains(byte)).count()]
}

/// Whether a string in the string goes on behind a name, ends soon, and is itself a member's name, or the value
/// of a member that says the name of the next one's: any sign may stand in one.
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
            matches!(behind.iter().find(|byte| !blank(byte)), Some(b':' | b','))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(raw: &str) -> bool {
        let start = raw.find("token").expect("a name is in it");
        has_plainly_no_value(raw.as_bytes(), start, start + "token".len())
    }

    #[test]
    fn words_and_signs_that_lead_nowhere_are_told() {
        for raw in [
            "parse index token",
            "parse index token session. ",
            "the token value may ",
            "a list of token (one for each) ",
            r#"throw new Error(`token \"${config}\" is not "#,
            r#"throw new Error(`\"${config}\" is not a token`);\n"#,
            r#"this.cache.get(\"token/13\");\n"#,
            "header.map((token) => ({ stream: 1 }))",
            "fn index(token: string, at: usize) ",
            "token(request: string): Promise<void> ",
            "stream.map(a) ?? token ?? '421', at ",
            r#"[{\"at\":\"a b\",\"file\":\"/a/b\",\"name\":\"token build\"}]"#,
            r#"[{\"at\":\"a b\",\"file\":\"/a/b\",\"name\":\"build token\"}]"#,
            r#"\\\"a \\\"token\\\" may\"#,
        ] {
            assert!(is_plain(raw), "{raw}");
        }
    }

    #[test]
    fn where_a_value_may_stand_nothing_is_plain() {
        for raw in [
            "token is x7Kq0",
            "token x7Kq0 ",
            "--token x7Kq0",
            "token string = x7Kq0Zp4 ",
            "ENV token abc ",
            "token(\"x\")",
            "token(f(\"x\"))",
            "id,token\\n1,x",
            "(id, token) VALUES (1, ",
            "SELECT (token) VALUES ",
            r#"\"token\", \"x7Kq0\""#,
            r#"name=\"token\" value=\"x7Kq0\" "#,
            r#"token \"\nvalue: x7Kq0"#,
            r#"variable \"token\" { default = "#,
            r#"{\"value\": \"x7 Kq0\", \"name\": \"token\"}"#,
            r#"value: x7Kq0\nname: token"#,
        ] {
            assert!(!is_plain(raw), "{raw}");
        }
    }
}
