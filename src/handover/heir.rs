//! [`Heir`]: the gateway that takes over from one that serves.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use waterwall_core::placeholder::SessionKey;
use waterwall_core::vault::Vault;
use waterwall_pipeline::Services;
use zeroize::Zeroizing;

use super::channel::{Channel, Kind};
use super::message::{self, Offer, State};
use super::{PROTOCOL, short_name, socket_of};
use crate::config::Config;
use crate::failure::Failure;
use crate::kill_switch::KillSwitch;
use crate::metrics::Metrics;
use crate::sockets::Sockets;

/// How long the giver may take for a step.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to try again to be the log's only writer.
const AGAIN: Duration = Duration::from_secs(1);

/// What the giver has offered, on the way.
pub(crate) struct Heir {
    /// Never closed before the process ends: that is how the giver knows that nothing here writes to
    /// the log any more.
    channel: ManuallyDrop<Channel>,
    sockets: Option<Sockets>,
    lock: Option<(OwnedFd, u64)>,
}

impl Heir {
    /// Asks the gateway that serves from the state directory of `config`.
    ///
    /// # Errors
    /// When there is none, or what it has does not fit the configuration.
    pub(crate) fn ask(config: &Config) -> Result<Self> {
        let path = socket_of(config);
        let connected = short_name(&path).and_then(|(name, _directory)| UnixStream::connect(name));
        let stream = connected.map_err(|error| {
            Failure::new(
                format!("no gateway can be asked to hand over at {}: {error}", path.display()),
                "Start without --upgrade if none is running; else run as the user it runs as.",
            )
        })?;
        let asked = Channel::over(stream, PATIENCE).and_then(|mut channel| {
            let (offer, files) = channel.receive_files(Kind::Offer)?;
            Ok((channel, message::read::<Offer>(&offer)?, files))
        });
        let (channel, offer, [agents, admin, lock]) = asked.map_err(|error| {
            let what = format!("the gateway that runs does not hand over: {error}");
            Failure::new(what, "It goes on as before; its own log may say more.")
        })?;
        check(config, &offer)?;
        let sockets = Sockets::adopt(agents, admin).context("the sockets that were handed over")?;
        let channel = ManuallyDrop::new(channel);
        Ok(Self { channel, sockets: Some(sockets), lock: Some((lock, offer.rotations)) })
    }

    /// The sockets of the giver. `None` if they were asked for before.
    pub(crate) fn sockets(&mut self) -> Option<Sockets> {
        self.sockets.take()
    }

    /// The audit log's lock and the number of its rotations. `None` if they were asked for before.
    pub(crate) fn log(&mut self) -> Option<(OwnedFd, u64)> {
        self.lock.take()
    }

    /// The session key, and what the vault's clock shows. To be asked for when everything else is
    /// prepared.
    ///
    /// # Errors
    /// When the giver does not give it.
    pub(crate) fn key(&mut self) -> Result<(SessionKey, u64)> {
        self.channel.send(Kind::Ready, &[])?;
        let content = self.channel.expect(Kind::Key).context("no session key was handed over")?;
        let (key, clock) = content.split_first_chunk::<32>().context("no session key was handed over")?;
        let clock = clock.try_into().map(u64::from_le_bytes).context("no clock was handed over")?;
        let key = Zeroizing::new(*key);
        Ok((SessionKey::new(*key), clock))
    }

    /// Fills the vault, and sets the kill switch as it was.
    ///
    /// # Errors
    /// When they do not come whole.
    pub(crate) fn fill(&mut self, vault: &Vault, switch: &KillSwitch) -> Result<()> {
        let entries = self.channel.expect(Kind::Vault).context("no vault was handed over")?;
        vault.import(&entries)?;
        let state = self.channel.expect(Kind::State).context("no kill switch was handed over")?;
        let State { known, held, .. } = message::read(&state)?;
        switch.follow(known, held);
        Ok(())
    }

