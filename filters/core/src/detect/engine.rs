//! Runs all detectors over one text: find candidates, verify each, merge.
//!
//! Candidates come from long runs ([`super::long`]): an anchor inside one or right before one. What has
//! no long run or stands in the middle of one is found by a literal ([`super::literals`]), and what has no
//! shape of its own by the words of telling names ([`super::words`]).
//!
//! Linear in the text: both searches are one pass, a verifier looks at a bounded number of bytes
//! or at runs that [`Runs`] walks once, and a PEM block ends where the next begins.

use std::ops::Range;

use memchr::memmem::Finder;

use super::{
    Leaf, Span, boundary,
    class::{Class, Runs, work},
    context::{Context, Look},
    detector::{Body, Bounds, Candidate, Detector, Form, Part, Trigger},
    encoded,
    glance::Signs,
    literals::Literals,
    long::for_each_long_run,
    prefilter::Prefilter,
    value, words,
};

/// No format of its own is shorter (a test holds the list to that).
const SHORTEST: usize = 16;

/// How far before a long run an anchor may start, as `hvs.` does.
pub(super) const LEAD: usize = 12;

/// How far into a run an anchor without `-` or `_` may have its trigram. Such an anchor is bounded,
/// so it stands at the run's start or right behind an escape there (`u0022`).
const HEAD: usize = 16;

/// From how many bytes on a literal is looked for together with the others.
pub(super) const PACKED: usize = 4;

/// A set of detectors made ready to scan.
pub(super) struct Engine {
    detectors: Vec<&'static Detector>,
    /// By the number that the prefilter reports.
    anchors: Vec<Anchor>,
    prefilter: Prefilter,
    /// What a byte before a long run gives away.
    before: Vec<(u8, Owner)>,
    /// The literals that are looked for anywhere, and what each gives away.
    literals: Literals,
    anywhere: Vec<(&'static [u8], Use)>,
    /// The same, of literals so short that among the others they would slow the search down.
    short: Vec<(&'static [u8], Finder<'static>, Use)>,
    /// All that is looked for, as raw bytes show it.
    signs: Signs,
    context: Context,
}

/// What a literal found anywhere gives away.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// A candidate that starts there.
    Candidate(Owner),
    /// Surroundings to look at.
    Surroundings(Look),
}

/// Whose form a candidate may have.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    /// Index of the detector.
    rank: usize,
    pub(super) form: &'static Form,
}

#[derive(Clone, Copy)]
struct Anchor {
    owner: Owner,
    literal: &'static [u8],
}

/// What is remembered of one text while its candidates are looked at, in ascending order.
pub(super) struct State<'t> {
    pub(super) text: &'t [u8],
    /// Whether base64 is looked into.
    encoded: bool,
    runs: Runs<'t>,
    base64: encoded::Base64,
    /// How far surroundings have been looked at.
    pub(super) seen: usize,
}

impl<'t> State<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, encoded: true, runs: Runs::new(text), base64: encoded::Base64::default(), seen: 0 }
    }

    fn check(&mut self, owner: Owner, literal: Range<usize>, matches: &mut Vec<Match>) {
        let candidate = Candidate { text: self.text, start: literal.start, body: literal.end };
        let found = verify(owner.form, &candidate, &mut self.runs);
        push(matches, owner.rank, found.filter(|found| !boundary::is_digest(self.text, found.start)));
    }
}

/// One match of one detector. `rank` is the detector's place in the list.
pub(super) struct Match {
    pub(super) range: Range<usize>,
    pub(super) rank: usize,
    /// Known by its own bytes, not by what stands beside it.
    pub(super) anchored: bool,
}

impl Engine {
    /// Without what needs vector instructions: it finds the same.
    pub(super) fn portable(detectors: Vec<&'static Detector>) -> Self {
        let mut engine = Self::new(detectors);
        let literals: Vec<_> = engine.anywhere.iter().map(|(literal, _)| *literal).collect();
        engine.literals = Literals::portable(&literals);
        engine
    }

