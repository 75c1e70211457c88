//! Names of passwords in languages other than English and German, whose words share letters with these.

use std::ops::Range;

use super::{Context, Position, Telling, command, place};
use crate::detect::{class::work, engine::Match};

/// What a password is called; a name ends in one of these, small letters or capitals.
const NAMES: [&str; 13] = [
    "contrase\u{f1}a",
    "contrasena",
    "senha",
    "wachtwoord",
    "haslo",
    "has\u{142}o",
    "heslo",
    "parola",
    "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
    "\u{5bc6}\u{7801}",
    "\u{5bc6}\u{78bc}",
    "\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}",
    "\u{be44}\u{bc00}\u{bc88}\u{d638}",
];

/// The longest word, in bytes.
const LONGEST: usize = 16;

/// A colon as Chinese and Japanese text has it.
const WIDE_COLON: &[u8] = "\u{ff1a}".as_bytes();

/// Whether a name ends in the word for a password, perhaps with what it opens behind that: `senha_db`.
pub(in crate::detect) fn is_name(name: &[u8]) -> bool {
    if name.len() > super::name::LONGEST {
        return false;
    }
    NAMES.iter().any(|word| {
        let at = find(name, word);
        at.is_some_and(|at| {
            let behind = &name[at.end..];
            // `contrasenas` is no name of one password; `senha_db` is.
            behind.is_empty() || matches!(behind[0], b'_' | b'-' | b'.' | b'0'..=b'9')
        })
    })
}

/// Where a word stands last in a name, in any case: before it another field may stand.
fn find(name: &[u8], word: &str) -> Option<Range<usize>> {
    let at = if word.is_ascii() {
        name.windows(word.len()).rposition(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    } else if name.is_ascii() {
        None
    } else {
        let lower = String::from_utf8_lossy(name).to_lowercase();
        // Letters that become longer or shorter as small ones would shift the place.
        (lower.len() == name.len()).then(|| lower.rfind(word))?
    };
    at.map(|at| at..at + word.len())
}

/// Part of such a word: the value beside the name.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.' | 0x80..);
    let before = text[..word.start].iter().rev().take(LONGEST).take_while(is_name).count();
    let after = text[word.end..].iter().take(LONGEST).take_while(is_name).count();
    work::count(before + after);
    // Not from within a character.
    let inside = text[word.start - before..].iter().take_while(|byte| **byte & 0xc0 == 0x80).count();
    let mut name = word.start - before + inside..word.end + after;
    // The one behind the word: before it another field may have had one.
    let wide = memchr::memmem::find(&text[word.end..name.end], WIDE_COLON);
    if let Some(at) = wide {
        name.end = word.end + at;
    }
    if !self::is_name(&text[name.clone()]) {
        return;
    }
    let found = match wide {
        Some(_) => {
            let colon = name.end + WIDE_COLON.len();
            let blank = usize::from(text.get(colon) == Some(&b' '));
            Some((command::word_at(text, colon + blank), Position::Bare))
        }
        None => place::separator(text, &name).and_then(|separated| place::value(text, &name, separated)),
    };
    if let Some((value, position)) = found {
        context.judge(&text[name], Telling::Password, text, value, position, matches);
    }
}
