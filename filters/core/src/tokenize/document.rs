//! Scanning a JSON document, or several.

use std::{ops::Range, sync::LazyLock};

use super::{
    Splices, Tokenizer, Unscannable,
    glimpse::Glimpse,
    key_lines::Place,
    leaf::spelt_out,
    names::{is_flag, is_label, is_value, may_name},
    seams::Seams,
    sieve::Sieve,
};
use crate::{
    detect::Notes,
    json::{
        Lexer, NodeId, Rule, Schema, StringPiece, Visitor,
        lexer::{Search, Stops},
    },
};

/// Names of members whose strings, as elements of an array, are parts of one text as much as objects with a
/// `text` are.
const TEXTS: [&[u8]; 9] =
    [b"content", b"contents", b"input", b"inputs", b"output", b"parts", b"prompt", b"system", b"text"];

/// Takes the strings of a document in their order, and finds what is in them.
pub(super) trait Strings {
    /// Member names that are not escaped and shorter need not be added.
    fn shortest_key(&self) -> usize;
    /// Takes the next string: the value of the member named `key`, with this place in an array.
    fn add(&mut self, raw: Range<usize>, key: Option<Range<usize>>, place: Option<Place>);
    /// Takes a number.
    fn number(&mut self, raw: Range<usize>);
    /// What is to be replaced, in body order.
    fn finish(self) -> Result<Splices, Unscannable>;
}

/// Scans every string and member name that the schema does not name as opaque.
pub(super) fn scan(
    tokenizer: &Tokenizer<'_>,
    body: &[u8],
    schema: &Schema,
    many: bool,
) -> Result<Splices, Unscannable> {
    let overview = tokenizer.detectors.overview(body);
    if !overview.as_ref().is_some_and(|overview| overview.is_ascii) && std::str::from_utf8(body).is_err() {
        return Err(Unscannable::Binary("JSON that is not UTF-8"));
    }
    if let Some(overview) = overview.filter(|overview| overview.is_sound) {
        let mut notes = Notes::default();
        let strings = Glimpse::new(tokenizer, body, &overview, &mut notes);
        return scan_with(tokenizer, strings, body, schema, many, &overview);
    }
    scan_with(tokenizer, Sieve::new(tokenizer, body), body, schema, many, &Search)
}

/// The same without any short cut, to compare with: every string is decoded and scanned by itself.
pub(crate) fn scan_plainly(
    tokenizer: &Tokenizer<'_>,
    body: &[u8],
    schema: &Schema,
    many: bool,
) -> Result<Splices, Unscannable> {
    scan_with(tokenizer, Sieve::open(tokenizer, body), body, schema, many, &Search)
}

fn scan_with(
    tokenizer: &Tokenizer<'_>,
    strings: impl Strings,
    body: &[u8],
    schema: &Schema,
    many: bool,
    stops: &impl Stops,
) -> Result<Splices, Unscannable> {
    let mut walk = Walk {
        schema,
        body,
        shortest_key: strings.shortest_key(),
        strings,
        seams: Seams::default(),
        key: None,
        label: None,
        // As deep as most documents go: to grow is dear, compared with a small one's scan.
        containers: Vec::with_capacity(8),
        opened: 0,
        token_ids: false,
    };
    let mut lexer = if many { Lexer::many(schema) } else { Lexer::new(schema) };
    lexer.push_with(body, stops, &mut walk)?;
    lexer.finish()?;
    if walk.token_ids {
        return Err(Unscannable::TokenIds);
    }
    let mut splices = walk.strings.finish()?;
    walk.seams.search(tokenizer, body, &mut splices);
    Ok(splices)
}

/// The schema of a document that nothing is known of.
pub(super) fn nothing_special() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(&[]));
    &SCHEMA
}

/// Walks a document for nothing but its syntax.
pub(super) struct Ignore;

impl Visitor for Ignore {
    fn string(&mut self, _piece: StringPiece) {}
}