    pub(super) fn new(detectors: Vec<&'static Detector>) -> Self {
        let (mut anchors, mut triggers) = (Vec::new(), Vec::new());
        let mut before = Vec::new();
        let look = |(text, look): (&'static str, Look)| (text.as_bytes(), Use::Surroundings(look));
        let mut anywhere: Vec<(&[u8], Use)> = Context::literals().map(look).collect();
        let forms = detectors
            .iter()
            .enumerate()
            .flat_map(|(rank, detector)| detector.forms.iter().map(move |form| Owner { rank, form }));
        for owner in forms {
            for &trigger in owner.form.triggers {
                match trigger {
                    Trigger::Before(byte) => before.push((byte, owner)),
                    Trigger::Anywhere(text) => anywhere.push((text.as_bytes(), Use::Candidate(owner))),
                    Trigger::Text(text) | Trigger::TextThen(text, _) => {
                        anchors.push(Anchor { owner, literal: text.as_bytes() });
                        triggers.push(trigger);
                    }
                }
            }
        }
        anywhere.extend(Context::rare_literals().map(look));
        let prefilter = Prefilter::new(triggers.into_iter());
        let short: Vec<_> = anywhere.extract_if(.., |(literal, _)| literal.len() < PACKED).collect();
        let signs = Signs::new(anywhere.iter().chain(&short).map(|(literal, _)| *literal));
        let short =
            short.into_iter().map(|(literal, owner)| (literal, Finder::new(literal), owner)).collect();
        let literals = Literals::new(&anywhere.iter().map(|(literal, _)| *literal).collect::<Vec<_>>());
        let context = Context::new(&detectors);
        Self { detectors, anchors, prefilter, before, literals, anywhere, short, signs, context }
    }

    /// All that is looked for, as raw bytes show it; its literals have the numbers of [`Self::literal`].
    pub(super) fn signs(&self) -> &Signs {
        &self.signs
    }

    /// One of the literals that are looked for anywhere.
    pub(super) fn literal(&self, number: usize) -> (&'static [u8], Use) {
        match number.checked_sub(self.anywhere.len()) {
            None => self.anywhere[number],
            Some(number) => (self.short[number].0, self.short[number].2),
        }
    }

    pub(super) fn detectors(&self) -> &[&'static Detector] {
        &self.detectors
    }

    /// All matches in a leaf, in no particular order. Does not allocate when there is none.
    pub(super) fn matches(&self, leaf: Leaf<'_>, matches: &mut Vec<Match>) {
        if let Some(key) = leaf.key {
            self.member(key, leaf.text, matches);
        }
        if may_hold_any(leaf.text) {
            self.text(leaf.text, true, matches);
            encoded::percent(self, leaf.text, matches);
        }
    }

    /// All matches in a text as it stands; in its base64 too, if `encoded`.
    pub(super) fn text(&self, text: &[u8], encoded: bool, matches: &mut Vec<Match>) {
        let mut state = State { encoded, ..State::new(text) };
        for_each_long_run(text, |run| self.at_run(&mut state, run, matches));
        words::for_each_part(text, |start| self.at_word(&mut state, start, matches));
        state.seen = 0;
        self.for_each_literal(text, |start, (literal, owner)| {
            self.at_literal(&mut state, start..start + literal.len(), owner, matches);
        });
    }

    /// Looks at a long run.
    pub(super) fn at_run(&self, state: &mut State<'_>, run: Range<usize>, matches: &mut Vec<Match>) {
        let text = state.text;
        self.anchors_in(text, run.clone(), 0, &mut |owner, start, literal| {
            state.check(owner, start..start + literal, matches);
        });
        if let Some(at) = run.start.checked_sub(1) {
            for owner in self.before(text[at]) {
                state.check(owner, at..at + 1, matches);
            }
        }
        if state.encoded {
            encoded::hex(self, text, run.clone(), matches);
            state.base64.look(self, text, run, matches);
        }
    }

    /// Looks at a part of a telling word.
    pub(super) fn at_word(&self, state: &mut State<'_>, start: usize, matches: &mut Vec<Match>) {
        self.context.name(state.text, start..start + words::PART, &mut state.seen, matches);
    }

    /// Looks at a literal.
    pub(super) fn at_literal(
        &self,
        state: &mut State<'_>,
        literal: Range<usize>,
        owner: Use,
        matches: &mut Vec<Match>,
    ) {
        match owner {
            Use::Candidate(owner) => state.check(owner, literal, matches),
            Use::Surroundings(look) => look(&self.context, state.text, literal, &mut state.seen, matches),
        }
    }

    /// Calls `found(start, literal)` for the literals that are looked for anywhere.
    #[inline]
    pub(super) fn for_each_literal(&self, text: &[u8], mut found: impl FnMut(usize, (&'static [u8], Use))) {
        self.literals.for_each(text, |start, index| found(start, self.anywhere[index]));
        for (literal, finder, owner) in &self.short {
            for start in finder.find_iter(text) {
                found(start, (literal, *owner));
            }
        }
    }

    /// Looks at the value of a member.
    pub(super) fn member(&self, key: &[u8], text: &[u8], matches: &mut Vec<Match>) {
        self.context.member(key, text, matches);
    }

    /// What a byte before a long run gives away.
    pub(super) fn before(&self, byte: u8) -> impl Iterator<Item = Owner> {
        self.before.iter().filter(move |(before, _)| *before == byte).map(|&(_, owner)| owner)
    }

    /// The anchors in a long run and right before it. So many of its bytes may be an escape's.
    pub(super) fn anchors_in(
        &self,
        text: &[u8],
        run: Range<usize>,
        glued: usize,
        check: &mut impl FnMut(Owner, usize, usize),
    ) {
        let inside = memchr::memchr2(b'-', b'_', &text[run.clone()]).is_some();
        let end = if inside { run.end } else { run.end.min(run.start + HEAD + glued) };
        self.prefilter.scan(text, run.start.saturating_sub(LEAD)..end, |start, anchor| {
            let Anchor { owner, literal } = self.anchors[anchor];
            if text[start..].starts_with(literal) {
                check(owner, start, literal.len());
            }
        });
    }
}

/// Keeps a match, unless the one before it says the same and more: a text made of nothing but
/// anchors must not make a list of them.
fn push(matches: &mut Vec<Match>, rank: usize, found: Option<Range<usize>>) {
    let Some(range) = found else { return };
    let known = matches.last().is_some_and(|last| {
        last.rank == rank && last.range.start <= range.start && range.end <= last.range.end
    });
    if !known {
        matches.push(Match { range, rank, anchored: true });
    }
}

/// Whether a candidate is a credential, and which bytes are.
pub(super) fn verify(form: &Form, candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    work::count(body - start);
    let (start, end) = match form.body {
        Body::Custom(verify) => {
            let opens = !form.bounded || boundary::opens(text, start);
            return opens.then(|| verify(candidate, runs))?;
        }
        Body::Infix { before, class, after } => {
            let start = infix_start(text, start, before)?;
            // What goes on in the same alphabet is cut off, if anything may follow.
            let end = if form.closed { runs.end(class, body) } else { class.run_end(text, body, after.1) };
            (start, (after.0..=after.1).contains(&(end - body)).then_some(end)?)
        }
        _ if form.bounded && !boundary::opens(text, start) => return None,
        Body::Pair(first, second) => (start, pair_end(text, body, first, second)?),
        Body::Shape(parts) => (start, shape_end(text, body, parts)?),
        Body::Run { class, min, max } => (start, run_end(text, body, class, (min, max), runs)?),
    };
    if form.closed && !boundary::closes(text, end) || form.lone && !lone(text, start..end, body) {
        return None;
    }
    // Written in words, it is a name that begins like a token; in `x`, a mask.
    let named = !matches!(form.body, Body::Shape(_)) && value::is_identifier(&text[body..end]);
    (!named && !value::is_mask(&text[body..end])).then_some(start..end)
}

/// The end of a run whose length is in its bounds. Dots at its end are the sentence's.
fn run_end(text: &[u8], body: usize, class: Class, (min, max): Bounds, runs: &mut Runs<'_>) -> Option<usize> {
    let mut end = runs.end(class, body);
    if class == Class::ENCODED {
        end = signs_end(text, body, end);
    }
    while end > body && text[end - 1] == b'.' {
        end -= 1;
    }
    (min..=max).contains(&(end - body)).then_some(end)
}

/// The end of what encodes base64: other percent-encoded bytes end it.
pub(super) fn signs_end(text: &[u8], body: usize, end: usize) -> usize {
    const SIGNS: [&[u8]; 7] = [b"%2B", b"%2F", b"%3D", b"%2b", b"%2f", b"%3d", b"%25"];
    let other = |at: &usize| !SIGNS.iter().any(|sign| text[body + at..].starts_with(sign));
    memchr::memchr_iter(b'%', &text[body..end]).find(other).map_or(end, |at| body + at)
}

/// Where a token starts that has so many bytes of a class before its anchor.
fn infix_start(text: &[u8], anchor: usize, (class, length): (Class, usize)) -> Option<usize> {
    let start = anchor.checked_sub(length)?;
    (class.run_start(text, anchor, length) == start && boundary::opens(text, start)).then_some(start)
}

/// The end of a fixed shape.
pub(super) fn shape_end(text: &[u8], mut at: usize, parts: &[Part]) -> Option<usize> {
    for part in parts {
        let length = match *part {
            Part::Run(class, min, max) => {
                let length = class.run_end(text, at, max) - at;
                (length >= min).then_some(length)?
            }
            Part::Is(literal) => text[at..].starts_with(literal.as_bytes()).then_some(literal.len())?,
        };
        at += length;
    }
    Some(at)
}

/// Whether a token of a weak anchor stands by itself and looks random.
fn lone(text: &[u8], token: Range<usize>, body: usize) -> bool {
    let before = text[..token.start].last();
    let glued = before.is_some_and(|b| matches!(b, b'+' | b'-' | b'_' | b'.' | b'$'))
        || before == Some(&b'/') && !text[..token.start].ends_with(b"//")
        || text.get(token.end).is_some_and(|b| matches!(b, b'+' | b'/' | b'-' | b'_' | b'('));
    !glued && value::is_mixed(&text[body..token.end])
}

/// The end of `first.second`, when both have a length in their bounds.
fn pair_end(text: &[u8], at: usize, first: Bounds, second: Bounds) -> Option<usize> {
    let segment = |at, (min, max): Bounds| {
        let end = Class::URL.run_end(text, at, max + 1);
        (min..=max).contains(&(end - at)).then_some(end)
    };
    let dot = segment(at, first)?;
    (text.get(dot) == Some(&b'.')).then(|| segment(dot + 1, second))?
}

/// Drops what is known only by its surroundings where a format of its own is: a token must have the same
/// name and the same bytes wherever it stands. `matches` are sorted.
fn drop_beside(matches: &mut Vec<Match>) {
    let (mut end, mut keep) = (0, Vec::with_capacity(matches.len()));
    for found in matches.iter() {
        keep.push(found.anchored || found.range.start >= end);
        end = end.max(if found.anchored { found.range.end } else { 0 });
    }
    let mut start = usize::MAX;
    for (found, keep) in matches.iter().zip(&mut keep).rev() {
        *keep &= found.anchored || found.range.end <= start;
        start = if found.anchored { found.range.start } else { start };
    }
    let mut keep = keep.into_iter();
    matches.retain(|_| keep.next() == Some(true));
}

/// Appends the matches as spans: sorted, and overlapping ones merged into one that covers all.
/// Its kind is that of the match which starts first; of those the longest, then the first listed.
pub(super) fn merge(
    mut matches: Vec<Match>,
    kind: impl Fn(usize) -> crate::secret::Kind,
    spans: &mut Vec<Span>,
) {
    matches.sort_by_key(|m| (m.range.start, usize::MAX - m.range.end, m.rank));
    drop_beside(&mut matches);
    let first = spans.len();
    for Match { range, rank, .. } in matches {
        match spans[first..].last_mut() {
            Some(span) if range.start < span.end => span.end = span.end.max(range.end),
            _ => spans.push(Span { start: range.start, end: range.end, kind: kind(rank) }),
        }
    }
}

/// Whether a text is long enough for a token of any format, or has a name and a value in it. Most strings
/// of a request are neither: member names, roles, types.
pub(super) fn may_hold_any(text: &[u8]) -> bool {
    text.len() >= SHORTEST || text.iter().any(|byte| matches!(byte, b'=' | b':' | b' ' | b'>' | b'%'))
}
