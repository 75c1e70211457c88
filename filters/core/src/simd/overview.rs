//! One pass over a JSON document that says where its strings end and where something in them could be.
//!
//! For each block of 64 bytes: which quotation marks are strings' ends (escaped ones are not), where a
//! fingerprint fits, and where a run of token bytes becomes a long one. Everything after it only looks at
//! those places.

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64};

use super::{BLOCK, common, escape_codes, load};

/// Bytes that fingerprints are made of.
pub(crate) const PRINT: usize = 3;

/// Bytes that are read behind a block: those of a fingerprint, and the digits of an escape.
const BEHIND: usize = 4;

/// Buckets of fingerprints.
pub(crate) const BUCKETS: usize = 8 * TABLES;

/// Eight buckets share a table, a bit each.
const TABLES: usize = 2;

/// Sets of three bytes that stand together, in buckets: for each of the three, and for the low and the high
/// half of a byte, the buckets in which it occurs. A place where all six agree on a bucket may be a member.
pub(crate) struct Fingerprints {
    tables: [[[u8; BLOCK]; 2 * PRINT]; TABLES],
}

impl Fingerprints {
    /// Takes, for each bucket, the bytes that may stand at each of the three places.
    pub(crate) fn new(buckets: &[[Vec<u8>; PRINT]; BUCKETS]) -> Self {
        let mut tables = [[[0; BLOCK]; 2 * PRINT]; TABLES];
        for (bucket, places) in buckets.iter().enumerate() {
            let (table, bit) = (&mut tables[bucket / 8], 1 << (bucket % 8));
            for (place, bytes) in places.iter().enumerate() {
                for &byte in bytes {
                    // Each half's table once for each part of a vector.
                    for part in (0..BLOCK).step_by(16) {
                        table[2 * place][part + usize::from(byte & 15)] |= bit;
                        table[2 * place + 1][part + usize::from(byte >> 4)] |= bit;
                    }
                }
            }
        }
        Self { tables }
    }
}

/// What is said of 64 bytes, a bit for each.
#[derive(Clone, Copy, Default)]
pub(crate) struct Block {
    /// Quotation marks that no backslash escapes.
    pub(crate) quotes: u64,
    /// Where a fingerprint fits.
    pub(crate) prints: u64,
    /// The last of the first [`LONG`](Overview::LONG) bytes of a run of letters, digits, `_` and `-`.
    pub(crate) runs: u64,
}

/// What one pass tells.
#[derive(Default)]
pub(crate) struct Overview {
    pub(crate) blocks: Vec<Block>,
    /// Whether no string holds a control character or an escape that is not JSON's.
    pub(crate) is_sound: bool,
    /// Whether all bytes are ASCII.
    pub(crate) is_ascii: bool,
}

impl Overview {
    /// How long a run has to be.
    pub(crate) const LONG: usize = 16;

    pub(crate) fn of(body: &[u8], fingerprints: &Fingerprints) -> Self {
        let mut blocks = vec![Block::default(); body.len().div_ceil(BLOCK)];
        let pass = dispatch!(Level::new(), simd => pass(simd, body, fingerprints, &mut blocks));
        Self { blocks, is_sound: !pass.unsound, is_ascii: !pass.other }
    }

    /// The first end of a string from `at` on.
    #[inline]
    pub(crate) fn quote(&self, at: usize) -> Option<usize> {
        let mut index = at / BLOCK;
        let mut bits = self.blocks.get(index)?.quotes & u64::MAX << (at % BLOCK);
        while bits == 0 {
            index += 1;
            bits = self.blocks.get(index)?.quotes;
        }
        Some(index * BLOCK + bits.trailing_zeros() as usize)
    }

    /// What is said of the bytes of a range, block by block, each with where it starts.
    #[inline]
    pub(crate) fn blocks_of(&self, range: &Range<usize>) -> impl Iterator<Item = (usize, Block)> {
        let Range { start, end } = *range;
        let first = start / BLOCK;
        let blocks = self.blocks.get(first..end.div_ceil(BLOCK)).unwrap_or_default();
        blocks.iter().zip(first..).map(move |(block, index)| {
            let at = index * BLOCK;
            let mut within = u64::MAX << start.saturating_sub(at);
            if end < at + BLOCK {
                within &= !(u64::MAX << (end - at));
            }
            let Block { quotes, prints, runs } = *block;
            (at, Block { quotes: quotes & within, prints: prints & within, runs: runs & within })
        })
    }
}

/// What goes on from one block to the next.
#[derive(Default)]
struct Pass {
    /// 1 if the first byte is escaped.
    escaped: u64,
    /// All ones if the first byte is in a string.
    inside: u64,
    /// The block before: where runs of 1, 2, 4, 8 and 16 token bytes end.
    runs: [u64; 5],
    unsound: bool,
    other: bool,
}

