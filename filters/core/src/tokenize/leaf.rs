//! Scanning one text: a string value, or a body that is plain text.
//!
//! The text is decoded; where it is JSON text itself, its strings are scanned as leaves of their
//! own, to depth 4, so that a secret is the same plaintext at every depth (law 4). What is found
//! is then checked against what the restorer will make of it: where the place of a placeholder
//! suggests escapes that were not there, the secret is stored a second time, to be put back
//! exactly as it stood (law 3).

use std::{borrow::Cow, ops::Range, sync::Arc};

use zeroize::Zeroizing;

use super::{
    Dress, Splice, Splices, Tokenizer, Unscannable,
    key_lines::{self, KeyLines, Place},
    names::Names,
    nested::{self, Found},
    surroundings::{ESCAPED, ESCAPED_ASCII, ESCAPED_SLASH, Surroundings, may_hold_literal},
};
use crate::{
    detect::{KNOWN, Leaf, Span},
    json::escape::{self, Decoded},
    numbering::Numbering,
    secret::Kind,
    vault::Entry,
};

/// JSON texts nested deeper than this are scanned as plain text.
pub(super) const MAX_DEPTH: usize = 4;

/// Scans a body that is plain text.
pub(super) fn scan_plain(tokenizer: &Tokenizer<'_>, body: &[u8]) -> Result<Splices, Unscannable> {
    scan_named(tokenizer, body, None)
}

/// Scans a plain text that is the value of the field `name`.
pub(super) fn scan_named(
    tokenizer: &Tokenizer<'_>,
    text: &[u8],
    name: Option<&[u8]>,
) -> Result<Splices, Unscannable> {
    let mut scanner = LeafScanner::new(tokenizer);
    scanner.plain(text, name);
    scanner.finish()
}

/// Collects the splices of all leaves of one body.
pub(super) struct LeafScanner<'a> {
    tokenizer: &'a Tokenizer<'a>,
    splices: Vec<Splice>,
    error: Option<Unscannable>,
    spans: Vec<Span>,
    finds: Vec<Find>,
    decoded: Decoded,
    key_lines: KeyLines,
    /// Whether there is a backslash in the leaf under way, decoded; without one there is no escape in it.
    has_backslash: bool,
}

/// A secret found in a text, in the text's own offsets.
struct Find {
    range: Range<usize>,
    kind: Kind,
    /// As it is at its own depth.
    plaintext: Zeroizing<Vec<u8>>,
}

