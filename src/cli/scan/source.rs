//! Reads one target and finds what it holds, in memory that does not grow with the file.
//!
//! A text longer than a window is scanned window by window. Neighbours overlap: a window's last
//! [`Sizes::ahead`] bytes are left to the next, which begins [`Sizes::behind`] bytes before them, so a
//! secret and the words that give it away are seen together. A secret longer than `ahead` may be cut
//! short, never missed: its start is in one window at least.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use waterwall_core::{detect::Detectors, secret::Kind};

use super::place::{Place, Places};
use super::spans;
use super::targets::Target;
use crate::failure::Failure;

/// A secret's type and place. The secret itself stays in the window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// Offset of the first byte in the file.
    pub(super) start: usize,
    /// Offset one past the last byte.
    pub(super) end: usize,
    pub(super) first: Place,
    /// One past the last.
    pub(super) last: Place,
}

/// What a target came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    /// How much was read.
    pub(super) bytes: usize,
}

/// How a long text is cut, in bytes.
struct Sizes {
    window: usize,
    /// Left to the next window. The longest secrets are armoured keys, some 100 KB.
    ahead: usize,
    /// Seen again for context.
    behind: usize,
}

const SIZES: Sizes = Sizes { window: 8 << 20, ahead: 512 << 10, behind: 64 << 10 };

/// How much of a file tells whether it is binary; git looks as far.
const HEAD: usize = 8000;

/// Scans target after target, with one buffer.
pub(super) struct Scanner {
    window: Vec<u8>,
    sizes: Sizes,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { window: Vec::new(), sizes: SIZES }
    }

    /// The findings in a target, in order. A binary file that was not named by the user has none.
    pub(super) fn scan(&mut self, detectors: &Detectors, target: &Target) -> Result<Outcome, Failure> {
        let mut scan = |text: &mut dyn Read, named| self.scan_text(detectors, text, named);
        let outcome = match target {
            Target::StandardInput => scan(&mut io::stdin().lock(), true),
            Target::Named(path) => File::open(path).and_then(|mut file| scan(&mut file, true)),
            Target::Found(path) => File::open(path).and_then(|mut file| scan(&mut file, false)),
        };
        outcome.map_err(|error| Failure::io("cannot read", Path::new(target.name().as_ref()), &error))
    }

    fn scan_text(
        &mut self,
        detectors: &Detectors,
        text: &mut dyn Read,
        even_binary: bool,
    ) -> io::Result<Outcome> {
        self.window.clear();
        let (mut findings, mut places) = (Vec::new(), Places::new());
        // Offsets in the whole text: of the window, and of what is still to be reported.
        let (mut base, mut open) = (0, 0);
        loop {
            let whole = self.fill(text)?;
            let window = self.window.as_slice();
            if base == 0 && !even_binary && is_binary(window) {
                return Ok(Outcome::default());
            }
            let end = base + window.len();
            let limit = if whole { end } else { end - self.sizes.ahead };
            for span in spans(detectors, window) {
                let (start, end) = ((base + span.start).max(open), base + span.end);
                if start >= limit {
                    break;
                }
                if end > open {
                    let first = places.of(window, base, start);
                    let last = places.of(window, base, end);
                    findings.push(Finding { kind: span.kind, start, end, first, last });
                    open = end;
                }
            }
            if whole {
                return Ok(Outcome { findings, bytes: end });
            }
            open = open.max(limit);
            let keep = limit - self.sizes.behind;
            places.skip(window, base, keep);
            self.window.drain(..keep - base);
            base = keep;
        }
    }

    /// Reads on until the window is full; tells whether the text ends in it.
    fn fill(&mut self, text: &mut dyn Read) -> io::Result<bool> {
        let room = self.sizes.window - self.window.len();
        let read = text.take(room as u64).read_to_end(&mut self.window)?;
        Ok(read < room)
    }
}

/// Text has no NUL bytes; nearly every binary format has one early on.
fn is_binary(text: &[u8]) -> bool {
    memchr::memchr(0, &text[..text.len().min(HEAD)]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        format!("AKIA{}", "FAKE".repeat(4))
    }

    fn scan(text: &str, sizes: Sizes) -> Vec<Finding> {
        let mut scanner = Scanner { window: Vec::new(), sizes };
        scanner.scan_text(&Detectors::builtin(), &mut text.as_bytes(), false).expect("no error").findings
    }

    #[test]
    fn windows_find_what_the_whole_does() {
        let mut text = String::new();
        for gap in 0..60 {
            text += &format!("é{}{} \n", " ".repeat(gap), key());
        }
        let whole = scan(&text, SIZES);
        assert_eq!(whole.len(), 60);
        for window in 64..200 {
            assert_eq!(scan(&text, Sizes { window, ahead: 32, behind: 16 }), whole, "window {window}");
        }
    }

    #[test]
    fn a_text_may_end_with_its_window() {
        let text = format!("{:100}{}", "", key());
        for window in 118..124 {
            assert_eq!(scan(&text, Sizes { window, ahead: 32, behind: 16 }).len(), 1, "window {window}");
        }
    }

    #[test]
    fn binary_files_are_scanned_only_when_named() {
        let text = format!("\0\n{}", key());
        let mut scanner = Scanner::new();
        let mut found = |named| {
            scanner
                .scan_text(&Detectors::builtin(), &mut text.as_bytes(), named)
                .expect("no error")
                .findings
                .len()
        };
        assert_eq!((found(false), found(true)), (0, 1));
    }
}
