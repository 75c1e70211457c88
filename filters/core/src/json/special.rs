//! Finding the bytes that mean something in a string, eight at a time.
//!
//! Agents' JSON has an escape every few dozen bytes (line ends, quotes in code), too often for a
//! vector search that is set up anew for each run. The word tricks are those of Hacker's Delight
//! §6–1; each finds the lowest match exactly, and only that is used.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first backslash from `at` on, or the length.
#[inline]
pub(super) fn backslash(bytes: &[u8], at: usize) -> usize {
    find(bytes, at, |word| equal(word, b'\\'))
}

/// Marks (in the high bits) the bytes that equal `byte`; exact for the lowest.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * u64::from(byte));
    zeros.wrapping_sub(ONES) & !zeros
}

#[inline]
fn find(bytes: &[u8], at: usize, marks: impl Fn(u64) -> u64) -> usize {
    let mut start = at;
    for chunk in bytes[at..].chunks(8) {
        // A shorter last word is filled with bytes that are never looked for.
        let mut word = [b'x'; 8];
        match <[u8; 8]>::try_from(chunk) {
            Ok(whole) => word = whole,
            Err(_) => word[..chunk.len()].copy_from_slice(chunk),
        }
        let found = marks(u64::from_le_bytes(word)) & HIGHS;
        if found != 0 {
            return start + (found.trailing_zeros() / 8) as usize;
        }
        start += 8;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), 0x1f_u8..0x22], 0..40), at in 0_usize..40) {
            let at = at.min(bytes.len());
            let after = |wanted: fn(u8) -> bool| bytes[at..].iter().position(|&byte| wanted(byte)).map_or(bytes.len(), |found| at + found);
            prop_assert_eq!(backslash(&bytes, at), after(|byte| byte == b'\\'));
        }
    }
}
