//! How deep in JSON a text stands, told from the text itself as it streams by.
//!
//! A string value may itself be JSON text, whose strings may be JSON text again. [`Nesting`] follows
//! such a text character by character: for each raw byte it tells the character it stands for at
//! the innermost level, and how many string escapes lie around it. Where a text stops being JSON,
//! its level is dead and what follows is plain. It also remembers how the innermost text's line
//! begins: a listing has line numbers there.

use crate::{
    json::lexer::MAX_DEPTH_IN_TEXT,
    numbering::{LineStart, Numbering},
};

/// Texts nested deeper than this are plain, as they are to the tokenizer. The fragment that a tool
/// call's arguments are is a level more.
const MAX_DEPTH: usize = 4;
const MAX_LEVELS: usize = MAX_DEPTH + 1;

/// Stands for every character outside ASCII: only ASCII matters to JSON and to placeholders.
const OTHER: u8 = 0xFF;

/// A character of the innermost text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Character {
    /// The character; 0xFF for one outside ASCII that was escaped.
    pub byte: u8,
    /// Where its raw bytes begin, counted from the first byte taken.
    pub start: usize,
}

/// The levels around the current position of a text; see the module's text.
pub struct Nesting {
    /// Raw bytes taken.
    taken: usize,
    /// True for a text that stands in a JSON string on the wire.
    wire: bool,
    wire_escape: Escape,
    /// Where the escape under way on the wire begins.
    wire_start: usize,
    levels: [Level; MAX_LEVELS],
    /// Levels in use: each but the last is inside a string.
    live: usize,
    /// Levels that may be in use.
    most: usize,
    /// The beginning of the innermost text's line.
    line: LineStart,
}

impl Nesting {
    /// For a text that comes as raw JSON string content (`wire`) or as itself. With `forced`, the
    /// text is JSON whatever it looks like (a fragment of a tool call's arguments).
    #[must_use]
    pub fn new(wire: bool, forced: bool) -> Self {
        let mut levels = [Level::NEW; MAX_LEVELS];
        levels[0].forced = forced;
        Self {
            taken: 0,
            wire,
            wire_escape: Escape::No,
            wire_start: 0,
            levels,
            live: 1,
            most: MAX_DEPTH + usize::from(forced),
            line: LineStart::default(),
        }
    }

    /// For what follows a text that stopped being JSON, from somewhere in a line: plain, whatever it looks like.
    #[must_use]
    pub fn behind_json() -> Self {
        let mut nesting = Self::new(false, false);
        nesting.levels[0].state = State::Dead;
        nesting.line.push(OTHER);
        nesting
    }

    /// Takes the next raw byte. Gives the innermost character that it completes, if it does.
    #[inline]
    pub fn step(&mut self, raw: u8) -> Option<Character> {
        let mut character = Character { byte: raw, start: self.taken };
        self.taken += 1;
        if self.wire {
            character = self.decode_wire(character)?;
        }
        for at in 0..self.live {
            match self.levels[at].step(character) {
                Position::Inside(inner) => character = inner?,
                Position::Opens => {
                    self.open(at);
                    return Some(character);
                }
                Position::Outside => {
                    self.live = at + 1;
                    break;
                }
            }
        }
        self.line.push(character.byte);
        Some(character)
    }

    /// The wire's own escapes are JSON's: the document around this string has been parsed.
    fn decode_wire(&mut self, raw: Character) -> Option<Character> {
        if self.wire_escape == Escape::No {
            self.wire_start = raw.start;
        }
        match self.wire_escape.step(raw.byte) {
            Decoded::Pending => None,
            Decoded::Character(byte) => Some(Character { byte, start: self.wire_start }),
            Decoded::Invalid => Some(raw),
        }
    }

    /// Raw bytes taken so far.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// A string of level `at` opens: a text of its own begins.
    fn open(&mut self, at: usize) {
        self.live = at + 1;
        self.line.clear();
        if self.live < self.most {
            self.levels[self.live] = Level::NEW;
            self.live += 1;
        }
    }

    /// Takes a run of raw bytes that [`Self::is_plain`] allows to skip.
    pub fn skip(&mut self, run: &[u8]) {
        self.taken += run.len();
        self.line.push_run(run);
    }

