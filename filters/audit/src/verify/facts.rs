//! [`Facts`]: all that the walk along a chain needs to know of one line.
//!
//! Making them is nearly all of the work (reading, hashing, checking a signature), needs nothing but
//! the line, and so goes on on several threads at once; see [`super::blocks`].

use crate::{
    canonical::{Object, Value},
    chain::Hash,
    checkpoint::{self, Fault},
    genesis,
    keys::PublicKey,
    line::Line,
    timestamp,
    transparency::merkle,
};

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
    /// The root that it signs and whose label the key has, or what is wrong.
    Checkpoint(Result<Seal, Fault>),
    Genesis(Box<Genesis>),
}

/// What a valid checkpoint says.
pub(crate) struct Seal {
    pub(crate) root: String,
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

/// Reads one line with its ending.
pub(crate) fn read(bytes: &[u8], key: &PublicKey, wanted: Wanted) -> Reading {
    let (text, ended) = match bytes.strip_suffix(b"\n") {
        Some(text) => (text, true),
        None => (bytes, false),
    };
    if text.trim_ascii().is_empty() {
        return Reading::Blank;
    }
    let line = match Line::read(text) {
        Ok(line) => line,
        Err(error) => return Reading::Broken(error.to_string()),
    };
    // The newline may be lost (the writer puts it back), but nothing may stand in its place.
    if !ended && !text.ends_with(b"}") {
        return Reading::Broken("line does not end in a newline".to_owned());
    }
    Reading::Line(Facts {
        seq: line.seq,
        prev_hash: line.prev_hash.as_deref().and_then(Hash::from_hex),
        hash: line.hash(),
        leaf: wanted.leaves.then(|| merkle::leaf(text)),
        ts: line.ts.as_deref().and_then(timestamp::parse_exact),
        canonical: line.exact,
        ended,
        kind: kind(&line, key, wanted),
    })
}

fn kind(line: &Line<'_>, key: &PublicKey, wanted: Wanted) -> Kind {
    // It has parsed once already, as an object.
    let object = || line.object().unwrap_or_default();
    if line.is_checkpoint() {
        let object = object();
        let text = |member: &str| object.get(member).and_then(Value::as_str).map(str::to_owned);
        let seal = Seal { root: text("chain_root_hash").unwrap_or_default(), key_id: text("signing_key_id") };
        return Kind::Checkpoint(checkpoint::check(object, key).map(|()| seal));
    }
    match line.line_type.as_deref() {
        Some("redaction") => Kind::Redaction(wanted.redactions.then(|| Box::new(object()))),
        Some(genesis::LINE_TYPE) => Kind::Genesis(Box::new(Genesis::from_object(&object()))),
        _ => Kind::Event,
    }
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
