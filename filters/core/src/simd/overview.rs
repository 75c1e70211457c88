//! One pass over a JSON document that says where its strings end and where something in them could be.
//!
//! Which quotation marks are strings' ends (escaped ones are not), a bit for each byte; and lists of the places
//! where a fingerprint stands and where a run of token bytes becomes a long one. Everything after it only looks
//! at those places, and there are few: what fits by chance is left out without a branch, since a processor
//! cannot guess where that will be.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64};

use super::{
    BLOCK, common, escape_codes, load,
    places::{Members, Places},
};

/// Bytes that fingerprints are made of.
pub(crate) const PRINT: usize = 3;

/// Bytes that are read behind a block: those of a fingerprint, and the digits of an escape.
const BEHIND: usize = 4;

/// Buckets of fingerprints.
pub(crate) const BUCKETS: usize = 8 * TABLES;

/// Eight buckets share a table, a bit each.
const TABLES: usize = 2;

/// Sets of three bytes that stand together, in buckets: for each of the three, and for the low and the high
/// half of a byte, the buckets in which it occurs. A place where all six agree on a bucket may be a member;
/// whether it is, the hash of the three bytes says nearly always.
pub(crate) struct Fingerprints {
    tables: [[[u8; BLOCK]; 2 * PRINT]; TABLES],
    members: Members,
}

impl Fingerprints {
    /// Takes, for each bucket, the bytes that may stand at each of the three places, and all members.
    pub(crate) fn new(buckets: &[[Vec<u8>; PRINT]; BUCKETS], all: impl Iterator<Item = [u8; PRINT]>) -> Self {
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
        Self { tables, members: Members::new(all) }
    }
}

/// What one pass tells.
#[derive(Default)]
pub(crate) struct Overview {
    /// Quotation marks that no backslash escapes, a bit for each byte.
    quotes: Vec<u64>,
    /// Where a fingerprint stands, with few exceptions.
    pub(crate) prints: Places,
    /// The last of the first [`LONG`](Self::LONG) bytes of a run of letters, digits, `_` and `-`.
    pub(crate) runs: Places,
    /// Whether no string holds a control character, and nothing at all an escape that is not JSON's.
    pub(crate) is_sound: bool,
    /// Whether all bytes are ASCII.
    pub(crate) is_ascii: bool,
    /// Whether a backslash is followed by a `u` anywhere.
    pub(crate) has_unicode_escape: bool,
}

impl Overview {
    /// How long a run has to be.
    pub(crate) const LONG: usize = 16;

    /// Of a body of less than 4 GiB.
    pub(crate) fn of(body: &[u8], fingerprints: &Fingerprints) -> Self {
        let mut overview = Self::empty(body);
        let mut pass = Pass::default();
        dispatch!(Level::new(), simd => all(simd, &mut pass, body, fingerprints, &mut overview));
        overview.with(&pass)
    }

    /// Only what is to say of the strings.
    pub(crate) fn of_strings(body: &[u8]) -> Self {
        let mut overview = Self::empty(body);
        let mut pass = Pass::default();
        dispatch!(Level::new(), simd => strings(simd, &mut pass, body, &mut overview.quotes));
        overview.with(&pass)
    }

    fn empty(body: &[u8]) -> Self {
        Self { quotes: vec![0; body.len().div_ceil(BLOCK)], ..Self::default() }
    }

    fn with(self, pass: &Pass) -> Self {
        let Pass { unsound, other, unicode, .. } = *pass;
        Self { is_sound: !unsound, is_ascii: !other, has_unicode_escape: unicode, ..self }
    }

    /// The first end of a string from `at` on.
    #[inline]
    pub(crate) fn quote(&self, at: usize) -> Option<usize> {
        let mut index = at / BLOCK;
        let mut bits = self.quotes.get(index)? & u64::MAX << (at % BLOCK);
        while bits == 0 {
            index += 1;
            bits = *self.quotes.get(index)?;
        }
        Some(index * BLOCK + bits.trailing_zeros() as usize)
    }
}

