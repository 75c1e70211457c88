//! Finding credentials in text.
//!
//! A **detector** is one credential format; the **engine** runs all of them over one leaf and
//! answers with spans. Callers know only [`Detectors`]: how the engine finds its candidates can
//! change without them.
//!
//! To add a format: one entry in `builtin/`, which carries its own examples; a test runs them.

mod allow;
mod batch;
mod boundary;
mod builtin;
mod class;
mod context;
mod detector;
mod encoded;
mod engine;
mod example;
mod extra;
mod glance;
mod jwt;
mod known;
mod letters;
mod literals;
mod long;
mod lookalike;
mod pem;
mod placeholders;
mod prefilter;
mod prints;
mod structure;
#[cfg(test)]
mod tests;
mod value;
mod vendor;
mod words;

use std::{
    fmt::{self, Write as _},
    ops::Range,
    sync::{Arc, LazyLock},
};

use sha2::{Digest, Sha256};

use self::{
    engine::Engine,
    extra::Extras,
    known::{Again, Known},
};
use crate::secret::{Kind, Secret};

pub use self::{
    allow::Allowed,
    batch::Batch,
    builtin::DETECTORS,
    detector::{Confidence, Detector, expand},
    extra::{Exception, ExtraError, ExtraPattern, Rule, RuleError, Target},
    known::KnownValue,
};
pub(crate) use self::{
    glance::{Glance, Notes, Place},
    known::KIND as KNOWN,
};

/// Where a detector matched: a byte range of the leaf, and the format found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The credential format.
    pub kind: Kind,
}

impl Span {
    /// The bytes covered.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// What is scanned: one string value, decoded.
#[derive(Clone, Copy)]
pub struct Leaf<'a> {
    /// The decoded text (arbitrary bytes are allowed; nothing requires UTF-8).
    pub text: &'a [u8],
    /// The name of the object member that holds it, decoded, where there is one.
    pub key: Option<&'a [u8]>,
}

/// A set of detectors, ready to scan. Cheap to clone.
#[derive(Clone)]
pub struct Detectors {
    builtin: Arc<Engine>,
    extras: Extras,
    known: Option<Arc<Known>>,
    /// Tells one set of known values from another, to whoever has the key alone.
    known_tag: Option<Arc<str>>,
    /// What was found in the body under way.
    again: Option<Arc<Again>>,
    allowed: Arc<[Allowed]>,
    policy_hash: Arc<str>,
}

impl Detectors {
    /// The built-in set.
    #[must_use]
    pub fn builtin() -> Self {
        static BUILTIN: LazyLock<Detectors> = LazyLock::new(|| {
            let builtin = Arc::new(Engine::new(builtin::all()));
            let set = Detectors {
                builtin,
                extras: Extras::default(),
                known: None,
                known_tag: None,
                again: None,
                allowed: [].into(),
                policy_hash: "".into(),
            };
            set.named()
        });
        BUILTIN.clone()
    }

    /// The built-in set as a machine without vector instructions searches it.
    #[doc(hidden)]
    #[must_use]
    pub fn portable() -> Self {
        static PORTABLE: LazyLock<Detectors> = LazyLock::new(|| Detectors {
            builtin: Arc::new(Engine::portable(builtin::all())),
            ..Detectors::builtin()
        });
        PORTABLE.clone()
    }

    /// The built-in set and the patterns of a configuration.
    ///
    /// # Errors
    /// The first pattern whose label or expression cannot be used.
    pub fn with_extra(patterns: Vec<ExtraPattern>) -> Result<Self, ExtraError> {
        let extras = Extras::new(extra::compile(patterns)?);
        Ok(Self { extras, ..Self::builtin() }.named())
    }

    /// The built-in set and rules in the manner of gitleaks.
    ///
    /// # Errors
    /// The first rule that cannot be used, with its place in the list.
    pub fn with_rules(rules: &[Rule]) -> Result<Self, (usize, RuleError)> {
        let extras = Extras::new(extra::compile_rules(rules)?);
        Ok(Self { extras, ..Self::builtin() }.named())
    }

    /// This set, and values that are secret wherever they stand; they replace those it knew.
    #[must_use]
    pub fn with_known(self, values: &[KnownValue]) -> Self {
        Self { known: Known::new(values).map(Arc::new), known_tag: None, ..self }.named()
    }

    /// This set, and secrets found in a body, to find them wherever else they stand in it. It has the name of this
    /// one: what counts as a secret is the same.
    pub(crate) fn finding_again(&self, secrets: Vec<Secret>) -> Self {
        Self { again: Again::new(secrets).map(Arc::new), ..self.clone() }
    }

    /// What a secret was found to be that is looked for again.
    pub(crate) fn kind_again(&self, plaintext: &[u8]) -> Option<Kind> {
        self.again.as_ref().and_then(|again| again.kind(plaintext))
    }

    /// This set, its known values told apart by [`Self::policy_hash`] too: another value in one's place is another
    /// policy. A plain hash of the values would let whoever reads the log test guesses; under a key that is as
    /// secret as they are, it says nothing. The same key gives the same hash, after a restart too.
    #[must_use]
    pub fn named_with(self, key: &[u8; 32]) -> Self {
        let known_tag = self.known.as_ref().map(|known| known.tag(key).into());
        Self { known_tag, ..self }.named()
    }

