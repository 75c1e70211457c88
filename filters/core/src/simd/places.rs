//! A list of places in a document, made from bits, and those of them that are in a string.
//!
//! Where something may stand is as good as random, so that a processor guesses wrong at every branch that asks
//! for it. So places are written whether they are kept or not, and how far the list then goes is arithmetic.

use std::ops::Range;

use super::{BLOCK, PRINT};

/// Places that are written for each block; more than those are rare.
const USUAL: usize = 3;

/// log2 of the size of a table that stays in the first-level cache.
const HASH_BITS: u32 = 14;

/// All fingerprints, by their hash.
pub(super) struct Members(Box<[u8; 1 << HASH_BITS]>);

impl Members {
    pub(super) fn new(all: impl Iterator<Item = [u8; PRINT]>) -> Self {
        let mut table = Box::new([0; 1 << HASH_BITS]);
        all.for_each(|bytes| table[hash(bytes)] = 1);
        Self(table)
    }
}

#[inline(always)]
fn hash([a, b, c]: [u8; PRINT]) -> usize {
    (u32::from_le_bytes([0, a, b, c]).wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

/// The other places of a block.
#[cold]
#[inline(never)]
fn extend_unusual(list: &mut [u32], mut bits: u64, block: u32) {
    for slot in list {
        if bits == 0 {
            return;
        }
        *slot = block + bits.trailing_zeros();
        bits &= bits - 1;
    }
}

/// Places in ascending order.
#[derive(Default)]
pub(crate) struct Places(Vec<u32>);

impl Places {
    /// How many there are.
    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        self.0.len()
    }

    /// Adds the places of the bits that are set, a word for each block from `start` on.
    #[inline(always)]
    pub(super) fn extend(&mut self, blocks: &[u64], start: usize) {
        let mut count = 0;
        for bits in blocks {
            count += bits.count_ones() as usize;
        }
        let first = self.0.len();
        self.0.resize(first + count + USUAL, 0);
        let (mut at, list) = (0, &mut self.0[first..]);
        for (index, &word) in blocks.iter().enumerate() {
            let (mut bits, block) = (word, (start + index * BLOCK) as u32);
            let Some(slots) = list.get_mut(at..).and_then(<[u32]>::first_chunk_mut::<USUAL>) else { break };
            for slot in slots {
                *slot = block + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            if bits != 0 {
                extend_unusual(&mut list[at + USUAL..], bits, block);
            }
            at += word.count_ones() as usize;
        }
        self.0.truncate(first + count);
    }

    /// Keeps, from number `first` on, the places of what may be a fingerprint of these.
    #[inline(always)]
    pub(super) fn keep_prints(&mut self, first: usize, body: &[u8], members: &Members) {
        let (mut kept, list) = (0, &mut self.0[first..]);
        for index in 0..list.len() {
            let place = list[index];
            list[kept] = place;
            let bytes = body.get(place as usize..).and_then(<[u8]>::first_chunk);
            kept += usize::from(match bytes {
                Some(bytes) => members.0[hash(*bytes)],
                None => 0,
            });
        }
        self.0.truncate(first + kept);
    }

    /// The places in a range. `near` is where the last range that was looked for ended: the next is near.
    #[inline]
    pub(crate) fn within<'p>(&'p self, range: &Range<usize>, near: &mut Near) -> &'p [u32] {
        /// What is no farther is reached step by step; but who goes to and fro between the elements of an array and
        /// the name of all must not walk all the way each time (law 11).
        const STEPS: usize = 32;
        let list = self.0.as_slice();
        let mut start = near.0.min(list.len());
        if start > 0 && list[start - 1] as usize >= range.start {
            start = list[..start].partition_point(|place| (*place as usize) < range.start);
        }
        let few = start + STEPS;
        while list.get(start).is_some_and(|place| (*place as usize) < range.start) {
            if start == few {
                start += list[start..].partition_point(|place| (*place as usize) < range.start);
                break;
            }
            start += 1;
        }
        let mut end = start;
        while list.get(end).is_some_and(|place| (*place as usize) < range.end) {
            end += 1;
        }
        near.0 = end;
        &list[start..end]
    }
}

/// Where in a list of places was looked last.
#[derive(Clone, Copy, Default)]
pub(crate) struct Near(usize);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_of_the_bits(
            blocks in proptest::collection::vec(prop_oneof![any::<u64>(), Just(0), Just(1 << 63)], 0..9),
            ranges in proptest::collection::vec((0_usize..640, 0_usize..80), 0..9),
        ) {
            let mut places = Places::default();
            let (one, other) = blocks.split_at(blocks.len() / 2);
            places.extend(one, 0);
            places.extend(other, one.len() * BLOCK);
            let is_set = |place: &usize| blocks.get(place / BLOCK).is_some_and(|bits| bits >> (place % BLOCK) & 1 != 0);
            let mut near = Near::default();
            for (start, length) in ranges {
                let range = start..start + length;
                let expected: Vec<_> = range.clone().filter(is_set).map(|place| place as u32).collect();
                prop_assert_eq!(places.within(&range, &mut near), expected);
            }
        }

        #[test]
        fn what_is_no_fingerprint_is_left_out(text in "[keys ]{0,200}") {
            let members = Members::new([*b"key", *b"sky"].into_iter());
            let mut places = Places::default();
            places.extend(&[u64::MAX; 4][..text.len().div_ceil(BLOCK)], 0);
            places.keep_prints(0, text.as_bytes(), &members);
            let is_one = |at: &usize| ["key", "sky"].iter().any(|print| text[*at..].starts_with(print));
            let expected: Vec<_> = (0..text.len()).filter(is_one).map(|place| place as u32).collect();
            prop_assert_eq!(places.0, expected);
        }
    }
}
