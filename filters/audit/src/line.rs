//! [`Line`]: one line of a log as it is read back, by the fast path where that is possible.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
    ops::Range,
};

use crate::{
    canonical::{self, Glance, Object, Shapes, Value},
    chain::Hash,
    checkpoint,
};

/// The longest line that is written or read, in bytes. A redaction takes about 55 bytes, so this
/// is far above any request that the gateway lets in; it keeps a hostile file from filling memory.
pub(crate) const MAX_LINE: usize = 256 << 20;

/// The longest line that is looked into though the fast path cannot prove it canonical: that takes
/// many times its bytes in memory. Ours, and the predecessor's, are all proven.
const MAX_ODD_LINE: usize = 16 << 20;

/// Why bytes are not a line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("invalid UTF-8 at byte {0}")]
    Utf8(usize),
    #[error("{0}")]
    Json(#[from] canonical::ParseError),
    #[error("not a JSON object")]
    NotAnObject,
    #[error("line longer than {MAX_LINE} bytes")]
    TooLong,
    #[error("not canonical, and longer than {MAX_ODD_LINE} bytes")]
    TooLongToTell,
}

/// A line that parsed, with the members the chain needs. A member that is missing or of the wrong
/// type is `None`.
pub(crate) struct Line<'a> {
    pub(crate) line_type: Option<Cow<'a, str>>,
    pub(crate) prev_hash: Option<Cow<'a, str>>,
    pub(crate) seq: Option<u64>,
    signed: bool,
    pub(crate) ts: Option<Cow<'a, str>>,
    canonical: Cow<'a, str>,
    /// The bytes that were read are canonical.
    pub(crate) exact: bool,
    seal: Option<SealText<'a>>,
}

/// The members of a checkpoint as they stand in a canonical line.
pub(crate) struct SealText<'a> {
    pub(crate) key_id: Option<&'a str>,
    /// Where the two stand that are empty in the text that is signed, `chain_root_hash` first.
    pub(crate) root: Range<usize>,
    pub(crate) signature: Range<usize>,
}

impl<'a> Line<'a> {
    /// Reads a line (without its newline).
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, LineError> {
        Self::read_with(bytes, canonical::glance)
    }

    /// The same, for one of many lines.
    pub(crate) fn read_like(bytes: &'a [u8], shapes: &mut Shapes) -> Result<Self, LineError> {
        Self::read_with(bytes, |text| shapes.glance(text))
    }

    fn read_with(
        bytes: &'a [u8],
        glance: impl FnOnce(&'a str) -> Option<Glance<'a>>,
    ) -> Result<Self, LineError> {
        if bytes.len() > MAX_LINE {
            return Err(LineError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| LineError::Utf8(error.valid_up_to()))?;
        match glance(text) {
            Some(glance) => Ok(Self::from_canonical(text, glance)),
            None if text.len() > MAX_ODD_LINE => Err(LineError::TooLongToTell),
            None => Ok(Self::from_object(text, &object(text)?)),
        }
    }

    fn from_canonical(text: &'a str, glance: Glance<'a>) -> Self {
        Self {
            line_type: glance.line_type.map(Cow::Borrowed),
            prev_hash: glance.prev_hash.map(Cow::Borrowed),
            seq: glance.seq,
            signed: glance.signed,
            ts: glance.ts.map(Cow::Borrowed),
            canonical: Cow::Borrowed(text),
            exact: true,
            seal: glance.root.zip(glance.signature).map(|(root, signature)| SealText {
                key_id: glance.signing_key_id,
                root,
                signature,
            }),
        }
    }

    fn from_object(read: &str, object: &Object) -> Self {
        let text =
            |key: &str| object.get(key).and_then(Value::as_str).map(|text| Cow::Owned(text.to_owned()));
        let mut canonical = String::new();
        canonical::write_object(object, &mut canonical);
        Self {
            line_type: text("line_type"),
            prev_hash: text("prev_hash"),
            seq: object.get("seq").and_then(Value::as_u64),
            signed: object.contains_key("signature"),
            ts: text("ts"),
            exact: canonical == read,
            canonical: Cow::Owned(canonical),
            seal: None,
        }
    }

    /// True for a checkpoint, and for a line that has a signature under another name: an altered
    /// `line_type` must not turn the last checkpoint into a line that nothing checks.
    pub(crate) fn is_checkpoint(&self) -> bool {
        self.signed || self.line_type.as_deref() == Some(checkpoint::LINE_TYPE)
    }

    /// The line's hash: over the canonical form of what it says, whatever its spacing was.
    pub(crate) fn hash(&self) -> Hash {
        Hash::of(&self.canonical)
    }

    /// The canonical form of what it says.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What [`Line::canonical`] gives, when nothing else is needed any more.
    pub(crate) fn into_canonical(self) -> Cow<'a, str> {
        self.canonical
    }

    /// What it says as a checkpoint, if that is plain from its text; else [`Line::object`] tells.
    pub(crate) fn seal(&self) -> Option<&SealText<'a>> {
        self.seal.as_ref()
    }

    /// All members; parsed anew, since few lines need it.
    pub(crate) fn object(&self) -> Result<Object, LineError> {
        object(&self.canonical)
    }

    /// True when this line names `hash` as the line before it.
    pub(crate) fn follows(&self, hash: Hash) -> bool {
        self.prev_hash.as_deref() == Some(hash.to_hex().as_str())
    }
}

fn object(text: &str) -> Result<Object, LineError> {
    match canonical::parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(LineError::NotAnObject),
    }
}

/// Reads up to and with the next newline into `buffer`; false at the end. No more than
/// [`MAX_LINE`] bytes and a bit are ever taken in.
pub(crate) fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let limit = MAX_LINE as u64 + 2;
    Ok(reader.take(limit).read_until(b'\n', buffer)? > 0)
}
