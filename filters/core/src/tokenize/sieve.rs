//! Sorting out the strings of a document that hold nothing, which nearly all do.
//!
//! Strings wait here, decoded and laid end to end with the strings inside of them, until there are enough
//! to search them together. Only those in which something was found are then scanned by themselves, in
//! their order ([`LeafScanner`]). So a sieve may let through what holds nothing, but must never hold back
//! a string in which the scanner would find something: it gives the detectors every text that the scanner
//! would give them, and passes on what else the scanner acts on.

use std::ops::Range;

use zeroize::{Zeroize, Zeroizing};

use super::{
    Splices, Tokenizer, Unscannable,
    document::Strings,
    key_lines::{PRIVATE_KEY, Place},
    leaf::{LeafScanner, MAX_DEPTH, is_spelt_out, may_be_json, spelt_out},
    names::Names,
    nested::{self, Found},
    surroundings::{ESCAPED_ASCII, ESCAPED_SLASH, LITERAL, may_hold_literal},
};
use crate::{
    detect::{Batch, Detectors},
    json::escape,
};

/// How many bytes are searched together: few enough to stay in the second-level cache, and so many that
/// starting a search costs nothing.
const FULL: usize = 64 << 10;

/// How many strings wait at most.
const MOST: usize = 8192;

/// The shortest member name that is scanned, if no known value is shorter.
pub(super) const SHORTEST_KEY: usize = 12;

/// The strings of one document; see the module's text.
pub(super) struct Sieve<'a> {
    tokenizer: &'a Tokenizer<'a>,
    body: &'a [u8],
    leaves: LeafScanner<'a>,
    waiting: Vec<Waiting<'a>>,
    batch: Batch,
    /// Buffers for texts that read like JSON.
    buffers: Buffers,
    /// Whether it holds anything back at all.
    holds: bool,
}

/// A string: what [`LeafScanner::json_string`] has to be told of it.
struct Waiting<'a> {
    raw: Range<usize>,
    key: Option<&'a [u8]>,
    place: Option<Place>,
    suspicious: bool,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer<'a>, body: &'a [u8]) -> Self {
        Self {
            tokenizer,
            body,
            leaves: LeafScanner::new(tokenizer),
            waiting: Vec::new(),
            batch: Batch::default(),
            buffers: Buffers::default(),
            holds: true,
        }
    }

    /// One that lets everything through, to compare with.
    pub(super) fn open(tokenizer: &'a Tokenizer<'a>, body: &'a [u8]) -> Self {
        Self { holds: false, ..Self::new(tokenizer, body) }
    }

    /// Takes a text that is at the end of the batch from `start` on; as [`LeafScanner`] finds things in it.
    fn decoded(&mut self, start: usize, key: Option<&[u8]>, depth: usize) {
        if depth == MAX_DEPTH || !may_be_json(&self.batch.all()[start..]) {
            self.plain(start, key);
            return;
        }
        let mut text = self.buffers.0.pop().unwrap_or_default();
        text.clear();
        text.extend_from_slice(&self.batch.all()[start..]);
        self.batch.text().truncate(start);
        let known = self.tokenizer.detectors.holds_known(&text);
        if known || depth == 0 && may_hold_literal(&text, true) {
            self.suspect();
        }
        self.nested(&text, key, depth);
        self.buffers.0.push(text);
    }

    fn nested(&mut self, text: &[u8], key: Option<&[u8]>, depth: usize) {
        let (strings, plain_from) = nested::strings(text);
        let mut names = Names::default();
        for Found { raw, is_key, .. } in strings {
            let start = self.batch.len();
            escape::decode(text, raw.clone(), self.batch.text());
            let name = names.of(text, &raw, is_key).map(|name| &text[name]);
            self.decoded(start, name, depth + 1);
            if name.is_some_and(is_spelt_out) {
                self.suspect();
            }
        }
        if plain_from < text.len() {
            let start = self.batch.len();
            self.batch.text().extend_from_slice(&text[plain_from..]);
            self.plain(start, key);
        }
    }

    /// Leaves a text at the end of the batch to the search, if it is worth it.
    fn plain(&mut self, start: usize, key: Option<&[u8]>) {
        let detectors = self.tokenizer.detectors;
        let text = &self.batch.all()[start..];
        let told =
            key.is_some_and(|key| detectors.is_told(&spelt_out(key), text)) || hides_known(detectors, text);
        if detectors.is_harmless(text) {
            self.batch.text().truncate(start);
        } else {
            self.batch.add(start, self.waiting.len() - 1);
        }
        if told {
            self.suspect();
        }
    }

    /// The last string has to be scanned.
    fn suspect(&mut self) {
        if let Some(last) = self.waiting.last_mut() {
            last.suspicious = true;
        }
    }

    /// Searches what waits, and scans what is not beyond suspicion.
    fn empty(&mut self) {
        let Self { tokenizer, waiting, batch, leaves, .. } = self;
        let mut suspect = |owner: usize| waiting[owner].suspicious = true;
        tokenizer.detectors.sift(batch, &mut suspect);
        // What the scanner acts on besides: literal placeholders, escapes in them or in secrets,
        // and keys that go on in the next string.
        for finder in [&LITERAL, &ESCAPED_ASCII, &ESCAPED_SLASH, &PRIVATE_KEY] {
            for at in finder.find_iter(batch.all()) {
                batch.owner(at).into_iter().for_each(&mut suspect);
            }
        }
        batch.clear();
        for Waiting { raw, key, place, suspicious } in waiting.drain(..) {
            if suspicious || leaves.is_in_key() {
                leaves.json_string(self.body, raw, key, place);
            }
        }
    }
}

