//! What a service manager is told: ready, stopping, and a sign of life while the gateway answers.
//!
//! The protocol is sd_notify's: datagrams to the socket in `$NOTIFY_SOCKET`. Started by hand there
//! is none, and nothing happens here.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use sd_notify::NotifyState;

use crate::config::Config;

/// Signs of life per period that the manager waits for one: two may be lost.
const SIGNS_PER_PERIOD: u32 = 3;

/// The manager, which has been told that the gateway serves.
pub(super) struct Supervisor {
    /// Dropped to end the thread that sends signs of life.
    stop: Option<mpsc::Sender<()>>,
}

impl Supervisor {
    /// Tells the manager that both ports answer, and from now on, if it wants to know, that they
    /// still do.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn ready(config: &Config) -> Result<Self> {
        let status = format!("serving agents on {}, admin on {}", config.listen, config.admin_listen);
        tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
        let Some(period) = sd_notify::watchdog_enabled() else { return Ok(Self { stop: None }) };
        let (stop, stopped) = mpsc::channel();
        let ports = Ports { agents: config.listen, admin: config.admin_listen };
        thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watch(&ports, period / SIGNS_PER_PERIOD, &stopped))
            .context("cannot start a thread")?;
        Ok(Self { stop: Some(stop) })
    }

    /// Says nothing more: the manager listens to a successor.
    pub(super) fn leave(self) {
        drop(self.stop);
    }

    /// Tells the manager that the gateway finishes what is in flight and ends.
    pub(super) fn stopping(self) {
        drop(self.stop);
        tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is in flight")]);
    }
}

/// Tells the manager that another process is the main one from now on.
pub(super) fn hand_to(successor: i32) {
    if let Ok(successor) = u32::try_from(successor) {
        tell(&[NotifyState::MainPid(successor)]);
    }
}

/// Sends a sign of life each `interval` in which both ports answer. When they don't, the manager
/// hears nothing, and does what it was told to do then.
fn watch(ports: &Ports, interval: Duration, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
        match ports.answer_within(interval) {
            Ok(()) => tell(&[NotifyState::Watchdog]),
            Err(error) => tracing::error!(%error, "the gateway does not answer itself"),
        }
    }
}

/// A manager that cannot be reached is no reason not to serve.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

struct Ports {
    agents: SocketAddr,
    admin: SocketAddr,
}

impl Ports {
    /// Whether both ports are served, and not merely bound: the system completes connections for a
    /// process that hangs.
    fn answer_within(&self, limit: Duration) -> io::Result<()> {
        // On the agents' port no request: each would stand on the log while the kill switch is armed.
        // A connection that is ended without a word is closed from the other side, by the thread
        // that would have served it.
        let mut agents = connect(self.agents, limit)?;
        agents.shutdown(Shutdown::Write)?;
        agents.read_to_end(&mut Vec::new())?;

        // Health itself looks at the log and the vault. What it says is not asked: starting again
        // does not mend a full disk.
        let mut admin = connect(self.admin, limit)?;
        write!(admin, "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin)?;
        let mut begin = [0; 7];
        admin.read_exact(&mut begin)?;
        if begin == *b"HTTP/1." { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

fn connect(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;

    use super::*;

    /// For ports that must be given up.
    const LIMIT: Duration = Duration::from_millis(50);
    /// For ports that do answer, on a machine as busy as it likes.
    const AMPLE: Duration = Duration::from_secs(30);

    /// A port whose connections complete, and nobody serves them.
    fn hung() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_port_that_is_only_bound_does_not_answer() {
        let (_agents, agents) = hung();
        let (_admin, admin) = hung();
        assert!(Ports { agents, admin }.answer_within(LIMIT).is_err());
    }

    #[test]
    fn both_have_to_answer() {
        let (listener, agents) = hung();
        let (_admin, admin) = hung();
        thread::spawn(move || listener.incoming().for_each(drop));
        assert!(Ports { agents, admin }.answer_within(LIMIT).is_err());
        // Something that speaks, but is no HTTP server.
        let (listener, admin) = hung();
        let speak = |stream: io::Result<TcpStream>| {
            let stream = stream.unwrap();
            // The whole request is read first: a socket closed with bytes unread resets the
            // connection, and the answer may be lost with it.
            let mut lines = BufReader::new(&stream).lines();
            assert!(lines.any(|line| line.unwrap().is_empty()));
            (&stream).write_all(b"SSH-2.0-x").unwrap();
        };
        thread::spawn(move || listener.incoming().for_each(speak));
        let error = Ports { agents, admin }.answer_within(AMPLE).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
