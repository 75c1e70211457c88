//! The signals that mean: stop.

use std::sync::Mutex;
use std::sync::mpsc::Sender;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What `run` hears of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// Signals are being caught.
    Listening,
    /// Take nothing new and finish what is in flight.
    Stop,
    /// A second request to stop: finish nothing.
    StopNow,
}

/// Tells Pingora to close its listeners, and `run` what happens.
pub(super) struct Signals {
    notices: Mutex<Sender<Notice>>,
}

impl Signals {
    pub(super) fn new(notices: Sender<Notice>) -> Self {
        Self { notices: Mutex::new(notices) }
    }

    fn sender(&self) -> Sender<Notice> {
        self.notices.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    /// Returns on the first SIGTERM or SIGINT. Pingora's own watch would exit at once on SIGINT.
    async fn recv(&self) -> ShutdownSignal {
        let mut asked = Asked::listen();
        let notices = self.sender();
        // The receiver is gone only when the process is about to end anyway.
        let _ = notices.send(Notice::Listening);
        asked.once().await;
        let _ = notices.send(Notice::Stop);
        tokio::spawn(async move {
            asked.once().await;
            let _ = notices.send(Notice::StopNow);
        });
        ShutdownSignal::GracefulTerminate
    }
}

/// The two ways to be asked to stop. `None` where the system does not let us listen.
struct Asked {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
}

impl Asked {
    fn listen() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    async fn once(&mut self) {
        tokio::select! {
            () = next(&mut self.terminate) => {}
            () = next(&mut self.interrupt) => {}
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
