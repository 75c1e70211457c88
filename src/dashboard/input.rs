//! Reads keys, on a thread of its own: when the terminal goes away, crossterm's reader never
//! returns, and whoever waits for it would never end.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};

/// The thread; it ends with the process.
pub(super) struct Input {
    events: Receiver<io::Result<Event>>,
}

impl Input {
    /// Begins to read.
    pub(super) fn start() -> Self {
        let (tell, events) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let event = event::read();
                let last = event.is_err();
                if tell.send(event).is_err() || last {
                    return;
                }
            }
        });
        Self { events }
    }

    /// The next key or new size, if there is one within `wait`.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(super) fn next(&self, wait: Duration) -> io::Result<Option<Event>> {
        match self.events.recv_timeout(wait) {
            Ok(event) => event.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
