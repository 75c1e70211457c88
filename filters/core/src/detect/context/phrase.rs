//! Mnemonics of wallets (BIP 39): twelve to twenty-four words beside a name that says so.

use std::ops::Range;

use super::{Context, place};
use crate::detect::{boundary, class::work, engine::Match};

/// The counts of words that BIP 39 knows.
const WORDS: [usize; 5] = [12, 15, 18, 21, 24];

/// `mnemonic`, `seed phrase`, `RECOVERY_PHRASE` and a separator: then nothing but words.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-');
    let end = word.end + text[word.end..].iter().take(24).take_while(is_name).count();
    let Some(value) = place::separator(text, &(word.start..end)).map(|separated| separated.at) else {
        return;
    };
    let opening = text[value..].iter().take(8).take_while(|byte| b" \t\"'`\\".contains(byte)).count();
    let start = value + opening;
    let (mut at, mut count) = (start, 0);
    loop {
        let length = text[at..].iter().take(9).take_while(|byte| byte.is_ascii_lowercase()).count();
        work::count(length);
        if !(3..=8).contains(&length) {
            return;
        }
        (at, count) = (at + length, count + 1);
        let next = text.get(at) == Some(&b' ') && text.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if !next || count > 24 {
            break;
        }
        at += 1;
    }
    if WORDS.contains(&count) && boundary::closes(text, at) {
        context.push("BIP39_MNEMONIC", start..at, matches);
    }
}
