//! Asks the gateway once a second, on a thread of its own.

use std::any::Any;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::gateway::Gateway;
use super::snapshot::Snapshot;
use super::state::Moment;

/// From question to question.
const EVERY: Duration = Duration::from_secs(1);

/// What became of a question that was asked then.
pub(super) type Heard = (Moment, Result<Snapshot, String>);

/// The thread. It ends by itself when this is dropped.
pub(super) struct Watch {
    answers: Receiver<Heard>,
    hurry: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to ask.
    pub(super) fn start(gateway: Gateway) -> Self {
        let (tell, answers) = mpsc::channel();
        let (hurry, hurried) = mpsc::channel();
        let thread = thread::spawn(move || ask(&gateway, &tell, &hurried));
        Self { answers, hurry, thread: Some(thread) }
    }

    /// The next answer, if there is one.
    ///
    /// # Errors
    /// With its panic, when the thread is gone.
    pub(super) fn heard(&mut self) -> Result<Option<Heard>, Box<dyn Any + Send>> {
        match self.answers.try_recv() {
            Ok(heard) => Ok(Some(heard)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => {
                self.thread.take().map_or(Ok(()), JoinHandle::join)?;
                Ok(None)
            }
        }
    }

    /// Asks again without waiting for the second to pass: something has changed.
    pub(super) fn look_now(&self) {
        // Without the thread there is nobody to hurry, and `heard` tells of it.
        let _ = self.hurry.send(());
    }
}

fn ask(gateway: &Gateway, tell: &Sender<Heard>, hurried: &Receiver<()>) {
    loop {
        let asked = Moment::now();
        if tell.send((asked, gateway.look())).is_err() {
            return;
        }
        let left = EVERY.saturating_sub(asked.tick.elapsed());
        if hurried.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}
