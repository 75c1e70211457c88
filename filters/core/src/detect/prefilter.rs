//! Finding the places of a long run where an anchor may stand.
//!
//! For every position the three bytes there are hashed into a table that says whether some anchor
//! has these three bytes at its rarest place (`nt-` for `sk-ant-`, not `sk-`). That is a
//! multiplication and a look-up per byte without a branch, eight positions at a time, however
//! many anchors there are. Only positions that pass are compared.

use std::ops::Range;

use super::detector::Trigger;

/// log2 of the table's size in bits: it has to stay in the first-level cache.
const BITS: u32 = 17;

/// How many positions are looked at before branching.
const STRIDE: usize = 8;

/// Bytes that a stride reads.
const BLOCK: usize = STRIDE + 2;

/// Three bytes, little-endian.
type Trigram = u32;

/// Where an anchor stands relative to a trigram found in the text, and whose it is.
struct Entry {
    trigram: Trigram,
    /// Where the candidate starts, relative to the trigram.
    shift: isize,
    /// The number the caller gave the anchor.
    anchor: usize,
}

/// A set of anchors.
pub(super) struct Prefilter {
    /// By hash: one bit, set where some trigram falls.
    hit: Box<[u8; 1 << (BITS - 3)]>,
    /// All trigrams, sorted.
    entries: Vec<Entry>,
}

impl Prefilter {
    /// Takes the triggers in the order of their numbers.
    pub(super) fn new(triggers: impl Iterator<Item = Trigger>) -> Self {
        let mut entries = Vec::new();
        for (anchor, trigger) in triggers.enumerate() {
            for (trigram, shift) in trigrams(trigger) {
                entries.push(Entry { trigram, shift, anchor });
            }
        }
        entries.sort_by_key(|entry| (entry.trigram, entry.anchor));
        let mut hit = Box::new([0; 1 << (BITS - 3)]);
        for entry in &entries {
            let hash = hash(u64::from(entry.trigram));
            hit[hash >> 3] |= 1 << (hash & 7);
        }
        Self { hit, entries }
    }

    /// Calls `found(position, anchor)` for every place that may be the start of that anchor and
    /// whose trigram starts in `range`, in ascending order of the trigrams. May look a few bytes
    /// further.
    pub(super) fn scan(&self, text: &[u8], range: Range<usize>, mut found: impl FnMut(usize, usize)) {
        for at in range.step_by(STRIDE) {
            let tail = &text[at..];
            // Behind the end there are zeros: no anchor contains one.
            let mut padded = [0; BLOCK];
            let block = tail.first_chunk::<BLOCK>().unwrap_or_else(|| {
                padded[..tail.len()].copy_from_slice(tail);
                &padded
            });
            if self.any(block) {
                self.look(at, block, &mut found);
            }
        }
    }

    /// Whether any of the stride's positions passes.
    #[inline(always)]
    fn any(&self, block: &[u8; BLOCK]) -> bool {
        let [a, b, c, d, e, f, g, h, i, j] = *block;
        let low = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let high = u64::from_le_bytes([c, d, e, f, g, h, i, j]);
        let mut hit = 0;
        for shift in [0, 8, 16, 24, 32, 40] {
            hit |= self.bit(low >> shift);
        }
        for shift in [32, 40] {
            hit |= self.bit(high >> shift);
        }
        hit & 1 != 0
    }

    /// The bit of the trigram in the low bytes, and other bits above it.
    #[inline(always)]
    fn bit(&self, word: u64) -> u8 {
        let hash = hash(word);
        self.hit[hash >> 3] >> (hash & 7)
    }

    #[cold]
    fn look(&self, at: usize, block: &[u8; BLOCK], found: &mut impl FnMut(usize, usize)) {
        for (offset, bytes) in block.windows(3).enumerate() {
            let trigram = trigram(bytes);
            if self.bit(u64::from(trigram)) & 1 == 0 {
                continue;
            }
            let first = self.entries.partition_point(|entry| entry.trigram < trigram);
            for entry in self.entries[first..].iter().take_while(|e| e.trigram == trigram) {
                if let Some(start) = (at + offset).checked_add_signed(entry.shift) {
                    found(start, entry.anchor);
                }
            }
        }
    }
}

/// Fibonacci hashing of the low 24 bits.
#[inline(always)]
fn hash(word: u64) -> usize {
    let trigram = (word as u32) << 8;
    (trigram.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

fn trigram(bytes: &[u8]) -> Trigram {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

/// The trigrams that give a trigger away, each with where the candidate then starts.
fn trigrams(trigger: Trigger) -> Vec<(Trigram, isize)> {
    match trigger {
        Trigger::Text(literal) => vec![rarest(literal.as_bytes())],
        Trigger::TextThen(literal, class) => {
            let literal = literal.as_bytes();
            let trigrams = class.bytes().map(|next| trigram(&[literal[0], literal[1], next]));
            trigrams.map(|trigram| (trigram, 0)).collect()
        }
        Trigger::Before(_) | Trigger::Anywhere(_) => Vec::new(),
    }
}

/// The three bytes of a literal that text has least often, by a rough estimate.
fn rarest(literal: &[u8]) -> (Trigram, isize) {
    let weight = |window: &&[u8]| window.iter().map(|&byte| commonness(byte)).sum::<u32>();
    let windows = || literal.windows(3).enumerate();
    let best = windows().min_by_key(|(_, window)| weight(window));
    let (back, window) = best.unwrap_or((0, b"\0\0\0"));
    (trigram(window), -(back as isize))
}

/// How common a byte is in source code and prose, roughly.
fn commonness(byte: u8) -> u32 {
    match byte {
        b'a' | b'e' | b'i' | b'o' | b'n' | b'r' | b's' | b't' | b'-' => 8,
        b'j' | b'q' | b'x' | b'z' | b'k' | b'v' => 3,
        b'a'..=b'z' => 6,
        b'_' | b'.' => 5,
        b'0'..=b'9' => 3,
        _ => 2,
    }
}