    /// How the lines of the innermost text are numbered, if the last character stands right behind
    /// such a number.
    #[must_use]
    pub fn numbering(&self) -> Option<Numbering> {
        self.line.numbering()
    }

    /// The string escapes around the current position: on the wire, then one for each level that is
    /// inside a string.
    #[must_use]
    pub fn escapes(&self) -> usize {
        usize::from(self.wire) + self.levels[..self.live].iter().take_while(|level| level.is_inside()).count()
    }

    /// The escapes that are there whatever the text looks like.
    #[must_use]
    pub fn certain_escapes(&self) -> usize {
        usize::from(self.wire) + usize::from(self.levels[0].forced)
    }

    /// True when only a backslash or `<` can change anything: every other raw byte stands for
    /// itself and leaves all levels as they are.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let innermost = &self.levels[self.live - 1];
        let settled = innermost.state == State::Dead || (self.live == self.most && innermost.is_inside());
        let no_escape = self.levels[..self.live].iter().all(|level| level.escape == Escape::No);
        let quotes_escaped = self.wire || self.live == 1;
        settled && no_escape && self.wire_escape == Escape::No && quotes_escaped
    }
}

/// An escape sequence under way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    No,
    Backslash,
    Digits { left: u8, unit: u16 },
}

/// What a byte did to an escape sequence.
enum Decoded {
    Pending,
    Character(u8),
    /// The sequence is none of JSON's.
    Invalid,
}

impl Escape {
    /// Takes a byte of string content.
    #[inline]
    fn step(&mut self, byte: u8) -> Decoded {
        match (*self, byte) {
            (Self::No, b'\\') => self.wait(Self::Backslash),
            (Self::No, _) => Decoded::Character(byte),
            (Self::Backslash, b'u') => self.wait(Self::Digits { left: 4, unit: 0 }),
            (Self::Backslash, b'n') => self.end(b'\n'),
            (Self::Backslash, b't') => self.end(b'\t'),
            (Self::Backslash, b'r') => self.end(b'\r'),
            (Self::Backslash, b'b') => self.end(0x08),
            (Self::Backslash, b'f') => self.end(0x0c),
            (Self::Backslash, b'"' | b'\\' | b'/') => self.end(byte),
            (Self::Digits { left, unit }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                self.digit(left, unit << 4 | digit as u16)
            }
            _ => {
                *self = Self::No;
                Decoded::Invalid
            }
        }
    }

    fn digit(&mut self, left: u8, unit: u16) -> Decoded {
        if left > 1 {
            return self.wait(Self::Digits { left: left - 1, unit });
        }
        self.end(u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(OTHER))
    }

    fn wait(&mut self, state: Self) -> Decoded {
        *self = state;
        Decoded::Pending
    }

    fn end(&mut self, character: u8) -> Decoded {
        *self = Self::No;
        Decoded::Character(character)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first value, or between two: only a container or a string may follow.
    Between,
    Value,
    FirstElement,
    FirstMember,
    Member,
    Colon,
    Comma,
    Inside {
        key: bool,
    },
    Number,
    Literal {
        word: &'static [u8],
        matched: usize,
    },
    /// Not JSON, or no longer: plain text from here on.
    Dead,
    /// Forced to be JSON and not well-formed: taken as string content from here on.
    Malformed,
}

/// What a character did at a level.
enum Position {
    /// It is a character inside a string; the decoded one when complete.
    Inside(Option<Character>),
    /// It opens a string.
    Opens,
    /// It is structure, or plain text.
    Outside,
}

/// One JSON text under way.
#[derive(Clone, Copy)]
struct Level {
    state: State,
    forced: bool,
    escape: Escape,
    /// Where the escape under way begins.
    escape_start: usize,
    /// Open containers, one bit each, innermost lowest: 1 for an array.
    arrays: u64,
    depth: u32,
}

impl Level {
    const NEW: Self = Self {
        state: State::Between,
        forced: false,
        escape: Escape::No,
        escape_start: 0,
        arrays: 0,
        depth: 0,
    };

    fn is_inside(&self) -> bool {
        matches!(self.state, State::Inside { .. } | State::Malformed)
    }

