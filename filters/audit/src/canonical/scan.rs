//! [`glance`]: the fast path for lines that are canonical already.
//!
//! Nearly every line of every log is, and then the bytes in hand are the bytes to hash. One pass
//! proves it and picks out the members the chain needs, with no allocation. Whatever it cannot
//! prove (other spacing, floats, escaped keys, broken JSON) is left to [`super::parse`].
//!
//! Most lines also look like one before them; [`super::shapes`] makes use of that.

use std::ops::Range;

/// Deeper lines take the slow path.
const MAX_DEPTH: usize = 16;

/// The top-level members of a canonical line that the chain is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance<'a> {
    pub(crate) line_type: Option<&'a str>,
    pub(crate) prev_hash: Option<&'a str>,
    pub(crate) seq: Option<u64>,
    /// There is a `signature`, of whatever type.
    pub(crate) signed: bool,
    pub(crate) ts: Option<&'a str>,
    pub(crate) signing_key_id: Option<&'a str>,
    /// Where the values of `chain_root_hash` and `signature` lie, if they are plain strings, without their
    /// quotes.
    pub(crate) root: Option<Range<usize>>,
    pub(crate) signature: Option<Range<usize>>,
}

/// A top-level member that the chain needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    LineType,
    PrevHash,
    Root,
    Seq,
    Signature,
    SigningKeyId,
    Time,
}

impl Role {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "chain_root_hash" => Self::Root,
            "line_type" => Self::LineType,
            "prev_hash" => Self::PrevHash,
            "seq" => Self::Seq,
            "signature" => Self::Signature,
            "signing_key_id" => Self::SigningKeyId,
            "ts" => Self::Time,
            _ => return None,
        })
    }
}

/// Where a top-level member lies in its line.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its value; the key and the colon end where this begins.
    pub(super) value: Range<usize>,
    pub(super) role: Option<Role>,
}

/// Looks through `line`. `Some` only if it is one object in canonical form, byte for byte.
pub(crate) fn glance(line: &str) -> Option<Glance<'_>> {
    scan(line, |_| {})
}

/// Looks through `line`, and shows each top-level member.
pub(super) fn scan(line: &str, mut member: impl FnMut(Member)) -> Option<Glance<'_>> {
    let mut glance = Glance::default();
    let mut scanner = Scanner { text: line, at: 0 };
    scanner.object(0, &mut |key, value| {
        let role = Role::of(key);
        glance.note(role, line, value.clone());
        member(Member { value, role });
    })?;
    (scanner.at == line.len()).then_some(glance)
}

/// Where the value that begins at `at` ends, if it is canonical and a member of the line itself.
pub(super) fn value_end(line: &str, at: usize) -> Option<usize> {
    let mut scanner = Scanner { text: line, at };
    scanner.value(1)?;
    Some(scanner.at)
}

impl<'a> Glance<'a> {
    /// Keeps the value that lies there, if the chain needs it.
    pub(super) fn note(&mut self, role: Option<Role>, line: &'a str, value: Range<usize>) {
        let Some(role) = role else { return };
        let raw = &line[value.clone()];
        let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        // An escape in one of these is never ours. In those that are only compared it fails the comparison.
        let plain = || text.filter(|text| !text.contains('\\'));
        let inside = || plain().map(|_| value.start + 1..value.end - 1);
        match role {
            Role::LineType => self.line_type = text,
            Role::PrevHash => self.prev_hash = text,
            Role::Root => self.root = inside(),
            Role::Seq => self.seq = raw.parse().ok(),
            Role::Signature => (self.signed, self.signature) = (true, inside()),
            Role::SigningKeyId => self.signing_key_id = plain(),
            Role::Time => self.ts = text,
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// Every method returns `None` for "not proven canonical", and the position no longer matters.
impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(depth, &mut |_, _| {}),
            b'[' => self.array(depth),
            b'-' | b'0'..=b'9' => self.integer(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word.as_bytes()))?;
        self.at += word.len();
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.expect(b'[')?;
        if self.expect(b']').is_some() {
            return Some(());
        }
        if depth == MAX_DEPTH {
            return None;
        }
        loop {
            self.value(depth + 1)?;
            if self.expect(b']').is_some() {
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    /// Shows `member` each key and where its value lies.
    fn object(&mut self, depth: usize, member: &mut dyn FnMut(&str, Range<usize>)) -> Option<()> {
        self.expect(b'{')?;
        if self.expect(b'}').is_some() {
            return Some(());
        }
        if depth == MAX_DEPTH {
            return None;
        }
        let mut previous: Option<&str> = None;
        loop {
            let key = self.string()?;
            // An escaped key sorts by what it stands for, not by these bytes. Ascending order
            // also rules out duplicates.
            if key.contains('\\') || previous.is_some_and(|previous| previous >= key) {
                return None;
            }
            previous = Some(key);
            self.expect(b':')?;
            let start = self.at;
            self.value(depth + 1)?;
            member(key, start..self.at);
            if self.expect(b'}').is_some() {
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    fn integer(&mut self) -> Option<()> {
        let start = self.at;
        let negative = self.expect(b'-').is_some();
        let first = self.peek()?;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.at - start - usize::from(negative);
        let plain = digits > 0 && (first != b'0' || (digits == 1 && !negative));
        (plain && !matches!(self.peek(), Some(b'.' | b'e' | b'E'))).then_some(())
    }

    /// The raw text between the quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            self.at += plain_prefix(&self.text.as_bytes()[self.at..]);
            match self.peek()? {
                b'"' => break,
                b'\\' => self.escape()?,
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(&self.text[start..self.at - 1])
    }

    /// Accepts only the escapes that the canonical writer uses, spelt as it spells them.
    fn escape(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += match rest.get(1)? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => match rest.get(2..6)? {
                [b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f'] => 6,
                [b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f'] => 6,
                _ => return None,
            },
            _ => return None,
        };
        Some(())
    }
}

/// How many bytes at the beginning are neither a quote nor a backslash nor a control, counted eight
/// at a time: at least all but the last seven of them.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Sets the high bit of each byte that is zero (of others only above one that is).
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special =
            zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if special != 0 {
            // The lowest one is exact.
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8
}