impl<'a> LeafScanner<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer<'a>) -> Self {
        let (splices, spans, finds) = Default::default();
        Self {
            tokenizer,
            splices,
            error: None,
            spans,
            finds,
            decoded: Decoded::default(),
            key_lines: KeyLines::default(),
            has_backslash: false,
        }
    }

    /// Scans a JSON string whose raw content is `body[raw]`: the value of the member `key`, which has this
    /// place among strings that go on in each other.
    pub(super) fn json_string(
        &mut self,
        body: &[u8],
        raw: Range<usize>,
        key: Option<&[u8]>,
        place: Option<Place>,
    ) {
        let content = &body[raw.clone()];
        self.has_backslash = false;
        if memchr::memchr(b'\\', content).is_none() {
            self.text(content, key, place, |range| range.start + raw.start..range.end + raw.start);
            return;
        }
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.decode(content);
        self.has_backslash = decoded.has_backslash;
        self.text(&decoded.text, key, place, |range| {
            let found = decoded.raw(range);
            found.start + raw.start..found.end + raw.start
        });
        self.decoded = decoded;
    }

    /// Scans a JSON number: a known value may be one. A string takes its place.
    pub(super) fn json_number(&mut self, body: &[u8], raw: Range<usize>) {
        let detectors = self.tokenizer.detectors;
        if !detectors.knows_number() {
            return;
        }
        let mut spans = Vec::new();
        detectors.scan_known(&body[raw.clone()], &mut spans);
        if !spans.is_empty() {
            let entry = Some(self.entry(KNOWN, &body[raw.clone()], None));
            self.splices.push(Splice { range: raw, entry, dress: Dress::Quoted });
        }
    }

    /// Scans a text that stands for itself, the value of the field `name`.
    fn plain(&mut self, body: &[u8], name: Option<&[u8]>) {
        self.has_backslash = true;
        self.text(body, name, None, |range| range);
    }

    /// Whether a key has begun that the next strings may belong to.
    pub(super) fn is_in_key(&self) -> bool {
        self.key_lines.is_open()
    }

    /// The splices, in body order.
    pub(super) fn finish(mut self) -> Result<Splices, Unscannable> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.splices.sort_by_key(|splice| splice.range.start);
        Ok(Splices(self.splices))
    }

    fn text(
        &mut self,
        text: &[u8],
        key: Option<&[u8]>,
        place: Option<Place>,
        to_body: impl Fn(Range<usize>) -> Range<usize>,
    ) {
        let mut finds = std::mem::take(&mut self.finds);
        self.find_or_continue(text, key, place, 0, &mut finds);
        finds.sort_by_key(|find| find.range.start);
        self.enter(text, &mut finds, to_body);
        self.finds = finds;
    }

    /// [`Self::find`], but for what belongs to a key that began in a string before it.
    fn find_or_continue(
        &mut self,
        text: &[u8],
        key: Option<&[u8]>,
        place: Option<Place>,
        depth: usize,
        finds: &mut Vec<Find>,
    ) {
        let Some(range) = self.key_lines.take(text, place) else {
            self.find(text, key, depth, finds);
            return;
        };
        let end = range.end;
        let plaintext = Zeroizing::new(text[range.clone()].to_vec());
        finds.push(Find { range, kind: key_lines::KIND, plaintext });
        // What follows the key is text like any other.
        let first = finds.len();
        self.find(&text[end..], key, depth, finds);
        for find in &mut finds[first..] {
            find.range = find.range.start + end..find.range.end + end;
        }
    }

    /// Finds what to change in a text at a depth of nesting.
    fn find(&mut self, text: &[u8], key: Option<&[u8]>, depth: usize, finds: &mut Vec<Find>) {
        let may_be_json = depth < MAX_DEPTH && may_be_json(text);
        let first = finds.len();
        let plain_from = if may_be_json { self.find_nested(text, depth, finds) } else { 0 };
        if plain_from > 0 && self.tokenizer.detectors.known_count() > 0 {
            // Known values that are no part of one string: numbers, documents.
            let mut spans = Vec::new();
            self.tokenizer.detectors.scan_known(text, &mut spans);
            cover(finds, first, spans.iter().map(Span::range), |range| &text[range]);
        }
        if plain_from < text.len() {
            self.find_plain(&text[plain_from..], plain_from, key, finds);
        }
    }

    /// Scans the strings of a text that may be JSON. Gives where it stops being so.
    fn find_nested(&mut self, text: &[u8], depth: usize, finds: &mut Vec<Find>) -> usize {
        let (strings, plain_from) = nested::strings(text);
        let mut decoded = Decoded::default();
        let mut names = Names::default();
        // Lists are told apart within one text only.
        let key_lines = std::mem::take(&mut self.key_lines);
        for Found { raw, is_key, place } in &strings {
            decoded.decode(&text[raw.clone()]);
            let first = finds.len();
            let name = names.of(text, raw, *is_key).map(|name| &text[name]);
            self.find_or_continue(&decoded.text, name, *place, depth + 1, finds);
            for find in &mut finds[first..] {
                let found = decoded.raw(find.range.clone());
                find.range = raw.start + found.start..raw.start + found.end;
            }
        }
        self.key_lines = key_lines;
        plain_from
    }

    fn find_plain(&mut self, text: &[u8], offset: usize, key: Option<&[u8]>, finds: &mut Vec<Find>) {
        let first = finds.len();
        let key = key.map(spelt_out);
        let key = key.as_deref();
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        self.tokenizer.detectors.scan(Leaf { text, key }, &mut spans);
        for span in &spans {
            let range = span.start + offset..span.end + offset;
            finds.push(Find { range, kind: span.kind, plaintext: plaintext(text, span) });
        }
        if self.has_backslash && self.may_hide_secret(text) {
            let overlapping = self.find_escaped(text, offset, key, &spans, finds);
            cover(finds, first, overlapping.into_iter(), |range| {
                &text[range.start - offset..range.end - offset]
            });
        }
        self.spans = spans;
    }

    /// Whether undoing escapes could bring a secret to light: a known value may have any escape in it, what
    /// is known by its form has only letters, digits and signs that none needs, but for slashes.
    fn may_hide_secret(&self, text: &[u8]) -> bool {
        let known = self.tokenizer.detectors.known_count() > 0;
        known && memchr::memchr(b'\\', text).is_some() || may_hide_form(text)
    }

    /// Finds secrets that are spelt with escapes in a text that is not JSON as a whole: a tool's header
    /// lines before a document, a listing. Gives the places of known values of which a part is found already.
    fn find_escaped(
        &mut self,
        text: &[u8],
        offset: usize,
        key: Option<&[u8]>,
        known: &[Span],
        finds: &mut Vec<Find>,
    ) -> Vec<Range<usize>> {
        let mut overlapping = Vec::new();
        let mut known = known.to_vec();
        let mut layers: Vec<Decoded> = Vec::new();
        while layers.len() < MAX_DEPTH {
            let outer = layers.last().map_or(text, |layer| &layer.text);
            if !self.may_hide_secret(outer) {
                break;
            }
            let by_form = may_hide_form(outer);
            let mut layer = Decoded::default();
            layer.decode(outer);
            layers.push(layer);
            let inner = &layers[layers.len() - 1].text;
            let mut spans = Vec::new();
            match by_form {
                true => self.tokenizer.detectors.scan(Leaf { text: inner, key }, &mut spans),
                false => self.tokenizer.detectors.scan_known(inner, &mut spans),
            }
            let first = known.len();
            for Span { start, end, kind } in spans {
                let found = layers.iter().rev().fold(start..end, |range, layer| layer.raw(range));
                let range = found.start + offset..found.end + offset;
                if !overlaps(&known[..first], &found) {
                    known.push(Span { start: found.start, end: found.end, kind });
                    let plaintext = Zeroizing::new(inner[start..end].to_vec());
                    finds.push(Find { range, kind, plaintext });
                } else if kind == KNOWN {
                    overlapping.push(range);
                }
            }
            known.sort_by_key(|span| span.start);
        }
        overlapping
    }

    /// Puts what was found in one leaf into the vault and among the splices, and marks literals.
    fn enter(&mut self, text: &[u8], finds: &mut Vec<Find>, to_body: impl Fn(Range<usize>) -> Range<usize>) {
        let suspicious = |find: &Find| {
            let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
            !find.plaintext.iter().all(plain) || text[find.range.clone()] != **find.plaintext
        };
        let look = may_hold_literal(text, self.has_backslash) || finds.iter().any(suspicious);
        let mut surroundings = look.then(|| Surroundings::new(text));
        let mut end = 0;
        for Find { range, kind, plaintext } in finds.drain(..) {
            // Finds of one place, should two ways lead there: the first covers it.
            let range = range.start.max(end)..range.end.max(end);
            if range.is_empty() {
                continue;
            }
            end = range.end;
            let misfit = surroundings.as_mut().and_then(|it| it.misfit(&range, &plaintext));
            let spelling = misfit.map(|depth| (&text[range.clone()], depth));
            let entry = Some(self.entry(kind, &plaintext, spelling));
            self.splices.push(Splice { range: to_body(range), entry, dress: Dress::Plain });
        }
        let Some(mut surroundings) = surroundings else { return };
        surroundings.walk_to(text.len());
        if surroundings.too_many_marks {
            self.error = Some(Unscannable::Escapes);
        }
        for mark in surroundings.marks {
            self.splices.push(Splice { range: to_body(mark..mark), entry: None, dress: Dress::Plain });
        }
    }

    fn entry(&self, kind: Kind, plaintext: &[u8], spelling: Option<(&[u8], usize)>) -> Arc<Entry> {
        let Tokenizer { detectors, vault, scope, now } = *self.tokenizer;
        let kind = if kind == KNOWN { detectors.kind_again(plaintext).unwrap_or(kind) } else { kind };
        match spelling {
            None => vault.insert(scope, kind, plaintext, now),
            Some(spelling) => vault.insert_spelt(scope, kind, plaintext, spelling, now),
        }
    }
}

