//! Scanning one text: a string value, or a body that is plain text.
//!
//! The text is decoded; where it is JSON text itself, its strings are scanned as leaves of their
//! own, to depth 4, so that a secret is the same plaintext at every depth (law 4). What is found
//! is then checked against what the restorer will make of it: where the place of a placeholder
//! suggests escapes that were not there, the secret is stored a second time, to be put back
//! exactly as it stood (law 3).

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use memchr::memmem::Finder;
use zeroize::Zeroizing;

use super::{
    Splice, Splices, Tokenizer, Unscannable,
    document::nothing_special,
    key_lines::{self, KeyLines},
};
use crate::{
    detect::{Leaf, Span},
    json::{Lexer, NodeId, StringPiece, Visitor, escape::Decoded},
    numbering::Numbering,
    placeholder::{ESCAPE_AT, MAX_ESCAPES, find_literals},
    restore::{nesting::Nesting, text::spell},
    secret::Kind,
    vault::Entry,
};

/// How an escaped ASCII character begins.
static ESCAPED_ASCII: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u00"));

/// JSON texts nested deeper than this are scanned as plain text.
const MAX_DEPTH: usize = 4;

/// Scans a body that is plain text.
pub(super) fn scan_plain(tokenizer: &Tokenizer<'_>, body: &[u8]) -> Result<Splices, Unscannable> {
    let mut scanner = LeafScanner::new(tokenizer);
    scanner.plain(body);
    scanner.finish()
}

/// Collects the splices of all leaves of one body.
pub(super) struct LeafScanner<'a> {
    tokenizer: &'a Tokenizer<'a>,
    splices: Vec<Splice>,
    error: Option<Unscannable>,
    spans: Vec<Span>,
    edits: Vec<Edit>,
    decoded: Decoded,
    key_lines: KeyLines,
}

/// Something to change in a text, in the text's own offsets.
struct Edit {
    range: Range<usize>,
    change: Change,
}

enum Change {
    /// A secret, with its plaintext as it is at its own depth.
    Secret(Kind, Zeroizing<Vec<u8>>),
    /// A literal placeholder gets a mark.
    Escape,
}

