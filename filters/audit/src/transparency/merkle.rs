//! RFC 6962 §2.1: the Merkle tree over a list of lines, and the proofs it gives.
//!
//! A leaf's hash is SHA-256 of a zero byte and the line (without its newline); a node's is SHA-256 of
//! a one byte and its two children. A tree of `n` leaves is split at the largest power of two below
//! `n`, so a list that grows keeps the hashes of its full subtrees: that is what [`Edge`] holds.

use sha2::{Digest, Sha256};

use crate::chain::Hash;

/// The hash of one line as a leaf.
#[must_use]
pub fn leaf(line: &[u8]) -> Hash {
    finished(Sha256::new_with_prefix([0]).chain_update(line))
}

fn node(left: Hash, right: Hash) -> Hash {
    let children = Sha256::new_with_prefix([1]).chain_update(left.as_bytes());
    finished(children.chain_update(right.as_bytes()))
}

fn finished(digest: Sha256) -> Hash {
    Hash::from(<[u8; 32]>::from(digest.finalize()))
}

/// The root of the tree without leaves.
fn empty() -> Hash {
    finished(Sha256::new())
}

/// The right edge of a growing tree: one hash for each bit that is set in its size, the largest
/// subtree first. All that is needed to go on, in memory that grows with the logarithm of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Edge {
    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Two equal subtrees become one, as a carry goes through the size's low bits.
        for _ in 0..self.size.trailing_ones() {
            // A subtree is there for each bit set in the size.
            let left = self.subtrees.pop().unwrap_or(Hash::GENESIS);
            hash = node(left, hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The tree's root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.subtrees.iter().rev().copied();
        let last = from_the_right.next();
        last.map_or_else(empty, |last| from_the_right.fold(last, |right, left| node(left, right)))
    }
}

impl FromIterator<Hash> for Edge {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut edge = Self::default();
        leaves.into_iter().for_each(|leaf| edge.push(leaf));
        edge
    }
}

/// The root over `leaves`.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Edge>().root()
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The audit path of the leaf at `index` (from 0), nearest sibling first. `None` when there is no
/// such leaf.
#[must_use]
pub fn inclusion(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let size = leaves.len() as u64;
    if index >= size {
        return None;
    }
    if size == 1 {
        return Some(Vec::new());
    }
    let middle = split(size);
    let (left, right) = leaves.split_at(usize::try_from(middle).ok()?);
    let (inside, other, index) =
        if index < middle { (left, right, index) } else { (right, left, index - middle) };
    let mut path = inclusion(inside, index)?;
    path.push(root(other));
    Some(path)
}

/// The proof that the tree over `leaves` goes on from the one over its first `old`. `None` when `old`
/// is zero or beyond the end.
#[must_use]
pub fn consistency(leaves: &[Hash], old: u64) -> Option<Vec<Hash>> {
    if old == 0 || old > leaves.len() as u64 {
        return None;
    }
    subproof(leaves, old, true)
}

/// RFC 6962's SUBPROOF; `whole` as long as the old tree is a subtree of this one that the other side
/// knows the root of.
fn subproof(leaves: &[Hash], old: u64, whole: bool) -> Option<Vec<Hash>> {
    let size = leaves.len() as u64;
    if old == size {
        return Some(if whole { Vec::new() } else { vec![root(leaves)] });
    }
    let middle = split(size);
    let (left, right) = leaves.split_at(usize::try_from(middle).ok()?);
    let (mut path, other) = if old <= middle {
        (subproof(left, old, whole)?, right)
    } else {
        (subproof(right, old - middle, false)?, left)
    };
    path.push(root(other));
    Some(path)
}

/// True when `path` leads from `leaf` at `index` to `root` in a tree of `size` (RFC 9162 §2.1.3.2).
#[must_use]
pub fn includes(root: Hash, size: u64, index: u64, leaf: Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut index, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if index & 1 == 1 || index == last {
            hash = node(*sibling, hash);
            while index & 1 == 0 && index != 0 {
                (index, last) = (index >> 1, last >> 1);
            }
        } else {
            hash = node(hash, *sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// True when `path` shows that the tree (`size`, `root`) goes on from (`old_size`, `old_root`)
/// (RFC 9162 §2.1.4.2).
#[must_use]
pub fn goes_on(old_size: u64, old_root: Hash, size: u64, root: Hash, path: &[Hash]) -> bool {
    if old_size == 0 || old_size > size {
        return false;
    }
    if old_size == size {
        return path.is_empty() && old_root == root;
    }
    let mut path = path.iter().copied();
    // A whole left subtree is its own first step.
    let first = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else {
        return false;
    };
    let (mut index, mut last) = (old_size - 1, size - 1);
    while index & 1 == 1 {
        (index, last) = (index >> 1, last >> 1);
    }
    let (mut old, mut new) = (first, first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if index & 1 == 1 || index == last {
            (old, new) = (node(sibling, old), node(sibling, new));
            while index & 1 == 0 && index != 0 {
                (index, last) = (index >> 1, last >> 1);
            }
        } else {
            new = node(new, sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    last == 0 && old == old_root && new == root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf(format!("line {n}").as_bytes())).collect()
    }

    /// The first and last roots of Certificate Transparency's own test data.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        assert_eq!(root(&[]).to_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|input| leaf(input)).collect();
        assert_eq!(
            root(&leaves[..1]).to_hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            root(&leaves).to_hex(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn every_inclusion_proof_holds_for_its_leaf_alone() {
        for size in 1..40 {
            let leaves = leaves(size);
            let root = root(&leaves);
            for index in 0..size {
                let path = inclusion(&leaves, index).unwrap();
                let own = leaves[usize::try_from(index).unwrap()];
                assert!(includes(root, size, index, own, &path), "{index} of {size}");
                assert!(!includes(root, size, index, leaf(b"another"), &path));
                assert!(!includes(root, size, size, own, &path));
                assert!(!includes(leaf(b"x"), size, index, own, &path));
                let other = (index + 1) % size;
                assert!(size == 1 || !includes(root, size, other, own, &path), "{index} of {size}");
                let mut longer = path.clone();
                longer.push(own);
                assert!(!includes(root, size, index, own, &longer));
                assert!(path.is_empty() || !includes(root, size, index, own, &path[1..]));
            }
            assert_eq!(inclusion(&leaves, size), None);
        }
    }

    #[test]
    fn every_consistency_proof_holds_for_its_trees_alone() {
        let leaves = leaves(40);
        let root_of = |size: u64| root(&leaves[..usize::try_from(size).unwrap()]);
        for size in 1..=40_u64 {
            for old in 1..=size {
                let path = consistency(&leaves[..usize::try_from(size).unwrap()], old).unwrap();
                assert!(goes_on(old, root_of(old), size, root_of(size), &path), "{old} to {size}");
                assert!(!goes_on(old, leaf(b"x"), size, root_of(size), &path));
                assert!(!goes_on(old, root_of(old), size, leaf(b"x"), &path));
                let mut longer = path.clone();
                longer.push(leaf(b"x"));
                assert!(!goes_on(old, root_of(old), size, root_of(size), &longer));
            }
        }
        assert_eq!(consistency(&leaves, 0), None);
        assert_eq!(consistency(&leaves, 41), None);
        assert!(!goes_on(0, root(&[]), 40, root_of(40), &[]));
        assert!(!goes_on(3, root_of(3), 2, root_of(2), &[]));
    }
}
