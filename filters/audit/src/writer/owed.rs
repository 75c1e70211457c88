//! [`Owed`]: what the log has to say before anything else is signed, and could not yet.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use super::{
    AppendError, ChainWriter,
    core::{Request, Seal},
};
use crate::Event;

/// At most one line that waits to be written.
#[derive(Default)]
pub(super) struct Owed {
    event: Mutex<Option<Event>>,
    /// Whether there is one: asked before each append.
    waits: AtomicBool,
}

impl Owed {
    pub(super) fn owe(&self, event: Event) {
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
        self.waits.store(true, Ordering::Release);
    }
}

impl ChainWriter {
    /// Writes what the log has to say first. Whoever comes meanwhile waits, so that nothing is signed before.
    pub(super) fn settle(&self, now: SystemTime) -> Result<(), AppendError> {
        if !self.owed.waits.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut owed = self.owed.event.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = owed.clone() {
            self.submit(Request { entries: vec![event.into()], now, seal: Seal::IfDue }, false)?;
            *owed = None;
            self.owed.waits.store(false, Ordering::Release);
        }
        Ok(())
    }
}