/// Joins known values with the finds from `first` on that they overlap, so that no part of one is left.
fn cover<'t>(
    finds: &mut Vec<Find>,
    first: usize,
    known: impl Iterator<Item = Range<usize>>,
    text: impl Fn(Range<usize>) -> &'t [u8],
) {
    let mut all: Vec<_> = finds.drain(first..).map(|find| (find.range.clone(), Some(find))).collect();
    all.extend(known.map(|range| (range, None)));
    all.sort_by_key(|(range, find)| (range.start, usize::MAX - range.end, find.is_none()));
    let mut joined: Vec<(Range<usize>, Option<Find>)> = Vec::with_capacity(all.len());
    for (range, find) in all {
        match joined.last_mut() {
            Some((last, _)) if range.end <= last.end => {}
            Some((last, find)) if range.start < last.end => (last.end, *find) = (range.end, None),
            _ => joined.push((range, find)),
        }
    }
    finds.extend(joined.into_iter().map(|(range, find)| {
        let plaintext = || Zeroizing::new(text(range.clone()).to_vec());
        find.unwrap_or_else(|| Find { range: range.clone(), kind: KNOWN, plaintext: plaintext() })
    }));
}

/// Whether undoing escapes could bring to light what is known by its form.
fn may_hide_form(text: &[u8]) -> bool {
    ESCAPED_ASCII.find(text).is_some() || ESCAPED_SLASH.find(text).is_some()
}

