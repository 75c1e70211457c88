//! The vault: which plaintext a placeholder stands for, per session and upstream.
//!
//! Invariants:
//! - an entry is found only in the [`Scope`] that made it and only under its own kind (law 9);
//! - one plaintext has one placeholder in a scope, whatever detector found it (law 4);
//! - tags are compared with the plaintext on insert; on a clash the new tag is longer;
//! - an entry that somebody outside holds (an exchange in flight holds all of its own) is never
//!   evicted; everything else goes after the time to live, or least recently used first when the
//!   vault is full. Dropping the last reference zeroizes the plaintext.
//!
//! Time comes in as milliseconds on any monotonic clock: the core has none.

mod moving;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use dashmap::DashMap;

use crate::{
    placeholder::{self, SessionKey, Tag},
    secret::{Kind, Secret},
};

pub use moving::Damaged;

/// Length of the tag of an entry with a spelling of its own, see [`Vault::insert_spelt`].
const SPELT_DIGITS: usize = 32;

/// Whose placeholders: one session with one upstream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scope(pub u128);

/// One plaintext and its placeholder.
pub struct Entry {
    secret: Secret,
    tag: Tag,
    spelling: Option<Spelling>,
    last_used: AtomicU64,
    /// Entries are numbered in the order in which they were made.
    number: u64,
}

/// How a secret was written where its usual spelling would not be what stood there.
pub struct Spelling {
    text: Secret,
    /// The JSON strings around it, as far as the text itself tells.
    depth: usize,
}

impl Spelling {
    /// What stood there.
    #[must_use]
    pub fn text(&self) -> &Secret {
        &self.text
    }

    /// How many JSON strings the text around it seemed to put it in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }
}

impl Entry {
    /// The secret itself.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The first 16 digits of the tag, as the audit log shows them.
    #[must_use]
    pub fn short_tag(&self) -> &str {
        self.tag.short()
    }

    /// The spelling to use at a place like the one it came from.
    #[must_use]
    pub fn spelling(&self) -> Option<&Spelling> {
        self.spelling.as_ref()
    }

    /// Writes the placeholder.
    pub fn write_placeholder(&self, out: &mut Vec<u8>) {
        placeholder::write(self.secret.kind(), &self.tag, out);
    }

    fn is_spelt(&self, spelling: Option<(&[u8], usize)>) -> bool {
        self.spelling.as_ref().map(|known| (known.text.expose(), known.depth)) == spelling
    }
}

type Key = (Scope, [u8; 16]);

/// The map from placeholders to plaintext.
pub struct Vault {
    key: SessionKey,
    capacity: usize,
    ttl: u64,
    /// Entries whose tags share their first 16 digits stand side by side: a clash, or spellings of
    /// the same plaintext.
    entries: DashMap<Key, Vec<Arc<Entry>>>,
    size: AtomicUsize,
    /// How many were ever made.
    made: AtomicU64,
    /// Beyond this size room is made. More than the capacity while most entries are in use, so that
    /// a request with very many secrets does not look for room at each of them.
    room_at: AtomicUsize,
}

impl Vault {
    /// An empty vault for at most `capacity` entries (more only while all are in use) that live
    /// `ttl` beyond their last use.
    #[must_use]
    pub fn new(key: SessionKey, capacity: usize, ttl: u64) -> Self {
        Self {
            key,
            capacity,
            ttl,
            entries: DashMap::new(),
            size: AtomicUsize::new(0),
            made: AtomicU64::new(0),
            room_at: AtomicUsize::new(capacity),
        }
    }

    /// Finds or makes the entry of a plaintext.
    pub fn insert(&self, scope: Scope, kind: Kind, plaintext: &[u8], now: u64) -> Arc<Entry> {
        self.insert_as(scope, kind, plaintext, None, now)
    }

    /// Finds or makes another entry of a plaintext: one that at a place like its own, `depth` JSON
    /// strings deep, is put back as `text`, exactly as it stood there.
    ///
    /// Needed where a raw line break stands in what reads like a JSON string, or `\/` for a slash.
    pub fn insert_spelt(
        &self,
        scope: Scope,
        kind: Kind,
        plaintext: &[u8],
        (text, depth): (&[u8], usize),
        now: u64,
    ) -> Arc<Entry> {
        self.insert_as(scope, kind, plaintext, Some((text, depth)), now)
    }

    fn insert_as(
        &self,
        scope: Scope,
        kind: Kind,
        plaintext: &[u8],
        spelling: Option<(&[u8], usize)>,
        now: u64,
    ) -> Arc<Entry> {
        let tag = self.key.tag(plaintext);
        let entry = self.find_or_add(scope, kind, plaintext, spelling, tag, now);
        if self.size.load(Relaxed) > self.room_at.load(Relaxed) {
            self.make_room(now);
        }
        entry
    }