/// Blocks that are looked at before what was found in them is listed, while they are at hand.
const WINDOW: usize = 64;

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
    unicode: bool,
}

#[inline(always)]
fn all<S: Simd>(simd: S, pass: &mut Pass, body: &[u8], fingerprints: &Fingerprints, overview: &mut Overview) {
    let [table, other] = &fingerprints.tables;
    let tables = [loaded(simd, table), loaded(simd, other)];
    let Overview { quotes, prints, runs, .. } = overview;
    let (mut may_be_prints, mut ends) = ([0; WINDOW], [0; WINDOW]);
    for (number, quotes) in quotes.chunks_mut(WINDOW).enumerate() {
        let start = number * WINDOW * BLOCK;
        let whole = whole_blocks(body, start).min(quotes.len());
        let (most, last) = quotes.split_at_mut(whole);
        let marks = may_be_prints.iter_mut().zip(&mut ends);
        for ((index, quotes), (prints, ends)) in most.iter_mut().enumerate().zip(marks) {
            let block = &body[start + index * BLOCK..][..BLOCK + BEHIND];
            *quotes = pass.strings(simd, block);
            (*prints, *ends) = pass.marks(simd, &tables, block);
        }
        for (quotes, index) in last.iter_mut().zip(whole..) {
            let block = padded(body, start + index * BLOCK);
            *quotes = pass.strings(simd, &block);
            (may_be_prints[index], ends[index]) = pass.marks(simd, &tables, &block);
        }
        let first = prints.end();
        prints.extend(&may_be_prints[..quotes.len()], start);
        prints.keep_prints(first, body, &fingerprints.members);
        if ends[..quotes.len()].iter().any(|bits| *bits != 0) {
            runs.extend(&ends[..quotes.len()], start);
        }
    }
}

#[inline(always)]
fn strings<S: Simd>(simd: S, pass: &mut Pass, body: &[u8], quotes: &mut [u64]) {
    let whole = whole_blocks(body, 0);
    let (most, last) = quotes.split_at_mut(whole);
    for (index, quotes) in most.iter_mut().enumerate() {
        *quotes = pass.strings(simd, &body[index * BLOCK..][..BLOCK + BEHIND]);
    }
    for (quotes, index) in last.iter_mut().zip(whole..) {
        *quotes = pass.strings(simd, &padded(body, index * BLOCK));
    }
}

/// How many blocks from `start` on have bytes behind them.
#[inline(always)]
fn whole_blocks(body: &[u8], start: usize) -> usize {
    body.len().saturating_sub(start + BEHIND) / BLOCK
}

/// One of the last blocks, with blanks behind it. Apart, so that the loop over the others calls nothing and
/// keeps its vectors.
#[cold]
#[inline(never)]
fn padded(body: &[u8], at: usize) -> [u8; BLOCK + BEHIND] {
    let mut block = [b' '; BLOCK + BEHIND];
    let tail = &body[at..body.len().min(at + BLOCK + BEHIND)];
    block[..tail.len()].copy_from_slice(tail);
    block
}

impl Pass {
    /// Which quotation marks of the first block of `bytes` are ends of strings.
    #[inline(always)]
    fn strings<S: Simd>(&mut self, simd: S, bytes: &[u8]) -> u64 {
        let block = u8x64::from_slice(simd, &bytes[..BLOCK]);
        self.other |= block.simd_ge(0x80).to_bitmask() != 0;
        let backslashes = block.simd_eq(b'\\').to_bitmask();
        let behind = self.behind_escapes(backslashes);
        let quotes = block.simd_eq(b'"').to_bitmask() & !behind;
        let control = block.simd_lt(0x20).to_bitmask();
        if control != 0 {
            self.unsound |= control & (parity(quotes) ^ self.inside) != 0;
        }
        self.inside ^= (u64::from(quotes.count_ones()) & 1).wrapping_neg();
        if behind | backslashes != 0 {
            self.unsound |= has_bad_escape(block, behind, bytes);
            let next = u8x64::from_slice(simd, &bytes[1..=BLOCK]);
            self.unicode |= next.simd_eq(b'u').to_bitmask() & backslashes != 0;
        }
        quotes
    }

