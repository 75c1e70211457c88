//! The signals that mean: stop; and the successor, who means it too.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::handover::Ending;

/// What `run` hears of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// Signals are being caught.
    Listening,
    /// Take nothing new and finish what is in flight.
    Stop,
    /// Likewise, because a successor has taken over.
    Given,
    /// A second request to stop: finish nothing.
    StopNow,
}

/// Tells Pingora to close its listeners, and `run` what happens.
pub(super) struct Signals {
    notices: Mutex<Sender<Notice>>,
    ending: Arc<Ending>,
}

impl Signals {
    pub(super) fn new(notices: Sender<Notice>, ending: Arc<Ending>) -> Self {
        Self { notices: Mutex::new(notices), ending }
    }

    fn sender(&self) -> Sender<Notice> {
        self.notices.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    /// Returns on the first SIGTERM or SIGINT, and when a successor has taken over. Pingora's own watch would exit at once on SIGINT.
    async fn recv(&self) -> ShutdownSignal {
        let mut asked = Asked::listen();
        let notices = self.sender();
        // The receiver is gone only when the process is about to end anyway.
        let _ = notices.send(Notice::Listening);
        let (ending, mut leaving) = (Arc::clone(&self.ending), self.ending.leaving());
        tokio::select! {
            () = asked.once() => ending.stop(),
            _ = leaving.wait_for(|leaving| *leaving) => {}
        }
        let given = ending.is_given();
        let _ = notices.send(if given { Notice::Given } else { Notice::Stop });
        tokio::spawn(async move {
            if given {
                asked.once().await;
                // Idle connections need not wait for their next request any more.
                ending.stop();
            }
            asked.once().await;
            let _ = notices.send(Notice::StopNow);
        });
        ShutdownSignal::GracefulTerminate
    }
}

/// The ways to be asked to stop. `None` where the system does not let us listen.
struct Asked {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    quit: Option<Signal>,
}

impl Asked {
    fn listen() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
            quit: signal(SignalKind::quit()).ok(),
        }
    }

    async fn once(&mut self) {
        tokio::select! {
            () = next(&mut self.terminate) => {}
            () = next(&mut self.interrupt) => {}
            () = next(&mut self.quit) => {}
        }
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