/// Whether a member name has characters in it that are spelt by their numbers, which could hide what it tells.
pub(super) fn is_spelt_out(name: &[u8]) -> bool {
    ESCAPED.find(name).is_some()
}

/// Whether characters beyond Latin-1 are spelt by their numbers, as some senders do with all that is not ASCII. Names
/// are made of them, and parts of URLs.
pub(super) fn spells_letters(raw: &[u8]) -> bool {
    ESCAPED.find_iter(raw).any(|at| !raw[at + 2..].starts_with(b"00"))
}

/// A member name as it is meant: nothing that tells may hide behind an escape, nor beside one
/// (`password\t`). Nearly all stand for themselves.
pub(super) fn spelt_out(name: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', name).is_none() {
        return Cow::Borrowed(name);
    }
    let mut text = Vec::with_capacity(name.len());
    escape::decode(name, 0..name.len(), &mut text);
    Cow::Owned(text)
}

/// Whether a text begins as JSON does.
pub(super) fn may_be_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'))
}

/// Whether a range meets one of these spans, which are sorted and disjoint.
fn overlaps(spans: &[Span], range: &Range<usize>) -> bool {
    let next = spans.partition_point(|span| span.end <= range.start);
    spans.get(next).is_some_and(|span| span.start < range.end)
}

/// A secret's plaintext: without the line numbers of a listing, if it stands in one.
fn plaintext(text: &[u8], span: &Span) -> Zeroizing<Vec<u8>> {
    let found = &text[span.range()];
    let line = memchr::memrchr(b'\n', &text[..span.start]).map_or(0, |newline| newline + 1);
    let numbering = Numbering::of(&text[line..span.start]).filter(|_| found.contains(&b'\n'));
    let mut plain = Zeroizing::new(Vec::with_capacity(found.len()));
    if !numbering.is_some_and(|numbering| numbering.strip(found, &mut plain)) {
        plain.clear();
        plain.extend_from_slice(found);
    }
    plain
}