    /// Where in the first block of `bytes` fingerprints may stand, and where runs become long.
    #[inline(always)]
    fn marks<S: Simd>(&mut self, simd: S, tables: &Tables<S>, bytes: &[u8]) -> (u64, u64) {
        let block = u8x64::from_slice(simd, &bytes[..BLOCK]);
        let next = u8x64::from_slice(simd, &bytes[1..=BLOCK]);
        let third = u8x64::from_slice(simd, &bytes[2..2 + BLOCK]);
        let places = [halves(block), halves(next), halves(third)];
        let prints = !(fits(tables[0], places) | fits(tables[1], places)).simd_eq(0).to_bitmask();
        let letter = (block | 0x20) - b'a';
        let digit = block - b'0';
        let token = letter.simd_lt(26) | digit.simd_lt(10) | block.simd_eq(b'_') | block.simd_eq(b'-');
        (prints, self.long_runs(token.to_bitmask()))
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

    use super::{
        super::{Near, tests::bytes},
        *,
    };

    /// Three places, one bucket each.
    fn fingerprints() -> Fingerprints {
        let mut buckets = <[[Vec<u8>; PRINT]; BUCKETS]>::default();
        for (bucket, print) in buckets.iter_mut().zip([b"key", b"pas", b"\\u0"]) {
            *bucket = print.map(|byte| vec![byte]);
        }
        Fingerprints::new(&buckets, [*b"key", *b"pas", *b"\\u0"].into_iter())
    }

    /// The same, byte by byte: ends of strings, places of fingerprints, of long runs; is it sound, which with a
    /// backslash for an end is neither here nor there: no JSON has one.
    fn plainly(body: &[u8]) -> (Vec<usize>, Vec<usize>, Vec<usize>, Option<bool>) {
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
                sound &= b"\"\\/bfnrt".contains(&byte) || byte == b'u' && number();
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
        (quotes, (0..body.len()).filter(print).collect(), runs, (!escaped).then_some(sound))
    }

    /// Where the ends of strings are.
    fn quotes(overview: &Overview) -> Vec<usize> {
        let bits = |(index, bits): (usize, &u64)| {
            let bits = *bits;
            (0..BLOCK).filter(move |bit| bits >> bit & 1 != 0).map(move |bit| index * BLOCK + bit)
        };
        overview.quotes.iter().enumerate().flat_map(bits).collect()
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
            let all = |places: &Places| {
                let list = places.within(&(0..body.len()), &mut Near::default());
                list.iter().map(|place| *place as usize).collect::<Vec<_>>()
            };
            prop_assert_eq!(self::quotes(&overview), quotes.clone());
            let found = all(&overview.prints);
            prop_assert!(prints.iter().all(|at| found.contains(at)), "{:?} {:?}", prints, found);
            prop_assert_eq!(all(&overview.runs), runs);
            prop_assert_eq!(overview.has_unicode_escape, body.windows(2).any(|pair| pair == b"\\u"));
            let as_sound = sound.is_none_or(|sound| sound == overview.is_sound);
            prop_assert!(as_sound, "{:?}", String::from_utf8_lossy(&body));
            prop_assert_eq!(overview.is_ascii, body.is_ascii());
            let strings = Overview::of_strings(&body);
            prop_assert_eq!((&strings.quotes, strings.is_sound), (&overview.quotes, overview.is_sound));
            for at in 0..body.len() {
                prop_assert_eq!(overview.quote(at), quotes.iter().copied().find(|quote| *quote >= at));
            }
        }
    }
}
