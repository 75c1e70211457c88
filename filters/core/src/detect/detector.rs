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
    /// `ghp_` and 36 bytes of `FAKEFAKE…`, so that no scanner takes this file for a leak.
    pub finds: &'static [&'static str],
    /// Texts in which nothing of this kind may be found.
    pub ignores: &'static [&'static str],
    pub(super) forms: &'static [Form],
}

/// One way a credential of the format is written: how it begins, and what follows.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) triggers: &'static [Trigger],
    /// Nothing but a boundary may stand before the anchor. Long anchors are certain without.
    pub(super) bounded: bool,
    /// The body must not run on into a word.
    pub(super) closed: bool,
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
    /// Anything else.
    Custom(Verify),
}

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
        Self { triggers, bounded: false, closed: false, body }
    }

    /// Anchors so short that they must not stand inside a word, and then a run of `class` that
    /// does not end inside one.
    pub(super) const fn bounded(triggers: &'static [Trigger], class: Class, (min, max): Bounds) -> Self {
        Self { triggers, bounded: true, closed: true, body: Body::Run { class, min, max } }
    }

    /// The same, and a letter that is not of the class may follow.
    pub(super) const fn open_ended(self) -> Self {
        Self { closed: false, ..self }
    }

    /// Anchors that must not stand inside a word, and two runs of base64url with a dot between.
    pub(super) const fn pair(triggers: &'static [Trigger], first: Bounds, second: Bounds) -> Self {
        Self { triggers, bounded: true, closed: false, body: Body::Pair(first, second) }
    }

    /// A form that a function verifies.
    pub(super) const fn custom(triggers: &'static [Trigger], bounded: bool, verify: Verify) -> Self {
        Self { triggers, bounded, closed: false, body: Body::Custom(verify) }
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
