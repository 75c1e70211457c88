//! Restoring a JSON body as it arrives: a document, or several (JSON lines).

use std::ops::Range;

use super::{Resolve, TextRestorer};
use crate::json::{Lexer, Rule, Schema, StringPiece, Visitor};

/// Restores the strings of a JSON body; every other byte leaves in the call that brought it in. From where a body
/// stops being JSON it is plain text: a file may begin with a bracket and be none (`[default]`). The tokenizer may
/// see that end elsewhere, so that a secret with escapes in it may come back in another spelling there; one
/// without comes back as it was.
pub struct BodyRestorer {
    schema: &'static Schema,
    lexer: Lexer<'static>,
    /// The string under way, or what follows JSON; `None` for a string that is opaque.
    text: Option<TextRestorer>,
    /// The body is not JSON after all: what follows is plain text.
    broken: bool,
}

impl BodyRestorer {
    /// For an answer with these special places.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        Self { schema, lexer: Lexer::many(schema), text: None, broken: false }
    }

    /// Takes the next bytes and appends to `out` all that is decided.
    pub fn push(&mut self, bytes: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        if self.broken {
            return self.plain(bytes, resolve, out);
        }
        let mut walk = Walk { schema: self.schema, text: &mut self.text, bytes, copied: 0, resolve, out };
        let walked = self.lexer.push(bytes, &mut walk);
        let copied = walk.copied;
        if walked.is_err() {
            self.broken = true;
            self.text = Some(TextRestorer::behind_json(self.text.take(), resolve, out));
            return self.plain(&bytes[copied..], resolve, out);
        }
        out.extend_from_slice(&bytes[copied..]);
    }

    fn plain(&mut self, bytes: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        if let Some(text) = &mut self.text {
            text.push(bytes, resolve, out);
        }
    }

    /// Gives up waiting at the end of the body.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(mut text) = self.text.take() {
            text.flush(out);
        }
    }
}

struct Walk<'a> {
    schema: &'static Schema,
    text: &'a mut Option<TextRestorer>,
    bytes: &'a [u8],
    copied: usize,
    resolve: &'a mut dyn Resolve,
    out: &'a mut Vec<u8>,
}

impl Walk<'_> {
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.bytes[self.copied..end]);
        self.copied = end;
    }

    fn restore(&mut self, raw: Range<usize>, last: bool) {
        self.copy_to(raw.start);
        let Some(text) = self.text else { return };
        text.push(&self.bytes[raw.clone()], self.resolve, self.out);
        if last {
            text.flush(self.out);
            *self.text = None;
        }
        self.copied = raw.end;
    }
}

impl Visitor for Walk<'_> {
    fn string(&mut self, piece: StringPiece) {
        if piece.first {
            *self.text = restorer_for(if piece.key { Rule::Text } else { self.schema.rule(piece.place) });
        }
        if self.text.is_some() {
            self.restore(piece.raw, piece.last);
        }
    }
}

/// How a string with this rule is restored, each on its own; `None`: not at all.
pub(super) fn restorer_for(rule: Rule) -> Option<TextRestorer> {
    match rule {
        Rule::Opaque | Rule::Signature => None,
        Rule::Nested => Some(TextRestorer::in_json_string(true)),
        _ => Some(TextRestorer::in_json_string(false)),
    }
}
