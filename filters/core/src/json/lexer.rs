//! A push lexer for JSON (RFC 8259) that finds string tokens and knows the place of each.
//!
//! Bytes go in as they arrive, cut anywhere; the visitor is told of each string's content, piece by
//! piece, as ranges of the slice just pushed. A document pushed whole has each string in one
//! piece. The lexer keeps a stack of open containers and nothing of the text.

use std::ops::Range;

use super::{
    escape::Decoded,
    schema::{NodeId, Schema},
};
use crate::simd::{Overview, string_stop};

/// Deeper nesting than this is refused; providers' own parsers stop sooner.
const MAX_DEPTH: usize = 512;
/// Deeper nesting in a text that reads like JSON is plain text.
pub(crate) const MAX_DEPTH_IN_TEXT: usize = 64;
/// A document may begin with it.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Why bytes are not JSON. Never carries any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {offset}: {what}")]
pub struct JsonError {
    /// Offset from the beginning of the document.
    pub offset: usize,
    /// What was expected or found there.
    pub what: &'static str,
}

/// A run of raw string content (no quotes).
#[derive(Clone, Debug)]
pub struct StringPiece {
    /// The value's place; for a member name, its object's.
    pub place: NodeId,
    /// True for a member name.
    pub key: bool,
    /// Where the content is in the slice just pushed.
    pub raw: Range<usize>,
    /// Whether the string begins with this piece.
    pub first: bool,
    /// Whether the string ends with this piece.
    pub last: bool,
    /// Whether there may be an escape in this piece.
    pub escaped: bool,
}

/// Finds where the content of a string stops.
pub(crate) trait Stops {
    /// Where it stops that goes on at `at`, and whether an escape may be before; see [`string_stop`].
    fn stop(&self, bytes: &[u8], at: usize) -> (usize, bool);
}

/// By looking.
pub(crate) struct Search;

impl Stops for Search {
    #[inline]
    fn stop(&self, bytes: &[u8], at: usize) -> (usize, bool) {
        string_stop(bytes, at)
    }
}

/// By what is known already of a document whose strings are all sound; every string may have an escape.
impl Stops for Overview {
    #[inline]
    fn stop(&self, bytes: &[u8], at: usize) -> (usize, bool) {
        (self.quote(at).unwrap_or(bytes.len()), true)
    }
}

/// What a walk over a document does.
pub trait Visitor {
    /// A piece of a string.
    fn string(&mut self, piece: StringPiece);
    /// A number or literal, as a range of the slice (meaningful for a document pushed whole).
    fn scalar(&mut self, _place: NodeId, _raw: Range<usize>) {}
    /// An object or an array begins at this place.
    fn open(&mut self, _place: NodeId, _array: bool) {}
    /// The innermost open object or array ends.
    fn close(&mut self) {}
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// A value must follow.
    Value,
    /// A value or `]`.
    FirstElement,
    /// A member name or `}`.
    FirstMember,
    /// A member name.
    Member,
    Colon,
    /// `,` or the container's end.
    Comma,
    /// Inside a string.
    Text {
        key: bool,
        first: bool,
        escape: Escape,
    },
    Number,
    Literal {
        word: Word,
        matched: u8,
    },
    /// The document is complete.
    Done,
}

/// A value that is a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    True,
    False,
    Null,
}

impl Word {
    fn text(self) -> &'static [u8] {
        match self {
            Self::True => b"true",
            Self::False => b"false",
            Self::Null => b"null",
        }
    }
}

/// Where in an escape the bytes pushed so far end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Escape {
    No,
    Backslash,
    Digits(u8),
}

struct Frame {
    place: NodeId,
    array: bool,
}

/// What a lexer accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Documents {
    One,
    /// One after the other: JSON lines, concatenated JSON.
    Many,
    /// As many, each a container or a string: what a text may be that reads like JSON. The rules are
    /// those of [`crate::restore::nesting`], which has to see the same strings.
    InText,
}

/// The lexer; see the module's text.
pub struct Lexer<'s> {
    schema: &'s Schema,
    documents: Documents,
    state: State,
    frames: Vec<Frame>,
    /// Place of the value that is next or under way.
    place: NodeId,
    /// The member name under way, raw, where the schema has to know it.
    key: Vec<u8>,
    scalar_start: usize,
    consumed: usize,
}

