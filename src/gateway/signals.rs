//! Signals: when to stop, and which ones must not stop us.

use std::sync::Mutex;
use std::sync::mpsc::Sender;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How to stop.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// Take nothing new and finish what is in flight.
    Gracefully,
    /// A second request to stop: finish nothing.
    Now,
}

/// Tells Pingora to close its listeners, and `run` how to stop.
pub(super) struct Signals {
    stops: Mutex<Sender<Stop>>,
}

impl Signals {
    pub(super) fn new(stops: Sender<Stop>) -> Self {
        Self {
            stops: Mutex::new(stops),
        }
    }

    fn sender(&self) -> Sender<Stop> {
        self.stops
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    /// Returns on the first SIGTERM or SIGINT. Pingora's own watch would exit at once on SIGINT,
    /// and leaves SIGHUP and SIGUSR1 to their default, which kills.
    async fn recv(&self) -> ShutdownSignal {
        tokio::spawn(outlive(SignalKind::hangup(), "SIGHUP"));
        tokio::spawn(outlive(SignalKind::user_defined1(), "SIGUSR1"));
        let mut asked = Asked::listen();
        asked.once().await;
        let stops = self.sender();
        // The receiver is gone only when the process is about to end anyway.
        let _ = stops.send(Stop::Gracefully);
        tokio::spawn(async move {
            asked.once().await;
            let _ = stops.send(Stop::Now);
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

/// Catches a signal that has no meaning yet.
async fn outlive(kind: SignalKind, name: &'static str) {
    let Ok(mut signal) = signal(kind) else { return };
    while signal.recv().await.is_some() {
        tracing::info!(signal = name, "ignored");
    }
}