    fn find_or_add(
        &self,
        scope: Scope,
        kind: Kind,
        plaintext: &[u8],
        spelling: Option<(&[u8], usize)>,
        tag: Tag,
        now: u64,
    ) -> Arc<Entry> {
        let mut bucket = self.entries.entry((scope, key_of(&tag))).or_default();
        let same = |entry: &&Arc<Entry>| entry.is_spelt(spelling) && entry.secret.expose() == plaintext;
        if let Some(known) = bucket.iter().find(same) {
            known.last_used.store(now, Relaxed);
            return Arc::clone(known);
        }
        let taken = |digits: usize| bucket.iter().any(|entry| entry.tag.as_str() == &tag.as_str()[..digits]);
        let usual = if spelling.is_some() { SPELT_DIGITS } else { 16 };
        let digits = (usual..=64).find(|&digits| !taken(digits)).unwrap_or(64);
        let entry = Arc::new(Entry {
            secret: Secret::new(kind, plaintext),
            tag: tag.shortened(digits),
            spelling: spelling.map(|(text, depth)| Spelling { text: Secret::new(kind, text), depth }),
            last_used: AtomicU64::new(now),
            number: self.made.fetch_add(1, Relaxed),
        });
        bucket.push(Arc::clone(&entry));
        self.size.fetch_add(1, Relaxed);
        entry
    }

    /// Looks a placeholder up. `None` when it is not this scope's, has another kind, or is gone.
    #[must_use]
    pub fn find(&self, scope: Scope, kind: &str, tag: &Tag, now: u64) -> Option<Arc<Entry>> {
        let bucket = self.entries.get(&(scope, key_of(tag)))?;
        let entry = bucket.iter().find(|entry| entry.tag.as_str() == tag.as_str())?;
        let alive = Arc::strong_count(entry) > 1 || !self.expired(entry, now);
        if entry.secret.kind().label() != kind || !alive {
            return None;
        }
        entry.last_used.store(now, Relaxed);
        Some(Arc::clone(entry))
    }

    /// Drops what has outlived its time, and what is beyond the capacity; to be called now and then.
    pub fn sweep(&self, now: u64) {
        self.make_room(now);
    }

    /// The key of all tags, for a successor.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.size.load(Relaxed)
    }

    /// Whether the vault is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long an entry lives beyond its last use.
    #[must_use]
    pub fn ttl(&self) -> u64 {
        self.ttl
    }

    /// The number of entries it is meant for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn expired(&self, entry: &Entry, now: u64) -> bool {
        now.saturating_sub(entry.last_used.load(Relaxed)) > self.ttl
    }

    /// Drops what is too old, then the least recently used, some more than needed so that a full
    /// vault does not pay for a scan on every insert.
    fn make_room(&self, now: u64) {
        self.retain(|entry| !self.expired(entry, now));
        let surplus = self.len().saturating_sub(self.capacity);
        if surplus > 0 {
            self.evict(surplus + self.capacity / 64);
        }
        let left = self.len();
        let room_at = if left < self.capacity { self.capacity } else { left + left / 8 };
        self.room_at.store(room_at, Relaxed);
    }

    /// Drops that many of the least recently used entries, as far as they are not in use.
    fn evict(&self, wanted: usize) {
        let mut ages: Vec<u64> = Vec::with_capacity(self.len());
        for bucket in &self.entries {
            let free = bucket.iter().filter(|entry| Arc::strong_count(entry) == 1);
            ages.extend(free.map(|entry| entry.last_used.load(Relaxed)));
        }
        let batch = wanted.min(ages.len());
        let Some(last) = batch.checked_sub(1) else { return };
        let youngest = *ages.select_nth_unstable(last).1;
        let left = AtomicUsize::new(batch);
        self.retain(|entry| {
            let old = entry.last_used.load(Relaxed) <= youngest;
            !(old && left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok())
        });
    }

    /// Keeps what is in use and what `keep` says.
    fn retain(&self, keep: impl Fn(&Entry) -> bool) {
        let mut dropped = 0;
        self.entries.retain(|_, bucket| {
            let before = bucket.len();
            bucket.retain(|entry| Arc::strong_count(entry) > 1 || keep(entry));
            dropped += before - bucket.len();
            !bucket.is_empty()
        });
        self.size.fetch_sub(dropped, Relaxed);
    }
}

