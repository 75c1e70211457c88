//! Whether a string of a JSON document has to be looked into, told from its raw bytes.
//!
//! What a string decodes to has its letters, digits and most signs from bytes that stand there as they are,
//! at every depth of nesting: only quotation marks, backslashes, slashes, control characters and what is
//! written `\uXXXX` come from escapes. So everything that a detector starts from is in the raw bytes too, unless
//! letters are spelt by their numbers, which the caller asks first; and where nothing is, nothing has to be decoded. An
//! escape may be glued to the front of what stands there
//! (`\nTOKEN`); both readings are tried.
//!
//! What is said here may be wrong in one direction: a string that holds nothing may be called suspicious.

mod beside;
mod signs;
mod word;

use std::ops::Range;

use memchr::memmem;

use self::signs::Sign;
pub(super) use self::signs::Signs;
use super::{
    Detectors,
    class::{Class, Runs},
    context::{foreign, name},
    detector::{Body, Candidate},
    encoded,
    engine::{Engine, Owner, State, Use, verify},
    words,
};
use crate::simd::{Near, Overview};

/// How many bytes of an escape may be glued to the front of what follows: none, its letter, `uXXXX`.
const GLUE: [usize; 3] = [0, 1, 5];

/// What is kept from string to string of a document.
#[derive(Default)]
pub(crate) struct Notes<'b> {
    /// The places of the last string that have to be judged.
    pub(crate) places: Vec<Place>,
    names: word::Names<'b>,
    /// Where the last name ended.
    named: usize,
    /// Where in the overview's lists the last string was.
    prints: Near,
    runs: Near,
}

/// What a look at a raw string says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Glance {
    /// Nothing is here, except in the places that were told.
    Clear,
    /// The string has to be scanned.
    Suspicious,
}

/// A place in a string that has to be judged when it is decoded.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Where in the string: in the raw one, then in the decoded one.
    pub(crate) at: usize,
    what: What,
}

impl Place {
    /// The same in the part of the text that begins at `start`.
    pub(crate) fn in_part(self, start: usize) -> Self {
        Self { at: self.at - start, ..self }
    }
}

#[derive(Clone, Copy)]
enum What {
    /// A part of a telling word.
    Word,
    /// A literal, by its number; it starts so many bytes before.
    Literal(u8, u8),
    /// A percent sign.
    Percent,
}

impl Detectors {
    /// What one pass over a JSON document says, if all that is looked for can be told by it.
    pub(crate) fn overview(&self, body: &[u8]) -> Option<Overview> {
        self.is_plain().then(|| Overview::of(body, self.builtin.signs().fingerprints()))
    }

    /// Looks at the string `body[string]`. Notes the places that have to be judged.
    pub(crate) fn glance<'b>(
        &self,
        overview: &Overview,
        body: &'b [u8],
        string: &Range<usize>,
        notes: &mut Notes<'b>,
    ) -> Glance {
        let (engine, raw) = (&*self.builtin, &body[string.clone()]);
        notes.places.clear();
        notes.named = 0;
        for &at in overview.prints.within(string, &mut notes.prints) {
            if engine.sign_at(raw, at as usize - string.start, notes) == Glance::Suspicious {
                return Glance::Suspicious;
            }
        }
        let runs = overview.runs.within(string, &mut notes.runs);
        match runs.iter().any(|&at| engine.is_suspicious_run(raw, at as usize - string.start)) {
            true => Glance::Suspicious,
            false => Glance::Clear,
        }
    }

    /// Whether a member's name may say something of its value.
    pub(crate) fn may_tell(
        &self,
        overview: &Overview,
        body: &[u8],
        name: &Range<usize>,
        notes: &mut Notes<'_>,
    ) -> bool {
        let marked = !overview.prints.within(name, &mut notes.prints).is_empty();
        let name = &body[name.clone()];
        marked && (name::may_tell(name) || foreign::is_name(name)) || name == b"d"
    }

    /// Whether something is found at these places of a decoded string.
    pub(crate) fn holds_at(&self, text: &[u8], places: &[Place]) -> bool {
        let mut state = State::new(text);
        let mut matches = Vec::new();
        let mut decoded = 0;
        places.iter().any(|place| {
            // Each place is looked at for itself: those that were passed over say nothing of it.
            state.seen = 0;
            match place.what {
                // A text may end where there was more of the raw string.
                What::Word if place.at + words::PART > text.len() => {}
                What::Word => self.builtin.at_word(&mut state, place.at, &mut matches),
                What::Percent => {
                    encoded::percent_at(&self.builtin, text, place.at, &mut decoded, &mut matches);
                }
                What::Literal(number, before) => {
                    let (literal, sense) = self.builtin.literal(usize::from(number));
                    let start = place.at.checked_sub(usize::from(before));
                    if let Some(start) = start.filter(|&start| text[start..].starts_with(literal)) {
                        let literal = start..start + literal.len();
                        self.builtin.at_literal(&mut state, literal, sense, &mut matches);
                    }
                }
            }
            !matches.is_empty()
        })
    }
}

