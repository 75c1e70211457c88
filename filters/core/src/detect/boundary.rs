//! Where a token may begin and end.
//!
//! A regex's `\b` is wrong for tokens twice over: in undecoded text the `n` of a literal `\n`
//! glues itself to the token behind it, and a token that ends in `-` has no word boundary there.

use super::class::Class;

/// Whether a weakly anchored token may begin at `at`: the byte before it is no letter or digit,
/// or it is one that only ends an escape.
pub(super) fn opens(text: &[u8], at: usize) -> bool {
    match text[..at].last() {
        Some(before) if before.is_ascii_alphanumeric() => ends_in_escape(&text[..at]),
        Some(b'+' | b'/') => !in_base64(&text[..at]),
        _ => true,
    }
}

/// Whether `before` ends in what can only be the middle of a long base64 text, a picture's say: there
/// every short anchor occurs by chance. A path has dots, dashes or no digits.
fn in_base64(before: &[u8]) -> bool {
    const LOOK: usize = 24;
    let tail = &before[before.len().saturating_sub(LOOK)..];
    let any = |test: fn(&u8) -> bool| tail.iter().any(test);
    tail.len() == LOOK
        && tail.iter().all(|&byte| Class::BASE64.has(byte))
        && any(u8::is_ascii_digit)
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
}

/// Whether a digest begins at `at`, as in a lock file: `sha512-…`, `sha256=…`. It is random, so that it may
/// begin like any token.
pub(super) fn is_digest(text: &[u8], at: usize) -> bool {
    const NAMES: [&[u8]; 8] =
        [b"sha1", b"sha224", b"sha256", b"sha384", b"sha512", b"blake2b", b"blake3", b"md5"];
    let head = &text[at.saturating_sub(8)..at];
    let named = |head: &[u8]| NAMES.iter().any(|name| head.ends_with(name));
    head.split_last().is_some_and(|(sign, head)| matches!(sign, b'-' | b'=' | b':') && named(head))
}

/// Whether a weakly anchored token may end at `at`.
pub(super) fn closes(text: &[u8], at: usize) -> bool {
    !text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether `before` ends in `\n` (any backslash letter), `%3D` (also `%253D`), `\x3d`, `\012`, `\u003d`,
/// `\U0000003d`, the `=3D` of quoted-printable or the `ESC[31m` of a terminal.
pub(super) fn ends_in_escape(before: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let code = |mark: &[u8], digits: usize| {
        suffix_is(before, mark.len() + digits, |code| code.starts_with(mark) && hex(&code[mark.len()..]))
    };
    let letter = suffix_is(before, 2, |s| s[0] == b'\\' && b"nrtbfvae0".contains(&s[1]));
    let octal = suffix_is(before, 4, |s| s[0] == b'\\' && s[1..].iter().all(|b| matches!(b, b'0'..=b'7')));
    let quoted = suffix_is(before, 3, |s| QUOTED_PRINTABLE.contains(&s));
    letter
        || octal
        || quoted
        || code(b"\\U", 8)
        || code(b"%", 2)
        || code(b"%25", 2)
        || code(b"\\x", 2)
        || code(b"\\u", 4)
        || ends_in_colour(before)
}

/// RFC 2045 §6.7, of the bytes that may stand before a token.
const QUOTED_PRINTABLE: &[&[u8]] =
    &[b"=3D", b"=3A", b"=20", b"=22", b"=27", b"=0A", b"=0D", b"=09", b"=3d", b"=0a"];

fn suffix_is(text: &[u8], length: usize, test: impl Fn(&[u8]) -> bool) -> bool {
    text.len() >= length && test(&text[text.len() - length..])
}

/// A terminal's colour code: `[`, up to twelve digits and semicolons, `m`.
fn ends_in_colour(before: &[u8]) -> bool {
    let Some((b'm', codes)) = before.split_last() else {
        return false;
    };
    let mut codes = codes.iter().rev().take(13).skip_while(|b| b.is_ascii_digit() || **b == b';');
    codes.next() == Some(&b'[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_glue_and_escapes_do_not() {
        for before in [
            "",
            " ",
            "\n",
            "=",
            "_",
            "é",
            "\\n",
            "\\\\t",
            "%3D",
            "%3d",
            "%253D",
            "\\x3d",
            "\\u0022",
            "\\012",
            "\\U0000000a",
            "=3D",
            "a/path/",
            "\u{1b}[1;31m",
        ] {
            assert!(opens(format!("{before}TOKEN").as_bytes(), before.len()), "{before:?}");
        }
        for before in ["a", "Z", "9", "%zz", "%D", "u0022", "item", "[x]m", "1xYz56781xYz56781xYz5678/"] {
            assert!(!opens(format!("{before}TOKEN").as_bytes(), before.len()), "{before:?}");
        }
    }
}
