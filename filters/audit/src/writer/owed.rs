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
    core::{Entry, Request, Seal},
};
use crate::Event;

/// Lines that wait to be written, in their order.
#[derive(Default)]
pub(super) struct Owed {
    events: Mutex<Vec<Event>>,
    /// Whether there are any: asked before each append.
    waits: AtomicBool,
}

impl Owed {
    pub(super) fn owe(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.waits.store(true, Ordering::Release);
    }
}

impl ChainWriter {
    /// Writes what the log has to say first. Whoever comes meanwhile waits, so that nothing is signed before.
    pub(super) fn settle(&self, now: SystemTime) -> Result<(), AppendError> {
        if !self.owed.waits.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut owed = self.owed.events.lock().unwrap_or_else(PoisonError::into_inner);
        if !owed.is_empty() {
            let entries = owed.iter().cloned().map(Entry::from).collect();
            self.submit(Request { entries, now, seal: Seal::IfDue }, false)?;
            owed.clear();
            self.owed.waits.store(false, Ordering::Release);
        }
        Ok(())
    }
}
