//! What a detector is: one credential format, written down as data.

use std::ops::Range;

use super::class::{Class, Runs};
use crate::secret::Kind;

/// One credential format.
pub struct Detector {
    /// Its label: the `TYPE` of placeholders and the vocabulary of the audit log.
    pub kind: Kind,
    /// Its shape in words, for the documentation and for the policy hash.
    pub shape: &'static str,
    /// Where the format is known from.
    pub source: &'static str,
    /// Texts that must be found, whole. [`expand`] gives the text: `ghp_{FAKE*36}` stands for
    /// `ghp_` and 36 bytes of `FAKEFAKE…`, so that no scanner takes this file for a leak. Where only a
    /// part is the secret, it stands between `«` and `»`.
    pub finds: &'static [&'static str],
    /// Texts in which nothing of this kind may be found.
    pub ignores: &'static [&'static str],
    /// How sure a match is.
    pub confidence: Confidence,
    /// Values that have no anchor and are known by the name that stands beside them.
    pub(super) beside: &'static [Beside],
    pub(super) forms: &'static [Form],
}

impl Detector {
    /// What an entry need not say: a certain anchor, no context. Everything else has to be given.
    pub(super) const CERTAIN: Self = Self {
        kind: Kind::new("NONE"),
        shape: "",
        source: "",
        finds: &[],
        ignores: &[],
        confidence: Confidence::Certain,
        beside: &[],
        forms: &[],
    };
    /// The same, of a weak anchor.
    pub(super) const LIKELY: Self = Self { confidence: Confidence::Likely, ..Self::CERTAIN };
    /// The same, of a value that only its surroundings give away.
    pub(super) const CONTEXT: Self = Self { confidence: Confidence::Context, ..Self::CERTAIN };
}

/// How sure a match of a detector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// The anchor occurs nowhere else.
    Certain,
    /// A short anchor and a shape that together are seldom anything else.
    Likely,
    /// A value of no shape of its own, beside a name that says what it is.
    Context,
}

/// A vendor's values that have no anchor: known by a word in the name beside them.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    /// One of these, in lower case, is part of the name.
    pub(super) words: &'static [&'static str],
    pub(super) class: Class,
    pub(super) lengths: Bounds,
}

/// One way a credential of the format is written: how it begins, and what follows.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) triggers: &'static [Trigger],
    /// Nothing but a boundary may stand before the anchor. Long anchors are certain without.
    pub(super) bounded: bool,
    /// The body must not run on into a word.
    pub(super) closed: bool,
    /// The anchor is so short that the token must stand by itself, no path or base64 around it,
    /// and its body must look random.
    pub(super) lone: bool,
    pub(super) body: Body,
}

