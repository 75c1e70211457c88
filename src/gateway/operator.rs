//! The operator's signals: SIGUSR1 toggles the kill switch, SIGHUP reads the configuration again,
//! SIGUSR2 starts a successor.
//!
//! They are caught before anything is served, because their default is to kill the process.

use std::io;
use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::handover::Program;
use crate::kill_switch::KillSwitch;

/// Listens for the operator, on a thread of its own, until the process ends or this is dropped.
pub(super) struct Operator {
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// The signals, already caught.
struct Signals {
    toggle: Signal,
    reload: Signal,
    upgrade: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            toggle: signal(SignalKind::user_defined1())?,
            reload: signal(SignalKind::hangup())?,
            upgrade: signal(SignalKind::user_defined2())?,
        })
    }
}

impl Operator {
    /// Starts listening; the signals are caught when this returns. SIGHUP is passed on to `reload`.
    ///
    /// # Errors
    /// When signals cannot be caught.
    pub(super) fn listen(switch: Arc<KillSwitch>, reload: Option<mpsc::Sender<()>>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .context("cannot listen for signals")?;
        let signals = runtime.block_on(async { Signals::catch() }).context("cannot listen for signals")?;
        let program = Program::of_process().context("cannot find this program's file")?;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        thread::Builder::new()
            .name("operator".to_owned())
            .spawn(move || runtime.block_on(obey(signals, &switch, &program, reload, stopped)))
            .context("cannot start a thread")?;
        Ok(Self { _stop: stop })
    }
}

async fn obey(
    mut signals: Signals,
    switch: &KillSwitch,
    program: &Program,
    reload: Option<mpsc::Sender<()>>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = signals.toggle.recv() => match switch.toggle_sigusr1() {
                true => tracing::warn!(source = "sigusr1", "kill switch armed"),
                false => tracing::warn!(source = "sigusr1", "kill switch disarmed"),
            },
            _ = signals.reload.recv() => {
                // Whoever reads the configuration is gone only at the very end.
                let _ = reload.as_ref().map(|reload| reload.send(()));
            }
            _ = signals.upgrade.recv() => match program.start_heir() {
                Ok(()) => tracing::info!("a successor is started"),
                Err(error) => tracing::error!(%error, "no successor can be started"),
            },
            _ = &mut stopped => return,
        }
    }
}
