//! Where a token may begin and end.
//!
//! A regex's `\b` is wrong for tokens twice over: in undecoded text the `n` of a literal `\n`
//! glues itself to the token behind it, and a token that ends in `-` has no word boundary there.

/// Whether a weakly anchored token may begin at `at`: the byte before it is no letter or digit,
/// or it is one that only ends an escape.
pub(super) fn opens(text: &[u8], at: usize) -> bool {
    match text[..at].last() {
        Some(before) if before.is_ascii_alphanumeric() => ends_in_escape(&text[..at]),
        _ => true,
    }
}

/// Whether a weakly anchored token may end at `at`.
pub(super) fn closes(text: &[u8], at: usize) -> bool {
    !text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether `before` ends in `\n` (any backslash letter), `%3D` (also `%253D`), `\x3d`, `\u003d` or
/// the `ESC[31m` of a terminal.
pub(super) fn ends_in_escape(before: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let code = |mark: &[u8], digits: usize| {
        suffix_is(before, mark.len() + digits, |code| code.starts_with(mark) && hex(&code[mark.len()..]))
    };
    let letter = suffix_is(before, 2, |s| s[0] == b'\\' && b"nrtbfvae0".contains(&s[1]));
    letter || code(b"%", 2) || code(b"%25", 2) || code(b"\\x", 2) || code(b"\\u", 4) || ends_in_colour(before)
}

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
            "\u{1b}[1;31m",
        ] {
            assert!(opens(format!("{before}TOKEN").as_bytes(), before.len()), "{before:?}");
        }
        for before in ["a", "Z", "9", "%zz", "%D", "u0022", "item", "[x]m"] {
            assert!(!opens(format!("{before}TOKEN").as_bytes(), before.len()), "{before:?}");
        }
    }
}