struct Walk<'a, T> {
    schema: &'a Schema,
    body: &'a [u8],
    strings: T,
    seams: Seams,
    /// Member names that are not escaped and shorter are not scanned.
    shortest_key: usize,
    /// The member name last seen, or what stands for it; `None` for one too long to tell anything.
    key: Option<Range<usize>>,
    /// The value of the member before, if that says the name of another.
    label: Option<Range<usize>>,
    containers: Vec<Container>,
    /// How many containers were opened.
    opened: usize,
    token_ids: bool,
}

/// An open object or array: what its conditions look at, and what waits for them.
#[derive(Default)]
struct Container {
    /// Tells it from others.
    number: usize,
    is_array: bool,
    /// The name of the member that it is the value of, or is in as an element.
    key: Option<Range<usize>>,
    /// Whether it is an array of texts, by that name.
    holds_texts: bool,
    /// For an array: its last element, if that is a flag. It tells of the next as a member's name would.
    flag: Option<Range<usize>>,
    /// The raw `type`; the second of two that differ makes every condition fail.
    type_name: Option<Range<usize>>,
    types_differ: bool,
    signature: Signature,
    waiting: Vec<Waiting>,
}

/// A string that is opaque under a condition.
struct Waiting {
    raw: Range<usize>,
    /// The member's name.
    key: Option<Range<usize>>,
    rule: Rule,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Signature {
    #[default]
    Absent,
    Present,
    /// One of them.
    Empty,
}

impl<T: Strings> Walk<'_, T> {
    fn scan(&mut self, raw: Range<usize>, key: Option<Range<usize>>) {
        let key = self.flag(&raw).or(key);
        let (place, is_text) = self.place(key.as_ref());
        if let Some(place) = place.filter(|_| is_text) {
            self.seams.part(self.body, place, raw.clone());
        }
        self.strings.add(raw, key, place);
    }

    /// The flag that the next string is the argument of, as in `["mysql", "--password", "…"]`.
    fn flag(&mut self, raw: &Range<usize>) -> Option<Range<usize>> {
        let array = self.containers.last_mut().filter(|container| container.is_array)?;
        let is_flag = is_flag(&self.body[raw.clone()]);
        std::mem::replace(&mut array.flag, is_flag.then(|| raw.clone()))
    }

    /// The place of the value of the member `key` in a list, and whether it is a text part of a message.
    fn place(&self, key: Option<&Range<usize>>) -> (Option<Place>, bool) {
        match self.containers.as_slice() {
            [.., list] if list.is_array => (Some(Place::element_of(list.number)), list.holds_texts),
            // The `text` of an object in an array.
            [.., list, object] if list.is_array && self.is_named(key, &[b"text"]) => {
                (Some(Place { list: list.number, object: Some(object.number) }), true)
            }
            _ => (None, false),
        }
    }

    fn is_named(&self, key: Option<&Range<usize>>, names: &[&[u8]]) -> bool {
        /// The shortest name with an escape of a letter in it.
        const SPELT: usize = b"te\\u0078t".len();
        /// The longest of the names, all in escapes.
        const LONGEST: usize = 6 * b"contents".len();
        key.map(|key| &self.body[key.clone()]).is_some_and(|key| {
            names.contains(&key)
                || (SPELT..=LONGEST).contains(&key.len()) && names.contains(&&*spelt_out(key))
        })
    }

    fn note_type(&mut self, raw: &Range<usize>) {
        let Some(object) = self.containers.last_mut() else { return };
        let differs = |known: &Range<usize>| self.body[known.clone()] != self.body[raw.clone()];
        object.types_differ |= object.type_name.as_ref().is_some_and(differs);
        object.type_name = Some(raw.clone());
    }

    /// A `type` that is no string: no condition holds.
    fn distrust_type(&mut self, place: NodeId) {
        if self.schema.rule(place) == Rule::Type
            && let Some(object) = self.containers.last_mut()
        {
            object.types_differ = true;
        }
    }

    fn is_opaque(&self, object: &Container, raw: &Range<usize>, rule: Rule) -> bool {
        let has_type = |names: &[&str]| {
            let found = object.type_name.as_ref().map(|raw| &self.body[raw.clone()]);
            !object.types_differ && names.iter().any(|name| found == Some(name.as_bytes()))
        };
        match rule {
            Rule::OpaqueIfType(names) | Rule::OpaqueIfOuterType(names) => has_type(names),
            Rule::MediaIfType(name) => has_type(&[name]) && is_base64(&self.body[raw.clone()]),
            Rule::OpaqueIfSigned => object.signature == Signature::Present && has_type(&["thinking"]),
            _ => false,
        }
    }
}