impl<'s> Lexer<'s> {
    /// A lexer for one document.
    #[must_use]
    pub fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            documents: Documents::One,
            state: State::Value,
            frames: Vec::with_capacity(16),
            place: Schema::ROOT,
            key: Vec::new(),
            scalar_start: 0,
            consumed: 0,
        }
    }

    /// A lexer for any number of documents, one after the other.
    #[must_use]
    pub fn many(schema: &'s Schema) -> Self {
        Self { documents: Documents::Many, ..Self::new(schema) }
    }

    /// A lexer for a text that may be JSON: it fails where the text stops reading like it.
    #[must_use]
    pub fn in_text(schema: &'s Schema) -> Self {
        Self { documents: Documents::InText, ..Self::new(schema) }
    }

    /// Walks the next bytes.
    ///
    /// # Errors
    /// When they cannot continue a JSON document. What the visitor was told before stands.
    pub fn push(&mut self, bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), JsonError> {
        self.push_with(bytes, &Search, visitor)
    }

    /// The same, with what finds the ends of strings.
    pub(crate) fn push_with(
        &mut self,
        bytes: &[u8],
        stops: &impl Stops,
        visitor: &mut impl Visitor,
    ) -> Result<(), JsonError> {
        self.scalar_start = 0;
        let mut at = 0;
        while at < bytes.len() {
            at = self.step(bytes, at, stops, visitor)?;
        }
        self.consumed += bytes.len();
        Ok(())
    }

    /// Checks that the document is complete. Nothing at all is complete when many may come.
    ///
    /// # Errors
    /// When it ends too early.
    pub fn finish(&self) -> Result<(), JsonError> {
        let number_at_top = self.state == State::Number && self.frames.is_empty();
        let nothing =
            self.documents != Documents::One && self.state == State::Value && self.frames.is_empty();
        if self.state == State::Done || number_at_top || nothing {
            return Ok(());
        }
        Err(JsonError { offset: self.consumed, what: "the document ends too early" })
    }

    #[inline(always)]
    fn step(
        &mut self,
        bytes: &[u8],
        at: usize,
        stops: &impl Stops,
        visitor: &mut impl Visitor,
    ) -> Result<usize, JsonError> {
        match self.state {
            State::Text { key, first, escape } => self.text(bytes, at, (key, first, escape), stops, visitor),
            State::Number => Ok(self.number(bytes, at, visitor)),
            State::Literal { word, matched } => self.literal(bytes, at, (word, matched), visitor),
            _ => {
                let byte = bytes[at];
                let mark = self.documents != Documents::InText
                    && BYTE_ORDER_MARK.get(self.consumed + at) == Some(&byte);
                if !mark && !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                    self.structure(byte, at, visitor).map_err(|what| self.error(at, what))?;
                    // The first byte of a number or literal belongs to it.
                    if matches!(self.state, State::Number | State::Literal { .. }) {
                        return Ok(at);
                    }
                }
                Ok(at + 1)
            }
        }
    }

    fn error(&self, at: usize, what: &'static str) -> JsonError {
        JsonError { offset: self.consumed + at, what }
    }

    #[inline(always)]
    fn structure(&mut self, byte: u8, at: usize, visitor: &mut impl Visitor) -> Result<(), &'static str> {
        match (self.state, byte) {
            (State::FirstElement, b']') | (State::FirstMember, b'}') => self.close(visitor),
            (State::Value | State::FirstElement, _) => return self.value(byte, at, visitor),
            (State::FirstMember | State::Member, b'"') => {
                self.key.clear();
                self.state = State::Text { key: true, first: true, escape: Escape::No };
            }
            (State::FirstMember | State::Member, _) => return Err("a member name was expected"),
            (State::Colon, b':') => self.state = State::Value,
            (State::Colon, _) => return Err("a colon was expected"),
            (State::Comma, _) => return self.after_value(byte, visitor),
            (State::Done, _) if self.documents != Documents::One => {
                self.place = Schema::ROOT;
                return self.value(byte, at, visitor);
            }
            _ => return Err("more than one value"),
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, byte: u8, at: usize, visitor: &mut impl Visitor) -> Result<(), &'static str> {
        match byte {
            b'{' | b'[' => self.open(byte == b'[', visitor),
            _ if byte == b'"' || self.may_be_scalar() => self.begin_value(byte, at),
            _ => Err("more than one value"),
        }
    }

    fn open(&mut self, array: bool, visitor: &mut impl Visitor) -> Result<(), &'static str> {
        let most = if self.documents == Documents::InText { MAX_DEPTH_IN_TEXT } else { MAX_DEPTH };
        if self.frames.len() == most {
            return Err("nested too deep");
        }
        visitor.open(self.place, array);
        self.frames.push(Frame { place: self.place, array });
        if array {
            self.place = self.schema.element(self.place);
            self.state = State::FirstElement;
        } else {
            self.state = State::FirstMember;
        }
        Ok(())
    }

    fn may_be_scalar(&self) -> bool {
        self.documents != Documents::InText || !self.frames.is_empty()
    }

    fn close(&mut self, visitor: &mut impl Visitor) {
        self.frames.pop();
        visitor.close();
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = if self.frames.is_empty() { State::Done } else { State::Comma };
    }

    fn begin_value(&mut self, byte: u8, at: usize) -> Result<(), &'static str> {
        self.state = match byte {
            b'"' => State::Text { key: false, first: true, escape: Escape::No },
            b'-' | b'0'..=b'9' => State::Number,
            b't' => State::Literal { word: Word::True, matched: 0 },
            b'f' => State::Literal { word: Word::False, matched: 0 },
            b'n' => State::Literal { word: Word::Null, matched: 0 },
            _ => return Err("a value was expected"),
        };
        self.scalar_start = at;
        Ok(())
    }

    fn after_value(&mut self, byte: u8, visitor: &mut impl Visitor) -> Result<(), &'static str> {
        let array = self.frames.last().is_some_and(|frame| frame.array);
        match (byte, array) {
            (b',', true) => {
                // Elements share one place, which a closed inner value has moved away from.
                self.place =
                    self.frames.last().map_or(Schema::UNKNOWN, |frame| self.schema.element(frame.place));
                self.state = State::Value;
            }
            (b',', false) => self.state = State::Member,
            (b']', true) | (b'}', false) => self.close(visitor),
            _ => return Err("a comma or the container's end was expected"),
        }
        Ok(())
    }

    /// Walks string content from `at`; reports the piece that this slice holds.
    fn text(
        &mut self,
        bytes: &[u8],
        at: usize,
        (key, first, mut escape): (bool, bool, Escape),
        stops: &impl Stops,
        visitor: &mut impl Visitor,
    ) -> Result<usize, JsonError> {
        let mut end = at;
        let mut escaped = escape != Escape::No;
        let last = loop {
            if escape != Escape::No {
                escaped = true;
                let Some(&byte) = bytes.get(end) else { break false };
                escape = continue_escape(escape, byte).ok_or_else(|| self.error(end, "a bad escape"))?;
                end += 1;
                continue;
            }
            let (stop, had_escapes) = stops.stop(bytes, end);
            end = stop;
            escaped |= had_escapes;
            match bytes.get(end) {
                Some(b'"') => break true,
                Some(0..0x20) => return Err(self.error(end, "a control character in a string")),
                Some(_) => {
                    escape = Escape::Backslash;
                    end += 1;
                }
                None => break false,
            }
        };
        let place =
            if key { self.frames.last().map_or(Schema::UNKNOWN, |frame| frame.place) } else { self.place };
        let whole = first && last;
        if key && !whole && place != Schema::UNKNOWN {
            self.key.extend_from_slice(&bytes[at..end]);
        }
        visitor.string(StringPiece { place, key, raw: at..end, first, last, escaped });
        if !last {
            self.state = State::Text { key, first: false, escape };
            return Ok(end);
        }
        if key {
            self.place = self.member_place(place, if whole { &bytes[at..end] } else { &self.key });
            self.state = State::Colon;
        } else {
            self.end_value();
        }
        Ok(self.next_string(bytes, end + 1))
    }

    /// Goes on to the next string, if nothing but its separator stands before it, as in most documents. Else
    /// nothing is done.
    #[inline]
    fn next_string(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(&[separator, b'"']) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { return at };
        let key = match (self.state, separator, self.frames.last()) {
            (State::Colon, b':', _) => false,
            (State::Comma, b',', Some(&Frame { place, array: true })) => {
                self.place = self.schema.element(place);
                false
            }
            (State::Comma, b',', Some(_)) => {
                self.key.clear();
                true
            }
            _ => return at,
        };
        self.state = State::Text { key, first: true, escape: Escape::No };
        at + 2
    }

    /// The place of the member whose name has just ended. Names are compared decoded, as the
    /// provider's parser will.
    fn member_place(&self, object: NodeId, name: &[u8]) -> NodeId {
        if object == Schema::UNKNOWN {
            return Schema::UNKNOWN;
        }
        if !name.contains(&b'\\') {
            return self.schema.member(object, name);
        }
        let mut decoded = Decoded::default();
        decoded.decode(name);
        self.schema.member(object, &decoded.text)
    }

    fn number(&mut self, bytes: &[u8], at: usize, visitor: &mut impl Visitor) -> usize {
        let digits = bytes[at..]
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let Some(digits) = digits else { return bytes.len() };
        visitor.scalar(self.place, self.scalar_start..at + digits);
        self.end_value();
        at + digits
    }

    fn literal(
        &mut self,
        bytes: &[u8],
        at: usize,
        (word, matched): (Word, u8),
        visitor: &mut impl Visitor,
    ) -> Result<usize, JsonError> {
        let text = word.text();
        if bytes[at] != text[usize::from(matched)] {
            return Err(self.error(at, "a value was expected"));
        }
        self.state = State::Literal { word, matched: matched + 1 };
        if usize::from(matched) + 1 == text.len() {
            visitor.scalar(self.place, self.scalar_start..at + 1);
            self.end_value();
        }
        Ok(at + 1)
    }
}

