//! What all exchanges share, built from the configuration, and its upkeep.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use waterwall_audit::{ChainWriter, Fsync, OpenError, SigningKey, WriterOptions};
use waterwall_core::placeholder::SessionKey;
use waterwall_core::vault::Vault;
use waterwall_pipeline::Services;
use zeroize::Zeroizing;

use super::install_record::InstallRecord;
use super::note::NoteKeeper;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::forward::Forward;
use crate::handover::{Ending, Heir};
use crate::kill_switch::KillSwitch;

/// How often due checkpoints are written, which is also the longest that a line stays unsynced.
const TICK: Duration = Duration::from_secs(1);
/// Expired secrets are dropped every so many ticks, or sooner where they live less long.
const SWEEP_TICKS: u64 = 60;

/// Opens the audit log and makes a vault with a fresh key; an heir's with what it has inherited.
///
/// # Errors
/// When the signing key cannot be read, or the log cannot be written or is another gateway's.
pub(super) fn open(
    config: &Config,
    kill_switch: Arc<KillSwitch>,
    heir: Option<&mut Heir>,
) -> Result<Arc<Services>> {
    match heir {
        Some(heir) => inherit(config, kill_switch, heir),
        None => begin(config, kill_switch),
    }
}

fn inherit(config: &Config, kill_switch: Arc<KillSwitch>, heir: &mut Heir) -> Result<Arc<Services>> {
    let shared = heir.log().context("the audit log's lock was not handed over")?;
    let options = options(&config.audit)?;
    let chain =
        ChainWriter::join(&config.audit.chain, options, shared, SystemTime::now()).map_err(not_opened)?;
    let (key, clock) = heir.key()?;
    let vault = Arc::new(Vault::new(key, config.vault.capacity, ttl(config)));
    heir.fill(&vault, &kill_switch)?;
    tracing::info!(log = %config.audit.chain.display(), placeholders = vault.len(), "taken over");
    Ok(Arc::new(Services::new(vault, chain, move || kill_switch.armed()).with_clock(clock)))
}

fn begin(config: &Config, kill_switch: Arc<KillSwitch>) -> Result<Arc<Services>> {
    let chain = open_chain(&config.audit)?;
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut())
        .map_err(|error| anyhow!("no randomness for the session key: {error}"))?;
    let vault = Vault::new(SessionKey::new(*random), config.vault.capacity, ttl(config));
    let armed = move || kill_switch.armed();
    Ok(Arc::new(Services::new(Arc::new(vault), chain, armed)))
}

/// On the vault's clock.
fn ttl(config: &Config) -> u64 {
    u64::try_from(config.vault.ttl.as_millis()).unwrap_or(u64::MAX)
}

/// Who keeps the note beside the audit log.
///
/// # Errors
/// When the signing key cannot be read.
pub(super) fn note_keeper(audit: &config::Audit) -> Result<NoteKeeper> {
    Ok(NoteKeeper::new(&audit.chain, read_key(audit)?))
}

fn read_key(audit: &config::Audit) -> Result<SigningKey> {
    let file = &audit.signing_key;
    let key = std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| Failure::io("cannot read the signing key", file, &error))?;
    SigningKey::from_pem(&key).map_err(|error| {
        let what = format!("{} is not a signing key: {error}", file.display());
        Failure::new(what, "Put back the key that has signed the log, or name it as `audit.signing_key`.")
            .into()
    })
}

/// What a user is told of a log that cannot be opened, and can do about it.
fn not_opened(error: OpenError) -> Failure {
    let remedy = match &error {
        OpenError::Locked { .. } => {
            "Stop that gateway, or give this one another `state_dir` or `audit.chain`."
        }
        OpenError::Damaged { .. } => {
            "`waterwall verify-chain` tells more. To go on, move the log away, keep it, and start: a new one begins."
        }
        _ => "Check that file and its directory; `waterwall verify-chain` tells whether the log is sound.",
    };
    Failure::new(format!("cannot open the audit log: {error}"), remedy)
}

