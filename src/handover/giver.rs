//! [`Giver`]: the gateway that serves, and may be asked to hand over.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use waterwall_audit::AppendError;
use waterwall_pipeline::Services;
use zeroize::Zeroizing;

use super::channel::{Channel, Kind};
use super::message::{self, Held, Offer, State};
use super::{Ending, PROTOCOL, short_name, socket_of};
use crate::config::Config;
use crate::kill_switch::KillSwitch;
use crate::metrics::Metrics;
use crate::sockets::Sockets;

/// How long an heir may take for a step. It reads the log through in one of them.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits to be asked, on a thread of its own, until the process ends.
pub(crate) struct Giver(Arc<Estate>);

/// What there is to be handed over.
pub(crate) struct Estate {
    pub(crate) config: Config,
    pub(crate) services: Arc<Services>,
    pub(crate) switch: Arc<KillSwitch>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ending: Arc<Ending>,
    /// `None` once the gateway takes no new connections.
    pub(crate) sockets: Mutex<Option<Sockets>>,
    /// Whether a gateway from which this one has taken over is still about.
    pub(crate) predecessor: Arc<AtomicBool>,
    /// Called with the heir's process id once it has taken over.
    pub(crate) told: Box<dyn Fn(i32) + Send + Sync>,
    /// The way to an heir that has taken over.
    pub(crate) link: Mutex<Option<Link>>,
}

/// An heir that has taken over.
pub(crate) struct Link {
    /// Open until this process ends, whatever happens to the heir: that is how the heir knows that
    /// nothing here writes to the log any more.
    channel: Channel,
    /// The heir has gone.
    lost: bool,
    /// The entries of the vault from this number on are unknown to it.
    made: u64,
    /// The kill switch as it knows it.
    held: Held,
}

impl Giver {
    /// Begins to wait for an heir.
    ///
    /// # Errors
    /// When there can be no socket in the state directory.
    pub(crate) fn start(estate: Estate) -> Result<Self> {
        let estate = Arc::new(estate);
        let listener = listen(&socket_of(&estate.config))?;
        let shared = Arc::clone(&estate);
        thread::Builder::new()
            .name("handover".to_owned())
            .spawn(move || shared.wait_for_heir(&listener))
            .context("cannot start a thread")?;
        Ok(Self(estate))
    }

    /// Nothing can be handed over any more, and connections that nobody has accepted are refused.
    pub(crate) fn close(&self) {
        if self.0.close_sockets() {
            // Should it not go, the next gateway replaces it.
            let _ = std::fs::remove_file(socket_of(&self.0.config));
        }
    }

    /// Tells the heir what is new, and does with the kill switch as it does.
    pub(crate) fn keep_up(&self) {
        self.tell(false);
    }

    /// Tells the heir the rest. False when there is none any more, and the log is to be closed here.
    pub(crate) fn finish(&self) -> bool {
        self.tell(true)
    }

    fn tell(&self, last: bool) -> bool {
        let mut slot = self.0.link.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(link) = slot.as_mut().filter(|link| !link.lost) else { return false };
        let told = self.0.tell(link, last).and_then(|()| match last {
            true => link.channel.send(Kind::Done, &[]),
            false => Ok(()),
        });
        if let Err(error) = told {
            tracing::error!(%error, "the successor is gone");
            link.lost = true;
            return false;
        }
        true
    }
}

/// A socket at `path`, for this user alone, whatever was there before. It has its name only when it
/// is listened on.
fn listen(path: &Path) -> Result<UnixListener> {
    let new = path.with_extension("new");
    let made = match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => short_name(&new).and_then(|(name, _directory)| UnixListener::bind(name)).and_then(|listener| {
            std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
            std::fs::rename(&new, path)?;
            Ok(listener)
        }),
    };
    made.with_context(|| format!("cannot listen on {}", path.display()))
}

impl Estate {
    fn wait_for_heir(&self, listener: &UnixListener) {
        for stream in listener.incoming() {
            match stream.and_then(|stream| self.hand_over(stream)) {
                Ok(Some(heir)) => {
                    tracing::info!(heir, "handed over; finishing what is in flight");
                    return;
                }
                Ok(None) => return,
                Err(error) => tracing::error!(%error, "nothing was handed over"),
            }
        }
    }