impl<'a> LeafScanner<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer<'a>) -> Self {
        let (splices, spans, edits) = Default::default();
        Self {
            tokenizer,
            splices,
            error: None,
            spans,
            edits,
            decoded: Decoded::default(),
            key_lines: KeyLines::default(),
        }
    }

    /// Scans a JSON string whose raw content is `body[raw]`: the value of the member `key`, or an
    /// element of an array that is told from others by `list`.
    pub(super) fn json_string(
        &mut self,
        body: &[u8],
        raw: Range<usize>,
        key: Option<&[u8]>,
        list: Option<usize>,
    ) {
        let content = &body[raw.clone()];
        if memchr::memchr(b'\\', content).is_none() {
            self.text(content, key, list, |range| range.start + raw.start..range.end + raw.start);
            return;
        }
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.decode(content);
        self.text(&decoded.text, key, list, |range| {
            let found = decoded.raw(range);
            found.start + raw.start..found.end + raw.start
        });
        self.decoded = decoded;
    }

    /// Scans a text that stands for itself.
    pub(super) fn plain(&mut self, body: &[u8]) {
        self.text(body, None, None, |range| range);
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
        list: Option<usize>,
        to_body: impl Fn(Range<usize>) -> Range<usize>,
    ) {
        let mut edits = std::mem::take(&mut self.edits);
        self.find_or_continue(text, key, list, 0, &mut edits);
        if !edits.is_empty() {
            edits.sort_by_key(|edit| edit.range.start);
            self.enter(text, &mut edits, to_body);
        }
        self.edits = edits;
    }

    /// [`Self::find`], unless the text is a line of a key that began in a string before it.
    fn find_or_continue(
        &mut self,
        text: &[u8],
        key: Option<&[u8]>,
        list: Option<usize>,
        depth: usize,
        edits: &mut Vec<Edit>,
    ) {
        match self.key_lines.take(text, list) {
            Some(range) => {
                let plaintext = Zeroizing::new(text[range.clone()].to_vec());
                edits.push(Edit { range, change: Change::Secret(key_lines::KIND, plaintext) });
            }
            None => self.find(text, key, depth, edits),
        }
    }

    /// Finds what to change in a text at a depth of nesting.
    fn find(&mut self, text: &[u8], key: Option<&[u8]>, depth: usize, edits: &mut Vec<Edit>) {
        let may_be_json =
            depth < MAX_DEPTH && matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
        let plain_from = if may_be_json { self.find_nested(text, depth, edits) } else { 0 };
        if plain_from < text.len() {
            self.find_plain(&text[plain_from..], plain_from, key, edits);
        }
    }

    /// Scans the strings of a text that may be JSON. Gives where it stops being so.
    fn find_nested(&mut self, text: &[u8], depth: usize, edits: &mut Vec<Edit>) -> usize {
        let mut strings = Strings::default();
        let is_json = Lexer::in_text(nothing_special()).push(text, &mut strings).is_ok();
        let mut decoded = Decoded::default();
        let mut key = None;
        // Lists are told apart within one text only.
        let key_lines = std::mem::take(&mut self.key_lines);
        for Found { raw, is_key, list } in &strings.found {
            decoded.decode(&text[raw.clone()]);
            let first = edits.len();
            self.find_or_continue(&decoded.text, key.filter(|_| !is_key), *list, depth + 1, edits);
            for edit in &mut edits[first..] {
                let found = decoded.raw(edit.range.clone());
                edit.range = raw.start + found.start..raw.start + found.end;
            }
            key = is_key.then(|| &text[raw.clone()]);
        }
        self.key_lines = key_lines;
        if is_json { text.len() } else { strings.found.last().map_or(0, |last| last.raw.end) }
    }

    fn find_plain(&mut self, text: &[u8], offset: usize, key: Option<&[u8]>, edits: &mut Vec<Edit>) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        self.tokenizer.detectors.scan(Leaf { text, key }, &mut spans);
        for span in &spans {
            let change = Change::Secret(span.kind, plaintext(text, span));
            edits.push(Edit { range: span.start + offset..span.end + offset, change });
        }
        if ESCAPED_ASCII.find(text).is_some() {
            self.find_escaped(text, offset, key, &spans, edits);
        }
        for (start, marks) in find_literals(text) {
            let end = start + memchr::memchr(b'>', &text[start..]).unwrap_or_default();
            // A literal that a secret cuts is none any more.
            if overlaps(&spans, &(start..end + 1)) {
                continue;
            }
            if marks >= MAX_ESCAPES {
                self.error = Some(Unscannable::Escapes);
            }
            let at = offset + start + ESCAPE_AT;
            edits.push(Edit { range: at..at, change: Change::Escape });
        }
        self.spans = spans;
    }

    /// Finds secrets that are spelt with `\uXXXX` escapes in a text that is not JSON as a whole: a tool's
    /// header lines before a document, a listing.
    fn find_escaped(
        &mut self,
        text: &[u8],
        offset: usize,
        key: Option<&[u8]>,
        known: &[Span],
        edits: &mut Vec<Edit>,
    ) {
        let mut known = known.to_vec();
        let mut layers: Vec<Decoded> = Vec::new();
        while layers.len() < MAX_DEPTH {
            let outer = layers.last().map_or(text, |layer| &layer.text);
            if ESCAPED_ASCII.find(outer).is_none() {
                return;
            }
            let mut layer = Decoded::default();
            layer.decode(outer);
            layers.push(layer);
            let inner = &layers[layers.len() - 1].text;
            let mut spans = Vec::new();
            self.tokenizer.detectors.scan(Leaf { text: inner, key }, &mut spans);
            let first = known.len();
            for Span { start, end, kind } in spans {
                let found = layers.iter().rev().fold(start..end, |range, layer| layer.raw(range));
                if !overlaps(&known[..first], &found) {
                    known.push(Span { start: found.start, end: found.end, kind });
                    let change = Change::Secret(kind, Zeroizing::new(inner[start..end].to_vec()));
                    edits.push(Edit { range: found.start + offset..found.end + offset, change });
                }
            }
            known.sort_by_key(|span| span.start);
        }
    }

    /// Puts what was found in one leaf into the vault and among the splices.
    fn enter(&mut self, text: &[u8], edits: &mut Vec<Edit>, to_body: impl Fn(Range<usize>) -> Range<usize>) {
        let suspicious = |edit: &Edit| match &edit.change {
            Change::Secret(_, plaintext) => {
                plaintext.iter().any(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
                    || text[edit.range.clone()] != ***plaintext
            }
            Change::Escape => false,
        };
        let mut surroundings = edits.iter().any(suspicious).then(|| Surroundings::new(text));
        for edit in edits.drain(..) {
            let entry = match edit.change {
                Change::Escape => None,
                Change::Secret(kind, plaintext) => {
                    let original = &text[edit.range.clone()];
                    let misfit = surroundings.as_mut().and_then(|it| it.misfit(&edit.range, &plaintext));
                    Some(self.entry(kind, &plaintext, misfit.map(|depth| (original, depth))))
                }
            };
            self.splices.push(Splice { range: to_body(edit.range), entry, percent: false });
        }
    }

    fn entry(&self, kind: Kind, plaintext: &[u8], spelling: Option<(&[u8], usize)>) -> Arc<Entry> {
        let Tokenizer { vault, scope, now, .. } = *self.tokenizer;
        match spelling {
            None => vault.insert(scope, kind, plaintext, now),
            Some(spelling) => vault.insert_spelt(scope, kind, plaintext, spelling, now),
        }
    }
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

/// Follows a leaf as the restorer will see it: with a placeholder for each secret.
struct Surroundings<'a> {
    text: &'a [u8],
    nesting: Nesting,
    walked: usize,
}

impl<'a> Surroundings<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, nesting: Nesting::new(false, false), walked: 0 }
    }

    /// How deep a secret stands, if restoring its plaintext would not give what stood here.
    fn misfit(&mut self, range: &Range<usize>, plaintext: &[u8]) -> Option<usize> {
        for &byte in &self.text[self.walked..range.start] {
            self.nesting.step(byte);
        }
        self.walked = range.end;
        // No character of a placeholder but the first can change the levels.
        self.nesting.step(b'<');
        let depth = self.nesting.escapes();
        let mut restored = Zeroizing::new(Vec::with_capacity(range.len()));
        spell(plaintext, self.nesting.numbering(), depth, &mut restored);
        (restored.as_slice() != &self.text[range.clone()]).then_some(depth)
    }
}

/// The strings of a text that reads like JSON.
#[derive(Default)]
struct Strings {
    found: Vec<Found>,
    /// Open containers: their number, and whether each is an array.
    open: Vec<(usize, bool)>,
    opened: usize,
}

struct Found {
    raw: Range<usize>,
    is_key: bool,
    /// The array it is an element of; 0 for strings that follow each other outside of any.
    list: Option<usize>,
}

impl Visitor for Strings {
    fn string(&mut self, piece: StringPiece) {
        let list = self.open.last().map_or(Some(0), |&(number, array)| array.then_some(number));
        self.found.push(Found { raw: piece.raw, is_key: piece.key, list });
    }

    fn open(&mut self, _place: NodeId, array: bool) {
        self.opened += 1;
        self.open.push((self.opened, array));
    }

    fn close(&mut self) {
        self.open.pop();
    }
}