fn options(audit: &config::Audit) -> Result<WriterOptions> {
    let key = read_key(audit)?;
    Ok(WriterOptions {
        checkpoint_lines: audit.checkpoint_lines,
        checkpoint_seconds: audit.checkpoint_seconds,
        fsync: match audit.fsync {
            config::Fsync::Checkpoint => Fsync::Checkpoint,
            config::Fsync::EveryCommit => Fsync::EveryCommit,
        },
        receipts_dir: Some(audit.receipts_dir.clone()),
        rotate_bytes: audit.rotate_bytes,
        manifests_dir: Some(audit.manifests_dir.clone()),
        // No request waits for the disk: the upkeep syncs.
        sync_inline: false,
        tell_uncovered: true,
        ..WriterOptions::new(key)
    })
}

fn open_chain(audit: &config::Audit) -> Result<ChainWriter> {
    let (chain, report) =
        ChainWriter::open(&audit.chain, options(audit)?, SystemTime::now()).map_err(not_opened)?;
    if let Some(moved) = &report.torn_moved_to {
        tracing::warn!(moved_to = moved, "the audit log's last line was torn");
    }
    if report.orphaned_receipts > 0 {
        let (receipts, directory) = (report.orphaned_receipts, audit.receipts_dir.display());
        tracing::warn!(receipts, %directory, "receipts without a line were renamed to *.orphan");
    }
    if report.rebuilt_receipts > 0 {
        let (receipts, directory) = (report.rebuilt_receipts, audit.receipts_dir.display());
        tracing::warn!(receipts, %directory, "receipts that were lost or torn were made anew from their lines");
    }
    if report.uncovered > 0 {
        tracing::warn!(
            lines = report.uncovered,
            last_seq = report.lines,
            "no checkpoint covers the audit log's last lines: the gateway did not stop by itself, or somebody added them"
        );
    }
    tracing::info!(log = %audit.chain.display(), lines = report.lines, "audit log opened");
    Ok(chain)
}

/// The thread that looks after the services while they are in use.
pub(super) struct Upkeep {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<NoteKeeper>,
}

impl Upkeep {
    /// Starts looking after `services` and, until a successor does, the audit log's note and the results of `verify-install`; a session ends after `session_idle`
    /// without a request.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(
        services: Arc<Services>,
        forward: Arc<Forward>,
        ending: Arc<Ending>,
        session_idle: Duration,
        mut installs: InstallRecord,
        mut notes: NoteKeeper,
    ) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("upkeep".to_owned())
            .spawn(move || {
                let keepers = (&mut installs, &mut notes);
                look_after(&services, &forward, &ending, session_idle, keepers, &stopped);
                notes
            })
            .context("cannot start a thread")?;
        Ok(Self { stop, thread })
    }

    /// Stops, and waits until nothing is under way. The note is still to be brought up to the log's
    /// end.
    pub(super) fn stop(self) -> Option<NoteKeeper> {
        drop(self.stop);
        // A panic has been reported where it happened.
        self.thread.join().ok()
    }
}

fn look_after(
    services: &Services,
    forward: &Forward,
    ending: &Ending,
    session_idle: Duration,
    (installs, notes): (&mut InstallRecord, &mut NoteKeeper),
    stopped: &mpsc::Receiver<()>,
) {
    let lifetime = services.vault.ttl() / 1000;
    let sweep_ticks = lifetime.clamp(1, SWEEP_TICKS);
    let mut ticks = 0_u64;
    let mut known_trouble = None;
    while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
        if let Err(error) = services.chain.checkpoint_if_due(SystemTime::now()) {
            tracing::error!(%error, "the audit log has no checkpoint");
        }
        // A successor writes the manifests and the note.
        if !ending.is_given() {
            installs.catch_up(&services.chain);
            if let Err(error) = services.sessions.end_idle(session_idle, &services.chain, SystemTime::now()) {
                tracing::error!(%error, "a session has no manifest");
            }
            notes.catch_up(&services.chain);
        }
        let trouble = services.chain.status().rotation_trouble;
        if trouble != known_trouble {
            if let Some(error) = &trouble {
                tracing::error!(error, "the audit log was not rotated; it goes on");
            }
            known_trouble = trouble;
        }
        forward.watch_kill_switch();
        ticks = ticks.wrapping_add(1);
        if ticks.is_multiple_of(sweep_ticks) {
            services.vault.sweep(services.now());
        }
    }
}