fn continue_escape(escape: Escape, byte: u8) -> Option<Escape> {
    match (escape, byte) {
        (Escape::Backslash, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(Escape::No),
        (Escape::Backslash, b'u') => Some(Escape::Digits(4)),
        (Escape::Digits(1), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Some(Escape::No),
        (Escape::Digits(left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Some(Escape::Digits(left - 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::json::Rule;

    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(&[("", &[("a[].id", Rule::Opaque)])]));

    /// All strings with their rule, joined over pieces.
    #[derive(Default)]
    struct Strings {
        slice: Vec<u8>,
        found: Vec<(Rule, bool, Vec<u8>)>,
    }

    impl Visitor for Strings {
        fn string(&mut self, piece: StringPiece) {
            if piece.first {
                self.found.push((SCHEMA.rule(piece.place), piece.key, Vec::new()));
            }
            let text = &mut self.found.last_mut().expect("a piece follows a first one").2;
            text.extend_from_slice(&self.slice[piece.raw]);
        }
    }

    fn walk(document: &[u8], cut: usize) -> Result<Vec<(Rule, bool, Vec<u8>)>, JsonError> {
        let mut lexer = Lexer::new(&SCHEMA);
        let mut strings = Strings::default();
        for chunk in document.chunks(cut) {
            strings.slice = chunk.to_vec();
            lexer.push(chunk, &mut strings)?;
        }
        lexer.finish()?;
        Ok(strings.found)
    }

    #[test]
    fn knows_places_for_every_cutting() {
        let document = br#" {"a":[{"id":"x\"1","b":{"id":"y"}},{"\u0069d":"z"}, "s"], "id": [true,-1.5e3,null,"\ud83d"]} "#;
        for cut in 1..document.len() {
            let found = walk(document, cut).expect("it is JSON");
            let opaque: Vec<_> = found
                .iter()
                .filter(|string| string.0 == Rule::Opaque)
                .map(|string| string.2.as_slice())
                .collect();
            assert_eq!(opaque, [br#"x\"1"#.as_slice(), b"z"], "cut at {cut}");
            assert_eq!(found.iter().filter(|string| string.1).count(), 6);
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for broken in [
            "",
            "{",
            "{\"a\"}",
            "[1,]",
            "{,}",
            "\"a\nb\"",
            "\"\\x\"",
            "nul",
            "1 2",
            "[1}",
            "{\"a\":1,}",
            "\"\\u12g4\"",
        ] {
            assert!(walk(broken.as_bytes(), 100).is_err(), "{broken:?}");
        }
        assert!(walk("[".repeat(600).as_bytes(), 100).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_what_is_json(bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\",:\\ue1-0tr\x01 ".to_vec()), 0..24), cut in 1_usize..8) {
            let ours = walk(&bytes, cut).is_ok();
            let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(&bytes);
            // Number syntax is not checked: no secret hides in a number.
            if theirs.is_ok() { prop_assert!(ours); }
        }
    }
}
