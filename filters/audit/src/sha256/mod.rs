//! SHA-256 of many texts at once.
//!
//! A verifier hashes each line by itself, so sixteen lines can go through one processor core side by
//! side: [`lanes`], where the machine has AVX-512. That is more than twice as fast as its SHA
//! instructions, which wait for each other along one text. Elsewhere, and for what would leave most
//! lanes idle, the `sha2` crate does the work, one text after the other.

#[cfg(target_arch = "x86_64")]
mod lanes;

use sha2::{Digest, Sha256};

/// Bytes that one step takes in.
const BLOCK: usize = 64;

/// The SHA-256 of each of `texts`, in their order.
pub(crate) fn of_all(texts: &[&[u8]]) -> Vec<[u8; 32]> {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = fearless_simd::Level::new().as_avx512() {
        return in_lanes(texts, |group| lanes::hash(avx512, group));
    }
    texts.iter().map(|text| Sha256::digest(text).into()).collect()
}

/// How many blocks a text takes with its padding.
fn blocks(text: &[u8]) -> usize {
    (text.len() + 8) / BLOCK + 1
}

/// Hashes texts of about equal length together.
#[cfg(target_arch = "x86_64")]
fn in_lanes(
    texts: &[&[u8]],
    hash: impl Fn(&[&[u8]; lanes::LANES]) -> [[u8; 32]; lanes::LANES],
) -> Vec<[u8; 32]> {
    let mut order: Vec<(usize, usize)> = texts.iter().map(|text| blocks(text)).zip(0..).collect();
    order.sort_unstable();
    let mut hashes = vec![[0; 32]; texts.len()];
    for group in order.chunks(lanes::LANES) {
        let longest = group.last().map_or(0, |(blocks, _)| *blocks);
        let work: usize = group.iter().map(|(blocks, _)| blocks).sum();
        if work * 2 < longest * lanes::LANES {
            group.iter().for_each(|(_, index)| hashes[*index] = Sha256::digest(texts[*index]).into());
            continue;
        }
        let mut lanes: [&[u8]; lanes::LANES] = [&[]; lanes::LANES];
        lanes.iter_mut().zip(group).for_each(|(lane, (_, index))| *lane = texts[*index]);
        group.iter().zip(hash(&lanes)).for_each(|((_, index), hash)| hashes[*index] = hash);
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of these lengths, each of other bytes.
    fn texts(lengths: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
        let text =
            |(seed, length): (usize, usize)| (0..length).map(|at| (at * 31 + seed * 7) as u8).collect();
        lengths.into_iter().enumerate().map(text).collect()
    }

    #[track_caller]
    fn assert_same(texts: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let expected: Vec<[u8; 32]> = texts.iter().map(|text| Sha256::digest(text).into()).collect();
        assert_eq!(of_all(&slices), expected);
    }

    #[test]
    fn every_length_gives_what_the_library_gives() {
        // All paddings, with one to four blocks; sixteen equal ones of each; all mixed.
        assert_same(&texts(0..260));
        for length in 0..260 {
            assert_same(&texts([length; 16]));
        }
        assert_same(&texts((0..2000).map(|n| n * 7919 % 1500)));
    }

    #[test]
    fn few_and_very_unequal_texts_too() {
        assert_same(&[]);
        for count in 0..40 {
            assert_same(&texts((0..count).map(|n| 600 + n % 3)));
        }
        assert_same(&texts([0, 100_000, 5, 640, 640, 640, 3, 1 << 20, 64, 63, 55, 56, 119, 120]));
    }
}
