//! Values that are known to be secret, whatever they look like: found wherever they stand, as they are,
//! in base64 at any alignment, in hex, percent-encoded.
//!
//! All ways to write all values are needles of one search ([`search`]); what cannot be listed is undone
//! first ([`views`]). Matches may overlap, and every byte of each is covered.

mod again;
mod forms;
mod search;
#[cfg(test)]
mod tests;
mod views;

use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub(super) use self::again::Again;
use self::{
    forms::{Cover, Form},
    search::Needles,
    views::View,
};
use super::{Span, class::Class};
use crate::secret::{Kind, Secret};

/// The kind of every known value: a variable's name could itself tell something.
pub(crate) const KIND: Kind = Kind::new("KNOWN_VALUE");

/// How often percent-encoding is undone.
const LEVELS: u32 = 3;

/// Base64 around a value is covered whole up to so many bytes on each side; of more, only the value is.
const LONGEST: usize = 64 * 1024;

/// A value that is known to be secret, zeroized on drop.
#[derive(Debug)]
pub struct KnownValue(Secret);

impl KnownValue {
    /// Shorter ones would be met everywhere.
    pub const SHORTEST: usize = 4;

    /// Takes a copy of a value; `None` when it is shorter than [`Self::SHORTEST`].
    #[must_use]
    pub fn new(value: &[u8]) -> Option<Self> {
        (value.len() >= Self::SHORTEST).then(|| Self(Secret::new(KIND, value)))
    }
}

/// Known values made ready to be found.
pub(super) struct Known {
    needles: Needles,
    covers: Vec<Cover>,
    /// How many values there are.
    pub(super) count: usize,
    /// The length of the shortest.
    pub(super) shortest: usize,
    /// Whether one of them could stand as a number.
    pub(super) has_number: bool,
    /// Tells one set from another, within this process.
    pub(super) digest: [u8; 32],
}

impl Known {
    /// `None` when there is no value.
    pub(super) fn new(values: &[KnownValue]) -> Option<Self> {
        Self::written(values.iter().map(|value| value.0.expose()).collect(), forms::of)
    }

    /// The same for values that are looked for in these ways to write one.
    fn written(mut values: Vec<&[u8]>, ways: fn(&[u8], &mut Vec<Form>)) -> Option<Self> {
        values.sort_unstable();
        values.dedup();
        let shortest = values.iter().map(|value| value.len()).min()?;
        let mut forms = Vec::new();
        values.iter().for_each(|value| ways(value, &mut forms));
        forms.sort_by(|a, b| (a.needle.expose(), a.cover).cmp(&(b.needle.expose(), b.cover)));
        forms.dedup_by(|a, b| a.needle.expose() == b.needle.expose());
        let mut digest = Sha256::new();
        for value in &values {
            digest.update(value.len().to_le_bytes());
            digest.update(value);
        }
        let (needles, covers) = forms.into_iter().map(|form| (form.needle, form.cover)).unzip();
        Some(Self {
            needles: Needles::new(needles),
            covers,
            count: values.len(),
            shortest,
            has_number: values.iter().any(|value| value.iter().all(|byte| b"+-.eE0123456789".contains(byte))),
            digest: digest.finalize().into(),
        })
    }

    /// HMAC-SHA256 over the digest, 32 hex digits: an oracle for guesses only to whoever has the key.
    pub(super) fn tag(&self, key: &[u8; 32]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(b"waterwall known values 1\0");
        mac.update(&self.digest);
        mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where the values stand in a text: sorted, disjoint.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.find_plain(text, &mut |range| found.push(range));
        views::for_each_wrapped(text, |view| {
            self.find_plain(&view.text, &mut |range| found.push(view.raw(range)))
        });
        self.find_percent(text, LEVELS, &mut |range| found.push(range));
        unite(found)
    }

    fn find_percent(&self, text: &[u8], levels: u32, found: &mut dyn FnMut(Range<usize>)) {
        if levels == 0 {
            return;
        }
        let reach = self.needles.longest * 3_usize.pow(levels - 1);
        views::for_each_percent(text, reach, |view: &View| {
            let mut found = |range| found(view.raw(range));
            self.find_plain(&view.text, &mut found);
            self.find_percent(&view.text, levels - 1, &mut found);
        });
    }

    fn find_plain(&self, text: &[u8], found: &mut dyn FnMut(Range<usize>)) {
        let mut last = 0..0;
        self.needles.for_each(text, |start, index| {
            let place = start..start + self.needles.get(index).len();
            let range = match self.covers[index] {
                Cover::Itself => place,
                Cover::Alone if !is_alone(text, &place) => return,
                Cover::Alone => place,
                // Seldom more than one in a run, but the run must not be walked for each.
                Cover::Base64 if last.start <= place.start && place.end <= last.end => return,
                Cover::Base64 => base64_around(text, place),
            };
            last = range.clone();
            found(range);
        });
    }
}

/// All of the base64 around a value, since no part of it decodes; or, if that is too much, what encodes the
/// value's bytes, the first and last of which share a character with their neighbours.
fn base64_around(text: &[u8], place: Range<usize>) -> Range<usize> {
    let start = Class::ANY64.run_start(text, place.start, LONGEST);
    let end = Class::ANY64.run_end(text, place.end, LONGEST);
    // What a sign of equality ends is a name, or other base64.
    let start = memchr::memrchr(b'=', &text[start..place.start]).map_or(start, |sign| start + sign + 1);
    if place.start - start == LONGEST || end - place.end == LONGEST {
        return place.start - 1..place.end + 1;
    }
    start..end
}

/// Whether an encoded text stands by itself.
fn is_alone(text: &[u8], place: &Range<usize>) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|&byte| byte != b'=' && Class::ANY64.has(byte));
    !part(text[..place.start].last()) && !part(text.get(place.end))
}

/// Sorts ranges and joins those that overlap.
fn unite(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut united: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

/// Puts known values among the spans from `first` on. Overlapping ones become one that covers all; its kind
/// is that of a detector only where a detector found more than the value.
pub(super) fn insert(found: Vec<Range<usize>>, spans: &mut Vec<Span>, first: usize) {
    if found.is_empty() {
        return;
    }
    let known = found.into_iter().map(|range| (range.start, range.end, true));
    let mut all: Vec<_> = spans.drain(first..).map(|span| (span.start, span.end, false, span.kind)).collect();
    all.extend(known.map(|(start, end, known)| (start, end, known, KIND)));
    // The longest first, and of equals the known value.
    all.sort_by_key(|&(start, end, known, _)| (start, usize::MAX - end, !known));
    for (start, end, known, kind) in all {
        match spans[first..].last_mut() {
            Some(last) if start < last.end => {
                if end > last.end {
                    last.end = end;
                    last.kind = if known { KIND } else { last.kind };
                }
            }
            _ => spans.push(Span { start, end, kind }),
        }
    }
}