    /// This set, but leaving alone what is allowed, unless it is a known value; replaces what was allowed.
    #[must_use]
    pub fn allowing(self, allowed: Vec<Allowed>) -> Self {
        Self { allowed: allowed.into(), ..self }.named()
    }

    /// This set for the text of one file: rules may ask for its path.
    #[must_use]
    pub fn for_file(&self, path: &str) -> Self {
        Self { extras: self.extras.for_file(path), ..self.clone() }
    }

    /// Whether [`Self::for_file`] makes a difference.
    #[must_use]
    pub fn ask_for_path(&self) -> bool {
        self.extras.ask_for_path()
    }

    fn named(self) -> Self {
        let policy_hash = hash(&self.policy_text()).into();
        Self { policy_hash, ..self }
    }

    /// Appends the credentials in a leaf: sorted, disjoint, never empty.
    pub fn scan(&self, leaf: Leaf<'_>, spans: &mut Vec<Span>) {
        let first = spans.len();
        let mut matches = Vec::new();
        self.builtin.matches(leaf, &mut matches);
        if !self.extras.is_empty() {
            extra::matches(&self.extras, self.builtin.detectors().len(), leaf.text, &mut matches);
        }
        if !matches.is_empty() {
            engine::merge(matches, |rank| self.kind(rank), spans);
            allow::spare(&self.allowed, leaf.text, spans, first);
        }
        self.insert_known(leaf.text, spans, first);
        if spans.len() > first {
            placeholders::spare(leaf.text, spans, first);
        }
    }

    /// Appends the known values in a text, and nothing else.
    pub fn scan_known(&self, text: &[u8], spans: &mut Vec<Span>) {
        let first = spans.len();
        self.insert_known(text, spans, first);
        placeholders::spare(text, spans, first);
    }

    fn insert_known(&self, text: &[u8], spans: &mut Vec<Span>, first: usize) {
        let found = self.all_known().flat_map(|known| known.find(text)).collect();
        known::insert(found, spans, first);
    }

    /// All that is found for its value, not for what it looks like.
    fn all_known(&self) -> impl Iterator<Item = &Known> {
        self.known.as_deref().into_iter().chain(self.again.as_deref().map(|again| &again.known))
    }

    /// Whether there is nothing but the built-in set.
    fn is_plain(&self) -> bool {
        self.extras.is_empty() && self.all_known().next().is_none()
    }

    /// Whether a known value is in a text.
    pub(crate) fn holds_known(&self, text: &[u8]) -> bool {
        self.all_known().any(|known| !known.find(text).is_empty())
    }

    /// How many known values there are.
    #[must_use]
    pub fn known_count(&self) -> usize {
        self.all_known().map(|known| known.count).sum()
    }

    /// The length of the shortest known value, where there is one.
    pub(crate) fn shortest_known(&self) -> Option<usize> {
        self.all_known().map(|known| known.shortest).min()
    }

    /// Whether a known value could stand as a number in JSON.
    pub(crate) fn knows_number(&self) -> bool {
        self.all_known().any(|known| known.has_number)
    }

    /// Whether two sets find the same; unlike [`Self::policy_hash`], which goes on the log, this looks at
    /// the known values too.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let digest = |set: &Self| set.known.as_ref().map(|known| known.digest);
        self.policy_hash == other.policy_hash && digest(self) == digest(other)
    }

    fn kind(&self, rank: usize) -> Kind {
        let builtin = self.builtin.detectors();
        match builtin.get(rank) {
            Some(detector) => detector.kind,
            None => self.extras.kind(rank - builtin.len()),
        }
    }

    /// How many detectors there are, extra patterns included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.builtin.detectors().len() + self.extras.len()
    }

    /// Whether there is none; never true, as the built-in set is always on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of every detector, in the order of the list.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        (0..self.len()).map(|rank| self.kind(rank))
    }

    /// What names this set on the audit log: SHA-256, 64 hex digits, over labels, shapes,
    /// extra expressions, what is allowed, and known values as [`Self::named_with`] has them.
    #[must_use]
    pub fn policy_hash(&self) -> &str {
        &self.policy_hash
    }

    /// The text under [`Detectors::policy_hash`]: one line per detector, its label, origin and shape
    /// separated by tabs. An expression cannot forge a line: it is written escaped.
    #[must_use]
    pub fn policy_text(&self) -> String {
        let mut text = String::from("waterwall detectors 1\n");
        for detector in self.builtin.detectors() {
            let _ = writeln!(text, "{}\tbuiltin\t{}", detector.kind, detector.shape);
        }
        self.extras.describe(&mut text);
        if let Some(known) = &self.known {
            // Nothing that depends on a value but under a key: whoever reads the log could test guesses.
            let _ = write!(text, "{}\tknown\t{}", known::KIND, known.count);
            let _ = self.known_tag.iter().try_for_each(|tag| write!(text, "\t{tag}"));
            text.push('\n');
        }
        allow::describe(&self.allowed, &mut text);
        text
    }
}

/// By the hash that names the set: it has too many parts to show, and some are secret.
impl fmt::Debug for Detectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Detectors").field(&self.policy_hash).finish()
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
