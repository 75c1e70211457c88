//! Looking at 64 bytes at once, with the widest vectors that the machine has.
//!
//! What a vector compare finds is a word with a bit for each byte, the first byte's lowest; the rest is
//! arithmetic on words, without a branch for each byte. Everything here has a plain loop beside it in the
//! tests that says what it computes.

mod overview;
mod places;

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch, mask8x64, prelude::*, u8x64};

pub(crate) use self::overview::{BUCKETS, Fingerprints, Overview, PRINT};
pub(crate) use self::places::Near;

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;

/// The bytes from `at` on; behind the end there are bytes that nothing looks for.
#[inline(always)]
fn block(bytes: &[u8], at: usize) -> [u8; BLOCK] {
    let tail = &bytes[at.min(bytes.len())..];
    tail.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [b' '; BLOCK];
        padded[..tail.len()].copy_from_slice(tail);
        padded
    })
}

#[inline(always)]
fn load<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u8x64<S> {
    u8x64::from_slice(simd, block)
}

/// For each block of `text` from `at` on (as many as there are masks): where letters, digits, `_` and `-`
/// stand.
pub(crate) fn token_bytes(text: &[u8], at: usize, masks: &mut [u64]) {
    #[inline(always)]
    fn run<S: Simd>(simd: S, text: &[u8], at: usize, masks: &mut [u64]) {
        for (index, mask) in masks.iter_mut().enumerate() {
            let bytes = load(simd, &block(text, at + index * BLOCK));
            let letter = (bytes | 0x20) - b'a';
            let digit = bytes - b'0';
            let is = letter.simd_lt(26) | digit.simd_lt(10) | bytes.simd_eq(b'_') | bytes.simd_eq(b'-');
            *mask = is.to_bitmask();
        }
    }
    dispatch!(Level::new(), simd => run(simd, text, at, masks));
}

/// For each block of `text` from `at` on (as many as there are masks): where three letters stand, in any
/// case, that are a beginning, a middle and an end that go together.
pub(crate) fn trigrams<const N: usize>(text: &[u8], at: usize, wanted: &[[u8; 3]; N], masks: &mut [u64]) {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(
        simd: S,
        text: &[u8],
        at: usize,
        wanted: &[[u8; 3]; N],
        masks: &mut [u64],
    ) {
        for (index, mask) in masks.iter_mut().enumerate() {
            let at = at + index * BLOCK;
            let shifted = |by: usize| load(simd, &block(text, (at + by).min(text.len()))) | 0x20;
            let (first, second, third) = (shifted(0), shifted(1), shifted(2));
            let mut is = mask8x64::splat(simd, false);
            for &[a, b, c] in wanted {
                is |= first.simd_eq(a) & second.simd_eq(b) & third.simd_eq(c);
            }
            *mask = is.to_bitmask();
        }
    }
    dispatch!(Level::new(), simd => run(simd, text, at, wanted, masks));
}

/// Where plain string content stops, from `at` on: at a quote that is not escaped, at a control character, at
/// an escape that is not one of `\n \t \r \" \\ \/`, or at the end. And whether there was an escape before.
pub(crate) fn string_stop(bytes: &[u8], at: usize) -> (usize, bool) {
    #[inline(always)]
    fn run<S: Simd>(simd: S, bytes: &[u8], mut at: usize) -> (usize, bool) {
        let mut escaped = false;
        while at < bytes.len() {
            let block = load(simd, &block(bytes, at));
            let quotes = block.simd_eq(b'"');
            let control = block.simd_lt(0x20).to_bitmask();
            let backslashes = block.simd_eq(b'\\').to_bitmask();
            let mut stops = quotes.to_bitmask() | control;
            let mut next = BLOCK;
            if backslashes != 0 {
                let behind = behind_escapes(backslashes);
                let common = common(block) | quotes;
                let strange = (behind & !common.to_bitmask()) >> 1;
                stops = stops & !behind | control | strange;
                // An escape that the block cuts is looked at again.
                let cut = backslashes & !behind & 1 << 63;
                escaped |= backslashes & !cut & below(stops) != 0;
                next -= usize::from(cut != 0);
            }
            if stops != 0 {
                return ((at + stops.trailing_zeros() as usize).min(bytes.len()), escaped);
            }
            at += next;
        }
        (bytes.len(), escaped)
    }
    dispatch!(Level::new(), simd => run(simd, bytes, at))
}

/// Appends what the string content `text[raw]` decodes to, as long as its escapes are among
/// `\n \t \r \" \\ \/`; where it stopped. What stands behind the content does not matter, but is read with
/// it, which is faster than to cut it off.
pub(crate) fn decode(text: &[u8], raw: Range<usize>, out: &mut Vec<u8>) -> usize {
    #[inline(always)]
    fn run<S: Simd>(simd: S, text: &[u8], raw: Range<usize>, out: &mut Vec<u8>) -> usize {
        out.reserve(raw.len() + BLOCK);
        let mut at = raw.start;
        while at < raw.end {
            let bytes = block(text, at);
            let block = load(simd, &bytes);
            let backslashes = block.simd_eq(b'\\').to_bitmask();
            let length = out.len();
            let end = (raw.end - at).min(BLOCK);
            if backslashes == 0 {
                out.extend_from_slice(&bytes);
                out.truncate(length + end);
                at += end;
                continue;
            }
            let behind = behind_escapes(backslashes);
            let escapes = backslashes & !behind;
            let uncommon = (behind & !(common(block) | block.simd_eq(b'"')).to_bitmask()) >> 1;
            // The content's last byte escapes nothing.
            let strange = uncommon | if end < BLOCK { escapes & 1 << (end - 1) } else { 0 };
            // An escape that the block cuts is looked at again.
            let cut = escapes & 1 << 63;
            let stop = (strange | cut | if end < BLOCK { 1 << end } else { 0 }).trailing_zeros();
            let taken = if stop < 64 { (1 << stop) - 1 } else { u64::MAX };
            let is_behind = mask8x64::from_bitmask(simd, behind);
            let mut text = block;
            for (letter, stands_for) in [(b'n', b'\n'), (b't', b'\t'), (b'r', b'\r')] {
                text = (is_behind & block.simd_eq(letter)).select(u8x64::splat(simd, stands_for), text);
            }
            let keep = taken & !escapes;
            let packed = text.compress(mask8x64::from_bitmask(simd, keep));
            out.extend_from_slice(packed.as_array());
            out.truncate(length + keep.count_ones() as usize);
            at += stop as usize;
            if strange & taken.wrapping_add(1) != 0 {
                return at;
            }
        }
        at
    }
    dispatch!(Level::new(), simd => run(simd, text, raw, out))
}

