//! The placeholder's text: `<pl:TYPE:HEX>`, and its escaped form `<pl-esc:TYPE:HEX>`.
//!
//! Grammar: `"<pl" *("-esc") ":" 1*64[A-Z0-9_] ":" 16*64[0-9a-f] ">"`. A placeholder stands for a
//! secret. Text of an agent that reads like one gets an `-esc` mark on the way out and loses one on
//! the way back (law 3); because a match begins with its only `<` and ends with its only `>`, no
//! match can overlap another or arise from the text around one.
//!
//! HEX is the start of HMAC-SHA256(session key, plaintext), lower case: 16 digits as a rule, more on
//! a clash (see [`crate::vault`]).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::Kind;

/// Longest TYPE that is matched.
const MAX_KIND: usize = 64;
/// Shortest and longest HEX that is matched.
const HEX: std::ops::RangeInclusive<usize> = 16..=64;
/// Most `-esc` marks that are matched. Deeper text is refused by the tokenizer, so that what it
/// writes can always be read back.
pub const MAX_ESCAPES: usize = 32;
/// The mark that is added to literal text.
pub const ESCAPE: &[u8] = b"-esc";
/// Where the mark is added: behind `<pl`.
pub const ESCAPE_AT: usize = 3;
/// How every placeholder begins, escaped ones included.
pub const START: &[u8] = b"<pl";

/// The key of all tags of one gateway run: 32 random bytes, zeroized on drop.
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    /// Wraps fresh random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// The bytes themselves, for a successor.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// All 64 hex digits of a plaintext's tag.
    #[must_use]
    pub fn tag(&self, plaintext: &[u8]) -> Tag {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes a key of any length");
        mac.update(plaintext);
        let mut tag = [0; 64];
        for (pair, byte) in tag.chunks_exact_mut(2).zip(mac.finalize().into_bytes()) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Tag { digits: tag, length: 64 }
    }
}

/// HEX of one placeholder.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    digits: [u8; 64],
    length: u8,
}

impl Tag {
    /// Reads the digits of a tag: 16 to 64, lower case.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let mut digits = [b'0'; 64];
        let length = u8::try_from(text.len()).ok().filter(|_| HEX.contains(&text.len()))?;
        digits[..text.len()].copy_from_slice(text);
        text.iter().all(is_digit).then_some(Self { digits, length })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.length)]).expect("a tag is hex digits")
    }

    /// The first `length` digits of this tag.
    #[must_use]
    pub fn shortened(mut self, length: usize) -> Self {
        self.length = u8::try_from(length.min(usize::from(self.length))).expect("at most 64");
        self
    }

    /// The first 16 digits: what the vault is keyed by and the audit log shows.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.as_str()[..16]
    }
}

/// Writes a placeholder.
pub fn write(kind: Kind, tag: &Tag, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<pl:");
    out.extend_from_slice(kind.label().as_bytes());
    out.push(b':');
    out.extend_from_slice(tag.as_str().as_bytes());
    out.push(b'>');
}

/// What a byte did to a [`Matcher`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// No placeholder is under way.
    Idle,
    /// This byte begins a possible placeholder; what was under way is not one.
    Begins,
    /// A possible placeholder goes on.
    Continues,
    /// This byte completes a placeholder.
    Completes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// `n` bytes of `<pl` are matched.
    Start(usize),
    /// Behind `<pl` or a mark: `-` or `:`.
    Marks,
    /// `n` bytes of `-esc` are matched.
    Mark(usize),
    Kind,
    Hex,
}

/// Recognises placeholders in a text that comes byte by byte.
pub struct Matcher {
    phase: Phase,
    escapes: usize,
    kind: [u8; MAX_KIND],
    kind_length: usize,
    tag: Tag,
}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            escapes: 0,
            kind: [0; MAX_KIND],
            kind_length: 0,
            tag: Tag { digits: [0; 64], length: 0 },
        }
    }
}

