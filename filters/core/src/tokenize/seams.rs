//! Tokens that are cut where one text part of a message ends and the next begins.
//!
//! Neither half says what it is. So the ends of adjacent parts are searched once more, laid end to end;
//! of what is found across a seam, each part gets a placeholder for its own piece, and back its own bytes.

use std::{collections::BTreeSet, ops::Range};

use zeroize::{Zeroize, Zeroizing};

use super::{Dress, Splice, Splices, Tokenizer};
use crate::{
    detect::{Leaf, Span},
    json::escape::Decoded,
    secret::Kind,
};

/// How much of a part is laid beside the next: more than any token that is no key has.
const REACH: usize = 2 << 10;

/// What is put where the middle of a long part is left out: no token goes on over it.
const GAP: &[u8] = b"\n\n";

/// Collects the seams of a document.
#[derive(Default)]
pub(super) struct Seams {
    /// The list and the place of the last text part.
    last: Option<(usize, Range<usize>)>,
    /// Runs of parts whose seams a token could go over.
    runs: Vec<Vec<Range<usize>>>,
}

impl Seams {
    /// Notes the next text part of the list, whose raw text is `body[raw]`.
    pub(super) fn part(&mut self, body: &[u8], list: usize, raw: Range<usize>) {
        if raw.is_empty() {
            return;
        }
        let Some((same, before)) = self.last.replace((list, raw.clone())) else { return };
        if same != list || !may_be_cut(&body[before.clone()], &body[raw.clone()]) {
            return;
        }
        match self.runs.last_mut() {
            Some(run) if run.last() == Some(&before) => run.push(raw),
            _ => self.runs.push(vec![before, raw]),
        }
    }

    /// Adds what goes over a seam to the splices.
    pub(super) fn search(self, tokenizer: &Tokenizer<'_>, body: &[u8], splices: &mut Splices) {
        if self.runs.is_empty() {
            return;
        }
        let mut pieces = Vec::new();
        for run in &self.runs {
            Laid::out(body, run).search(tokenizer, &mut pieces);
        }
        let mut found = Vec::new();
        for (raw, kind) in pieces {
            for free in uncovered(&splices.0, raw) {
                let mut text = Decoded::default();
                text.decode(&body[free.clone()]);
                // Such a piece can be put back wherever it stands.
                if text.text.iter().all(|byte| *byte >= 0x20 && !b"\"\\<".contains(byte)) {
                    let entry = tokenizer.vault.insert(tokenizer.scope, kind, &text.text, tokenizer.now);
                    found.push(Splice { range: free, entry: Some(entry), dress: Dress::Plain });
                }
                text.text.zeroize();
            }
        }
        splices.0.append(&mut found);
        splices.0.sort_by_key(|splice| splice.range.start);
    }
}

/// Whether a token could go on from one raw text to the next.
fn may_be_cut(before: &[u8], after: &[u8]) -> bool {
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./+=:~%".contains(byte);
    // A token may begin the second text in the spelling of some senders, who escape slashes or all.
    let begins =
        after.first().is_some_and(in_token) || after.starts_with(b"\\/") || after.starts_with(b"\\u00");
    before.last().is_some_and(in_token) && begins
}

/// The ends of a run of parts, decoded and laid end to end.
struct Laid {
    text: Zeroizing<Vec<u8>>,
    windows: Vec<Window>,
}

/// A part, or an end of it.
struct Window {
    /// Where it begins among the others, and in the body.
    start: usize,
    raw: usize,
    decoded: Decoded,
    /// Which part of the run it is of.
    part: usize,
}

impl Laid {
    fn out(body: &[u8], run: &[Range<usize>]) -> Self {
        let mut laid = Self { text: Zeroizing::default(), windows: Vec::new() };
        for (part, raw) in run.iter().enumerate() {
            if raw.len() <= 2 * REACH {
                laid.lay(body, raw.clone(), part);
                continue;
            }
            if part > 0 {
                laid.lay(body, raw.start..raw.start + REACH, part);
            }
            laid.text.extend_from_slice(GAP);
            if part + 1 < run.len() {
                laid.lay(body, raw.end - REACH..raw.end, part);
            }
        }
        laid
    }

    fn lay(&mut self, body: &[u8], raw: Range<usize>, part: usize) {
        let mut decoded = Decoded::default();
        decoded.decode(&body[raw.clone()]);
        let start = self.text.len();
        self.text.extend_from_slice(&decoded.text);
        self.windows.push(Window { start, raw: raw.start, decoded, part });
    }

    /// The pieces of what is found in more than one part.
    fn search(&self, tokenizer: &Tokenizer<'_>, pieces: &mut Vec<(Range<usize>, Kind)>) {
        let mut spans = Vec::new();
        tokenizer.detectors.scan(Leaf { text: &self.text, key: None }, &mut spans);
        for Span { start, end, kind } in spans {
            let first = pieces.len();
            let mut parts = BTreeSet::new();
            let nearest = self.windows.partition_point(|window| window.start <= start).saturating_sub(1);
            for window in self.windows[nearest..].iter().take_while(|window| window.start < end) {
                let within = |at: usize| at.saturating_sub(window.start).min(window.decoded.text.len());
                let piece = within(start)..within(end);
                if !piece.is_empty() {
                    let raw = window.decoded.raw(piece);
                    pieces.push((raw.start + window.raw..raw.end + window.raw, kind));
                    parts.insert(window.part);
                }
            }
            if parts.len() < 2 {
                pieces.truncate(first);
            }
        }
    }
}

impl Drop for Window {
    /// It held plaintext (law 10).
    fn drop(&mut self) {
        self.decoded.text.zeroize();
    }
}

/// What of a range the splices, which are sorted and disjoint, leave over.
fn uncovered(splices: &[Splice], range: Range<usize>) -> Vec<Range<usize>> {
    let mut free = Vec::new();
    let mut start = range.start;
    let nearest = splices.partition_point(|splice| splice.range.end <= start);
    for covered in splices[nearest..].iter().map(|splice| &splice.range) {
        if covered.start >= range.end {
            break;
        }
        free.push(start..covered.start.max(start));
        start = covered.end;
    }
    free.push(start.min(range.end)..range.end);
    free.retain(|range| !range.is_empty());
    free
}
