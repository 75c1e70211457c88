//! [`shown`]: text from a file that is being judged, made fit for a person's terminal.

use std::borrow::Cow;

/// Enough for a sentence with two file names in it; a hostile file may have megabytes in its place.
const MAX_CHARS: usize = 600;

/// The text with what could move a cursor, colour a screen or turn letters around replaced by U+FFFD, and cut where it is
/// longer than any of ours.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    let fits = text.len() <= MAX_CHARS && !text.contains(is_unfit);
    if fits {
        return Cow::Borrowed(text);
    }
    let fit = |letter| if is_unfit(letter) { char::REPLACEMENT_CHARACTER } else { letter };
    let mut out: String = text.chars().take(MAX_CHARS).map(fit).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('\u{2026}');
    }
    Cow::Owned(out)
}

/// Controls of the C0 and C1 sets, line and paragraph separators, and what changes the direction of text.
fn is_unfit(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_but_letters() {
        assert_eq!(shown("s\u{e9}ance-\u{1f600}"), "s\u{e9}ance-\u{1f600}");
        assert_eq!(
            shown("\u{1b}[2Ja\u{9b}1mb\u{7f}\n\u{202e}c"),
            "\u{fffd}[2Ja\u{fffd}1mb\u{fffd}\u{fffd}\u{fffd}c"
        );
        let long = shown(&"\u{e9}".repeat(1_000_000)).into_owned();
        assert_eq!((long.chars().count(), long.ends_with('\u{2026}')), (MAX_CHARS + 1, true));
        assert_eq!(shown(&"x".repeat(MAX_CHARS)), "x".repeat(MAX_CHARS));
    }
}
