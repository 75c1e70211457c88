//! Finding the strings of a document that have to be scanned, without decoding the others.
//!
//! Nearly all strings show in their raw bytes that nothing is in them ([`crate::detect::Glance`]). Some
//! have places that could be something; those are decoded, and judged at these places only. What then is
//! still suspicious is scanned like any text ([`LeafScanner`]), which alone decides. So a glimpse may scan
//! what holds nothing, but must never pass over a string in which the scanner would find something.

use std::ops::Range;

use zeroize::Zeroize;

use super::{
    Splices, Tokenizer, Unscannable,
    document::Strings,
    judged::{self, decode},
    key_lines::Place,
    leaf::{LeafScanner, is_spelt_out, may_be_json, spells_letters},
    sieve::SHORTEST_KEY,
    surroundings::ESCAPED_ASCII,
};
use crate::{
    detect::{Glance, Notes},
    simd::Overview,
};

/// The strings of one document; see the module's text.
pub(super) struct Glimpse<'a, 'n> {
    tokenizer: &'a Tokenizer<'a>,
    body: &'a [u8],
    overview: &'a Overview,
    leaves: LeafScanner<'a>,
    notes: &'n mut Notes<'a>,
    /// A string that was decoded.
    text: Buffer,
    /// Whether anything in the document is spelt by its number.
    has_escapes: bool,
}

impl<'a, 'n> Glimpse<'a, 'n> {
    /// The notes are large, and stay where they are.
    pub(super) fn new(
        tokenizer: &'a Tokenizer<'a>,
        body: &'a [u8],
        overview: &'a Overview,
        notes: &'n mut Notes<'a>,
    ) -> Self {
        let leaves = LeafScanner::new(tokenizer);
        let has_escapes = overview.has_unicode_escape;
        Self { tokenizer, body, overview, leaves, notes, text: Buffer::default(), has_escapes }
    }

    /// Whether what tells could be hidden by escapes: the string's own name, one in the JSON that it holds, or a
    /// name in letters that are not looked for as they are spelt.
    fn may_hide_name(&mut self, raw: &Range<usize>, key: Option<&Range<usize>>) -> bool {
        let Self { body, text, .. } = self;
        if key.is_some_and(|key| is_spelt_out(&body[key.clone()])) {
            return true;
        }
        if spells_letters(&body[raw.clone()]) {
            return true;
        }
        if ESCAPED_ASCII.find(&body[raw.clone()]).is_none() {
            return false;
        }
        let text = text.emptied(raw.len());
        decode(body, raw, &mut [], text);
        may_be_json(text)
    }

    /// Whether the scanner could find something in a string, or has to be told of it.
    fn is_suspicious(&mut self, raw: &Range<usize>, key: Option<&Range<usize>>) -> bool {
        if self.has_escapes && self.may_hide_name(raw, key) {
            return true;
        }
        let Self { tokenizer, body, overview, notes, text, .. } = self;
        let detectors = tokenizer.detectors;
        if detectors.glance(overview, body, raw, notes) == Glance::Suspicious {
            return true;
        }
        let key = key.filter(|key| detectors.may_tell(overview, body, key, notes));
        let key = key.map(|key| &body[key.clone()]);
        if notes.places.is_empty() && key.is_none() {
            return false;
        }
        let text = text.emptied(raw.len());
        decode(body, raw, &mut notes.places, text);
        judged::is_suspicious(detectors, text, key, &notes.places)
    }
}

impl Strings for Glimpse<'_, '_> {
    fn shortest_key(&self) -> usize {
        SHORTEST_KEY
    }

    fn add(&mut self, raw: Range<usize>, key: Option<Range<usize>>, place: Option<Place>) {
        if self.leaves.is_in_key() || self.is_suspicious(&raw, key.as_ref()) {
            let body = self.body;
            self.leaves.json_string(body, raw, key.map(|key| &body[key]), place);
        }
    }

    fn number(&mut self, raw: Range<usize>) {
        self.leaves.json_number(self.body, raw);
    }

    fn finish(self) -> Result<Splices, Unscannable> {
        self.leaves.finish()
    }
}

/// A buffer that is used again, and wiped in the end: it may have held plaintext (law 10).
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Buffer {
    /// Empty, with room for `len` bytes: if it grew while it is filled, a copy would be left behind.
    fn emptied(&mut self, len: usize) -> &mut Vec<u8> {
        if self.0.capacity() < len {
            *self = Self(Vec::with_capacity(len.next_power_of_two()));
        }
        self.0.clear();
        &mut self.0
    }
}

impl Drop for Buffer {
    /// As a slice: a `Vec` is wiped byte by byte, which would cost more than the scan of many a body.
    fn drop(&mut self) {
        // To fill nothing at all, as it is in most bodies, would be slow where nothing is: it is a masked write
        // to no address, which the processor has to look into.
        if self.0.capacity() == 0 {
            return;
        }
        self.0.resize(self.0.capacity(), 0);
        self.0.as_mut_slice().zeroize();
    }
}