    /// Tells the giver that this process serves, and takes over. Returns a flag that is true for as
    /// long as the giver is still about.
    ///
    /// # Errors
    /// When the giver wants to go on instead. One that has died does not hinder.
    pub(crate) fn take_over(
        mut self,
        services: &Arc<Services>,
        switch: &Arc<KillSwitch>,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<AtomicBool>> {
        let follows =
            Follows { services: services.clone(), switch: switch.clone(), metrics: metrics.clone() };
        let first = self.channel.send(Kind::Serving, &[]).and_then(|()| self.follow(&follows));
        // By the second the service manager has been told whom to listen to.
        let second = first.and_then(|_| self.follow(&follows));
        let about = Arc::new(AtomicBool::new(true));
        match second {
            Ok(_) => self.channel.wait_for_ever()?,
            Err(error) if is_death(&error) => {
                tracing::warn!(%error, "the gateway before this one has died");
                be_alone(services);
                about.store(false, SeqCst);
                return Ok(about);
            }
            Err(error) => return Err(error).context("the gateway that runs does not hand over"),
        }
        let still = Arc::clone(&about);
        thread::Builder::new()
            .name("predecessor".to_owned())
            .spawn(move || {
                self.follow_to_the_end(&follows);
                drop(ManuallyDrop::into_inner(self.channel));
                be_alone(&follows.services);
                still.store(false, SeqCst);
            })
            .context("cannot start a thread")?;
        Ok(about)
    }

    /// Returns when the giver has ended.
    fn follow_to_the_end(&mut self, follows: &Follows) {
        let outcome = loop {
            match self.follow(follows) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match outcome {
            Ok(()) => tracing::info!("the gateway before this one has finished"),
            Err(error) => tracing::warn!(%error, "the gateway before this one tells nothing any more"),
        }
        self.channel.hang_up();
        if let Err(error) = self.channel.wait_for_end() {
            tracing::warn!(%error, "the gateway before this one has not ended as it should");
        }
    }

    /// Takes in what is new at the giver. False when that was the last.
    fn follow(&mut self, Follows { services, switch, metrics }: &Follows) -> io::Result<bool> {
        let entries = match self.channel.receive()? {
            (Kind::Vault, entries) => entries,
            (Kind::Done, _) => return Ok(false),
            (Kind::Refused, reason) => {
                return Err(io::Error::other(String::from_utf8_lossy(&reason).into_owned()));
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        services.vault.import(&entries).map_err(io::Error::other)?;
        let state = self.channel.expect(Kind::State)?;
        let state: State = message::read(&state)?;
        switch.follow(state.known, state.held);
        state.sessions.into_iter().for_each(|counted| services.sessions.absorb(counted.into()));
        state.counts.into_iter().for_each(|counts| metrics.absorb(counts));
        let answer = State { held: switch.held(), ..State::default() };
        self.channel.send(Kind::State, &message::write(&answer)?)?;
        Ok(true)
    }
}

/// What takes in what the giver tells.
struct Follows {
    services: Arc<Services>,
    switch: Arc<KillSwitch>,
    metrics: Arc<Metrics>,
}

/// What the giver has must be what the configuration says.
fn check(config: &Config, offer: &Offer) -> Result<()> {
    if offer.protocol != PROTOCOL {
        let what = format!("the gateway that runs hands over by version {}, not {PROTOCOL}", offer.protocol);
        return Err(Failure::new(what, "Stop it, and start this one without --upgrade.").into());
    }
    let fits = |asked: std::net::SocketAddr, found| asked.port() == 0 || asked == found;
    let differs = [
        ("listen", fits(config.listen, offer.agents)),
        ("admin.listen", fits(config.admin_listen, offer.admin)),
        ("audit.chain", config.audit.chain == offer.chain),
    ];
    for (key, fits) in differs {
        if !fits {
            let what = format!("the gateway that runs has another {key} than the configuration says");
            let remedy = "Put the old value back, or stop it and start this one without --upgrade.";
            return Err(Failure::new(what, remedy).into());
        }
    }
    Ok(())
}

fn is_death(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe)
}

/// The giver writes no more.
fn be_alone(services: &Services) {
    let mut told = false;
    while let Err(error) = services.chain.be_alone(SystemTime::now()) {
        if !told {
            tracing::error!(%error, "the audit log still counts as shared");
            told = true;
        }
        thread::sleep(AGAIN);
    }
}
