//! [`Facts`]: all that the walk along a chain needs to know of one line.
//!
//! Making them is nearly all of the work (reading, hashing), needs nothing but the line, and so goes on
//! on several threads at once; see [`super::blocks`]. The hashes of a block's lines are made together.

use std::borrow::Cow;

use crate::{
    canonical::{Object, Shapes, Value},
    chain::Hash,
    checkpoint::{Claim, Fault},
    genesis,
    line::Line,
    timestamp::Minutes,
    transparency::merkle,
};

/// About what a line takes; a block is not expected to have more.
const LINE: usize = 400;

/// What to find out about each line besides what every walk needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The hash as a leaf of the Merkle tree.
    pub(crate) leaves: bool,
    /// The members of redaction lines.
    pub(crate) redactions: bool,
}

/// What the bytes of one line came to.
pub(crate) enum Reading {
    /// White space alone.
    Blank,
    /// Not one JSON object; why.
    Broken(String),
    /// A line.
    Line(Facts),
}

/// See the module.
pub(crate) struct Facts {
    pub(crate) seq: Option<u64>,
    pub(crate) prev_hash: Option<Hash>,
    pub(crate) hash: Hash,
    pub(crate) leaf: Option<Hash>,
    /// Milliseconds since 1970, if `ts` has the one form that is written.
    pub(crate) ts: Option<i64>,
    /// The bytes are the canonical form of what they say.
    pub(crate) canonical: bool,
    /// The newline is there.
    pub(crate) ended: bool,
    pub(crate) kind: Kind,
}

/// What kind of line it is, as far as the walk cares.
pub(crate) enum Kind {
    Event,
    /// Its members, if they were asked for.
    Redaction(Option<Box<Object>>),
    /// What it says, its signature not yet verified; or what is wrong.
    Checkpoint(Result<Box<Seal>, Box<Fault>>),
    Genesis(Box<Genesis>),
}

/// What a checkpoint says.
pub(crate) struct Seal {
    pub(crate) claim: Claim,
    pub(crate) key_id: Option<String>,
}

/// What the first line of a chain says about the chain. Absent or malformed members are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The log's own name, 32 hex digits; the same over its rotations.
    pub log_id: Option<String>,
    /// Base64 of the public key's 32 bytes.
    pub public_key: Option<String>,
    /// File name of the log before this one.
    pub previous_archive: Option<String>,
    /// Hash of that log's last line.
    pub previous_hash: Option<String>,
    /// How many lines it has.
    pub previous_lines: Option<u64>,
}

/// Reads blocks of lines.
pub(super) struct Reader {
    wanted: Wanted,
    shapes: Shapes,
    minutes: Minutes,
}

impl Reader {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, shapes: Shapes::default(), minutes: Minutes::default() }
    }

    /// Reads each line of a block.
    pub(super) fn read(&mut self, block: &[u8]) -> Vec<Reading> {
        let expected = block.len() / LINE;
        let (mut readings, mut texts) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
        for bytes in lines_of(block) {
            readings.push(self.line(bytes, &mut texts));
        }
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let mut hashes = Hash::of_all(&texts).into_iter();
        for reading in &mut readings {
            if let Reading::Line(facts) = reading {
                // There is a text for each.
                facts.hash = hashes.next().unwrap_or(Hash::GENESIS);
            }
        }
        readings
    }

    /// Reads one line with its ending. Its hash is not made yet: that of its text, the last of `texts`.
    fn line<'a>(&mut self, bytes: &'a [u8], texts: &mut Vec<Cow<'a, str>>) -> Reading {
        let (text, ended) = match bytes.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (bytes, false),
        };
        if text.trim_ascii().is_empty() {
            return Reading::Blank;
        }
        let line = match Line::read_like(text, &mut self.shapes) {
            Ok(line) => line,
            Err(error) => return Reading::Broken(error.to_string()),
        };
        // The newline may be lost (the writer puts it back), but nothing may stand in its place.
        if !ended && !text.ends_with(b"}") {
            return Reading::Broken("line does not end in a newline".to_owned());
        }
        let facts = Facts {
            seq: line.seq,
            prev_hash: line.prev_hash.as_deref().and_then(Hash::from_hex),
            hash: Hash::GENESIS,
            leaf: self.wanted.leaves.then(|| merkle::leaf(text)),
            ts: line.ts.as_deref().and_then(|text| self.minutes.parse(text)),
            canonical: line.exact,
            ended,
            kind: kind(&line, self.wanted),
        };
        texts.push(line.into_canonical());
        Reading::Line(facts)
    }
}

/// The lines of a block, each with its newline.
pub(super) fn lines_of(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(length);
        rest = after;
        (!line.is_empty()).then_some(line)
    })
}

fn kind(line: &Line<'_>, wanted: Wanted) -> Kind {
    // It has parsed once already, as an object.
    let object = || line.object().unwrap_or_default();
    if line.is_checkpoint() {
        return Kind::Checkpoint(seal(line).map(Box::new).map_err(Box::new));
    }
    match line.line_type.as_deref() {
        Some("redaction") => Kind::Redaction(wanted.redactions.then(|| Box::new(object()))),
        Some(genesis::LINE_TYPE) => Kind::Genesis(Box::new(Genesis::from_object(&object()))),
        _ => Kind::Event,
    }
}

/// What a checkpoint says, its signature not yet verified.
///
/// # Errors
/// A [`Fault`] in what it says of itself.
pub(crate) fn seal(line: &Line<'_>) -> Result<Seal, Fault> {
    if let Some(seal) = line.seal() {
        let claim = Claim::of_text(line.canonical(), seal)?;
        return Ok(Seal { claim, key_id: seal.key_id.map(str::to_owned) });
    }
    let object = line.object().unwrap_or_default();
    let key_id = object.get("signing_key_id").and_then(Value::as_str).map(str::to_owned);
    Ok(Seal { claim: Claim::of_object(object)?, key_id })
}

impl Genesis {
    fn from_object(line: &Object) -> Self {
        let text = |member: &str| line.get(member).and_then(Value::as_str).map(str::to_owned);
        let hex = |text: &String, digits: usize| {
            text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        Self {
            log_id: text("log_id").filter(|id| hex(id, 32)),
            public_key: text("public_key"),
            previous_archive: text("previous_archive"),
            previous_hash: text("previous_hash"),
            previous_lines: line.get("previous_lines").and_then(Value::as_u64),
        }
    }
}
