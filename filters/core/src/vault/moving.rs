//! Moving a vault's entries to a successor, as bytes in a buffer that is zeroized on drop.
//!
//! An entry: scope (16 bytes), last use (8), length of the label (1) and the label, length of the tag
//! (1) and the tag, length of the plaintext (8) and the plaintext; then 0, or 1, depth (8), length of
//! the spelling (8) and the spelling. Numbers are little-endian.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use zeroize::Zeroizing;

use super::{Entry, Scope, Spelling, Vault, key_of};
use crate::{
    placeholder::Tag,
    secret::{Kind, Secret},
};

/// The bytes are not a vault's entries.
#[derive(Debug, thiserror::Error)]
#[error("the entries of the vault are damaged")]
pub struct Damaged;

impl Vault {
    /// All entries that were made since `from`, which is 0 or what this returned before, and the
    /// number to go on from.
    #[must_use]
    pub fn export(&self, from: u64) -> (Zeroizing<Vec<u8>>, u64) {
        // Before looking: what is made meanwhile may come now and again, and is not missed.
        let next = self.made.load(Relaxed);
        let mut chosen: Vec<(Scope, Arc<Entry>)> = Vec::new();
        for bucket in &self.entries {
            let scope = bucket.key().0;
            let new = bucket.iter().filter(|entry| entry.number >= from);
            chosen.extend(new.map(|entry| (scope, Arc::clone(entry))));
        }
        // In one piece: a buffer that grows leaves copies behind.
        let length = chosen.iter().map(|(_, entry)| entry.moved_length()).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        for (scope, entry) in chosen {
            entry.write(scope, &mut out);
        }
        (out, next)
    }

    /// Takes in what another vault with the same key has exported. What is known already stays.
    ///
    /// # Errors
    /// [`Damaged`]; what came before the damage is taken in.
    pub fn import(&self, bytes: &[u8]) -> Result<(), Damaged> {
        let mut rest = Reader(bytes);
        while !rest.0.is_empty() {
            let (scope, entry) = rest.entry(self.made.fetch_add(1, Relaxed)).ok_or(Damaged)?;
            let mut bucket = self.entries.entry((scope, key_of(&entry.tag))).or_default();
            if bucket.iter().all(|known| known.tag.as_str() != entry.tag.as_str()) {
                bucket.push(Arc::new(entry));
                self.size.fetch_add(1, Relaxed);
            }
        }
        Ok(())
    }
}

impl Entry {
    fn moved_length(&self) -> usize {
        let spelling = self.spelling.as_ref().map_or(0, |spelling| 16 + spelling.text.expose().len());
        let label = self.secret.kind().label().len();
        16 + 8 + 1 + label + 1 + self.tag.as_str().len() + 8 + self.secret.expose().len() + 1 + spelling
    }

    fn write(&self, scope: Scope, out: &mut Vec<u8>) {
        let short = |length: usize| u8::try_from(length).expect("labels and tags have 64 bytes at most");
        let (label, tag) = (self.secret.kind().label(), self.tag.as_str());
        out.extend_from_slice(&scope.0.to_le_bytes());
        out.extend_from_slice(&self.last_used.load(Relaxed).to_le_bytes());
        out.push(short(label.len()));
        out.extend_from_slice(label.as_bytes());
        out.push(short(tag.len()));
        out.extend_from_slice(tag.as_bytes());
        write_long(self.secret.expose(), out);
        match &self.spelling {
            None => out.push(0),
            Some(spelling) => {
                out.push(1);
                out.extend_from_slice(&(spelling.depth as u64).to_le_bytes());
                write_long(spelling.text.expose(), out);
            }
        }
    }
}

fn write_long(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn entry(&mut self, number: u64) -> Option<(Scope, Entry)> {
        let scope = Scope(u128::from_le_bytes(*self.array()?));
        let last_used = AtomicU64::new(self.number()?);
        let kind = Kind::intern(std::str::from_utf8(self.short()?).ok()?)?;
        let tag = Tag::read(self.short()?)?;
        let secret = Secret::new(kind, self.long()?);
        let spelling = match self.array::<1>()? {
            [0] => None,
            [1] => {
                let depth = usize::try_from(self.number()?).ok()?;
                Some(Spelling { text: Secret::new(kind, self.long()?), depth })
            }
            _ => return None,
        };
        Some((scope, Entry { secret, tag, spelling, last_used, number }))
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let [length] = *self.array()?;
        self.take(usize::from(length))
    }

    fn long(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placeholder::SessionKey;

    const HERE: Scope = Scope(7 << 100);
    const KIND: Kind = Kind::new("TEST_KEY");

    fn vault() -> Vault {
        Vault::new(SessionKey::new([7; 32]), 100, 10)
    }

    fn placeholder(entry: &Entry) -> Vec<u8> {
        let mut out = Vec::new();
        entry.write_placeholder(&mut out);
        out
    }

    #[test]
    fn what_was_made_before_is_found_after() {
        let (old, new) = (vault(), vault());
        let plain = old.insert(HERE, KIND, b"a/b", 3);
        let spelt = old.insert_spelt(HERE, KIND, b"a/b", (b"a\\/b", 2), 4);
        let (bytes, _) = old.export(0);
        assert_eq!(bytes.len(), bytes.capacity(), "never moved while it grew");
        new.import(&bytes).unwrap();
        assert_eq!(new.len(), 2);
        for entry in [&plain, &spelt] {
            let found = new.find(HERE, "TEST_KEY", &entry.tag, 5).expect("known");
            assert_eq!(found.secret.expose(), b"a/b");
            assert_eq!(placeholder(&found), placeholder(entry));
        }
        let found = new.find(HERE, "TEST_KEY", &spelt.tag, 5).expect("known");
        let spelling = found.spelling().map(|spelling| (spelling.text().expose().to_vec(), spelling.depth()));
        assert_eq!(spelling, Some((b"a\\/b".to_vec(), 2)));
        assert!(new.find(Scope(1), "TEST_KEY", &plain.tag, 5).is_none());
        // The same plaintext has the same placeholder from here on.
        assert_eq!(placeholder(&new.insert(HERE, KIND, b"a/b", 6)), placeholder(&plain));
        assert_eq!(new.len(), 2);
    }

    #[test]
    fn age_moves_along() {
        let (old, new) = (vault(), vault());
        let tag = old.insert(HERE, KIND, b"old", 3).tag;
        new.import(&old.export(0).0).unwrap();
        assert!(new.find(HERE, "TEST_KEY", &tag, 14).is_none());
    }

    #[test]
    fn only_what_is_new_comes_again() {
        let (old, new) = (vault(), vault());
        drop(old.insert(HERE, KIND, b"one", 0));
        let (first, next) = old.export(0);
        drop(old.insert(HERE, KIND, b"one", 1));
        assert!(old.export(next).0.is_empty());
        drop(old.insert(HERE, KIND, b"two", 1));
        let (second, _) = old.export(next);
        for bytes in [&first, &second, &first] {
            new.import(bytes).unwrap();
        }
        assert_eq!(new.len(), 2);
    }

    #[test]
    fn damage_is_told() {
        let old = vault();
        drop(old.insert_spelt(HERE, KIND, b"a/b", (b"a\\/b", 2), 4));
        let (bytes, _) = old.export(0);
        for length in 1..bytes.len() {
            assert!(vault().import(&bytes[..length]).is_err(), "{length}");
        }
    }
}
