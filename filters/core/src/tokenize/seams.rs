//! Tokens that are cut where one text part of a message ends and the next begins, and values whose name ends
//! the part before.
//!
//! Neither half says what it is. So the ends of adjacent parts are searched once more, laid end to end;
//! of what is found across a seam, each part gets a placeholder for its own piece, and back its own bytes.

use std::{collections::BTreeSet, ops::Range};

use zeroize::{Zeroize, Zeroizing};

use super::{Dress, Splice, Splices, Tokenizer, key_lines::Place};
use crate::{
    detect::{Batch, Leaf, Span},
    json::escape::Decoded,
    secret::Kind,
};

/// How much of a part is laid beside the next: more than any token that is no key has.
const REACH: usize = 2 << 10;

/// What is put where the middle of a long part is left out: no token goes on over it.
const GAP: &[u8] = b"\n\n";

/// How many bytes are searched together.
const FULL: usize = 64 << 10;

/// How far from a seam a value may begin or end that only the other side of it tells: behind a sign, a blank
/// and a quotation mark.
const NEAR: usize = 8;

/// Collects the seams of a document.
#[derive(Default)]
pub(super) struct Seams {
    /// The part that was noted last; more members of its name may come.
    last: Option<Part>,
    /// As one sees the parts who takes the first of members of one name, and who takes the last.
    firsts: Runs,
    lasts: Runs,
    /// Whether that is not the same.
    differ: bool,
}

/// A text part of a message.
struct Part {
    place: Place,
    first: Range<usize>,
    last: Range<usize>,
}

impl Seams {
    /// Notes the next text part, whose raw text is `body[raw]`.
    pub(super) fn part(&mut self, body: &[u8], place: Place, raw: Range<usize>) {
        match &mut self.last {
            Some(part) if part.place == place && place.object.is_some() => {
                part.last = raw;
                self.differ = true;
            }
            _ => {
                self.end_part(body);
                self.last = Some(Part { place, first: raw.clone(), last: raw });
            }
        }
    }

    fn end_part(&mut self, body: &[u8]) {
        if let Some(Part { place, first, last }) = self.last.take() {
            self.firsts.part(body, place.list, first);
            self.lasts.part(body, place.list, last);
        }
    }

    /// Adds what goes over a seam to the splices.
    pub(super) fn search(mut self, tokenizer: &Tokenizer<'_>, body: &[u8], splices: &mut Splices) {
        self.end_part(body);
        self.firsts.search(tokenizer, body, splices);
        if self.differ {
            self.lasts.search(tokenizer, body, splices);
        }
    }
}

/// Parts that follow each other.
#[derive(Default)]
struct Runs {
    /// The list and the place of the last part.
    last: Option<(usize, Range<usize>)>,
    /// Runs of parts whose seams a token could go over.
    runs: Vec<Vec<Range<usize>>>,
}

