//! [`Head`]: how far a log had come at some time, remembered outside its host.
//!
//! Nothing inside a log can tell that its end was cut off, or that all of it was made anew with the
//! key in hand. Whoever kept a head can: the same log must still have that line at that place.

use crate::{
    canonical::{self, Number, Object, Value},
    chain::Hash,
    keys::PublicKey,
    transparency::{Note, NoteError},
};

/// The last line of a log, and which log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Hash of the log's first line: the log's identity.
    pub first_hash: Hash,
    /// How many lines the log had.
    pub lines: u64,
    /// The last one's `seq`.
    pub seq: u64,
    /// The last one's hash.
    pub hash: Hash,
}

/// What a log is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// A head, as `verify-chain` gives it.
    Head(Head),
    /// A signed note, as the gateway keeps it beside the log.
    Note(Note),
}

/// Why a text is not something to compare with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It is neither of the two.
    #[error("neither a head (JSON of `verify-chain`) nor a checkpoint note")]
    Neither,
    /// It is a note, but not one of this key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Head {
    /// The members `first_hash`, `lines`, `seq` and `hash`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let number = |value: u64| Value::Number(Number::from(value));
        Value::Object(Object::from([
            ("first_hash".to_owned(), Value::String(self.first_hash.to_hex())),
            ("lines".to_owned(), number(self.lines)),
            ("seq".to_owned(), number(self.seq)),
            ("hash".to_owned(), Value::String(self.hash.to_hex())),
        ]))
    }

    fn from_object(object: &Object) -> Option<Self> {
        let hash = |member: &str| object.get(member)?.as_str().and_then(Hash::from_hex);
        let number = |member: &str| object.get(member)?.as_u64();
        Some(Self {
            first_hash: hash("first_hash")?,
            lines: number("lines").filter(|lines| *lines > 0)?,
            seq: number("seq")?,
            hash: hash("hash")?,
        })
    }
}

impl Remembered {
    /// Reads a head, a verdict with a `head` in it, or a note that `key` signed.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn read(text: &str, key: &PublicKey) -> Result<Self, HeadError> {
        let Ok(Value::Object(object)) = canonical::parse(text) else {
            return match Note::open(text, key) {
                Ok(note) => Ok(Self::Note(note)),
                Err(NoteError::Form(_)) => Err(HeadError::Neither),
                Err(error) => Err(error.into()),
            };
        };
        let head = match object.get("head") {
            Some(Value::Object(head)) => Head::from_object(head),
            _ => Head::from_object(&object),
        };
        head.map(Self::Head).ok_or(HeadError::Neither)
    }

    /// How many lines the log had.
    #[must_use]
    pub fn lines(&self) -> u64 {
        match self {
            Self::Head(head) => head.lines,
            Self::Note(note) => note.size,
        }
    }
}
