//! A private key in several strings: as a list of its lines, `["-----BEGIN …", "MII…", …]`, as notebooks,
//! editors' tools and quoted source have it; or begun in one text part of a message and ended in the next.
//! No string but the first says what it is; its neighbours do.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::{self, Finder};

use crate::{numbering, secret::Kind};

/// The kind of each piece.
pub(super) const KIND: Kind = Kind::new("PEM_BLOCK");

pub(super) static PRIVATE_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"PRIVATE KEY"));

/// Lines of a key that are no secret (RFC 1421).
const HEADERS: [&[u8]; 3] = [b"Proc-Type:", b"DEK-Info:", b"Comment:"];

/// The place of a string in a list, where what one begins may go on in the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// Tells lists apart.
    pub(super) list: usize,
    /// The object that it is a member of; `None` for an element of the list. Two members of one name are two
    /// readings of one part: which one counts depends on who reads it.
    pub(super) object: Option<usize>,
}

impl Place {
    /// That of an element of a list.
    pub(super) fn element_of(list: usize) -> Self {
        Self { list, object: None }
    }

    /// Whether a string at the other place is another reading of the same part.
    fn is_same_part(self, other: Self) -> bool {
        self.object.is_some() && self == other
    }
}

/// Follows the strings of a document.
#[derive(Default)]
pub(super) struct KeyLines {
    /// Where the key under way was last seen to begin or go on.
    open_at: Option<Place>,
    /// Where it ended, in one reading of that part.
    ended_at: Option<Place>,
}

impl KeyLines {
    /// Whether a key has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open_at.is_some()
    }

    /// Takes the next string and its place. Gives the part at its start that is key material for no reason
    /// but the strings before it.
    pub(super) fn take(&mut self, text: &[u8], place: Option<Place>) -> Option<Range<usize>> {
        let place = place?;
        if self.ended_at.is_some_and(|end| !end.is_same_part(place)) {
            *self = Self::default();
        }
        let mut found = None;
        if let Some(open) = self.open_at.filter(|open| open.list == place.list) {
            let (material, goes_on) = material(text);
            found = material;
            if goes_on {
                *self = Self { open_at: Some(place), ended_at: None };
            } else if !open.is_same_part(place) {
                self.ended_at = Some(place);
                if place.object.is_none() {
                    *self = Self::default();
                }
            }
        }
        if begins_key(&text[found.as_ref().map_or(0, |range| range.end)..]) {
            *self = Self { open_at: Some(place), ended_at: None };
        }
        found
    }
}

/// Whether a key begins in the text and goes on to the text's end: a header that is quoted in prose does not.
fn begins_key(text: &[u8]) -> bool {
    let Some(label) = memmem::rfind(text, PRIVATE_KEY.needle()) else { return false };
    if memmem::rfind(&text[..label], b"-----BEGIN").is_none() {
        return false;
    }
    let rest = &text[label + PRIVATE_KEY.needle().len()..];
    // ` BLOCK` may come before the dashes.
    match memmem::find(&rest[..rest.len().min(16)], b"-----") {
        Some(dashes) => {
            let body = &rest[dashes + 5..];
            lines(body).all(|line| trimmed(body, line).is_empty()) || material(body).1
        }
        None => rest.len() < 16,
    }
}

/// The key material that a text begins with, from its first byte to its last or to the end of its END
/// marker; and whether more may come in the next.
fn material(text: &[u8]) -> (Option<Range<usize>>, bool) {
    let mut found: Option<Range<usize>> = None;
    for line in lines(text) {
        let core = trimmed(text, line);
        let content = &text[core.clone()];
        if content.is_empty() || HEADERS.iter().any(|header| content.starts_with(header)) {
            continue;
        }
        if content.starts_with(b"-----END") {
            // A marker by itself is no secret.
            if let Some(found) = &mut found {
                found.end = core.start + marker_end(content);
            }
            return (found, false);
        }
        if !content.iter().all(|&byte| is_base64(byte)) {
            return (found, false);
        }
        found = Some(found.map_or(core.start, |found| found.start)..core.end);
    }
    (found, true)
}

/// Where `-----END …-----` ends.
fn marker_end(marker: &[u8]) -> usize {
    memmem::find(&marker[5..], b"-----").map_or(marker.len(), |at| at + 10)
}

/// The lines of a text, without their ends; a newline may be written `\n`.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = start;
        let mut at = start;
        while let Some(next) = memchr::memchr2(b'\n', b'\\', &text[at..]) {
            let end = at + next;
            at = end + 1;
            if text[end] == b'\n' || text.get(at) == Some(&b'n') {
                start = at + usize::from(text[end] == b'\\');
                return Some(from..end);
            }
        }
        start = text.len();
        (from < start).then_some(from..start)
    })
}

/// A line without its number in a listing, the white space around it, and the comma or quote that ends a
/// quoted line.
fn trimmed(text: &[u8], line: Range<usize>) -> Range<usize> {
    let skipped = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'"' | b'\'' | b'\\');
    let content = &text[line.clone()];
    let content = &content[numbering::width(content)..];
    let start = content.iter().position(|byte| !skipped(byte)).unwrap_or(content.len());
    let end = content.iter().rposition(|byte| !skipped(byte)).map_or(start, |last| last + 1);
    let offset = line.end - content.len();
    offset + start..offset + end
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
