//! What a user says is no secret: an allow-list by value and by type.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Span;
use crate::secret::Kind;

/// One entry: spans of which all that it says is true are left alone. One that says nothing is true of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The SHA-256 of the value.
    pub sha256: Option<[u8; 32]>,
    /// Its type.
    pub kind: Option<Kind>,
}

impl Allowed {
    fn holds(&self, kind: Kind, sha256: &[u8; 32]) -> bool {
        self.kind.is_none_or(|allowed| allowed == kind)
            && self.sha256.is_none_or(|allowed| allowed == *sha256)
    }
}

/// Takes out of the spans from `first` on what is allowed.
pub(super) fn spare(allowed: &[Allowed], text: &[u8], spans: &mut Vec<Span>, first: usize) {
    if allowed.is_empty() {
        return;
    }
    let mut at = 0;
    spans.retain(|span| {
        at += 1;
        at <= first || {
            let sha256 = Sha256::digest(&text[span.range()]).into();
            !allowed.iter().any(|entry| entry.holds(span.kind, &sha256))
        }
    });
}

/// Appends a line for each entry, for the policy hash.
pub(super) fn describe(allowed: &[Allowed], text: &mut String) {
    for Allowed { sha256, kind } in allowed {
        let kind = kind.map_or("*", Kind::label);
        let _ = writeln!(text, "{kind}\tallowed\t{sha256:?}");
    }
}
