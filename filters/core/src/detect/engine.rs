//! Runs all detectors over one text: sweep for anchors, verify each candidate, merge.
//!
//! Linear in the text: the sweep is one pass, a verifier looks at a bounded number of bytes or at
//! runs that [`Runs`] walks once, and a PEM block ends where the next begins.

use std::ops::Range;

use super::{
    Span, boundary,
    class::{Class, Runs, work},
    detector::{Body, Bounds, Candidate, Detector, Form, Trigger},
    prefilter::Prefilter,
};

/// A set of detectors made ready to scan.
pub(super) struct Engine {
    detectors: Vec<&'static Detector>,
    /// By the number that the prefilter reports.
    anchors: Vec<Anchor>,
    /// The forms that a dot gives away.
    dotted: Vec<(usize, &'static Form)>,
    prefilter: Prefilter,
}

struct Anchor {
    /// Index of the detector.
    rank: usize,
    form: &'static Form,
    literal: &'static [u8],
}

/// One match of one detector. `rank` is the detector's place in the list.
pub(super) struct Match {
    pub(super) range: Range<usize>,
    pub(super) rank: usize,
}

impl Engine {
    pub(super) fn new(detectors: Vec<&'static Detector>) -> Self {
        let (mut anchors, mut dotted, mut triggers) = (Vec::new(), Vec::new(), Vec::new());
        for (rank, detector) in detectors.iter().enumerate() {
            for form in detector.forms {
                for &trigger in form.triggers {
                    let literal: &[u8] = match trigger {
                        Trigger::Dot => {
                            dotted.push((rank, form));
                            continue;
                        }
                        Trigger::Text(text) | Trigger::TextThen(text, _) => text.as_bytes(),
                        Trigger::AfterDigits(_) => b"",
                    };
                    anchors.push(Anchor {
                        rank,
                        form,
                        literal,
                    });
                    triggers.push(trigger);
                }
            }
        }
        Self {
            detectors,
            anchors,
            dotted,
            prefilter: Prefilter::new(triggers.into_iter()),
        }
    }

    pub(super) fn detectors(&self) -> &[&'static Detector] {
        &self.detectors
    }

    /// All matches in `text`, in no particular order. Does not allocate when there is none.
    pub(super) fn matches(&self, text: &[u8], runs: &mut Runs<'_>, matches: &mut Vec<Match>) {
        self.prefilter.scan(text, |start, anchor| {
            let Anchor {
                rank,
                form,
                literal,
            } = &self.anchors[anchor];
            if text[start..].starts_with(literal) {
                let candidate = Candidate {
                    text,
                    start,
                    body: start + literal.len(),
                };
                push(matches, *rank, verify(form, &candidate, runs));
            }
        });
        for start in memchr::memchr_iter(b'.', text) {
            for (rank, form) in &self.dotted {
                let candidate = Candidate {
                    text,
                    start,
                    body: start + 1,
                };
                push(matches, *rank, verify(form, &candidate, runs));
            }
        }
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
            _ => spans.push(Span {
                start: range.start,
                end: range.end,
                kind: kind(rank),
            }),
        }
    }
}