#[inline(always)]
fn pass<S: Simd>(simd: S, body: &[u8], fingerprints: &Fingerprints, blocks: &mut [Block]) -> Pass {
    let [table, other] = &fingerprints.tables;
    let tables = [loaded(simd, table), loaded(simd, other)];
    let mut pass = Pass::default();
    // A block is read with bytes behind it; the last ones have blanks there.
    let whole = body.len().saturating_sub(BEHIND) / BLOCK;
    let (most, last) = blocks.split_at_mut(whole);
    for (index, block) in most.iter_mut().enumerate() {
        *block = pass.block(simd, &tables, &body[index * BLOCK..][..BLOCK + BEHIND]);
    }
    let tail = &body[whole * BLOCK..];
    let mut rest = [b' '; 3 * BLOCK];
    rest[..tail.len()].copy_from_slice(tail);
    for (index, block) in last.iter_mut().enumerate() {
        *block = pass.block(simd, &tables, &rest[index * BLOCK..][..BLOCK + BEHIND]);
    }
    pass
}

impl Pass {
    /// Looks at the first block of `bytes`.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, tables: &Tables<S>, bytes: &[u8]) -> Block {
        let block = u8x64::from_slice(simd, &bytes[..BLOCK]);
        self.other |= block.simd_ge(0x80).to_bitmask() != 0;
        let behind = self.behind_escapes(block.simd_eq(b'\\').to_bitmask());
        let quotes = block.simd_eq(b'"').to_bitmask() & !behind;
        let inside = parity(quotes) ^ self.inside;
        self.inside = (inside as i64 >> 63) as u64;
        self.unsound |= block.simd_lt(0x20).to_bitmask() & inside != 0;
        if behind & inside != 0 {
            self.unsound |= has_bad_escape(block, behind & inside, bytes);
        }
        let next = u8x64::from_slice(simd, &bytes[1..=BLOCK]);
        let third = u8x64::from_slice(simd, &bytes[2..2 + BLOCK]);
        let places = [halves(block), halves(next), halves(third)];
        let prints = !(fits(tables[0], places) | fits(tables[1], places)).simd_eq(0).to_bitmask();
        let letter = (block | 0x20) - b'a';
        let digit = block - b'0';
        let token = letter.simd_lt(26) | digit.simd_lt(10) | block.simd_eq(b'_') | block.simd_eq(b'-');
        Block { quotes, prints, runs: self.long_runs(token.to_bitmask()) }
    }

    /// What stands behind an escaping backslash, where backslashes stand: as [`super::behind_escapes`], but
    /// an escape may be under way at the first byte.
    #[inline(always)]
    fn behind_escapes(&mut self, backslashes: u64) -> u64 {
        let before = self.escaped;
        let codes = escape_codes(backslashes & !before);
        self.escaped = (codes & backslashes) >> 63;
        codes ^ (backslashes | before)
    }

    /// Where the sixteenth byte of a run stands, where token bytes stand.
    #[inline(always)]
    fn long_runs(&mut self, tokens: u64) -> u64 {
        let mut runs = [tokens; 5];
        for step in 0..4 {
            let (before, by) = (self.runs[step], 1 << step);
            runs[step + 1] = runs[step] & (runs[step] << by | before >> (64 - by));
        }
        let [.., last] = runs;
        let first = last & !(last << 1 | self.runs[4] >> 63);
        self.runs = runs;
        first
    }
}

/// Whether each byte has an odd number of bits set up to it, itself included.
#[inline(always)]
fn parity(mut bits: u64) -> u64 {
    for step in 0..6 {
        bits ^= bits << (1 << step);
    }
    bits
}

type Table<S> = [u8x64<S>; 2 * PRINT];
type Tables<S> = [Table<S>; TABLES];

// No closures here: what the vectors are made of has to be compiled for the machine's level, and a closure is
// not. Everything is inlined into what is.

#[inline(always)]
fn loaded<S: Simd>(simd: S, [a, b, c, d, e, f]: &[[u8; BLOCK]; 2 * PRINT]) -> Table<S> {
    [load(simd, a), load(simd, b), load(simd, c), load(simd, d), load(simd, e), load(simd, f)]
}

/// For each byte, the buckets of a table that it and the two behind it fit into.
#[inline(always)]
fn fits<S: Simd>([a, b, c, d, e, f]: Table<S>, [first, second, third]: [[u8x64<S>; 2]; PRINT]) -> u8x64<S> {
    in_both(a, b, first) & in_both(c, d, second) & in_both(e, f, third)
}

