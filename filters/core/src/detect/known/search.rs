//! Finds many byte strings in one text, all places where any of them stands, overlapping ones too.
//!
//! The method is Wu and Manber's: a window as long as the shortest needle slides over the text; a table,
//! asked for the window's last three bytes, says how far it may move on. So most bytes are never looked
//! at. An automaton would do as well, but could not be zeroized; here the needles stand nowhere but in a
//! [`Secret`], and the table tells no more than hashes of three bytes.
//!
//! Linear in the text: what comparing costs is counted, and a needle that costs too much, since the text
//! repeats its beginning over and over, is looked for by Knuth, Morris and Pratt's method from there on.

use crate::secret::Secret;

/// How many bytes the table is asked for; no needle may be shorter.
pub(super) const BLOCK: usize = 3;

/// How large the table may become, as a power of two.
const BITS: std::ops::RangeInclusive<u32> = 12..=20;

/// Bytes that may be compared for each byte of the text before the costs are looked into.
const THRIFT: usize = 4;

/// A set of needles.
pub(super) struct Needles {
    needles: Vec<Secret>,
    window: usize,
    /// The length of the longest needle.
    pub(super) longest: usize,
    bits: u32,
    /// By the hash of a block: how far the window may move when it ends in that block.
    shifts: Box<[u8]>,
    /// The hash of the block that ends the first window of a needle, and which needle; sorted.
    heads: Vec<(usize, usize)>,
}

impl Needles {
    /// Takes needles of at least [`BLOCK`] bytes, in an order of the caller's choice.
    pub(super) fn new(needles: Vec<Secret>) -> Self {
        let shortest = needles.iter().map(|needle| needle.expose().len()).min().unwrap_or(BLOCK);
        debug_assert!(shortest >= BLOCK);
        let window = shortest.min(usize::from(u8::MAX));
        let blocks = needles.len() * (window - BLOCK + 1);
        // One place in 32 is taken, so chance seldom stops the window.
        let bits = (blocks.next_power_of_two().ilog2() + 5).clamp(*BITS.start(), *BITS.end());
        let farthest = (window - BLOCK + 1) as u8;
        let mut shifts = vec![farthest; 1 << bits].into_boxed_slice();
        let mut heads = Vec::with_capacity(needles.len());
        for (index, needle) in needles.iter().enumerate() {
            for (at, block) in needle.expose()[..window].windows(BLOCK).enumerate() {
                let shift = &mut shifts[hash(block, bits)];
                *shift = (*shift).min((window - BLOCK - at) as u8);
            }
            heads.push((hash(&needle.expose()[window - BLOCK..window], bits), index));
        }
        heads.sort_unstable();
        let longest = needles.iter().map(|needle| needle.expose().len()).max().unwrap_or(0);
        Self { needles, window, longest, bits, shifts, heads }
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        self.needles[index].expose()
    }

    /// Calls `found` with where a needle stands and its index.
    pub(super) fn for_each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let mut costs = Costs::new(text.len());
        let mut end = self.window;
        while end <= text.len() {
            let block = hash(&text[end - BLOCK..end], self.bits);
            match self.shifts[block] {
                0 => {
                    self.compare(text, end - self.window, block, &mut costs, &mut found);
                    end += 1;
                }
                shift => end += usize::from(shift),
            }
        }
    }

    /// Compares the needles whose first window ends in a block with what stands at `start`.
    fn compare(
        &self,
        text: &[u8],
        start: usize,
        block: usize,
        costs: &mut Costs,
        found: &mut impl FnMut(usize, usize),
    ) {
        let first = self.heads.partition_point(|&(head, _)| head < block);
        for &(_, index) in self.heads[first..].iter().take_while(|&&(head, _)| head == block) {
            let needle = self.get(index);
            if costs.is_dear(index) {
                continue;
            }
            let same = needle.iter().zip(&text[start..]).take_while(|(a, b)| a == b).count();
            if same == needle.len() {
                found(start, index);
            }
            if costs.add(same, index, self.needles.len()) {
                find_steadily(needle, &text[start + 1..], |at| found(start + 1 + at, index));
            }
        }
    }
}

