//! Putting secrets back into one text, however it is cut.

use zeroize::Zeroizing;

use super::{Resolve, nesting::Nesting};
use crate::{
    json::escape::escape,
    numbering::Numbering,
    placeholder::{ESCAPE, ESCAPE_AT, Matcher, Step},
    vault::Entry,
};

/// Restores one text: a string value, or a streamed text that comes in pieces.
///
/// Raw bytes go in, raw bytes come out; matching is done on what they mean. Held back is only what
/// may still become a placeholder: `<pl:AWS` at the end of a piece, or half of `\u003c` where that
/// would mean `<`. A placeholder has at most a few hundred characters, so the hold-back is bounded.
pub struct TextRestorer {
    nesting: Nesting,
    matcher: Matcher,
    held: Vec<u8>,
    /// Characters of the possible placeholder so far.
    characters: usize,
    /// Where in `held` an escape mark would begin and end.
    mark: (usize, usize),
    /// How lines are numbered where the possible placeholder begins.
    numbering: Option<Numbering>,
}

impl TextRestorer {
    /// For raw JSON string content. `fragment`: the string's text is JSON, or pieces of it.
    #[must_use]
    pub fn in_json_string(fragment: bool) -> Self {
        Self::new(Nesting::new(true, fragment))
    }

    /// For text that stands for itself.
    #[must_use]
    pub fn in_plain_text() -> Self {
        Self::new(Nesting::new(false, false))
    }

    /// For the rest of a body that stopped being JSON. `before`: what was under way there, and waited.
    pub(super) fn behind_json(before: Option<Self>, resolve: &mut dyn Resolve, out: &mut Vec<u8>) -> Self {
        let mut text = Self::new(Nesting::behind_json());
        if let Some(before) = before {
            text.push(&before.held, resolve, out);
        }
        text
    }

    fn new(nesting: Nesting) -> Self {
        Self {
            nesting,
            matcher: Matcher::default(),
            held: Vec::new(),
            characters: 0,
            mark: (0, 0),
            numbering: None,
        }
    }

    /// Takes the next raw bytes and appends to `out` all that is decided.
    pub fn push(&mut self, raw: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let mut at = 0;
        while at < raw.len() {
            if self.held.is_empty() && self.nesting.is_plain() {
                let run = memchr::memchr2(b'<', b'\\', &raw[at..]).unwrap_or(raw.len() - at);
                self.nesting.skip(&raw[at..at + run]);
                out.extend_from_slice(&raw[at..at + run]);
                at += run;
                if at == raw.len() {
                    return;
                }
            }
            self.step(raw[at], resolve, out);
            at += 1;
        }
    }

    /// Gives up waiting: appends what is held. For the end of the text.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        self.matcher.reset();
    }

    /// Whether something is held back.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    fn step(&mut self, byte: u8, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        self.held.push(byte);
        let Some(character) = self.nesting.step(byte) else { return };
        match self.matcher.step(character.byte) {
            Step::Idle => out.append(&mut self.held),
            Step::Begins => {
                let first = self.nesting.taken() - self.held.len();
                out.extend(self.held.drain(..character.start - first));
                self.characters = 1;
                self.numbering = self.nesting.numbering();
            }
            Step::Continues => self.note_mark(),
            Step::Completes => self.complete(resolve, out),
        }
    }

    fn note_mark(&mut self) {
        self.characters += 1;
        if self.characters == ESCAPE_AT {
            self.mark.0 = self.held.len();
        } else if self.characters == ESCAPE_AT + ESCAPE.len() {
            self.mark.1 = self.held.len();
        }
    }

    fn complete(&mut self, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        if self.matcher.escapes() > 0 {
            out.extend_from_slice(&self.held[..self.mark.0]);
            out.extend_from_slice(&self.held[self.mark.1..]);
        } else if let Some(entry) = resolve.resolve(self.matcher.kind(), self.matcher.tag()) {
            self.put_back(&entry, out);
        } else {
            out.extend_from_slice(&self.held);
        }
        self.held.clear();
    }

    /// Writes a secret so that it fits where it stands (law 5).
    fn put_back(&self, entry: &Entry, out: &mut Vec<u8>) {
        let certain = self.nesting.certain_escapes();
        let escapes = self.nesting.escapes();
        if let Some(spelling) = entry.spelling()
            && certain + spelling.depth() == escapes
        {
            return escape(spelling.text().expose(), certain, out);
        }
        spell(entry.secret().expose(), self.numbering, escapes, out);
    }
}

/// Writes a plaintext as it stands `escapes` JSON strings deep, in a listing if there is a numbering.
pub(crate) fn spell(plaintext: &[u8], numbering: Option<Numbering>, escapes: usize, out: &mut Vec<u8>) {
    match numbering {
        Some(numbering) if plaintext.contains(&b'\n') => {
            let mut numbered = Zeroizing::new(Vec::with_capacity(2 * plaintext.len()));
            numbering.add(plaintext, &mut numbered);
            escape(&numbered, escapes, out);
        }
        _ => escape(plaintext, escapes, out),
    }
}
