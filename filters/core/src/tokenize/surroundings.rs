//! A leaf as the restorer will see it: with a placeholder where each secret stood.
//!
//! What depends on how the restorer reads a text is decided by reading it the same way: which
//! literal placeholders it would take for its own, and how it would write a secret back.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;
use zeroize::Zeroizing;

use crate::{
    placeholder::{ESCAPE_AT, MAX_ESCAPES, Matcher, START, Step},
    restore::{nesting::Nesting, text::spell},
};

/// How a character that is spelt by its number begins.
pub(super) static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// How an escaped ASCII character begins.
pub(super) static ESCAPED_ASCII: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u00"));

/// A slash as PHP and others write it in JSON.
pub(super) static ESCAPED_SLASH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\/"));

/// How a literal placeholder begins.
pub(super) static LITERAL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(START));

/// Whether a literal placeholder may be in the text, spelt in any way.
pub(super) fn may_hold_literal(text: &[u8], has_backslash: bool) -> bool {
    LITERAL.find(text).is_some() || has_backslash && ESCAPED_ASCII.find(text).is_some()
}

/// Follows a leaf from its beginning.
pub(super) struct Surroundings<'a> {
    text: &'a [u8],
    nesting: Nesting,
    matcher: Matcher,
    walked: usize,
    /// Characters of the possible literal so far, and where its mark would stand.
    characters: usize,
    mark: usize,
    /// Where literal placeholders need a mark.
    pub(super) marks: Vec<usize>,
    /// A literal has all the marks that can be undone.
    pub(super) too_many_marks: bool,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            nesting: Nesting::new(false, false),
            matcher: Matcher::default(),
            walked: 0,
            characters: 0,
            mark: 0,
            marks: Vec::new(),
            too_many_marks: false,
        }
    }

    /// Walks on to `end`.
    pub(super) fn walk_to(&mut self, end: usize) {
        for at in self.walked..end {
            let Some(character) = self.nesting.step(self.text[at]) else { continue };
            match self.matcher.step(character.byte) {
                Step::Idle => {}
                Step::Begins => self.characters = 1,
                Step::Continues => {
                    self.characters += 1;
                    if self.characters == ESCAPE_AT {
                        self.mark = at + 1;
                    }
                }
                Step::Completes => {
                    self.too_many_marks |= self.matcher.escapes() >= MAX_ESCAPES;
                    self.marks.push(self.mark);
                }
            }
        }
        self.walked = end;
    }

    /// Walks over a secret. How deep it stands, if restoring its plaintext would not give what stood
    /// here.
    pub(super) fn misfit(&mut self, range: &Range<usize>, plaintext: &[u8]) -> Option<usize> {
        self.walk_to(range.start);
        self.walked = range.end;
        // No character of a placeholder but the first can change the levels.
        self.nesting.step(b'<');
        self.matcher.reset();
        let depth = self.nesting.escapes();
        let mut restored = Zeroizing::new(Vec::with_capacity(range.len()));
        spell(plaintext, self.nesting.numbering(), depth, &mut restored);
        (restored.as_slice() != &self.text[range.clone()]).then_some(depth)
    }
}
