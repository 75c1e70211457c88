//! How one value is written: as it is, in base64, in hex.

use base64::{
    Engine as _,
    alphabet::{Alphabet, STANDARD, URL_SAFE},
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use zeroize::Zeroizing;

use super::KIND;
use crate::secret::Secret;

/// Shorter values are looked for encoded only where the encoded text stands by itself: a part of it would
/// be met by chance.
const CERTAIN: usize = 8;

/// What a place of a needle covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// Just the needle.
    Itself,
    /// All of the base64 around it.
    Base64,
    /// Just the needle, if no letter or digit is beside it.
    Alone,
}

/// One way to write a value.
pub(super) struct Form {
    pub(super) needle: Secret,
    pub(super) cover: Cover,
}

impl Form {
    fn new(needle: &[u8], cover: Cover) -> Self {
        Self { needle: Secret::new(KIND, needle), cover }
    }

    /// A value as it is, and in no other way.
    pub(super) fn of_itself(value: &[u8], forms: &mut Vec<Self>) {
        forms.push(Self::new(value, Cover::Itself));
    }
}

/// All the ways to write a value. What is undone before searching is not among them: percent-encoding, JSON's
/// escapes.
pub(super) fn of(value: &[u8], forms: &mut Vec<Form>) {
    let texts = line_ends(value);
    for text in &texts {
        forms.push(Form::new(text, Cover::Itself));
        for alphabet in [&STANDARD, &URL_SAFE] {
            base64(text, alphabet, forms);
        }
        for digits in [b"0123456789abcdef", b"0123456789ABCDEF"] {
            let cover = if text.len() < CERTAIN { Cover::Alone } else { Cover::Itself };
            forms.push(Form::new(&hex(text, digits), cover));
        }
    }
    // A form has `+` for a space (WHATWG URL, application/x-www-form-urlencoded).
    if value.contains(&b' ') {
        let plus = Zeroizing::new(
            value.iter().map(|&byte| if byte == b' ' { b'+' } else { byte }).collect::<Vec<_>>(),
        );
        forms.push(Form::new(&plus, Cover::Itself));
    }
}

/// The value, and if it has several lines, the same with the line ends of other systems.
fn line_ends(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut texts = vec![Zeroizing::new(value.to_vec())];
    if value.contains(&b'\n') {
        let lines =
            || value.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        for end in [b"\n".as_slice(), b"\r\n"] {
            let mut text = Zeroizing::new(Vec::with_capacity(2 * value.len()));
            for line in lines() {
                text.extend_from_slice(line);
                text.extend_from_slice(end);
            }
            let length = text.len() - end.len();
            text.truncate(length);
            if *text != value {
                texts.push(text);
            }
        }
    }
    texts
}

/// The value in base64, behind nothing, one byte and two bytes: the characters that depend on it alone.
fn base64(value: &[u8], alphabet: &Alphabet, forms: &mut Vec<Form>) {
    let engine = GeneralPurpose::new(alphabet, NO_PAD);
    if value.len() < CERTAIN {
        forms.push(Form::new(Zeroizing::new(engine.encode(value)).as_bytes(), Cover::Alone));
        return;
    }
    for before in 0..3 {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(value);
        let encoded = Zeroizing::new(engine.encode(&*bytes));
        let whole = (8 * before).div_ceil(6)..8 * bytes.len() / 6;
        forms.push(Form::new(&encoded.as_bytes()[whole], Cover::Base64));
    }
}

fn hex(value: &[u8], digits: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let digit = |nibble: u8| digits[usize::from(nibble)];
    Zeroizing::new(value.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}