impl Engine {
    /// Looks at a place where a fingerprint fits.
    fn sign_at<'b>(&self, raw: &'b [u8], at: usize, notes: &mut Notes<'b>) -> Glance {
        for sign in self.signs().at(&raw[at..]) {
            let what = match sign {
                Sign::Always => return Glance::Suspicious,
                Sign::Escape if is_ascii_escape(&raw[at..]) => return Glance::Suspicious,
                Sign::Escape => continue,
                Sign::Percent => What::Percent,
                Sign::Credential if raw.get(at + 3).is_none_or(|byte| byte | 0x20 != b'd') => continue,
                Sign::Word | Sign::Credential => {
                    if !word::may_tell(raw, at, &mut notes.named, &mut notes.names) {
                        continue;
                    }
                    What::Word
                }
                Sign::Literal(number, before) => {
                    let (literal, sense) = self.literal(usize::from(number));
                    match (spelt_at(raw, at, literal, usize::from(before)), sense) {
                        (None, _) => continue,
                        (Some(_), Use::Candidate(_)) => return Glance::Suspicious,
                        (Some(end), Use::Surroundings(_))
                            if literal == b"://" && !may_be_telling_url(raw, end) =>
                        {
                            continue;
                        }
                        (Some(_), Use::Surroundings(_)) => What::Literal(number, before),
                    }
                }
            };
            if is_in_escape(raw, at) {
                return Glance::Suspicious;
            }
            notes.places.push(Place { at, what });
        }
        Glance::Clear
    }

    /// Looks at the long run whose sixteenth byte stands at `at`.
    fn is_suspicious_run(&self, raw: &[u8], at: usize) -> bool {
        let start = at + 1 - Overview::LONG;
        let run = start..Class::URL.run_end(raw, at + 1, usize::MAX);
        let mut runs = Runs::new(raw);
        let mut found = false;
        self.anchors_in(raw, run.clone(), GLUE[2], &mut |owner, start, literal| {
            found |= may_verify(owner, raw, start..start + literal, &mut runs);
        });
        found
            || start > 0
                && self
                    .before(raw[start - 1])
                    .any(|owner| may_verify(owner, raw, start - 1..start, &mut runs))
            || self.may_be_encoded(raw, &run)
            || is_private_member(raw, &run)
    }

    /// Whether a long run may be encoded text.
    fn may_be_encoded(&self, raw: &[u8], run: &Range<usize>) -> bool {
        let glued = run.start > 0 && matches!(raw[run.start - 1], b'+' | b'/');
        let before = if glued { Class::ANY64.run_start(raw, run.start, 64) } else { run.start };
        unglued(raw, before).any(|start| encoded::tastes(&raw[start.min(run.end)..run.end]))
            || unglued(raw, run.start).any(|start| {
                let mut matches = Vec::new();
                encoded::hex(self, raw, start.min(run.end)..run.end, &mut matches);
                encoded::tastes(&raw[start.min(run.end)..run.end]) || !matches.is_empty()
            })
    }
}

