//! The strings of a text that reads like JSON.

use std::ops::Range;

use super::{document::nothing_special, key_lines::Place};
use crate::json::{Lexer, NodeId, StringPiece, Visitor};

/// The strings of a text, and where it stops being JSON.
pub(super) fn strings(text: &[u8]) -> (Vec<Found>, usize) {
    let mut strings = Strings::default();
    let is_json = Lexer::in_text(nothing_special()).push(text, &mut strings).is_ok();
    let last = strings.found.last().map_or(0, |last| last.raw.end);
    (strings.found, if is_json { text.len() } else { last })
}

/// Collects the strings.
#[derive(Default)]
struct Strings {
    found: Vec<Found>,
    /// Open containers: their number, and whether each is an array.
    open: Vec<(usize, bool)>,
    opened: usize,
}

/// A string in a text.
pub(super) struct Found {
    /// Its content, without the quotes.
    pub(super) raw: Range<usize>,
    /// Whether it is a member name.
    pub(super) is_key: bool,
    /// Its place in the array it is an element of; strings that follow each other outside of any are in one too.
    pub(super) place: Option<Place>,
}

impl Visitor for Strings {
    fn string(&mut self, piece: StringPiece) {
        let list = self.open.last().map_or(Some(0), |&(number, array)| array.then_some(number));
        self.found.push(Found { raw: piece.raw, is_key: piece.key, place: list.map(Place::element_of) });
    }

    fn open(&mut self, _place: NodeId, array: bool) {
        self.opened += 1;
        self.open.push((self.opened, array));
    }

    fn close(&mut self) {
        self.open.pop();
    }
}
