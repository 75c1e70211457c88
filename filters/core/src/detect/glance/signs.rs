//! What is looked for in raw bytes.

use crate::{
    detect::{
        prints::{Print, Prints, rarest},
        words,
    },
    simd::Fingerprints,
};

/// What a fingerprint gives away.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    /// A part of a word that telling names contain.
    Word,
    /// Perhaps the beginning of `credential` or `creds`.
    Credential,
    /// A literal, by its number; it starts so many bytes before.
    Literal(u8, u8),
    /// `%` and two hex digits.
    Percent,
    /// `\u0`.
    Escape,
    /// What makes a string suspicious by itself: an escaped slash, a literal placeholder.
    Always,
}

/// What every candidate looks like in raw bytes.
pub(in crate::detect) struct Signs(Prints<Sign>);

impl Signs {
    /// Takes the literals that are looked for anywhere, in the order of their numbers.
    pub(in crate::detect) fn new<'l>(literals: impl Iterator<Item = &'l [u8]>) -> Self {
        let hex = bytes("0123456789abcdefABCDEF");
        // What may follow `pw` where a word ends or another begins.
        let ends = (0x20..=0xff_u8).filter(|byte| !byte.is_ascii_lowercase()).collect();
        let mut prints = vec![
            ([bytes("pP"), bytes("wW"), ends], Sign::Word),
            (in_any_case(b"cre"), Sign::Credential),
            ([bytes("%"), hex.clone(), hex], Sign::Percent),
            (["\\", "u", "0"].map(bytes), Sign::Escape),
            ([bytes("\\"), bytes("/"), (0x20..=0xff).collect()], Sign::Always),
            (["<", "p", "l"].map(bytes), Sign::Always),
        ];
        prints.extend(words::PARTS.iter().map(|part| (in_any_case(part), Sign::Word)));
        prints.extend(literals.enumerate().map(|(number, literal)| {
            let (print, before) = fingerprint(literal);
            let byte = |number: usize| u8::try_from(number).expect("there are few literals, all short");
            (print, Sign::Literal(byte(number), byte(before)))
        }));
        Self(Prints::new(&prints))
    }

    /// For the vector search.
    pub(super) fn fingerprints(&self) -> &Fingerprints {
        self.0.vectors()
    }

    /// What may stand at the start of `raw`.
    #[inline]
    pub(super) fn at(&self, raw: &[u8]) -> impl Iterator<Item = Sign> {
        self.0.at(raw)
    }
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn in_any_case(word: &[u8; 3]) -> Print {
    word.map(|byte| vec![byte, byte.to_ascii_uppercase()])
}

/// The fingerprint of a literal, and where in it that stands.
fn fingerprint(literal: &[u8]) -> (Print, usize) {
    if let [first, second] = *literal {
        return ([vec![first], vec![second], (0x20..0x7f).collect()], 0);
    }
    let (bytes, before) = rarest(literal).expect("a literal has three bytes that are never escaped");
    (bytes.map(|byte| vec![byte]), before)
}
