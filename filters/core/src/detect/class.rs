//! Byte classes, the alphabets of token bodies, and how far a run of one class reaches.

/// A set of bytes. Membership is one table look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u16);

impl Class {
    /// `0-9`
    pub(super) const DIGIT: Self = Self(0);
    /// `0-9a-fA-F`
    pub(super) const HEX: Self = Self(1);
    /// `0-9A-Z`
    pub(super) const UPPER: Self = Self(2);
    /// `0-9A-Za-z`
    pub(super) const ALNUM: Self = Self(3);
    /// `0-9A-Za-z_`
    pub(super) const WORD: Self = Self(4);
    /// `0-9A-Za-z_-`: base64url, the commonest alphabet of tokens.
    pub(super) const URL: Self = Self(5);
    /// `0-9A-Za-z+/=`: base64 with its padding.
    pub(super) const BASE64: Self = Self(6);
    /// `0-9A-Za-z+/=_-`: either base64.
    pub(super) const ANY64: Self = Self(7);
    /// `0-9a-z`
    pub(super) const LOWER: Self = Self(8);
    /// `0-9A-Za-z_.-`: base64url in dotted groups.
    pub(super) const DOTTED: Self = Self(9);
    /// `0-9A-Za-z+/=_.-` and more that opaque header values have (RFC 6750: `b64token`).
    pub(super) const OPAQUE: Self = Self(10);
    /// `0-9A-Za-z./`: the base64 of crypt(3).
    pub(super) const CRYPT: Self = Self(11);
    /// `0-9A-Za-z+/=_%-`: base64 whose signs may be percent-encoded.
    pub(super) const ENCODED: Self = Self(12);
    /// How many classes there are.
    pub(super) const COUNT: usize = 13;

    /// Whether `byte` belongs to the class.
    pub(super) fn has(self, byte: u8) -> bool {
        CLASSES[byte as usize] & (1 << self.0) != 0
    }

    /// Every byte of the class.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |&byte| self.has(byte))
    }

    /// The end of the run that starts at `at`, looking no further than `limit` bytes.
    pub(super) fn run_end(self, text: &[u8], at: usize, limit: usize) -> usize {
        let tail = text.get(at..).unwrap_or_default().iter().take(limit);
        let length = tail.take_while(|&&byte| self.has(byte)).count();
        work::count(length);
        at + length
    }

    /// The start of the run that ends at `at`, looking back no further than `limit` bytes.
    pub(super) fn run_start(self, text: &[u8], at: usize, limit: usize) -> usize {
        let head = text[..at].iter().rev().take(limit);
        let length = head.take_while(|&&byte| self.has(byte)).count();
        work::count(length);
        at - length
    }
}

/// One bit per class, for every byte.
const CLASSES: [u16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = classes_of(at as u8);
        at += 1;
    }
    table
};

const fn classes_of(byte: u8) -> u16 {
    let members = [
        byte.is_ascii_digit(),
        byte.is_ascii_hexdigit(),
        byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        byte.is_ascii_alphanumeric(),
        byte.is_ascii_alphanumeric() || byte == b'_',
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
        byte.is_ascii_digit() || byte.is_ascii_lowercase(),
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~'),
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'),
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'%'),
    ];
    let (mut bits, mut class) = (0, 0);
    while class < Class::COUNT {
        bits |= (members[class] as u16) << class;
        class += 1;
    }
    bits
}

/// How many run lengths a [`Runs`] remembers: one for each class, and four for the later segments
/// of dotted tokens.
const MEMORIES: usize = Class::COUNT + 4;

/// Run lengths of one leaf, remembered so that a run is walked once however many candidates start
/// in it: `eyJ-eyJ-eyJ-…` of a megabyte is one walk, not 250,000.
///
/// Linear because candidates come in (nearly) ascending order, so each memory's run does too.
pub(super) struct Runs<'t> {
    text: &'t [u8],
    known: [(usize, usize); MEMORIES],
}

impl<'t> Runs<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, known: [(usize::MAX, usize::MAX); MEMORIES] }
    }

    /// The end of the run of `class` that starts at `at`.
    pub(super) fn end(&mut self, class: Class, at: usize) -> usize {
        self.walk(class, usize::from(class.0), at)
    }

    /// The same for segment `segment` (1 to 4) of a dotted base64url token, which has a memory
    /// of its own: walking a later segment must not make the first one forgotten.
    pub(super) fn segment_end(&mut self, segment: usize, at: usize) -> usize {
        self.walk(Class::URL, Class::COUNT + segment - 1, at)
    }

    fn walk(&mut self, class: Class, memory: usize, at: usize) -> usize {
        let (start, end) = self.known[memory];
        if (start..=end).contains(&at) {
            return end;
        }
        let mut to = at;
        while to < self.text.len() && class.has(self.text[to]) {
            if to == start {
                to = end;
                break;
            }
            to += 1;
        }
        work::count(if start > at { to.min(start) } else { to } - at);
        self.known[memory] = (at, to);
        to
    }
}

/// What the linearity tests count: bytes that verifiers looked at. Nothing outside of tests.
pub(super) mod work {
    #[cfg(test)]
    std::thread_local! {
        static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(in super::super) fn count(bytes: usize) {
        DONE.set(DONE.get() + bytes + 1);
    }

    #[cfg(not(test))]
    #[inline(always)]
    pub(in super::super) fn count(_: usize) {}

    #[cfg(test)]
    pub(in super::super) fn take() -> usize {
        DONE.take()
    }
}