impl<'a> Strings for Sieve<'a> {
    /// Member names that are not escaped and shorter need not be added: they hold no credential that tells
    /// itself by its form, no literal placeholder, which has 21 bytes at least, and no known value.
    fn shortest_key(&self) -> usize {
        self.tokenizer.detectors.shortest_known().map_or(SHORTEST_KEY, |known| known.min(SHORTEST_KEY))
    }

    /// Takes a number.
    fn number(&mut self, raw: Range<usize>) {
        self.leaves.json_number(self.body, raw);
    }

    /// Takes the next string; see [`LeafScanner::json_string`].
    fn add(&mut self, raw: Range<usize>, key: Option<Range<usize>>, place: Option<Place>) {
        let body: &'a [u8] = self.body;
        let key = key.map(|key| &body[key]);
        self.waiting.push(Waiting {
            raw: raw.clone(),
            key,
            place,
            suspicious: !self.holds || key.is_some_and(is_spelt_out),
        });
        let start = self.batch.len();
        escape::decode(self.body, raw, self.batch.text());
        self.decoded(start, key, 0);
        if self.batch.len() >= FULL || self.waiting.len() >= MOST {
            self.empty();
        }
    }

    /// The splices, in body order.
    fn finish(mut self) -> Result<Splices, Unscannable> {
        self.empty();
        self.leaves.finish()
    }
}

/// Whether undoing escapes brings a known value to light.
fn hides_known(detectors: &Detectors, text: &[u8]) -> bool {
    let is_escaped = |text: &[u8]| memchr::memchr(b'\\', text).is_some();
    if detectors.known_count() == 0 || !is_escaped(text) {
        return false;
    }
    let mut layer = Zeroizing::new(text.to_vec());
    (0..MAX_DEPTH).any(|_| {
        let mut inner = Zeroizing::new(Vec::with_capacity(layer.len()));
        if is_escaped(&layer) {
            escape::decode(&layer, 0..layer.len(), &mut inner);
        }
        layer = inner;
        detectors.holds_known(&layer)
    })
}

/// Buffers that are used again.
#[derive(Default)]
struct Buffers(Vec<Vec<u8>>);

impl Drop for Buffers {
    /// They may have held plaintext (law 10).
    fn drop(&mut self) {
        for buffer in &mut self.0 {
            buffer.as_mut_slice().zeroize();
            buffer.spare_capacity_mut().zeroize();
        }
    }
}