#[inline(always)]
fn in_both<S: Simd>(low: u8x64<S>, high: u8x64<S>, [low_half, high_half]: [u8x64<S>; 2]) -> u8x64<S> {
    low.swizzle_dyn_within_blocks(low_half) & high.swizzle_dyn_within_blocks(high_half)
}

/// The low and the high half of each byte.
#[inline(always)]
fn halves<S: Simd>(bytes: u8x64<S>) -> [u8x64<S>; 2] {
    [bytes & 15, bytes >> 4]
}

/// Whether one of these bytes cannot follow a backslash in a JSON string.
#[inline(always)]
fn has_bad_escape<S: Simd>(block: u8x64<S>, behind: u64, bytes: &[u8]) -> bool {
    let control = block.simd_eq(b'b') | block.simd_eq(b'f');
    let unicode = block.simd_eq(b'u').to_bitmask() & behind;
    let known = (common(block) | block.simd_eq(b'"') | control).to_bitmask() | unicode;
    behind & !known != 0 || unicode != 0 && has_bad_number(unicode, bytes)
}

/// Whether behind one of these places there are not four hex digits.
#[cold]
fn has_bad_number(mut places: u64, bytes: &[u8]) -> bool {
    while places != 0 {
        let at = places.trailing_zeros() as usize + 1;
        if !bytes[at..at + 4].iter().all(u8::is_ascii_hexdigit) {
            return true;
        }
        places &= places - 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::bytes, *};

    /// Three places, one bucket each.
    fn fingerprints() -> Fingerprints {
        let mut buckets = <[[Vec<u8>; PRINT]; BUCKETS]>::default();
        for (bucket, print) in buckets.iter_mut().zip([b"key", b"pas", b"\\u0"]) {
            *bucket = print.map(|byte| vec![byte]);
        }
        Fingerprints::new(&buckets)
    }

    /// The same, byte by byte: ends of strings, places of fingerprints, of long runs; is it sound.
    fn plainly(body: &[u8]) -> (Vec<usize>, Vec<usize>, Vec<usize>, bool) {
        let (mut quotes, mut runs, mut sound) = (Vec::new(), Vec::new(), true);
        let (mut inside, mut escaped, mut run) = (false, false, 0);
        for (at, &byte) in body.iter().enumerate() {
            let token = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            run = if token { run + 1 } else { 0 };
            if run == Overview::LONG {
                runs.push(at);
            }
            sound &= !inside || byte >= 0x20;
            if escaped {
                let number = || body.get(at + 1..at + 5).is_some_and(|n| n.iter().all(u8::is_ascii_hexdigit));
                sound &= !inside || b"\"\\/bfnrt".contains(&byte) || byte == b'u' && number();
                escaped = false;
            } else if byte == b'"' {
                quotes.push(at);
                inside = !inside;
            } else {
                escaped = byte == b'\\';
            }
        }
        let print =
            |at: &usize| [b"key", b"pas", b"\\u0"].iter().any(|print| body[*at..].starts_with(*print));
        (quotes, (0..body.len()).filter(print).collect(), runs, sound)
    }

    fn places(overview: &Overview, of: fn(&Block) -> u64) -> Vec<usize> {
        let places = |(index, block)| {
            let bits = of(block);
            (0..BLOCK).filter(move |bit| bits >> bit & 1 != 0).map(move |bit| index * BLOCK + bit)
        };
        overview.blocks.iter().enumerate().flat_map(places).collect()
    }

    proptest! {
        #[test]
        fn it_says_what_a_plain_walk_says(
            body in prop_oneof![
                bytes(400),
                "([a-z -]{0,30}|key|pas|\"|\\\\u[0-9a-f]{3,5}|\\\\[\"nbq\\\\]|[a-zA-Z0-9_-]{14,20}){0,30}".prop_map(String::into_bytes),
            ],
        ) {
            let overview = Overview::of(&body, &fingerprints());
            let (quotes, prints, runs, sound) = plainly(&body);
            prop_assert_eq!(places(&overview, |block| block.quotes), quotes.clone());
            let found = places(&overview, |block| block.prints);
            prop_assert!(prints.iter().all(|at| found.contains(at)), "{:?} {:?}", prints, found);
            prop_assert_eq!(places(&overview, |block| block.runs), runs);
            prop_assert_eq!(overview.is_sound, sound, "{:?}", String::from_utf8_lossy(&body));
            prop_assert_eq!(overview.is_ascii, body.is_ascii());
            for at in 0..body.len() {
                prop_assert_eq!(overview.quote(at), quotes.iter().copied().find(|quote| *quote >= at));
            }
        }
    }
}
