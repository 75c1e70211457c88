//! Putting secrets back into what a provider answers.
//!
//! Sans-IO state machines: bytes in, bytes out, cut anywhere. [`text`] restores one text,
//! [`body`] a JSON document, [`events`] a stream of server-sent events; all ask a [`Resolve`]
//! for the secret behind a placeholder.

pub mod body;
mod event_facts;
pub mod events;
pub mod nesting;
pub mod text;

use std::{collections::BTreeSet, sync::Arc};

pub use body::BodyRestorer;
pub use events::EventRestorer;
pub use text::TextRestorer;

use crate::{
    placeholder::Tag,
    secret::Kind,
    vault::{Entry, Scope, Vault},
};

/// Knows which secret a placeholder stands for.
pub trait Resolve {
    /// The entry to put back; `None` leaves the placeholder as it is.
    fn resolve(&mut self, kind: &str, tag: &Tag) -> Option<Arc<Entry>>;
}

/// Resolves from a vault for one scope, and counts.
pub struct Restorations {
    vault: Arc<Vault>,
    scope: Scope,
    now: u64,
    restored: u64,
    unknown: u64,
    kinds: BTreeSet<Kind>,
}

impl Restorations {
    /// For one response, at a time on the vault's clock.
    #[must_use]
    pub fn new(vault: Arc<Vault>, scope: Scope, now: u64) -> Self {
        Self { vault, scope, now, restored: 0, unknown: 0, kinds: BTreeSet::new() }
    }

    /// How many placeholders were replaced.
    #[must_use]
    pub fn restored(&self) -> u64 {
        self.restored
    }

    /// How many were left as they are.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The kinds of those replaced, sorted by label.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.kinds.iter().copied()
    }
}

impl Resolve for Restorations {
    fn resolve(&mut self, kind: &str, tag: &Tag) -> Option<Arc<Entry>> {
        let entry = self.vault.find(self.scope, kind, tag, self.now);
        match &entry {
            Some(entry) => {
                self.restored += 1;
                self.kinds.insert(entry.secret().kind());
            }
            None => self.unknown += 1,
        }
        entry
    }
}