fn hash(block: &[u8], bits: u32) -> usize {
    let number = u32::from_le_bytes([block[0], block[1], block[2], 0]);
    (number.wrapping_mul(0x9E37_79B1) >> (u32::BITS - bits)) as usize
}

/// What comparing has cost in one text.
struct Costs {
    limit: usize,
    all: usize,
    /// By needle, once all of them together have passed the limit.
    each: Vec<usize>,
}

impl Costs {
    fn new(text: usize) -> Self {
        Self { limit: THRIFT * text + 4096, all: 0, each: Vec::new() }
    }

    fn is_dear(&self, index: usize) -> bool {
        self.each.get(index).is_some_and(|&cost| cost > self.limit)
    }

    /// Counts bytes compared; true when this makes the needle dear.
    fn add(&mut self, bytes: usize, index: usize, needles: usize) -> bool {
        self.all += bytes;
        if self.all <= self.limit {
            return false;
        }
        if self.each.is_empty() {
            self.each = vec![0; needles];
        }
        self.each[index] += bytes;
        self.is_dear(index)
    }
}

/// All places of one needle, in time that depends on the text's length alone.
fn find_steadily(needle: &[u8], text: &[u8], mut found: impl FnMut(usize)) {
    let borders = borders(needle);
    let mut matched = 0;
    for (at, &byte) in text.iter().enumerate() {
        while matched > 0 && needle.get(matched) != Some(&byte) {
            matched = borders[matched - 1];
        }
        matched += usize::from(needle[matched] == byte);
        if matched == needle.len() {
            found(at + 1 - matched);
        }
    }
}

/// For each prefix, how long its longest proper prefix is that is its suffix too.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut matched = 0;
    for at in 1..needle.len() {
        while matched > 0 && needle[matched] != needle[at] {
            matched = borders[matched - 1];
        }
        matched += usize::from(needle[matched] == needle[at]);
        borders[at] = matched;
    }
    borders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::known::KIND;

    fn places(needles: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let secrets = needles.iter().map(|needle| Secret::new(KIND, needle)).collect();
        let mut found = Vec::new();
        Needles::new(secrets).for_each(text, |start, index| found.push((start, index)));
        found.sort_unstable();
        found
    }

    fn naive(needles: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for start in 0..text.len() {
            let here = needles.iter().enumerate().filter(|(_, needle)| text[start..].starts_with(needle));
            found.extend(here.map(|(index, _)| (start, index)));
        }
        found
    }

    proptest! {
        /// Two letters make for many overlaps and repeats.
        #[test]
        fn every_place_is_found(
            needles in prop::collection::vec(prop::collection::vec(b'a'..=b'b', 3..9), 1..6),
            text in prop::collection::vec(b'a'..=b'b', 0..200),
        ) {
            prop_assert_eq!(places(&needles, &text), naive(&needles, &text));
        }

        #[test]
        fn the_steady_way_finds_the_same(needle in "[ab]{3,9}", text in "[ab]{0,99}") {
            let mut found = Vec::new();
            find_steadily(needle.as_bytes(), text.as_bytes(), |at| found.push(at));
            let starts = |at: &usize| text[*at..].starts_with(&needle);
            prop_assert_eq!(found, (0..text.len()).filter(starts).collect::<Vec<_>>());
        }
    }

    /// A text of nothing but the beginning of a long needle: it becomes dear, and is still found.
    #[test]
    fn a_text_that_repeats_a_beginning_takes_the_steady_way() {
        let needle = [vec![b'a'; 5000], b"b".to_vec()].concat();
        let text = [vec![b'a'; 200_000], b"b, ".to_vec(), needle.clone()].concat();
        let found = places(&[needle.clone(), b"no such text".to_vec()], &text);
        assert_eq!(found, [(195_000, 0), (200_003, 0)]);
    }

    #[test]
    fn a_long_needle_has_a_window_that_a_byte_can_count() {
        let needle: Vec<u8> = (0..4000_u32).flat_map(|number| number.to_be_bytes()).collect();
        let text = [b"x".repeat(700), needle.clone(), b"y".repeat(300)].concat();
        assert_eq!(places(&[needle], &text), [(700, 0)]);
    }
}
