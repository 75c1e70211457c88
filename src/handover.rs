//! Handing over to a successor, so that an upgrade drops no connection.
//!
//! `waterwall run --upgrade` is started beside the gateway that serves, asks it over a private socket
//! and takes over. The older one is the [`Giver`], the newer one the [`Heir`]:
//!
//! | step | giver | heir |
//! | --- | --- | --- |
//! | 1 | sends the listening sockets, the log's lock, and where it listens and writes | checks them against its own configuration, prepares everything, opens the log beside the giver |
//! | 2 | on `Ready`: sends session key, vault, kill switch | begins to serve, on the same sockets |
//! | 3 | on `Serving`: sends what the vault has got since, and all counts; takes no new connection any more | tells the service manager, becomes a giver itself |
//! | 4 | finishes what it has begun; sends now and then what is new | takes it in, answers with its kill switch |
//! | 5 | on its end: sends the rest | is the log's only writer |
//!
//! Until step 3 a failure of any kind ends the heir, and the giver goes on as before. From step 2 on
//! the heir has all it needs, so it goes on alone if the giver dies. Both write to the audit log
//! meanwhile, by the rules in `waterwall_audit`'s `writer/shared.rs`.
//!
//! Nothing goes through a file. The socket lies in the state directory, which is the user's alone,
//! and only processes of the same user are answered; each side checks.

mod channel;
mod giver;
mod heir;
mod message;
mod program;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use tokio::sync::watch;

use crate::config::Config;

pub(crate) use giver::{Estate, Giver};
pub(crate) use heir::Heir;
pub(crate) use message::Held;
pub(crate) use program::Program;

/// The version of what is said over the socket. Another one is refused by the heir.
const PROTOCOL: u32 = 2;

fn socket_of(config: &Config) -> PathBuf {
    config.state_dir.join("handover.sock")
}

/// The longest name that a socket can have; the system has 108 bytes for it, an end included.
const LONGEST_NAME: usize = 107;

/// A name for `path` that is short enough for a socket, good for as long as what comes with it is kept.
/// Directories may have longer ones.
fn short_name(path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    if path.as_os_str().len() <= LONGEST_NAME {
        return Ok((path.to_owned(), None));
    }
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let directory = File::open(directory)?;
    let through = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
    Ok((through.join(name), Some(directory)))
}

/// What the parts of a gateway that is about to end look at.
pub(crate) struct Ending {
    /// Every answer is its connection's last, and no new connection comes.
    leaving: watch::Sender<bool>,
    /// Connections without a request are closed.
    stopping: watch::Sender<bool>,
    /// Every connection is closed, whatever it is about.
    cutting: watch::Sender<bool>,
    given: AtomicBool,
}

impl Ending {
    /// Of a gateway that has just begun.
    pub(crate) fn new() -> Self {
        let given = AtomicBool::new(false);
        let [leaving, stopping, cutting] = [(); 3].map(|()| watch::Sender::new(false));
        Self { leaving, stopping, cutting, given }
    }

    /// A successor takes the new connections.
    pub(crate) fn leave(&self) {
        self.given.store(true, SeqCst);
        self.leaving.send_replace(true);
    }

    /// Whether a successor has taken over.
    pub(crate) fn is_given(&self) -> bool {
        self.given.load(SeqCst)
    }

    /// The gateway was told to stop.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        self.leaving.send_replace(true);
    }

    /// Nothing is waited for any more.
    pub(crate) fn cut(&self) {
        self.stop();
        self.cutting.send_replace(true);
    }

    /// Turns true when answers are to be the last of their connections.
    pub(crate) fn leaving(&self) -> watch::Receiver<bool> {
        self.leaving.subscribe()
    }

    /// Turns true when silent connections are to be closed.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Turns true when every connection is to be closed.
    pub(crate) fn cutting(&self) -> watch::Receiver<bool> {
        self.cutting.subscribe()
    }
}
