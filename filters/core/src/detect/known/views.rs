//! A text as its reader will see it: percent-encoding undone, wrapped lines joined.

use std::ops::Range;

use crate::detect::{class::Class, encoded::percent_byte};

/// Lines at least so long may be one encoded text, wrapped (MIME has 76, PEM 64, `xxd -p` 60).
const WRAPPED: usize = 40;

/// Text in which something was undone, and the way back.
#[derive(Default)]
pub(super) struct View {
    pub(super) text: Vec<u8>,
    pieces: Vec<Piece>,
}

/// From `at` on, each byte of the view stands for `width` bytes, the first of them at `raw`.
struct Piece {
    at: usize,
    raw: usize,
    width: usize,
}

impl View {
    fn push(&mut self, text: &[u8], raw: usize, width: usize) {
        let goes_on =
            |last: &Piece| last.width == width && last.raw + (self.text.len() - last.at) * width == raw;
        if !self.pieces.last().is_some_and(goes_on) {
            self.pieces.push(Piece { at: self.text.len(), raw, width });
        }
        self.text.extend_from_slice(text);
    }

    /// What a range of the view stands for.
    pub(super) fn raw(&self, range: Range<usize>) -> Range<usize> {
        self.raw_byte(range.start).start..self.raw_byte(range.end - 1).end
    }

    fn raw_byte(&self, at: usize) -> Range<usize> {
        let piece = &self.pieces[self.pieces.partition_point(|piece| piece.at <= at) - 1];
        let raw = piece.raw + (at - piece.at) * piece.width;
        raw..raw + piece.width
    }
}

impl Drop for View {
    /// It may have held plaintext.
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.text);
    }
}

/// Calls `each` with the parts of a text that hold percent-encoded bytes, decoded: with as much around
/// them as a needle of `reach` bytes may need.
pub(super) fn for_each_percent(text: &[u8], reach: usize, mut each: impl FnMut(&View)) {
    let mut signs =
        memchr::memchr_iter(b'%', text).filter(|&at| percent_byte(&text[at..]).is_some()).peekable();
    let mut before = 0;
    while let Some(sign) = signs.next() {
        // What reaches from here to the last sign would be too long.
        let start = sign.saturating_sub(reach).max(before);
        let mut last = sign;
        while let Some(next) = signs.next_if(|&next| next < last + 3 * reach) {
            last = next;
        }
        before = last + 3;
        each(&decoded(text, start..text.len().min(last + 3 * reach)));
    }
}

fn decoded(text: &[u8], range: Range<usize>) -> View {
    let mut view = View::default();
    let mut at = range.start;
    while at < range.end {
        let plain = memchr::memchr(b'%', &text[at..range.end]).unwrap_or(range.end - at);
        if plain > 0 {
            view.push(&text[at..at + plain], at, 1);
            at += plain;
        } else if let Some(byte) = percent_byte(&text[at..range.end]) {
            view.push(&[byte], at, 3);
            at += 3;
        } else {
            view.push(b"%", at, 1);
            at += 1;
        }
    }
    view
}

/// Calls `each` with encoded texts that go on over several lines, joined.
pub(super) fn for_each_wrapped(text: &[u8], mut each: impl FnMut(&View)) {
    let mut done = 0;
    for newline in memchr::memchr_iter(b'\n', text) {
        let end = line_end(text, newline);
        if newline < done || !is_encoded(text[..end].last()) {
            continue;
        }
        let start = Class::ANY64.run_start(text, end, end - done);
        if end - start >= WRAPPED {
            let view;
            (view, done) = joined(text, start..end, newline);
            each(&view);
        }
    }
}

/// Joins a line that ends in encoded text with those after it that are nothing else, and with the
/// beginning of the next. Gives the end of the last.
fn joined(text: &[u8], first: Range<usize>, newline: usize) -> (View, usize) {
    let mut view = View::default();
    view.push(&text[first.clone()], first.start, 1);
    let mut at = newline + 1;
    loop {
        let start = at + text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let end = Class::ANY64.run_end(text, start, usize::MAX);
        if start == end {
            return (view, at);
        }
        view.push(&text[start..end], start, 1);
        let newline = end + usize::from(text.get(end) == Some(&b'\r'));
        if text.get(newline) != Some(&b'\n') || end - start < WRAPPED {
            return (view, end);
        }
        at = newline + 1;
    }
}

fn line_end(text: &[u8], newline: usize) -> usize {
    newline - usize::from(text[..newline].last() == Some(&b'\r'))
}

fn is_encoded(byte: Option<&u8>) -> bool {
    byte.is_some_and(|&byte| Class::ANY64.has(byte))
}
