//! Runs all detectors over one text: find candidates, verify each, merge.
//!
//! Candidates come from long runs ([`super::long`]): an anchor inside one or right before one. What has
//! no long run (an armoured key: short words, then base64 in any dress) is found by a literal.
//!
//! Linear in the text: both searches are one pass, a verifier looks at a bounded number of bytes
//! or at runs that [`Runs`] walks once, and a PEM block ends where the next begins.

use std::ops::Range;

use memchr::memmem::Finder;

use super::{
    Span, boundary,
    class::{Class, Runs, work},
    detector::{Body, Bounds, Candidate, Detector, Form, Trigger},
    long::{LONG, for_each_long_run},
    prefilter::Prefilter,
};

/// How far before a long run an anchor may start, as `hvs.` does.
pub(super) const LEAD: usize = 8;

/// How far into a run an anchor without `-` or `_` may have its trigram. Such an anchor is bounded,
/// so it stands at the run's start or right behind an escape there (`u0022`).
const HEAD: usize = 16;

/// A set of detectors made ready to scan.
pub(super) struct Engine {
    detectors: Vec<&'static Detector>,
    /// By the number that the prefilter reports.
    anchors: Vec<Anchor>,
    prefilter: Prefilter,
    /// What a byte before a long run gives away.
    before: Vec<(u8, Owner)>,
    /// What a literal anywhere gives away.
    anywhere: Vec<(Finder<'static>, Owner)>,
}

/// Whose form a candidate may have.
#[derive(Clone, Copy)]
struct Owner {
    /// Index of the detector.
    rank: usize,
    form: &'static Form,
}

#[derive(Clone, Copy)]
struct Anchor {
    owner: Owner,
    literal: &'static [u8],
}

/// One match of one detector. `rank` is the detector's place in the list.
pub(super) struct Match {
    pub(super) range: Range<usize>,
    pub(super) rank: usize,
}

impl Engine {
    pub(super) fn new(detectors: Vec<&'static Detector>) -> Self {
        let (mut anchors, mut triggers) = (Vec::new(), Vec::new());
        let (mut before, mut anywhere) = (Vec::new(), Vec::new());
        let forms = detectors
            .iter()
            .enumerate()
            .flat_map(|(rank, detector)| detector.forms.iter().map(move |form| Owner { rank, form }));
        for owner in forms {
            for &trigger in owner.form.triggers {
                match trigger {
                    Trigger::Before(byte) => before.push((byte, owner)),
                    Trigger::Anywhere(text) => anywhere.push((Finder::new(text), owner)),
                    Trigger::Text(text) | Trigger::TextThen(text, _) => {
                        anchors.push(Anchor { owner, literal: text.as_bytes() });
                        triggers.push(trigger);
                    }
                }
            }
        }
        let prefilter = Prefilter::new(triggers.into_iter());
        Self { detectors, anchors, prefilter, before, anywhere }
    }

    pub(super) fn detectors(&self) -> &[&'static Detector] {
        &self.detectors
    }

    /// All matches in `text`, in no particular order. Does not allocate when there is none.
    pub(super) fn matches(&self, text: &[u8], matches: &mut Vec<Match>) {
        if text.len() < LONG {
            return;
        }
        let mut runs = Runs::new(text);
        let mut check = |owner: Owner, start, literal| {
            let candidate = Candidate { text, start, body: start + literal };
            push(matches, owner.rank, verify(owner.form, &candidate, &mut runs));
        };
        for_each_long_run(text, |run| {
            self.anchors_in(text, run.clone(), &mut check);
            let Some(at) = run.start.checked_sub(1) else {
                return;
            };
            for &(byte, owner) in &self.before {
                if text[at] == byte {
                    check(owner, at, 1);
                }
            }
        });
        for (literal, owner) in &self.anywhere {
            for start in literal.find_iter(text) {
                check(*owner, start, literal.needle().len());
            }
        }
    }

    /// The anchors in a long run and right before it.
    fn anchors_in(&self, text: &[u8], run: Range<usize>, check: &mut impl FnMut(Owner, usize, usize)) {
        let inside = memchr::memchr2(b'-', b'_', &text[run.clone()]).is_some();
        let end = if inside { run.end } else { run.end.min(run.start + HEAD) };
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
        matches.push(Match { range, rank });
    }
}

/// Whether a candidate is a credential, and which bytes are.
fn verify(form: &Form, candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    work::count(body - start);
    if form.bounded && !boundary::opens(text, start) {
        return None;
    }
    let end = match form.body {
        Body::Custom(verify) => return verify(candidate, runs),
        Body::Pair(first, second) => pair_end(text, body, first, second)?,
        Body::Run { class, min, max } => {
            let end = runs.end(class, body);
            (min..=max).contains(&(end - body)).then_some(end)?
        }
    };
    (!form.closed || boundary::closes(text, end)).then_some(start..end)
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

/// Appends the matches as spans: sorted, and overlapping ones merged into one that covers all.
/// Its kind is that of the match which starts first; of those the longest, then the first listed.
pub(super) fn merge(
    mut matches: Vec<Match>,
    kind: impl Fn(usize) -> crate::secret::Kind,
    spans: &mut Vec<Span>,
) {
    matches.sort_by_key(|m| (m.range.start, usize::MAX - m.range.end, m.rank));
    let first = spans.len();
    for Match { range, rank } in matches {
        match spans[first..].last_mut() {
            Some(span) if range.start < span.end => span.end = span.end.max(range.end),
            _ => spans.push(Span { start: range.start, end: range.end, kind: kind(rank) }),
        }
    }
}