fn key_of(tag: &Tag) -> [u8; 16] {
    tag.short().as_bytes().try_into().expect("a short tag has 16 digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind::new("TEST_KEY");
    const OTHER: Kind = Kind::new("OTHER_KEY");
    const HERE: Scope = Scope(1);

    fn vault(capacity: usize, ttl: u64) -> Vault {
        Vault::new(SessionKey::new([7; 32]), capacity, ttl)
    }

    fn text(entry: &Entry) -> String {
        let mut out = Vec::new();
        entry.write_placeholder(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn one_plaintext_has_one_placeholder_and_only_its_own_scope_and_kind_find_it() {
        let vault = vault(10, 10);
        let entry = vault.insert(HERE, KIND, b"fake", 0);
        assert_eq!(text(&entry), text(&vault.insert(HERE, OTHER, b"fake", 0)));
        assert_eq!(vault.len(), 1);
        assert!(vault.find(HERE, "TEST_KEY", &entry.tag, 0).is_some());
        assert!(vault.find(HERE, "OTHER_KEY", &entry.tag, 0).is_none());
        assert!(vault.find(Scope(2), "TEST_KEY", &entry.tag, 0).is_none());
    }

    #[test]
    fn a_clash_lengthens_the_tag() {
        let vault = vault(10, 10);
        let first = vault.insert(HERE, KIND, b"fake", 0);
        let clash = vault.find_or_add(HERE, KIND, b"other plaintext", None, vault.key.tag(b"fake"), 0);
        assert_eq!(first.tag.as_str().len(), 16);
        assert_eq!(clash.tag.as_str().len(), 17);
        let found = |entry: &Entry| {
            vault.find(HERE, "TEST_KEY", &entry.tag, 0).expect("known").secret.expose().to_vec()
        };
        assert_eq!(found(&first), b"fake");
        assert_eq!(found(&clash), b"other plaintext");
    }

    #[test]
    fn spellings_stand_beside_the_plain_entry() {
        let vault = vault(10, 10);
        let plain = vault.insert(HERE, KIND, b"a/b", 0);
        let spelt = vault.insert_spelt(HERE, KIND, b"a/b", (b"a\\/b", 1), 0);
        let other = vault.insert_spelt(HERE, KIND, b"a/b", (b"a\\/b", 2), 0);
        assert_eq!(
            (plain.tag.as_str().len(), spelt.tag.as_str().len(), other.tag.as_str().len()),
            (16, 32, 33)
        );
        assert_eq!(plain.short_tag(), spelt.short_tag());
        assert_eq!(text(&spelt), text(&vault.insert_spelt(HERE, KIND, b"a/b", (b"a\\/b", 1), 0)));
        let found = vault.find(HERE, "TEST_KEY", &spelt.tag, 0).expect("known");
        assert_eq!(found.spelling().map(|spelling| spelling.text().expose()), Some(b"a\\/b".as_slice()));
    }

    #[test]
    fn evicts_the_least_recently_used_but_nothing_in_flight() {
        let vault = vault(3, 100);
        let held = vault.insert(HERE, KIND, b"0", 0);
        for at in 1..=5_u64 {
            drop(vault.insert(HERE, KIND, &[at as u8], at));
        }
        assert_eq!(vault.len(), 3);
        assert!(vault.find(HERE, "TEST_KEY", &held.tag, 6).is_some());
        assert!(vault.find(HERE, "TEST_KEY", &vault.key.tag(&[1]).shortened(16), 6).is_none());
        assert!(vault.find(HERE, "TEST_KEY", &vault.key.tag(&[5]).shortened(16), 6).is_some());
    }

    /// The work of looking for room stays in proportion to the entries.
    #[test]
    fn a_vault_full_of_entries_in_use_grows_without_looking_for_room_each_time() {
        let vault = vault(100, 100);
        let mut rooms = std::collections::BTreeSet::new();
        let held: Vec<_> = (0..3000_u32)
            .map(|number| {
                rooms.insert(vault.room_at.load(Relaxed));
                vault.insert(HERE, KIND, &number.to_le_bytes(), 0)
            })
            .collect();
        assert!(rooms.len() < 50, "{}", rooms.len());
        assert_eq!(vault.len(), 3000);
        drop(held);
        vault.sweep(0);
        assert!(vault.len() <= 100);
    }

    #[test]
    fn forgets_after_the_time_to_live() {
        let vault = vault(10, 10);
        let entry = vault.insert(HERE, KIND, b"fake", 0);
        vault.sweep(50);
        assert_eq!(vault.len(), 1, "in flight");
        let tag = entry.tag;
        drop(entry);
        assert!(vault.find(HERE, "TEST_KEY", &tag, 50).is_none());
        vault.sweep(50);
        assert!(vault.is_empty());
    }
}
