//! Secrets that were found in a body, to be found in it wherever else they stand.

use super::{Known, forms::Form};
use crate::secret::{Kind, Secret};

/// Such secrets: looked for as known values are, but with the kinds that they were found to be.
pub(in crate::detect) struct Again {
    pub(in crate::detect) known: Known,
    /// Sorted by their plaintext, each once.
    secrets: Vec<Secret>,
}

impl Again {
    /// `None` when there is no secret. Of two with the same plaintext the first counts.
    pub(in crate::detect) fn new(mut secrets: Vec<Secret>) -> Option<Self> {
        secrets.sort_by(|one, other| one.expose().cmp(other.expose()));
        secrets.dedup_by(|next, kept| next.expose() == kept.expose());
        let known = Known::written(secrets.iter().map(Secret::expose).collect(), Form::of_itself)?;
        Some(Self { known, secrets })
    }

    /// What a plaintext was found to be.
    pub(in crate::detect) fn kind(&self, plaintext: &[u8]) -> Option<Kind> {
        let found = self.secrets.binary_search_by(|secret| secret.expose().cmp(plaintext)).ok()?;
        Some(self.secrets[found].kind())
    }
}
