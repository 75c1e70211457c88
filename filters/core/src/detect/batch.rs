//! Many texts at once: which of them hold a credential.
//!
//! Most strings of a request are short and hold nothing, and starting a search costs as much as it takes to
//! read some hundred bytes. So texts are laid end to end and searched together. A candidate is then judged
//! within its own text, by the code that judges it when the text is scanned alone.

use std::ops::Range;

use zeroize::Zeroize;

use super::{
    Detectors, encoded,
    engine::{self, Engine, Match, State},
    extra,
    long::for_each_long_run,
    words,
};

/// What stands behind each text. No literal or token contains it.
const SEPARATOR: u8 = 0;

/// Texts to be searched together.
#[derive(Default)]
pub struct Batch {
    text: Vec<u8>,
    parts: Vec<Part>,
}

/// One text of a batch.
struct Part {
    start: usize,
    end: usize,
    owner: usize,
}

impl Batch {
    /// All texts.
    #[must_use]
    pub fn all(&self) -> &[u8] {
        &self.text
    }

    /// All texts, to append to; what is appended is part of none until it is added.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// How long all texts are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What has been appended from `start` on becomes a text of its own, named by the number of its owner.
    pub fn add(&mut self, start: usize, owner: usize) {
        self.parts.push(Part { start, end: self.text.len(), owner });
        self.text.push(SEPARATOR);
    }

    /// The owner of the text that `at` is in.
    #[must_use]
    pub fn owner(&self, at: usize) -> Option<usize> {
        self.parts.get(self.part_at(at)).map(|part| part.owner)
    }

    /// Forgets all texts.
    pub fn clear(&mut self) {
        self.text.clear();
        self.parts.clear();
    }

    fn part_at(&self, at: usize) -> usize {
        self.parts.partition_point(|part| part.end <= at)
    }
}

impl Drop for Batch {
    /// The buffer may have held plaintext (law 10).
    fn drop(&mut self) {
        self.text.as_mut_slice().zeroize();
        self.text.spare_capacity_mut().zeroize();
    }
}

impl Detectors {
    /// Whether the value of a member is a credential for its name.
    #[must_use]
    pub fn is_told(&self, key: &[u8], text: &[u8]) -> bool {
        let mut matches = Vec::new();
        self.builtin.member(key, text, &mut matches);
        !matches.is_empty()
    }

    /// Whether a text is too short to hold anything, however its escapes are read.
    #[must_use]
    pub fn is_harmless(&self, text: &[u8]) -> bool {
        self.is_plain() && !engine::may_hold_any(text) && memchr::memchr(b'\\', text).is_none()
    }

    /// Names the owner of every text in which [`Self::scan`] finds something. It may name others, and one
    /// more than once.
    pub fn sift(&self, batch: &Batch, mut found: impl FnMut(usize)) {
        sift(&self.builtin, batch, &mut found);
        if self.is_plain() {
            return;
        }
        for part in &batch.parts {
            let text = &batch.text[part.start..part.end];
            let mut matches = Vec::new();
            if !self.extras.is_empty() {
                extra::matches(&self.extras, 0, text, &mut matches);
            }
            if !matches.is_empty() || self.holds_known(text) {
                found(part.owner);
            }
        }
    }
}

fn sift(engine: &Engine, batch: &Batch, found: &mut impl FnMut(usize)) {
    let mut search = Search::new(batch);
    for_each_long_run(&batch.text, |run| {
        search.look(run, found, |state, run, matches| engine.at_run(state, run, matches));
    });
    let mut search = Search::new(batch);
    words::for_each_part(&batch.text, |start| {
        let part = start..start + words::PART;
        search.look(part, found, |state, part, matches| engine.at_word(state, part.start, matches));
    });
    let mut search = Search::new(batch);
    engine.for_each_literal(&batch.text, |start, (literal, owner)| {
        let place = start..start + literal.len();
        search.look(place, found, |state, place, matches| engine.at_literal(state, place, owner, matches));
    });
    let mut search = Search::new(batch);
    for sign in memchr::memchr_iter(b'%', &batch.text) {
        search.look(sign..sign + 1, found, |state, sign, matches| {
            encoded::percent_at(engine, state.text, sign.start, &mut state.seen, matches);
        });
    }
}

/// One pass over a batch: the text under way.
struct Search<'b> {
    batch: &'b Batch,
    /// Where the text under way is, and what is remembered of it.
    range: Range<usize>,
    owner: usize,
    state: State<'b>,
    matches: Vec<Match>,
}

impl<'b> Search<'b> {
    fn new(batch: &'b Batch) -> Self {
        Self { batch, range: 0..0, owner: 0, state: State::new(&[]), matches: Vec::new() }
    }

    /// Judges a candidate, given as a range of the batch, in its own text.
    #[inline]
    fn look(
        &mut self,
        place: Range<usize>,
        found: &mut impl FnMut(usize),
        judge: impl FnOnce(&mut State<'b>, Range<usize>, &mut Vec<Match>),
    ) {
        if !self.range.contains(&place.start) {
            self.enter(place.start);
        }
        let start = self.range.start;
        // A place over the end of a text is in none.
        if place.end > self.range.end || place.start < start {
            return;
        }
        judge(&mut self.state, place.start - start..place.end - start, &mut self.matches);
        if !self.matches.is_empty() {
            self.matches.clear();
            found(self.owner);
        }
    }

    fn enter(&mut self, at: usize) {
        let Some(part) = self.batch.parts.get(self.batch.part_at(at)) else { return };
        self.range = part.start..part.end;
        self.owner = part.owner;
        self.state = State::new(&self.batch.text[self.range.clone()]);
    }
}