    #[inline]
    fn step(&mut self, character: Character) -> Position {
        match self.state {
            State::Dead => Position::Outside,
            State::Inside { .. } | State::Malformed => self.inside(character),
            _ => self.structure(character),
        }
    }

    fn inside(&mut self, character: Character) -> Position {
        if self.escape == Escape::No {
            match (self.state, character.byte) {
                (State::Inside { key }, b'"') => {
                    self.state = if key { State::Colon } else { self.after_value() };
                    return Position::Outside;
                }
                (State::Inside { .. }, 0..0x20) => return self.die(character),
                _ => self.escape_start = character.start,
            }
        }
        match self.escape.step(character.byte) {
            Decoded::Pending => Position::Inside(None),
            Decoded::Character(byte) => Position::Inside(Some(Character { byte, start: self.escape_start })),
            Decoded::Invalid => self.die(character),
        }
    }

    fn after_value(&self) -> State {
        if self.depth == 0 { State::Between } else { State::Comma }
    }

    /// The text is not JSON. A level that must be takes the rest as string content.
    fn die(&mut self, character: Character) -> Position {
        self.escape = Escape::No;
        if self.forced {
            self.state = State::Malformed;
            return Position::Inside(Some(character));
        }
        self.state = State::Dead;
        Position::Outside
    }

    fn structure(&mut self, character: Character) -> Position {
        if matches!(character.byte, b' ' | b'\n' | b'\r' | b'\t') {
            match self.state {
                State::Number => self.state = self.after_value(),
                State::Literal { .. } => return self.die(character),
                _ => {}
            }
            return Position::Outside;
        }
        match self.next(character.byte) {
            Some(state) => {
                self.state = state;
                if self.is_inside() { Position::Opens } else { Position::Outside }
            }
            None => self.die(character),
        }
    }