/// Whether a candidate may be a credential. What it is made of stands in raw bytes as it is; only a boundary
/// may be an escape, and that counts as one. Other formats are not judged here.
fn may_verify(owner: Owner, raw: &[u8], literal: Range<usize>, runs: &mut Runs<'_>) -> bool {
    let form = owner.form;
    let sign = literal.len() == 1;
    let candidate = Candidate { text: raw, start: literal.start, body: literal.end };
    matches!(form.body, Body::Custom(_)) && !sign || verify(form, &candidate, runs).is_some()
}

/// Whether a long run is the value of a member `d` in a string in the string, as in a JSON Web Key.
fn is_private_member(raw: &[u8], run: &Range<usize>) -> bool {
    let Some(b'"') = raw[..run.start].last() else { return false };
    let between = |byte: &&u8| matches!(**byte, b'\\' | b' ' | b'\t' | b':' | b'n' | b'r' | b't');
    let before = &raw[..run.start - 1];
    let between = before.iter().rev().take_while(between).count();
    // Before the second quotation mark there are backslashes.
    let name = before[..before.len() - between].strip_suffix(b"\"").unwrap_or_default();
    let slashes = name.iter().rev().take_while(|byte| **byte == b'\\').count();
    name[..name.len() - slashes].ends_with(b"\"d")
}

/// Where what stands at `start` begins, read with and without an escape before it.
fn unglued(raw: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let readings = match (raw[..start].last(), raw.get(start)) {
        (Some(b'\\'), Some(b'u')) => 3,
        (Some(b'\\'), _) => 2,
        _ => 1,
    };
    GLUE.into_iter().take(readings).map(move |glue| start + glue)
}

/// Whether `\u00XX` is a printable ASCII character, of which anything may be made.
fn is_ascii_escape(raw: &[u8]) -> bool {
    raw.get(..6).is_some_and(|escape| escape[3] == b'0' && (b'2'..=b'7').contains(&escape[4]))
}

/// Whether a place may be inside of an escape, so that a string cannot be decoded up to it.
fn is_in_escape(raw: &[u8], at: usize) -> bool {
    let before = &raw[at.saturating_sub(5)..at];
    before.last() == Some(&b'\\') || before.windows(2).any(|pair| pair == b"\\u")
}

/// The end of a literal of which the byte number `before` stands at `at`. Any number of backslashes may stand
/// before a quotation mark.
fn spelt_at(raw: &[u8], at: usize, literal: &[u8], before: usize) -> Option<usize> {
    let (head, tail) = literal.split_at(before);
    let slashes = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| **byte == b'\\').count();
    let mut start = at;
    for (index, &byte) in head.iter().enumerate().rev() {
        start = start.checked_sub(1).filter(|&start| raw[start] == byte)?;
        if byte == b'"' && index > 0 {
            start -= slashes(&mut raw[..start].iter().rev());
        }
    }
    let mut end = at;
    for &byte in tail {
        if byte == b'"' {
            end += slashes(&mut raw[end..].iter());
        }
        end = (raw.get(end) == Some(&byte)).then_some(end + 1)?;
    }
    Some(end)
}

/// Whether what follows `://` has what a URL with a secret has: a user, a query, or the name of a hook.
fn may_be_telling_url(raw: &[u8], at: usize) -> bool {
    let ends = |byte: &u8| *byte <= b' ' || *byte == 0x7f || b"\"'`<>\\|".contains(byte);
    let rest = &raw[at..];
    let url = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    // What is not in ASCII may be a part of it, and be spelt.
    let spelt = rest[url.len()..].starts_with(b"\\u");
    spelt || memchr::memchr2(b'@', b'?', url).is_some() || memmem::find(url, b"hook").is_some()
}