    /// True for the first who calls.
    fn close_sockets(&self) -> bool {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    /// Hands over to the process at the other side, and returns its id; `None` if the gateway is
    /// about to end. After an error everything is as before.
    fn hand_over(&self, stream: UnixStream) -> io::Result<Option<i32>> {
        let mut channel = Channel::over(stream, PATIENCE)?;
        if self.predecessor.load(SeqCst) {
            let reason = "the gateway before the one that runs is still finishing: try again in a while";
            channel.send(Kind::Refused, reason.as_bytes())?;
            return Err(io::Error::other(reason));
        }
        let heir = channel.peer()?;
        let sockets =
            self.sockets.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Sockets::copies);
        let Some(sockets) = sockets else { return Ok(None) };
        tracing::info!(heir, "handing over");
        match self.talk(&mut channel, sockets?) {
            Ok((made, held)) => {
                let mut slot = self.link.lock().unwrap_or_else(PoisonError::into_inner);
                self.close_sockets();
                self.ending.leave();
                (self.told)(heir);
                let mut link = Link { channel, lost: false, made, held };
                // It waits for this: by now it is the main process to the service manager, and whoever
                // hears that it serves finds that we leave.
                link.lost = self.tell(&mut link, false).is_err();
                *slot = Some(link);
                Ok(Some(heir))
            }
            Err(error) => {
                self.go_on(channel, &error);
                Err(error)
            }
        }
    }

    /// Everything up to the moment from which on the heir is the gateway.
    fn talk(&self, channel: &mut Channel, [agents, admin]: [OwnedFd; 2]) -> io::Result<(u64, Held)> {
        let (lock, rotations) = self.services.chain.share(SystemTime::now()).map_err(other)?;
        let offer = Offer {
            protocol: PROTOCOL,
            agents: self.config.listen,
            admin: self.config.admin_listen,
            chain: self.config.audit.chain.clone(),
            rotations,
        };
        channel.send_files(Kind::Offer, &message::write(&offer)?, [&agents, &admin, &lock])?;
        channel.expect(Kind::Ready)?;

        let vault = &self.services.vault;
        let mut key = Zeroizing::new([0; 40]);
        key[..32].copy_from_slice(vault.key().expose());
        key[32..].copy_from_slice(&self.services.now().to_le_bytes());
        channel.send(Kind::Key, &*key)?;
        let (entries, made) = vault.export(0);
        channel.send(Kind::Vault, &entries)?;
        let held = self.switch.held();
        let state = State { held, ..State::default() };
        channel.send(Kind::State, &message::write(&state)?)?;
        channel.expect(Kind::Serving)?;

        let (entries, made) = vault.export(made);
        channel.send(Kind::Vault, &entries)?;
        let held = self.send_state(channel, held, true)?;
        Ok((made, held))
    }

    /// Sends what is new since the last time; with all counts if this is the last.
    fn tell(&self, link: &mut Link, last: bool) -> io::Result<()> {
        let (entries, made) = self.services.vault.export(link.made);
        link.channel.send(Kind::Vault, &entries)?;
        link.held = self.send_state(&mut link.channel, link.held, last)?;
        link.made = made;
        Ok(())
    }

    /// Sends the kill switch and perhaps what was counted, and does with the kill switch what the heir has
    /// done; returns how the heir's is.
    fn send_state(&self, channel: &mut Channel, known: Held, with_counts: bool) -> io::Result<Held> {
        let held = self.switch.held();
        let taken = if with_counts { self.services.sessions.take() } else { Vec::new() };
        let sessions = taken.iter().cloned().map(Into::into).collect();
        let state = State { known, held, sessions, counts: with_counts.then(|| self.metrics.give()) };
        let answered = message::write(&state)
            .and_then(|state| channel.send(Kind::State, &state))
            .and_then(|()| channel.expect(Kind::State))
            .and_then(|answer| message::read::<State>(&answer));
        match answered {
            Ok(answer) => {
                // Not against `known`: what was done here meanwhile is still to be told.
                self.switch.follow(held, answer.held);
                Ok(answer.held)
            }
            Err(error) => {
                taken.into_iter().for_each(|session| self.services.sessions.absorb(session));
                self.metrics.keep();
                Err(error)
            }
        }
    }

    /// The heir has failed, or is told that it has. The log is ours alone when it has ended.
    fn go_on(&self, mut channel: Channel, error: &io::Error) {
        let _ = channel.send(Kind::Refused, error.to_string().as_bytes());
        let alone = channel
            .wait_for_end()
            .and_then(|()| self.services.chain.be_alone(SystemTime::now()).map_err(other));
        if let Err(error) = alone {
            // Both can go on writing; only rotation has to wait. It must not take us for dead.
            std::mem::forget(channel);
            tracing::warn!(%error, "the audit log still counts as shared");
        }
    }
}

fn other(error: AppendError) -> io::Error {
    io::Error::other(error)
}
