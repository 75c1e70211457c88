//! Finding credentials in text.
//!
//! A **detector** is one credential format; the **engine** runs all of them over one leaf and
//! answers with spans. Callers know only [`Detectors`]: how the engine finds its candidates can
//! change without them.

use std::ops::Range;

use crate::secret::Kind;

/// Where a detector matched: a byte range of the leaf, and the format found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The credential format.
    pub kind: Kind,
}

impl Span {
    /// The bytes covered.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// What is scanned: one string value, decoded.
#[derive(Clone, Copy)]
pub struct Leaf<'a> {
    /// The decoded text (arbitrary bytes are allowed; nothing requires UTF-8).
    pub text: &'a [u8],
    /// The name of the object member that holds it, decoded, where there is one.
    pub key: Option<&'a [u8]>,
}