impl Matcher {
    /// Takes the next byte of the text.
    pub fn step(&mut self, byte: u8) -> Step {
        if byte == b'<' {
            self.phase = Phase::Start(1);
            (self.escapes, self.kind_length, self.tag.length) = (0, 0, 0);
            return Step::Begins;
        }
        match self.advance(byte) {
            Some(phase) => {
                self.phase = phase;
                Step::Continues
            }
            None if self.phase == Phase::Hex
                && byte == b'>'
                && HEX.contains(&usize::from(self.tag.length)) =>
            {
                self.phase = Phase::Idle;
                Step::Completes
            }
            None => {
                self.phase = Phase::Idle;
                Step::Idle
            }
        }
    }

    fn advance(&mut self, byte: u8) -> Option<Phase> {
        Some(match self.phase {
            Phase::Start(matched) if matched < START.len() => {
                (byte == START[matched]).then_some(())?;
                if matched + 1 == START.len() { Phase::Marks } else { Phase::Start(matched + 1) }
            }
            Phase::Marks if byte == b':' => Phase::Kind,
            Phase::Marks if byte == b'-' && self.escapes < MAX_ESCAPES => Phase::Mark(1),
            Phase::Mark(matched) if byte == ESCAPE[matched] && matched + 1 == ESCAPE.len() => {
                self.escapes += 1;
                Phase::Marks
            }
            Phase::Mark(matched) if byte == ESCAPE[matched] => Phase::Mark(matched + 1),
            Phase::Kind if byte == b':' && self.kind_length > 0 => Phase::Hex,
            Phase::Kind
                if matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_') && self.kind_length < MAX_KIND =>
            {
                self.kind[self.kind_length] = byte;
                self.kind_length += 1;
                Phase::Kind
            }
            Phase::Hex
                if matches!(byte, b'0'..=b'9' | b'a'..=b'f') && usize::from(self.tag.length) < *HEX.end() =>
            {
                self.tag.digits[usize::from(self.tag.length)] = byte;
                self.tag.length += 1;
                Phase::Hex
            }
            _ => return None,
        })
    }

    /// Forgets what is under way.
    pub fn reset(&mut self) {
        self.phase = Phase::Idle;
    }

    /// True when the bytes so far may still become a placeholder.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// The number of `-esc` marks of the placeholder completed last.
    #[must_use]
    pub fn escapes(&self) -> usize {
        self.escapes
    }

    /// TYPE of the placeholder completed last.
    #[must_use]
    pub fn kind(&self) -> &str {
        std::str::from_utf8(&self.kind[..self.kind_length]).expect("a kind is ASCII")
    }

    /// HEX of the placeholder completed last.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first byte and the number of marks of each placeholder in a text.
    fn literals(text: &str) -> Vec<(usize, usize)> {
        let mut matcher = Matcher::default();
        let (mut start, mut found) = (0, Vec::new());
        for (at, byte) in text.bytes().enumerate() {
            match matcher.step(byte) {
                Step::Begins => start = at,
                Step::Completes => found.push((start, matcher.escapes())),
                Step::Idle | Step::Continues => {}
            }
        }
        found
    }

    #[test]
    fn matches_the_grammar_and_nothing_else() {
        let hex = "0123456789abcdef";
        assert_eq!(
            literals(&format!("x<pl:AWS_ACCESS_KEY:{hex}>y<pl-esc-esc:A:{hex}{hex}>")),
            [(1, 0), (38, 2)]
        );
        for text in [
            "<pl:A:0123>",
            "<pl::0123456789abcdef>",
            "<pl:a:0123456789abcdef>",
            "<pl:A:0123456789ABCDEF>",
            "<plx:A:0123456789abcdef>",
            "<pl-es:A:0123456789abcdef>",
            "<pl:A:0123456789abcdef",
        ] {
            assert_eq!(literals(text), [], "{text}");
        }
        assert_eq!(literals(&format!("<pl:<pl:A:{hex}>")), [(4, 0)]);
        assert_eq!(literals(&format!("<pl:{}:{hex}>", "A".repeat(65))), []);
        assert_eq!(literals(&format!("<pl:A:{}>", hex.repeat(5))), []);
    }

    #[test]
    fn the_tag_is_hmac_sha256() {
        // RFC 4231 test case 2 with the key zero-padded to 32 bytes, which HMAC takes as the same key.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = SessionKey::new(key).tag(b"what do ya want for nothing?");
        assert_eq!(tag.short(), "5bdcc146bf60754e");
        assert_eq!(tag.as_str().len(), 64);
    }
}
