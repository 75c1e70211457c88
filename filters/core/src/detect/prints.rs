//! Fingerprints: three bytes of everything that a search looks for, and what stands where they do.
//!
//! A vector search for all of them says where one may be ([`crate::simd::Overview`]), sometimes wrongly;
//! a table tells what it is. The three bytes are those that text has least often.

use crate::simd::{BUCKETS, Fingerprints, PRINT};

/// log2 of the table's size.
const BITS: u32 = 12;

/// The bytes that may stand at each place of a fingerprint.
pub(super) type Print = [Vec<u8>; PRINT];

/// A set of fingerprints, each with what it gives away.
pub(super) struct Prints<T> {
    vectors: Fingerprints,
    /// By hash: where its entries begin, and the end.
    starts: Box<[u16]>,
    entries: Vec<([u8; PRINT], T)>,
}

impl<T: Copy> Prints<T> {
    pub(super) fn new(prints: &[(Print, T)]) -> Self {
        let spelt = |(print, sign): &(Print, T)| {
            let [first, second, third] = print;
            let mut entries = Vec::new();
            for &a in first {
                for &b in second {
                    entries.extend(third.iter().map(|&c| ([a, b, c], *sign)));
                }
            }
            entries
        };
        let mut entries: Vec<_> = prints.iter().flat_map(spelt).collect();
        entries.sort_by_key(|(bytes, _)| hash(*bytes));
        let start = |wanted| entries.partition_point(|(bytes, _)| hash(*bytes) < wanted) as u16;
        let starts = (0..=1 << BITS).map(start).collect();
        let all = entries.iter().map(|(bytes, _)| *bytes);
        Self { vectors: Fingerprints::new(&buckets(prints), all), starts, entries }
    }

    /// For the vector search.
    pub(super) fn vectors(&self) -> &Fingerprints {
        &self.vectors
    }

    /// What the three bytes at the start of `text` give away.
    #[inline]
    pub(super) fn at(&self, text: &[u8]) -> impl Iterator<Item = T> {
        let bytes = text.first_chunk().copied();
        let range = bytes.map_or(0..0, |bytes| {
            let hash = hash(bytes);
            usize::from(self.starts[hash])..usize::from(self.starts[hash + 1])
        });
        self.entries[range].iter().filter(move |entry| Some(entry.0) == bytes).map(|entry| entry.1)
    }
}

fn hash([a, b, c]: [u8; PRINT]) -> usize {
    let bytes = u32::from_le_bytes([0, a, b, c]);
    (bytes.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

/// The three bytes of a literal that text has least often, none of them one that JSON escapes in a string;
/// and where they stand in it.
pub(super) fn rarest(literal: &[u8]) -> Option<([u8; PRINT], usize)> {
    let windows = literal.windows(PRINT).enumerate();
    let plain =
        windows.filter(|(_, window)| !window.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)));
    let share = |window: &[u8]| window.iter().map(|&byte| share(byte)).product::<f64>();
    let best = plain.min_by(|(_, one), (_, other)| share(one).total_cmp(&share(other)));
    best.and_then(|(at, window)| Some((*window.first_chunk()?, at)))
}

/// Puts each fingerprint where it makes the fewest other places look like one of its bucket's.
fn buckets<T>(prints: &[(Print, T)]) -> [Print; BUCKETS] {
    let mut buckets = <[Print; BUCKETS]>::default();
    let mut halves = [Halves::default(); BUCKETS];
    let mut order: Vec<_> = prints.iter().map(|(print, _)| (Halves::of(print), print)).collect();
    order.sort_by(|(one, _), (other, _)| other.chance().total_cmp(&one.chance()));
    for (print, bytes) in order {
        let cost = |bucket: &Halves| bucket.with(print).chance() - bucket.chance();
        let costs = halves.map(|bucket| cost(&bucket));
        let best = (0..BUCKETS).min_by(|&one, &other| costs[one].total_cmp(&costs[other]));
        if let Some(best) = best {
            halves[best] = halves[best].with(print);
            buckets[best].iter_mut().zip(bytes).for_each(|(known, more)| known.extend_from_slice(more));
        }
    }
    buckets
}

/// The halves of the bytes at each place of a fingerprint, a bit for each value: they are looked at one by one.
#[derive(Clone, Copy, Default)]
struct Halves([(u16, u16); PRINT]);

impl Halves {
    fn of(print: &Print) -> Self {
        let halves = |(low, high), byte: &u8| (low | 1 << (byte & 15), high | 1 << (byte >> 4));
        Self(std::array::from_fn(|place| print[place].iter().fold((0, 0), halves)))
    }

    fn with(self, Self(other): Self) -> Self {
        Self(std::array::from_fn(|place| {
            let ((low, high), (more_low, more_high)) = (self.0[place], other[place]);
            (low | more_low, high | more_high)
        }))
    }

    /// How likely three bytes of a text look like these.
    fn chance(&self) -> f64 {
        let place = |&(low, high): &(u16, u16)| {
            let fits = |byte: &u8| low >> (byte & 15) & 1 != 0 && high >> (byte >> 4) & 1 != 0;
            (0..=u8::MAX).filter(fits).map(share).sum::<f64>()
        };
        self.0.iter().map(place).product()
    }
}

/// Which part of text is this byte, roughly: source code and prose, in English.
fn share(byte: u8) -> f64 {
    const LETTERS: [u16; 26] =
        [60, 12, 30, 32, 95, 18, 17, 25, 60, 2, 6, 35, 22, 58, 58, 20, 2, 55, 52, 75, 24, 9, 9, 5, 11, 2];
    let thousandth = match byte {
        b' ' => 120.0,
        b'a'..=b'z' => f64::from(LETTERS[usize::from(byte - b'a')]) * 0.8,
        b'A'..=b'Z' => 2.0,
        b'0'..=b'9' => 6.0,
        b'\\' | b'"' => 25.0,
        b'.' | b',' | b'/' | b'_' | b'-' | b':' | b'(' | b')' | b'=' => 8.0,
        b'!'..=b'~' => 2.0,
        _ => 0.1,
    };
    thousandth / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_what_it_stands_for() {
        let prints = Prints::new(&[
            ([vec![b'k', b'K'], b"e".to_vec(), b"y".to_vec()], 1),
            ([b"k".to_vec(), b"e".to_vec(), b"yn".to_vec()], 2),
        ]);
        let at = |text: &str| prints.at(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!((at("key"), at("Key ring"), at("ken")), (vec![1, 2], vec![1], vec![2]));
        assert!(at("keg").is_empty() && at("ke").is_empty());
    }

    #[test]
    fn the_rarest_bytes_are_plain() {
        assert_eq!(rarest(b"\"kty\""), Some((*b"kty", 1)));
        assert_eq!(rarest(b"\"a\""), None);
        assert_eq!(rarest(b"mysql").map(|(bytes, _)| bytes), Some(*b"ysq"));
    }
}
