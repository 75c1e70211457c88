//! Replacing secrets in what an agent sends.
//!
//! A body is walked once, in its own format; what is found becomes splices over the original bytes
//! (law 2). Nothing that cannot be walked is passed over in silence: it is [`Unscannable`].

mod again;
mod charset;
pub(crate) mod document;
mod form;
mod glimpse;
mod judged;
mod key_lines;
mod leaf;
mod multipart;
mod names;
mod nested;
mod seams;
mod sieve;
mod surroundings;

use std::{ops::Range, sync::Arc};

use crate::{
    detect::Detectors,
    json::{JsonError, Schema},
    placeholder,
    vault::{Entry, Scope, Vault},
};

/// Why a body cannot be scanned. Never carries any of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscannable {
    /// It says or seems to be JSON and is not.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The prompt is a list of token ids.
    #[error("token ids stand where a text was expected; send the text itself")]
    TokenIds,
    /// The body is neither text nor a media type that holds none.
    #[error("a body of type {0} cannot be scanned")]
    Binary(&'static str),
    /// It says it is in a character set in which the same bytes may be another text.
    #[error("its charset may make another text of it; send UTF-8")]
    Charset,
    /// It says it is multipart and is not.
    #[error("the multipart body is malformed: {0}")]
    Multipart(&'static str),
    /// Literal placeholders with more escape marks than can be undone.
    #[error("a literal placeholder carries too many escape marks")]
    Escapes,
    /// Offsets are kept in 32 bits.
    #[error("the body is larger than 4 GiB")]
    TooLarge,
}

/// One replacement in the original bytes.
pub struct Splice {
    range: Range<usize>,
    /// The secret that stood there; `None` to insert an escape mark.
    entry: Option<Arc<Entry>>,
    dress: Dress,
}

/// How a replacement is written.
#[derive(Clone, Copy)]
enum Dress {
    /// As it is.
    Plain,
    /// Percent-encoded.
    Percent,
    /// As a JSON string.
    Quoted,
}

/// A scanned body: what to replace in it.
#[derive(Default)]
pub struct Splices(Vec<Splice>);

impl Splices {
    /// The secrets, in body order; the same one as often as it stands there.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.0.iter().filter_map(|splice| splice.entry.as_ref())
    }

    /// Whether the body stays as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the body with its replacements.
    #[must_use]
    pub fn apply(&self, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(body.len() + 64 * self.0.len());
        let mut copied = 0;
        let mut text = Vec::new();
        for splice in &self.0 {
            out.extend_from_slice(&body[copied..splice.range.start]);
            copied = splice.range.end;
            text.clear();
            match &splice.entry {
                Some(entry) => entry.write_placeholder(&mut text),
                None => text.extend_from_slice(placeholder::ESCAPE),
            }
            match splice.dress {
                Dress::Plain => out.extend_from_slice(&text),
                Dress::Percent => form::percent_encode(&text, &mut out),
                // Nothing in a placeholder needs an escape.
                Dress::Quoted => out.extend_from_slice(&[b"\"", text.as_slice(), b"\""].concat()),
            }
        }
        out.extend_from_slice(&body[copied..]);
        out
    }

    /// Where each stands, its plaintext and its placeholder: to compare with others.
    pub(crate) fn described(&self) -> impl Iterator<Item = (Range<usize>, Option<Vec<u8>>, Vec<u8>)> {
        self.0.iter().map(|splice| {
            let mut placeholder = Vec::new();
            splice.entry.iter().for_each(|entry| entry.write_placeholder(&mut placeholder));
            let plaintext = splice.entry.as_ref().map(|entry| entry.secret().expose().to_vec());
            (splice.range.clone(), plaintext, placeholder)
        })
    }

    /// Splices found in a part of the body, moved to where the part begins.
    fn extend_at(&mut self, offset: usize, part: Self) {
        self.0.extend(part.0.into_iter().map(|mut splice| {
            splice.range = splice.range.start + offset..splice.range.end + offset;
            splice
        }));
    }
}

/// Scans what an agent sends; cheap to make, one per exchange.
#[derive(Clone, Copy)]
pub struct Tokenizer<'a> {
    /// What counts as a secret.
    pub detectors: &'a Detectors,
    /// Where plaintext goes.
    pub vault: &'a Vault,
    /// Whose placeholders are made.
    pub scope: Scope,
    /// Now, on the vault's clock.
    pub now: u64,
}

