//! Where a token can be at all: in a long run of the bytes that tokens are made of.
//!
//! Whatever its format, a token has at least [`LONG`] letters, digits, `_` and `-` in a row, and
//! ordinary text seldom has. What is a token byte is told for 64 bytes at once, and where so many stand in a
//! row by shifting the answer onto itself; the cost does not grow with the number of formats.

use std::ops::Range;

use crate::simd::{BLOCK, token_bytes};

/// The shortest run that is looked into. Every detector's examples are checked against it: an AWS
/// key id has 20, a JWT's header 16.
pub(super) const LONG: usize = 16;

/// How many blocks are looked at before what was found in them is told.
const WINDOW: usize = 64;

/// Calls `found` for every maximal run of [`Class::URL`](super::class::Class::URL) that has at least
/// [`LONG`] bytes.
pub(super) fn for_each_long_run(text: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut masks = [0; WINDOW];
    // Where the run that reaches to the block under way begins.
    let mut open = 0;
    for at in (0..text.len()).step_by(WINDOW * BLOCK) {
        let blocks = (text.len() - at).div_ceil(BLOCK).min(WINDOW);
        token_bytes(text, at, &mut masks[..blocks]);
        for (index, &mask) in masks[..blocks].iter().enumerate() {
            in_block(at + index * BLOCK, mask, &mut open, &mut found);
        }
    }
    if text.len().saturating_sub(open) >= LONG {
        found(open..text.len());
    }
}

/// The runs that end in a block at `at`.
#[inline]
fn in_block(at: usize, mask: u64, open: &mut usize, found: &mut impl FnMut(Range<usize>)) {
    if mask == u64::MAX {
        return;
    }
    let first = mask.trailing_ones() as usize;
    if at + first - *open >= LONG {
        found(*open..at + first);
    }
    let last = mask.leading_ones() as usize;
    *open = at + BLOCK - last;
    // Neither the run that began before the block nor the one that may go on behind it.
    let inner = mask & (u64::MAX << first) & (u64::MAX >> last);
    let mut starts = inner & inner >> 1;
    starts &= starts >> 2;
    starts &= starts >> 4;
    starts &= starts >> 8;
    while starts != 0 {
        let start = starts.trailing_zeros() as usize;
        let end = start + (inner >> start).trailing_ones() as usize;
        found(at + start..at + end);
        // A run that reaches the last bit is not an inner one.
        starts &= u64::MAX << end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_whole() {
        let long = "x".repeat(LONG);
        let text = format!("short {long} {long}- \u{e9}{long}yy.{}", &long[1..]);
        let mut runs = Vec::new();
        for_each_long_run(text.as_bytes(), |run| runs.push(text[run].to_owned()));
        assert_eq!(runs, [long.clone(), format!("{long}-"), format!("{long}yy")]);
        for_each_long_run(&text.as_bytes()[..5], |_| panic!("a short run"));
    }
}
