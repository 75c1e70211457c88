//! The thread that notices that the configuration should be read again.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use super::identity::Identities;
use super::{Cause, Reloader};

/// How often the files are looked at. A change counts once it has stood still from one look to the
/// next, so that a file is not read while it is being written: half a second at most.
const LOOK: Duration = Duration::from_millis(250);
/// A refused configuration is tried again every so many looks: what it lacks may have come.
const RETRY_LOOKS: u32 = 4;

/// Watches until dropped.
pub(crate) struct Watcher {
    asked: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching the files of what is in force.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(reloader: Arc<Reloader>) -> Result<Self> {
        let (asked, asks) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || watch(&reloader, &asks))
            .context("cannot start a thread")?;
        Ok(Self { asked: Some(asked), thread: Some(thread) })
    }

    /// A way to have the configuration read now, for SIGHUP.
    pub(crate) fn asking(&self) -> Option<mpsc::Sender<()>> {
        self.asked.clone()
    }

    /// Stops once every [`Self::asking`] is dropped too, and waits until nothing is under way.
    pub(crate) fn stop(mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been reported where it happened.
            let _ = thread.join();
        }
    }
}

fn watch(reloader: &Reloader, asks: &mpsc::Receiver<()>) {
    let mut moving: Option<Identities> = None;
    let mut looks = 0_u32;
    loop {
        let cause = match asks.recv_timeout(LOOK) {
            Ok(()) => Some(Cause::Signal),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                looks = looks.wrapping_add(1);
                let changed = reloader.changed();
                let still = changed.is_some() && changed == moving;
                moving = changed;
                let retry = looks.is_multiple_of(RETRY_LOOKS) && reloader.report().refusal.is_some();
                match (still, &moving) {
                    (true, _) => Some(Cause::File),
                    (false, None) => retry.then_some(Cause::Retry),
                    (false, Some(_)) => None,
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        if let Some(cause) = cause {
            // Reported by the reloader to all who should know.
            let _ = reloader.reload(cause);
            moving = None;
        }
    }
}
