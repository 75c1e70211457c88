//! [`Secret`], the one type that owns plaintext, and [`Kind`], the label of a credential format.
//!
//! Invariant (law 10): plaintext that was detected lives in a `Secret` and nowhere else for longer
//! than the call that reads it. The type zeroizes on drop and implements neither `Clone`,
//! `Display` nor `Serialize`; its `Debug` shows the kind and nothing more. [`Secret::expose`] is
//! the only way in, so a review of who reads plaintext is a search for that word.

use std::{
    collections::HashSet,
    fmt,
    sync::{LazyLock, Mutex},
};

use zeroize::Zeroizing;

/// The label of a credential format, e.g. `AWS_ACCESS_KEY`: `[A-Z0-9_]+`.
///
/// Labels are interned: two equal labels are the same pointer, and copying one is free. The set of
/// labels is bounded by the detectors that were ever configured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(&'static str);

impl Kind {
    /// A kind known at compile time.
    ///
    /// # Panics
    /// When the label is not `[A-Z0-9_]+`; in a `const` that is a compile error.
    #[must_use]
    pub const fn new(label: &'static str) -> Self {
        assert!(is_label(label.as_bytes()), "a kind is [A-Z0-9_]+");
        Self(label)
    }

    /// A kind named at run time (configuration). `None` when it is not `[A-Z0-9_]+`.
    #[must_use]
    pub fn intern(label: &str) -> Option<Self> {
        static LABELS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
        if !is_label(label.as_bytes()) {
            return None;
        }
        let mut labels = LABELS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let interned = labels.get(label).copied().unwrap_or_else(|| {
            let leaked: &'static str = Box::leak(label.to_owned().into_boxed_str());
            labels.insert(leaked);
            leaked
        });
        Some(Self(interned))
    }

    /// The label's text.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.0
    }
}

const fn is_label(label: &[u8]) -> bool {
    let mut at = 0;
    while at < label.len() {
        if !matches!(label[at], b'A'..=b'Z' | b'0'..=b'9' | b'_') {
            return false;
        }
        at += 1;
    }
    !label.is_empty()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The plaintext of one detected credential, zeroized on drop.
pub struct Secret {
    kind: Kind,
    plaintext: Zeroizing<Box<[u8]>>,
}

impl Secret {
    /// Takes a copy of the detected bytes.
    #[must_use]
    pub fn new(kind: Kind, plaintext: &[u8]) -> Self {
        Self { kind, plaintext: Zeroizing::new(plaintext.into()) }
    }

    /// Which credential format it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The plaintext itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.plaintext
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while `$type` lacks `$trait`: with it, the call is ambiguous.
    macro_rules! assert_not_implemented {
        ($type:ty: $($trait:path),+) => {$({
            trait Ambiguous<A> { fn check() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<u8> for T {}
            let _ = <$type as Ambiguous<_>>::check;
        })+};
    }

    #[test]
    fn a_secret_can_be_neither_copied_nor_printed() {
        assert_not_implemented!(Secret: Clone, fmt::Display, AsRef<[u8]>);
        let secret = Secret::new(Kind::new("TEST_KEY"), b"fake-body");
        assert_eq!(format!("{secret:?}"), "Secret(TEST_KEY)");
    }

    #[test]
    fn kinds_are_interned_and_checked() {
        assert_eq!(Kind::intern("MY_TOKEN"), Kind::intern("MY_TOKEN"));
        assert_eq!(Kind::intern("MY_TOKEN").map(Kind::label), Some("MY_TOKEN"));
        assert_eq!(Kind::intern("my token"), None);
        assert_eq!(Kind::intern(""), None);
    }
}