impl<T: Strings> Visitor for Walk<'_, T> {
    fn string(&mut self, piece: StringPiece) {
        let raw = piece.raw;
        if piece.key {
            let escaped = || piece.escaped && self.body[raw.clone()].contains(&b'\\');
            if raw.len() >= self.shortest_key || escaped() {
                self.scan(raw.clone(), None);
            }
            let label = self.label.take().filter(|_| is_value(&self.body[raw.clone()]));
            self.key = label.or(Some(raw)).filter(may_name);
            return;
        }
        let is_label = self.key.as_ref().is_some_and(|key| is_label(&self.body[key.clone()]));
        self.label = is_label.then(|| raw.clone()).filter(may_name);
        match self.schema.rule(piece.place) {
            Rule::Opaque => {}
            Rule::Signature => {
                if let Some(object) = self.containers.last_mut() {
                    let present = !raw.is_empty() && object.signature != Signature::Empty;
                    object.signature = if present { Signature::Present } else { Signature::Empty };
                }
            }
            rule @ (Rule::OpaqueIfType(_)
            | Rule::OpaqueIfOuterType(_)
            | Rule::MediaIfType(_)
            | Rule::OpaqueIfSigned) => {
                let key = self.key.clone();
                let outwards = usize::from(matches!(rule, Rule::OpaqueIfOuterType(_)));
                match self.containers.iter_mut().rev().nth(outwards) {
                    Some(object) => object.waiting.push(Waiting { raw, key, rule }),
                    None => self.scan(raw, key),
                }
            }
            Rule::OpaqueIfDataUrl if is_base64_data_url(&self.body[raw.clone()]) => {}
            Rule::Media if is_base64(&self.body[raw.clone()]) => {}
            Rule::Type => {
                self.note_type(&raw);
                self.scan(raw, self.key.clone());
            }
            _ => self.scan(raw, self.key.clone()),
        }
    }

    fn scalar(&mut self, place: NodeId, raw: Range<usize>) {
        self.distrust_type(place);
        let number = !self.body[raw.start].is_ascii_alphabetic();
        self.token_ids |= number && self.schema.rule(place) == Rule::TokenIds;
        if number {
            self.strings.number(raw);
        }
    }

    fn open(&mut self, place: NodeId, array: bool) {
        self.distrust_type(place);
        self.opened += 1;
        let (number, is_array, key) = (self.opened, array, self.key.clone());
        let holds_texts = array && self.is_named(key.as_ref(), &TEXTS);
        self.containers.push(Container { number, is_array, key, holds_texts, ..Container::default() });
    }

    fn close(&mut self) {
        let Some(object) = self.containers.pop() else { return };
        for Waiting { raw, key, rule } in &object.waiting {
            if !self.is_opaque(&object, raw, *rule) {
                self.scan(raw.clone(), key.clone());
            }
        }
        // What follows it in an array has the same name.
        self.key = object.key;
    }
}

/// `data:image/png;base64,…`. What may be text inside is scanned as any other base64.
fn is_base64_data_url(raw: &[u8]) -> bool {
    const MEDIA: [&[u8]; 4] = [b"image/", b"audio/", b"video/", b"application/pdf"];
    let Some(at) = memchr::memmem::find(&raw[..raw.len().min(128)], b";base64,") else { return false };
    let kind = spelt_out(raw[..at].strip_prefix(b"data:").unwrap_or_default()).to_ascii_lowercase();
    let is_media = MEDIA.iter().any(|media| kind.starts_with(media)) && !kind.starts_with(b"image/svg");
    is_media && is_base64(&raw[at + 8..])
}

/// All of it in base64's alphabets, with JSON's escapes of a slash and of line breaks.
fn is_base64(raw: &[u8]) -> bool {
    raw.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\\".contains(byte))
}

#[cfg(test)]
mod tests;