/// The characters of common escapes, but the quote.
#[inline(always)]
fn common<S: Simd>(block: u8x64<S>) -> mask8x64<S> {
    block.simd_eq(b'n')
        | block.simd_eq(b't')
        | block.simd_eq(b'r')
        | block.simd_eq(b'\\')
        | block.simd_eq(b'/')
}

/// The bits below the lowest that is set.
#[inline(always)]
fn below(bits: u64) -> u64 {
    !bits & bits.wrapping_sub(1)
}

/// What stands behind an escaping backslash, where backslashes stand. No escape is under way at the first.
///
/// A run of backslashes escapes every other of itself and, if its length is odd, what follows. A carry that
/// runs through each run, from odd or even places, tells where it ends (simdjson, `json_escape_scanner`).
#[inline(always)]
fn behind_escapes(backslashes: u64) -> u64 {
    escape_codes(backslashes) ^ backslashes
}

/// Where escapes begin and where they end, where backslashes stand: an escaping backslash, and what it
/// escapes unless that is a backslash too.
#[inline(always)]
fn escape_codes(backslashes: u64) -> u64 {
    const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
    ((backslashes << 1 | ODD).wrapping_sub(backslashes)) ^ ODD
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that mean something, and others.
    pub(super) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => Just(b'\\'),
            2 => prop::sample::select(b"\"ntr/u".to_vec()),
            4 => any::<u8>().prop_map(|byte| byte | 0x20),
            4 => prop::sample::select(b"paswdecrknyuth-_K9 ".to_vec()),
            1 => prop::sample::select(b"\n\0u\xff".to_vec()),
        ];
        prop_oneof![
            proptest::collection::vec(byte.clone(), 0..most),
            // Few that mean something.
            proptest::collection::vec(prop_oneof![40 => Just(b'x'), 1 => byte], 0..most),
        ]
    }

    fn stop(bytes: &[u8], mut at: usize) -> (usize, bool) {
        let mut escaped = false;
        while let Some(byte) = bytes.get(at) {
            let common = bytes.get(at + 1).is_some_and(|next| b"ntr\"\\/".contains(next));
            match byte {
                b'"' | 0..0x20 => break,
                b'\\' if !common => break,
                b'\\' => (at, escaped) = (at + 2, true),
                _ => at += 1,
            }
        }
        (at, escaped)
    }

    proptest! {
        #[test]
        fn strings_stop_where_a_plain_walk_stops(bytes in bytes(300), at in 0_usize..80) {
            let at = at.min(bytes.len());
            prop_assert_eq!(string_stop(&bytes, at), stop(&bytes, at));
        }

        #[test]
        fn decodes_what_a_plain_walk_decodes(bytes in bytes(300), behind in bytes(100)) {
            let mut expected = Vec::new();
            let mut at = 0;
            while let Some(byte) = bytes.get(at) {
                match (byte, bytes.get(at + 1)) {
                    (b'\\', Some(next)) if b"ntr\"\\/".contains(next) => {
                        expected.push(match next { b'n' => b'\n', b't' => b'\t', b'r' => b'\r', _ => *next });
                        at += 2;
                    }
                    (b'\\', _) => break,
                    _ => { expected.push(*byte); at += 1; }
                }
            }
            let mut out = b"before".to_vec();
            prop_assert_eq!(decode(&bytes, 0..bytes.len(), &mut out), at);
            prop_assert_eq!(&out[6..], expected.as_slice());
            let mut within = bytes.clone();
            within.extend_from_slice(&behind);
            out.clear();
            prop_assert_eq!(decode(&within, 0..bytes.len(), &mut out), at);
            prop_assert_eq!(out, expected);
        }

        #[test]
        fn masks_say_what_a_byte_is(bytes in bytes(200), at in 0_usize..80) {
            let at = at.min(bytes.len());
            let (mut tokens, mut words) = ([0; 4], [0; 4]);
            token_bytes(&bytes, at, &mut tokens);
            let wanted = [*b"pas", *b"key"];
            trigrams(&bytes, at, &wanted, &mut words);
            for place in at..bytes.len().min(at + 256) {
                let bit = |masks: &[u64; 4]| masks[(place - at) / 64] >> ((place - at) % 64) & 1 != 0;
                let byte = bytes[place];
                prop_assert_eq!(bit(&tokens), byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
                let three = bytes[place..].iter().take(3).map(|byte| byte | 0x20).collect::<Vec<_>>();
                prop_assert_eq!(bit(&words), wanted.iter().any(|word| three == word));
            }
        }
    }
}
