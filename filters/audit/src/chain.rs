//! The chain: how one line is tied to the line before it.
//!
//! A line is one canonical JSON object (see [`crate::canonical`]); its hash is the SHA-256 of that
//! text without the newline. Four members are the chain's own:
//!
//! | member | value |
//! | --- | --- |
//! | `v` | 1 |
//! | `ts` | `YYYY-MM-DDTHH:MM:SS.mmm+00:00`, at least 1 ms after the line before |
//! | `seq` | 1 on the first line, then +1 |
//! | `prev_hash` | 64 zeros on the first line, then the hash of the line before |

use std::{fmt, time::SystemTime};

use sha2::{Digest, Sha256};

use crate::{canonical::Fields, sha256, timestamp};

/// A SHA-256; shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first line has for its `prev_hash`.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash of a line's canonical text.
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        Self(Sha256::digest(canonical.as_bytes()).into())
    }

    /// The hashes of many texts, several at a time where the machine can.
    #[must_use]
    pub fn of_all(texts: &[&[u8]]) -> Vec<Self> {
        sha256::of_all(texts).into_iter().map(Self).collect()
    }

    /// Reads 64 lower-case hex digits.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let (words, rest) = hex.as_bytes().as_chunks::<8>();
        if words.len() != 8 || !rest.is_empty() {
            return None;
        }
        for (four, eight) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *four = four_of_hex(*eight)?;
        }
        Some(Self(bytes))
    }

    /// The 32 bytes; what a checkpoint signs.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = String::with_capacity(64);
        for byte in self.0 {
            hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
            hex.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        hex
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The four bytes of eight digits, worked on together: a verifier does this for every line.
fn four_of_hex(digits: [u8; 8]) -> Option<[u8; 4]> {
    const ONES: u64 = u64::MAX / 255;
    let digits = u64::from_be_bytes(digits);
    // A letter's low four bits count from one.
    let letters = digits >> 6 & ONES;
    let nibbles = (digits & (ONES * 15)) + letters * 9;
    // Written again, they must be what was read.
    let above_nine = (nibbles + ONES * 6) >> 4 & ONES;
    let again = nibbles + ONES * u64::from(b'0') + above_nine * u64::from(b'a' - b'9' - 1);
    if again != digits || nibbles & (ONES * 0xf0) != 0 {
        return None;
    }
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    // Its low half has all of them.
    Some(((pairs | pairs >> 16) as u32).to_be_bytes())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The end of a chain: everything the next line depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// `seq` of the last line; 0 when there is none.
    pub seq: u64,
    /// Hash of the last line.
    pub hash: Hash,
    /// `ts` of the last line in milliseconds since 1970; 0 when there is none or it is unreadable.
    pub ts_millis: i64,
}

impl Head {
    /// The head of an empty chain.
    pub const GENESIS: Self = Self { seq: 0, hash: Hash::GENESIS, ts_millis: 0 };

    /// Puts the chain's own members on the line that comes next, and returns the head as it is
    /// with that line at the end *once its hash is known* (see [`Head::after`]).
    pub(crate) fn address(&self, fields: &mut Fields, now: SystemTime) -> Self {
        let ts_millis = timestamp::millis(now).max(self.ts_millis.saturating_add(1));
        let seq = self.seq.saturating_add(1);
        fields.integer("v", 1);
        fields.integer("seq", seq);
        fields.text("ts", &timestamp::render(ts_millis));
        fields.text("prev_hash", &self.hash.to_hex());
        Self { seq, hash: self.hash, ts_millis }
    }

    /// This head once `line` is the last line.
    pub(crate) fn after(self, line: &str) -> Self {
        Self { hash: Hash::of(line), ..self }
    }

    /// Makes the next line out of an event's members and moves the head past it. The text is
    /// canonical and has no newline.
    pub fn link(&mut self, mut fields: Fields, now: SystemTime) -> String {
        let addressed = self.address(&mut fields, now);
        let line = fields.to_canonical();
        *self = addressed.after(&line);
        line
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn lines_are_linked_and_numbered() {
        let mut head = Head::GENESIS;
        let first = head.link(Fields::default(), at(5));
        let zeros = "0".repeat(64);
        assert_eq!(
            first,
            format!(r#"{{"prev_hash":"{zeros}","seq":1,"ts":"1970-01-01T00:00:00.005+00:00","v":1}}"#)
        );
        let second = head.link(Fields::default(), at(6));
        assert!(second.contains(&Hash::of(&first).to_hex()));
        assert_eq!((head.seq, head.hash), (2, Hash::of(&second)));
    }

    #[test]
    fn hex_is_read_back_in_its_one_form() {
        let hash = Hash::of("x");
        assert_eq!(Hash::from_hex(&hash.to_hex()), Some(hash));
        for hex in
            [hash.to_hex().to_uppercase(), "0".repeat(63), "0".repeat(65), format!("{}g", "0".repeat(63))]
        {
            assert_eq!(Hash::from_hex(&hex), None);
        }
        let zeros = [b'0'; 64];
        for at in [0, 31, 63] {
            for byte in 0..128_u8 {
                let mut hex = zeros;
                hex[at] = byte;
                let read = Hash::from_hex(std::str::from_utf8(&hex).unwrap());
                let digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(read.map(|hash| hash.to_hex().into_bytes()), digit.then(|| hex.to_vec()));
            }
        }
    }

    #[test]
    fn time_never_repeats_or_goes_back() {
        let mut head = Head::GENESIS;
        head.link(Fields::default(), at(1_000));
        head.link(Fields::default(), at(1_000));
        assert_eq!(head.ts_millis, 1_001);
        head.link(Fields::default(), at(3));
        assert_eq!(head.ts_millis, 1_002);
    }
}
