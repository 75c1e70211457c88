//! A private key as a list of its lines: `["-----BEGIN …", "MII…", …]`, as notebooks, editors' tools and
//! quoted source have it. No line but the first says what it is; its neighbours do.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;

use crate::secret::Kind;

/// The kind of each line.
pub(super) const KIND: Kind = Kind::new("PEM_BLOCK");

pub(super) static PRIVATE_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"PRIVATE KEY"));

/// Follows the strings of a document.
#[derive(Default)]
pub(super) struct KeyLines {
    /// The list in which a key has begun and not ended.
    open_in: Option<usize>,
}

impl KeyLines {
    /// Whether a key has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open_in.is_some()
    }

    /// Takes the next string and the list that it is an element of. Gives the part of it that is key
    /// material for no reason but the strings before it.
    pub(super) fn take(&mut self, text: &[u8], list: Option<usize>) -> Option<Range<usize>> {
        if self.open_in.is_some() && self.open_in == list {
            let line = trimmed(text);
            let ends = text[line.clone()].starts_with(b"-----END");
            let material = !line.is_empty() && text[line.clone()].iter().all(|&byte| is_base64(byte));
            if !material || ends {
                self.open_in = None;
            }
            if material {
                return Some(line);
            }
        }
        if list.is_some() && begins_key(text) {
            self.open_in = list;
        }
        None
    }
}

/// Whether a key begins in the text and does not end there.
fn begins_key(text: &[u8]) -> bool {
    let Some(label) = PRIVATE_KEY.find(text) else { return false };
    let begins = memchr::memmem::rfind(&text[..label], b"-----BEGIN").is_some();
    begins && memchr::memmem::find(&text[label..], b"-----END").is_none()
}

/// Without the white space around it, and the comma or quote that ends a quoted line.
fn trimmed(text: &[u8]) -> Range<usize> {
    let skipped = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'"' | b'\'' | b'\\');
    let start = text.iter().position(|byte| !skipped(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !skipped(byte)).map_or(start, |last| last + 1);
    start..end
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
