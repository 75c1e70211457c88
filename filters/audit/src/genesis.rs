//! Genesis: the first line of a new chain, which says whose chain it is and what it goes on from.
//!
//! | member | value |
//! | --- | --- |
//! | `log_id` | 32 lower-case hex digits, random; the chains after a rotation keep it |
//! | `public_key` | standard base64 of the 32 bytes of the key that signs the checkpoints |
//! | `previous_archive` | file name of the archived chain before this one, or null |
//! | `previous_hash` | hash of that archive's last line, or null |
//! | `previous_lines` | that line's `seq`, or null |
//!
//! A chain that the predecessor began has none and is gone on with as it is.

use crate::{
    Hash, KeyError, PublicKey,
    canonical::{Fields, Object, Value},
};

/// The `line_type` of a genesis line.
pub const LINE_TYPE: &str = "genesis";

/// What all chains of one log have in common, over its rotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogId(String);

impl LogId {
    /// A new one from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Reads 32 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The archived chain that a new one goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Its file's name.
    pub archive: String,
    /// The hash of its last line.
    pub hash: Hash,
    /// The `seq` of its last line.
    pub lines: u64,
}

/// The members of a genesis line, without those of the chain.
pub(crate) fn fields(log_id: &LogId, key: &PublicKey, previous: Option<&Previous>) -> Fields {
    let mut fields = Fields::default();
    fields.text("line_type", LINE_TYPE);
    fields.text("log_id", log_id.as_str());
    fields.text("public_key", &key.to_base64());
    fields.text_or_null("previous_archive", previous.map(|previous| previous.archive.as_str()));
    let hash = previous.map(|previous| previous.hash.to_hex());
    fields.text_or_null("previous_hash", hash.as_deref());
    match previous {
        Some(previous) => fields.integer("previous_lines", previous.lines),
        None => fields.rendered("previous_lines", "null"),
    }
    fields
}

/// What a chain's first line says of its log; `None` for any other line.
pub(crate) fn read(line: &Object) -> Option<(LogId, &str)> {
    let text = |member: &str| line.get(member).and_then(Value::as_str);
    let id = text("log_id").filter(|_| text("line_type") == Some(LINE_TYPE));
    Some((LogId::parse(id?)?, text("public_key")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_and_read_back() {
        let id = LogId::random().unwrap();
        assert_eq!(LogId::parse(id.as_str()), Some(id.clone()));
        assert_ne!(LogId::random().unwrap(), id);
        assert_eq!(LogId::parse(&"A".repeat(32)), None);
        assert_eq!(LogId::parse("00"), None);
    }
}