impl Runs {
    fn part(&mut self, body: &[u8], list: usize, raw: Range<usize>) {
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

    fn search(&self, tokenizer: &Tokenizer<'_>, body: &[u8], splices: &mut Splices) {
        let (mut pieces, mut waiting, mut length) = (Vec::new(), Vec::new(), 0);
        for run in &self.runs {
            let laid = Laid::out(body, run);
            length += laid.text.len();
            waiting.push(laid);
            if length >= FULL {
                search_together(tokenizer, &std::mem::take(&mut waiting), &mut pieces);
                length = 0;
            }
        }
        search_together(tokenizer, &waiting, &mut pieces);
        let mut found = Vec::new();
        for (raw, kind) in pieces {
            for free in uncovered(&splices.0, raw) {
                hide(tokenizer, body, free, kind, &mut found);
            }
        }
        splices.0.append(&mut found);
        splices.0.sort_by_key(|splice| splice.range.start);
    }
}

/// Searches runs laid end to end themselves, then those in which something is: starting a search costs as much as
/// reading some hundred bytes, and lists of words are often shorter.
fn search_together(tokenizer: &Tokenizer<'_>, runs: &[Laid], pieces: &mut Vec<(Range<usize>, Kind)>) {
    if runs.is_empty() {
        return;
    }
    let mut batch = Batch::default();
    // If it grew, a copy would be left behind.
    batch.text().reserve(runs.iter().map(|run| run.text.len() + 1).sum());
    for (number, run) in runs.iter().enumerate() {
        let start = batch.len();
        batch.text().extend_from_slice(&run.text);
        batch.add(start, number);
    }
    let mut suspicious = vec![false; runs.len()];
    tokenizer.detectors.sift(&batch, |number| suspicious[number] = true);
    for (run, _) in runs.iter().zip(suspicious).filter(|(_, suspicious)| *suspicious) {
        run.search(tokenizer, pieces);
    }
}

/// Replaces a piece of a raw text. What might be written otherwise elsewhere stays, so that the piece can be put
/// back wherever it stands: quotation marks, backslashes, controls, and `<`, with which a placeholder begins.
fn hide(tokenizer: &Tokenizer<'_>, body: &[u8], raw: Range<usize>, kind: Kind, found: &mut Vec<Splice>) {
    let mut decoded = Decoded::default();
    decoded.decode(&body[raw.clone()]);
    let mut at = 0;
    let is_plain = |byte: &u8| *byte >= 0x20 && !b"\"\\<".contains(byte);
    for run in decoded.text.chunk_by(|one, next| is_plain(one) && is_plain(next)) {
        let place = decoded.raw(at..at + run.len());
        at += run.len();
        if run.iter().all(is_plain) {
            let entry = Some(tokenizer.vault.insert(tokenizer.scope, kind, run, tokenizer.now));
            let range = place.start + raw.start..place.end + raw.start;
            found.push(Splice { range, entry, dress: Dress::Plain });
        }
    }
}

/// Whether a token, or a name and its value, could go on from one raw text to the next.
fn may_be_cut(before: &[u8], after: &[u8]) -> bool {
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./+=:~%".contains(byte);
    // A token may begin the second text in the spelling of some senders, who escape slashes or all.
    let begins =
        after.first().is_some_and(in_token) || after.starts_with(b"\\/") || after.starts_with(b"\\u00");
    before.last().is_some_and(in_token) && begins
        || matches!(quoting(before), [.., b':' | b'='])
        || matches!(after, [b':' | b'=', ..])
}

/// A raw text without the blanks and quotation marks at its end: what may stand between a name's sign and its
/// value.
fn quoting(raw: &[u8]) -> &[u8] {
    let mut text = raw;
    for _ in 0..NEAR {
        text = match text {
            [head @ .., b'\\', b'n' | b'r' | b't' | b'"'] => head,
            [head @ .., b' ' | b'\'' | b'`'] => head,
            _ => return text,
        };
    }
    text
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
    /// Whether a seam is where it starts, and where it ends.
    seams: (bool, bool),
}

impl Window {
    fn end(&self) -> usize {
        self.start + self.decoded.text.len()
    }

    /// Whether a value that is all in this window stands where the part on the other side of a seam tells it.
    fn tells_of(&self, span: &Span) -> bool {
        let (before, behind) = self.seams;
        before && span.start < self.start + NEAR || behind && span.end + NEAR > self.end()
    }
}

impl Laid {
    fn out(body: &[u8], run: &[Range<usize>]) -> Self {
        // If it grew, a copy would be left behind.
        let length = run.iter().map(|raw| raw.len().min(2 * REACH) + GAP.len()).sum();
        let mut laid = Self { text: Zeroizing::new(Vec::with_capacity(length)), windows: Vec::new() };
        for (part, raw) in run.iter().enumerate() {
            let (before, behind) = (part > 0, part + 1 < run.len());
            if raw.len() <= 2 * REACH {
                laid.lay(body, raw.clone(), part, (before, behind));
                continue;
            }
            if before {
                laid.lay(body, raw.start..raw.start + REACH, part, (true, false));
            }
            laid.text.extend_from_slice(GAP);
            if behind {
                laid.lay(body, raw.end - REACH..raw.end, part, (false, true));
            }
        }
        laid
    }

    fn lay(&mut self, body: &[u8], raw: Range<usize>, part: usize, seams: (bool, bool)) {
        let mut decoded = Decoded::default();
        decoded.decode(&body[raw.clone()]);
        let start = self.text.len();
        self.text.extend_from_slice(&decoded.text);
        self.windows.push(Window { start, raw: raw.start, decoded, part, seams });
    }

    /// The pieces of what is found in more than one part, or in one for what the other says.
    fn search(&self, tokenizer: &Tokenizer<'_>, pieces: &mut Vec<(Range<usize>, Kind)>) {
        let mut spans = Vec::new();
        tokenizer.detectors.scan(Leaf { text: &self.text, key: None }, &mut spans);
        for span in spans {
            let Span { start, end, kind } = span;
            let (first, mut parts, mut told) = (pieces.len(), BTreeSet::new(), false);
            let nearest = self.windows.partition_point(|window| window.start <= start).saturating_sub(1);
            for window in self.windows[nearest..].iter().take_while(|window| window.start < end) {
                let within = |at: usize| at.saturating_sub(window.start).min(window.decoded.text.len());
                let piece = within(start)..within(end);
                if !piece.is_empty() {
                    let raw = window.decoded.raw(piece);
                    pieces.push((raw.start + window.raw..raw.end + window.raw, kind));
                    parts.insert(window.part);
                    told |= window.tells_of(&span);
                }
            }
            if parts.len() < 2 && !told {
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
