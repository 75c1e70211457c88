//! Judging places of a decoded string, in the text that each stands in.
//!
//! A string that reads like JSON has its strings scanned as texts of their own, to some depth; so a place is
//! judged in the innermost one that it is in. The others need not even be decoded.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    document::nothing_special,
    leaf::{MAX_DEPTH, may_be_json, spelt_out},
    names::Names,
    surroundings::ESCAPED_ASCII,
};
use crate::{
    detect::{Detectors, Place},
    json::{Lexer, StringPiece, Visitor, escape},
    simd::Overview,
};

/// Decodes the string `body[raw]`, and moves places in it to where they are then.
pub(super) fn decode(body: &[u8], raw: &Range<usize>, places: &mut [Place], text: &mut Vec<u8>) {
    text.clear();
    let mut start = raw.start;
    for place in places {
        let at = raw.start + place.at;
        escape::decode(body, start..at, text);
        (start, place.at) = (at, text.len());
    }
    escape::decode(body, start..raw.end, text);
}

/// Whether something may be found at these places of a decoded string, or in all of it as the value of the
/// member `key`.
pub(super) fn is_suspicious(
    detectors: &Detectors,
    text: &[u8],
    key: Option<&[u8]>,
    places: &[Place],
) -> bool {
    is_suspicious_at(detectors, text, key, places, 0)
}

fn is_suspicious_at(
    detectors: &Detectors,
    text: &[u8],
    key: Option<&[u8]>,
    places: &[Place],
    depth: usize,
) -> bool {
    if depth == MAX_DEPTH || !may_be_json(text) {
        return is_suspicious_plain(detectors, text, key, places);
    }
    let mut strings =
        Strings { text, places, found: Vec::new(), names: Names::default(), marked: Vec::new(), end: 0 };
    let overview = Overview::of_strings(text);
    let mut lexer = Lexer::in_text(nothing_special());
    let is_json = match overview.is_sound {
        true => lexer.push_with(text, &overview, &mut strings),
        false => lexer.push(text, &mut strings),
    }
    .is_ok();
    let Strings { found, end, .. } = strings;
    found.into_iter().any(|Found { raw, key, places }| {
        // With room for all: if it grew, a copy would be left behind.
        let mut inner = Zeroizing::new(Vec::with_capacity(raw.len()));
        let mut places = moved(places, raw.start);
        decode(text, &raw, &mut places, &mut inner);
        is_suspicious_at(detectors, &inner, key.map(|key| &text[key]), &places, depth + 1)
    }) || !is_json && {
        // Where it stops being JSON it is plain text.
        let rest = places.partition_point(|place| place.at < end);
        is_suspicious_plain(detectors, &text[end..], key, &moved(&places[rest..], end))
    }
}

fn is_suspicious_plain(detectors: &Detectors, text: &[u8], key: Option<&[u8]>, places: &[Place]) -> bool {
    (key.is_some() || !places.is_empty())
        && (ESCAPED_ASCII.find(text).is_some()
            || key.is_some_and(|key| detectors.is_told(&spelt_out(key), text))
            || detectors.holds_at(text, places))
}

/// Places in the part of a text that begins at `start`.
fn moved(places: &[Place], start: usize) -> Vec<Place> {
    places.iter().map(|place| place.in_part(start)).collect()
}

/// Collects the strings that places are in, and those whose name has one.
struct Strings<'t> {
    text: &'t [u8],
    /// Places that were not reached yet.
    places: &'t [Place],
    found: Vec<Found<'t>>,
    names: Names,
    /// The strings that places are in.
    marked: Vec<Range<usize>>,
    /// Where the last string ended.
    end: usize,
}

struct Found<'t> {
    raw: Range<usize>,
    key: Option<Range<usize>>,
    places: &'t [Place],
}

impl Visitor for Strings<'_> {
    fn string(&mut self, StringPiece { raw, key, .. }: StringPiece) {
        let before = self.places.iter().take_while(|place| place.at < raw.start).count();
        let within = self.places[before..].iter().take_while(|place| place.at < raw.end).count();
        let (places, rest) = self.places[before..].split_at(within);
        (self.places, self.end) = (rest, raw.end);
        // A name without a place tells nothing. It is one of the last strings.
        let is_marked = |name: &Range<usize>| self.marked.iter().rev().take(4).any(|marked| marked == name);
        let name = self.names.of(self.text, &raw, key).filter(is_marked);
        if !places.is_empty() {
            self.marked.push(raw.clone());
        }
        if !places.is_empty() || name.is_some() {
            self.found.push(Found { raw, key: name, places });
        }
    }
}