/// What gives a candidate away.
#[derive(Clone, Copy)]
pub(super) enum Trigger {
    /// A literal of at least three bytes at the start of a token. The candidate starts there.
    Text(&'static str),
    /// A literal of two bytes, then one byte of a class. The candidate starts at the literal.
    TextThen(&'static str, Class),
    /// The byte before a long run. The candidate starts at that byte.
    Before(u8),
    /// A literal anywhere, also in the middle of a credential. The candidate starts there.
    Anywhere(&'static str),
}

/// What has to follow the anchor.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// A whole run of a class, `min..=max` bytes long.
    Run { class: Class, min: usize, max: usize },
    /// A run of base64url, a dot and another, each of a length in its range.
    Pair(Bounds, Bounds),
    /// The anchor stands inside: so many bytes of a class before it, and a run behind it.
    Infix { before: (Class, usize), class: Class, after: Bounds },
    /// Runs and literals in a fixed order.
    Shape(&'static [Part]),
    /// Anything else.
    Custom(Verify),
}

/// A part of a fixed shape.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// As many bytes of a class as there are, up to the second bound.
    Run(Class, usize, usize),
    /// These bytes.
    Is(&'static str),
}

/// The hex groups of a UUID.
pub(super) const UUID: &[Part] = &[
    Part::Run(Class::HEX, 8, 8),
    Part::Is("-"),
    Part::Run(Class::HEX, 4, 4),
    Part::Is("-"),
    Part::Run(Class::HEX, 4, 4),
    Part::Is("-"),
    Part::Run(Class::HEX, 4, 4),
    Part::Is("-"),
    Part::Run(Class::HEX, 12, 12),
];

/// Verifies a candidate; answers with the bytes that are the secret.
pub(super) type Verify = fn(&Candidate<'_>, &mut Runs<'_>) -> Option<Range<usize>>;

/// Inclusive bounds of a length.
pub(super) type Bounds = (usize, usize);

/// A place where an anchor stands.
pub(super) struct Candidate<'t> {
    pub(super) text: &'t [u8],
    /// Where the anchor starts.
    pub(super) start: usize,
    /// Where the anchor ends.
    pub(super) body: usize,
}

impl Form {
    /// Anchors that are certain by themselves, and then at least `min` bytes of `class`.
    pub(super) const fn certain(triggers: &'static [Trigger], class: Class, min: usize) -> Self {
        let body = Body::Run { class, min, max: usize::MAX };
        Self { triggers, bounded: false, closed: false, lone: false, body }
    }

    /// Anchors so short that they must not stand inside a word, and then a run of `class` that
    /// does not end inside one.
    pub(super) const fn bounded(triggers: &'static [Trigger], class: Class, (min, max): Bounds) -> Self {
        Self { triggers, bounded: true, closed: true, lone: false, body: Body::Run { class, min, max } }
    }

    /// The same, and a letter that is not of the class may follow.
    pub(super) const fn open_ended(self) -> Self {
        Self { closed: false, ..self }
    }

    /// Anchors that many words and names contain: see [`Form::lone`].
    pub(super) const fn lone(triggers: &'static [Trigger], class: Class, bounds: Bounds) -> Self {
        Self { lone: true, ..Self::bounded(triggers, class, bounds) }
    }

    /// Anchors that must not stand inside a word, and a fixed shape behind them.
    pub(super) const fn shape(triggers: &'static [Trigger], parts: &'static [Part]) -> Self {
        Self { triggers, bounded: true, closed: true, lone: false, body: Body::Shape(parts) }
    }

    /// The same, of an anchor that needs the care of [`Form::lone`].
    pub(super) const fn lone_shape(triggers: &'static [Trigger], parts: &'static [Part]) -> Self {
        Self { lone: true, ..Self::shape(triggers, parts) }
    }

    /// Anchors in the middle of a token: exactly so many bytes before, a run behind.
    pub(super) const fn infix(
        triggers: &'static [Trigger],
        before: (Class, usize),
        class: Class,
        after: Bounds,
    ) -> Self {
        let body = Body::Infix { before, class, after };
        Self { triggers, bounded: false, closed: true, lone: false, body }
    }

    /// Anchors that must not stand inside a word, and two runs of base64url with a dot between.
    pub(super) const fn pair(triggers: &'static [Trigger], first: Bounds, second: Bounds) -> Self {
        Self { triggers, bounded: true, closed: false, lone: false, body: Body::Pair(first, second) }
    }

    /// A form that a function verifies.
    pub(super) const fn custom(triggers: &'static [Trigger], bounded: bool, verify: Verify) -> Self {
        Self { triggers, bounded, closed: false, lone: false, body: Body::Custom(verify) }
    }
}

/// Writes out the text that a template stands for: `{WORD*N}` is `N` bytes of `WORDWORD…`.
#[must_use]
pub fn expand(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}').and_then(|(fill, tail)| Some((fill.split_once('*')?, tail))) {
            Some(((word, count), tail)) if count.parse::<usize>().is_ok() => {
                let count = count.parse().unwrap_or_default();
                text.extend(word.chars().cycle().take(count));
                rest = tail;
            }
            _ => {
                text.push('{');
                rest = after;
            }
        }
    }
    text + rest
}
