//! How many bytes of request bodies are held at once, over all requests.
//!
//! A body is held whole from its first byte until the upstream has answered. One connection of HTTP/2 has
//! many requests, so a limit for each alone would be none for all.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use super::rescue::Rescue;

/// All bodies together may have as many bytes as this many of the largest,
const LARGEST_ONES: usize = 8;
/// or this many, whichever is more.
const AT_LEAST: usize = 64 << 20;

/// The bytes held now, by all requests.
#[derive(Clone, Default)]
pub(super) struct Bodies(Arc<AtomicUsize>);

/// The bytes held by one request; dropping it gives them back.
pub(super) struct Share {
    all: Bodies,
    bytes: usize,
    most: usize,
}

impl Bodies {
    /// A share of nothing yet, where a single body may have `largest` bytes.
    pub(super) fn share(&self, largest: usize) -> Share {
        let most = largest.saturating_mul(LARGEST_ONES).max(AT_LEAST);
        Share { all: self.clone(), bytes: 0, most }
    }
}

impl Share {
    /// Takes `more` bytes.
    ///
    /// # Errors
    /// When all bodies together would be too many.
    pub(super) fn grow(&mut self, more: usize) -> Result<(), Rescue> {
        let fits = |held: usize| held.checked_add(more).filter(|sum| *sum <= self.most);
        match self.all.0.fetch_update(AcqRel, Acquire, fits) {
            Ok(_) => self.bytes += more,
            Err(_) => return Err(Rescue::Busy("too many bytes of requests are held at once")),
        }
        Ok(())
    }

    /// Holds `bytes` from now on: a body has been read, or become another.
    ///
    /// # Errors
    /// As [`Self::grow`].
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), Rescue> {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.grow(more),
            None => {
                self.release(self.bytes - bytes);
                Ok(())
            }
        }
    }

    fn release(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.all.0.fetch_sub(bytes, AcqRel);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_have_a_limit() {
        let bodies = Bodies::default();
        let mut first = bodies.share(1);
        first.grow(AT_LEAST - 10).unwrap();
        let mut second = bodies.share(1);
        second.grow(10).unwrap();
        assert!(matches!(second.grow(1), Err(Rescue::Busy(_))));
        second.resize(3).unwrap();
        assert!(first.grow(8).is_err());
        first.grow(7).unwrap();
        drop((first, second));
        bodies.share(1).grow(AT_LEAST).unwrap();
        // One body of the largest size always fits.
        bodies.share(AT_LEAST).grow(AT_LEAST * LARGEST_ONES).unwrap();
        assert!(bodies.share(usize::MAX).grow(usize::MAX).is_ok());
        assert_eq!(bodies.0.load(Acquire), 0);
    }
}