impl Tokenizer<'_> {
    /// Scans a whole body (content codings removed).
    ///
    /// # Errors
    /// When it cannot be scanned: it must not be sent.
    pub fn body(
        &self,
        content_type: Option<&str>,
        body: &[u8],
        schema: &Schema,
    ) -> Result<Splices, Unscannable> {
        let splices = self.body_at(content_type, body, schema, (0, None))?;
        match again::detectors(self, body, &splices) {
            Some(detectors) => {
                Tokenizer { detectors: &detectors, ..*self }.body_at(content_type, body, schema, (0, None))
            }
            None => Ok(splices),
        }
    }

    /// The same, but finding what stands twice only where something tells it.
    pub(crate) fn body_once(
        &self,
        content_type: Option<&str>,
        body: &[u8],
        schema: &Schema,
    ) -> Result<Splices, Unscannable> {
        self.body_at(content_type, body, schema, (0, None))
    }

    /// Scans a body inside `depth` multipart bodies, as the field `name` of the innermost.
    fn body_at(
        &self,
        content_type: Option<&str>,
        body: &[u8],
        schema: &Schema,
        (depth, name): (usize, Option<&[u8]>),
    ) -> Result<Splices, Unscannable> {
        if u32::try_from(body.len()).is_err() {
            return Err(Unscannable::TooLarge);
        }
        let format = Format::of(content_type, body);
        let is_text = !matches!(format, Format::Empty | Format::Media | Format::Unknown);
        if is_text && !charset::is_read_alike(content_type.unwrap_or_default(), body) {
            return Err(Unscannable::Charset);
        }
        match format {
            Format::Empty => Ok(Splices::default()),
            Format::Json => document::scan(self, body, schema, false),
            Format::JsonLines => document::scan(self, body, schema, true),
            Format::Form => form::scan(self, body),
            Format::Multipart(boundary) => multipart::scan(self, body, boundary, schema, depth),
            Format::Text => leaf::scan_named(self, body, name),
            Format::Media => Ok(Splices::default()),
            Format::Unknown => Err(Unscannable::Binary(known_type(content_type))),
        }
    }

    /// Scans a plain text.
    ///
    /// # Errors
    /// As for a body.
    pub fn text(&self, text: &[u8]) -> Result<Splices, Unscannable> {
        leaf::scan_plain(self, text)
    }

    /// Scans a query string (without `?`).
    ///
    /// # Errors
    /// As for a body.
    pub fn query(&self, query: &str) -> Result<Splices, Unscannable> {
        form::scan_query(self, query.as_bytes())
    }
}

/// How a body is walked.
enum Format<'a> {
    Empty,
    Json,
    JsonLines,
    Form,
    Multipart(&'a str),
    Text,
    /// Pictures, sound, film: no text inside.
    Media,
    Unknown,
}

impl<'a> Format<'a> {
    /// By media type first; then by what the bytes look like, since types are often wrong.
    fn of(content_type: Option<&'a str>, body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        // As nearly all write it.
        if essence(content_type) == "application/json" {
            return Self::Json;
        }
        let media_type = essence(content_type).to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-ndjson"
            | "application/jsonl"
            | "application/json-seq"
            | "application/x-jsonlines" => return Self::JsonLines,
            "application/x-www-form-urlencoded" if is_text(body) => return Self::Form,
            "multipart/form-data" | "multipart/mixed" | "multipart/related" => {
                // Of two, any could be believed.
                return Self::Multipart(sole_boundary(content_type.unwrap_or_default()).unwrap_or_default());
            }
            "application/json" | "text/json" => return Self::Json,
            _ if media_type.ends_with("+json") => return Self::Json,
            _ => {}
        }
        if !is_text(body) {
            let media = ["image/", "audio/", "video/"].iter().any(|kind| media_type.starts_with(kind));
            return if media && !hides_text(body) { Self::Media } else { Self::Unknown };
        }
        let mut lexer = crate::json::Lexer::many(document::nothing_special());
        let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
        let looks_like_json = matches!(start.first(), Some(b'{' | b'['));
        let is_json =
            looks_like_json && lexer.push(body, &mut document::Ignore).is_ok() && lexer.finish().is_ok();
        if is_json { Self::JsonLines } else { Self::Text }
    }
}

/// A media type without its parameters.
fn essence(content_type: Option<&str>) -> &str {
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

/// The media type, for messages and the log: an agent's own could say anything.
fn known_type(content_type: Option<&str>) -> &'static str {
    const KNOWN: [&str; 14] = [
        "application/cbor",
        "application/grpc",
        "application/gzip",
        "application/msgpack",
        "application/octet-stream",
        "application/pdf",
        "application/protobuf",
        "application/x-protobuf",
        "application/x-tar",
        "application/zip",
        "application/zstd",
        "image/jpeg",
        "image/png",
        "text/plain",
    ];
    let written = essence(content_type);
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(written)).unwrap_or("unknown")
}

/// What divides the parts of a multipart body, if there is but one such thing.
fn sole_boundary(content_type: &str) -> Option<&str> {
    let named = |parameter: &&str| parameter.trim_start().to_ascii_lowercase().starts_with("boundary");
    let count = content_type.split(';').skip(1).filter(named).count();
    parameter(content_type, "boundary").filter(|_| count == 1)
}

/// A parameter of a header value such as `form-data; name="file"`.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Text in another coat, whatever media type it is given: compressed, archived or UTF-16.
fn hides_text(body: &[u8]) -> bool {
    /// gzip, zip, zstd, bzip2, xz, and the byte order marks of UTF-16.
    const STARTS: [&[u8]; 7] =
        [b"\x1F\x8B", b"PK\x03\x04", b"\x28\xB5\x2F\xFD", b"BZh", b"\xFD7zXZ\0", b"\xFF\xFE", b"\xFE\xFF"];
    // Without a mark, ASCII in UTF-16 has a NUL in each pair and none elsewhere.
    let pairs = body[..body.len().min(64)].as_chunks::<2>().0;
    let utf16 = |nul: usize| pairs.len() > 1 && pairs.iter().all(|pair| pair[nul] == 0 && pair[1 - nul] != 0);
    STARTS.iter().any(|start| body.starts_with(start)) || utf16(0) || utf16(1)
}

/// UTF-8 without NUL: what a text scan sees as the reader will. (UTF-16 has NULs.)
fn is_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok() && !body.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_another_coat_is_no_picture() {
        let media = |body: &[u8]| matches!(Format::of(Some("image/png"), body), Format::Media);
        assert!(media(b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\xFF") && media(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0"));
        for body in [&b"\x1F\x8B\x08\0\xFF"[..], b"PK\x03\x04\xFF", b"\xFF\xFEa\0", b"a\0b\0c\0", b"\0a\0b"] {
            assert!(!media(body), "{body:?}");
        }
    }
}