    /// The state after a character of structure; `None` when it cannot stand here.
    fn next(&mut self, character: u8) -> Option<State> {
        match (self.state, character) {
            (State::Between | State::Value | State::FirstElement, b'{') => self.open(0, State::FirstMember),
            (State::Between | State::Value | State::FirstElement, b'[') => self.open(1, State::FirstElement),
            (State::Between | State::Value | State::FirstElement, b'"') => Some(State::Inside { key: false }),
            (State::FirstMember | State::Member, b'"') => Some(State::Inside { key: true }),
            (State::FirstMember, b'}') | (State::FirstElement, b']') => self.close(character),
            (State::Value | State::FirstElement, b'-' | b'0'..=b'9') => Some(State::Number),
            (State::Value | State::FirstElement, b't') => Some(State::Literal { word: b"true", matched: 1 }),
            (State::Value | State::FirstElement, b'f') => Some(State::Literal { word: b"false", matched: 1 }),
            (State::Value | State::FirstElement, b'n') => Some(State::Literal { word: b"null", matched: 1 }),
            (State::Colon, b':') => Some(State::Value),
            (State::Number, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') => Some(State::Number),
            (State::Comma | State::Number, b',') => {
                Some(if self.arrays & 1 == 1 { State::Value } else { State::Member })
            }
            (State::Comma | State::Number, b'}' | b']') => self.close(character),
            (State::Literal { word, matched }, _) if word[matched] == character => {
                Some(if matched + 1 == word.len() {
                    self.after_value()
                } else {
                    State::Literal { word, matched: matched + 1 }
                })
            }
            _ => None,
        }
    }

    fn open(&mut self, array: u64, then: State) -> Option<State> {
        if self.depth as usize == MAX_DEPTH_IN_TEXT {
            return None;
        }
        self.arrays = self.arrays << 1 | array;
        self.depth += 1;
        Some(then)
    }

    fn close(&mut self, bracket: u8) -> Option<State> {
        if (bracket == b']') != (self.arrays & 1 == 1) {
            return None;
        }
        self.arrays >>= 1;
        self.depth -= 1;
        Some(self.after_value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The escapes around the first `@` of a text.
    fn escapes_at_mark(wire: bool, forced: bool, text: &str) -> usize {
        let mut nesting = Nesting::new(wire, forced);
        for byte in text.bytes() {
            if nesting.step(byte).is_some_and(|character| character.byte == b'@') {
                return nesting.escapes();
            }
        }
        panic!("no mark in {text}");
    }

    #[test]
    fn plain_text_has_no_escapes_of_its_own() {
        for text in [
            "a @",
            "{@",
            "{\"a\":1} @",
            "\"a\" b\"@",
            "[1, \"a\n@",
            "[x] \"@",
            "\"\\q@",
            "\"\\u12@",
            "{\"a\": {\"b\": nul @",
            "{{\"@",
        ] {
            assert_eq!(escapes_at_mark(false, false, text), 0, "{text}");
        }
    }

    #[test]
    fn every_string_around_is_one_escape() {
        assert_eq!(escapes_at_mark(false, false, r#"{"a": "@"#), 1);
        assert_eq!(escapes_at_mark(false, false, r#" [1, {"@"#), 1);
        assert_eq!(escapes_at_mark(false, false, r#""@"#), 1);
        assert_eq!(escapes_at_mark(false, false, "{\"a\":1}\n{\"b\":\"@"), 1);
        assert_eq!(escapes_at_mark(true, false, r#"{\"a\": \"@"#), 2);
        assert_eq!(escapes_at_mark(false, false, r#"{"a": "{\"b\": \"@"#), 2);
        assert_eq!(escapes_at_mark(false, false, r#"{"a": "{\"b\": [\"[\\\"\\u0040"#), 3);
        assert_eq!(escapes_at_mark(true, false, r#"@"#), 1);
    }

    #[test]
    fn a_forced_text_is_json_even_when_it_is_not() {
        assert_eq!(escapes_at_mark(true, true, "@"), 2);
        assert_eq!(escapes_at_mark(true, true, r#"{\"a\": @"#), 2);
        assert_eq!(escapes_at_mark(true, true, r#"{\"a\": \"x\ny @"#), 2);
    }

    /// The tokenizer finds the strings of a text with the lexer, the restorer follows them here.
    mod agreement {
        use std::{ops::Range, sync::LazyLock};

        use proptest::prelude::*;

        use super::*;
        use crate::json::{Lexer, Schema, StringPiece, Visitor};

        static NOTHING: LazyLock<Schema> = LazyLock::new(|| Schema::new(&[]));

        #[derive(Default)]
        struct Strings(Vec<Range<usize>>);

        impl Visitor for Strings {
            fn string(&mut self, piece: StringPiece) {
                if piece.last {
                    self.0.push(piece.raw);
                }
            }
        }

        /// The strings of the outermost level that are complete.
        fn followed(text: &[u8]) -> Vec<Range<usize>> {
            let mut nesting = Nesting::new(false, false);
            let (mut found, mut start) = (Vec::new(), None);
            for (at, &byte) in text.iter().enumerate() {
                let was_inside = nesting.levels[0].is_inside();
                nesting.step(byte);
                match (was_inside, nesting.levels[0].is_inside()) {
                    (false, true) => start = Some(at + 1),
                    (true, false) if nesting.levels[0].state != State::Dead => {
                        found.extend(start.map(|start| start..at))
                    }
                    _ => {}
                }
            }
            found
        }

        proptest! {
            #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

            #[test]
            fn both_see_the_same_strings(text in proptest::collection::vec(proptest::sample::select(b"{}[]\",:\\unqx1-0tre \n\x01<".to_vec()), 0..24)) {
                let mut strings = Strings::default();
                let _ = Lexer::in_text(&NOTHING).push(&text, &mut strings);
                prop_assert_eq!(strings.0, followed(&text));
            }

            #[test]
            fn also_in_json(text in "(\\{\"[a-z\\\\n]{0,3}\": ?(\"[a-z\\\\]{0,4}\"|[0-9.]{1,3}|true|\\[\"x\"(, ?\"y\")?\\])\\}|\"[a-z]{0,3}\"| |[0-9]){0,5}") {
                let mut strings = Strings::default();
                let _ = Lexer::in_text(&NOTHING).push(text.as_bytes(), &mut strings);
                prop_assert_eq!(strings.0, followed(text.as_bytes()));
            }
        }
    }
}
