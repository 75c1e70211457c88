//! [`ChainWriter`]: appends events to a chain file; the only part of the crate that touches a disk.
//!
//! **Group commit.** Callers put their lines in a queue; whoever finds the `Core` free takes it
//! and the whole queue, writes everything with one `write`, and hands the results out. Whoever
//! comes meanwhile waits for the next turn. Under load one write serves many exchanges; alone, a
//! caller writes its own line at once. There is no thread and no timer in here.
//!
//! **Who owns what.** `state` (a short lock, never held during input or output) owns the queue and,
//! between turns, the `Core`; having taken the `Core` out of it *is* having the turn. `syncing` lets
//! one thread at a time sync; it is taken before `state`, never after.
//!
//! **Promises.** An append returns after its lines are in the file (they survive the process, not
//! yet a power cut). A failed one left nothing there, and no number is used up. Checkpoints are
//! synced; see [`WriterOptions::sync_inline`]. After a failed sync nothing is appended until the
//! lines in question are safe, see `Core::mend`.

mod core;
mod disk;
mod error;
mod lock;
mod manifests;
mod options;
mod owed;
mod rebuild;
mod receipts;
mod report;
mod rotate;
mod shared;
mod tail;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool},
    time::SystemTime,
};

use self::{
    core::{Core, Entry, Position, Request, Seal},
    disk::{Disk, FileDisk},
    lock::Lock,
    owed::Owed,
    receipts::Receipts,
};
use crate::{Event, LogId, Place, genesis, receipt::NamedFile, timestamp};

pub use error::{AppendError, ManifestError, OpenError};
pub use options::{Fsync, WriterOptions};
pub use report::{Appended, OpenReport, Status};
pub use rotate::{Archived, archives_of};

/// Appends events to one chain file, for any number of threads. See the module.
pub struct ChainWriter {
    state: Mutex<State>,
    turn_over: Condvar,
    syncing: Mutex<()>,
    options: Arc<WriterOptions>,
    log_id: OnceLock<LogId>,
    path: PathBuf,
    lock: Lock,
    /// Another process may write too, see [`shared`].
    shared: AtomicBool,
    uncovered_at_start: u64,
    owed: Owed,
}

struct State {
    queue: Vec<Job>,
    /// How many wait for the end of a turn.
    waiting: usize,
    /// `None` while someone has the turn.
    core: Option<Box<Core>>,
    /// As of the last turn.
    position: Position,
    writes: u64,
    /// Up to here the file is safe on the medium.
    safe: Position,
    /// A checkpoint that is written but not synced, and the file it is in.
    unsynced: Option<Unsynced>,
    sync_failure: Option<Arc<io::Error>>,
    last_failure: Option<AppendError>,
    /// The length that a rotation that failed puts the next one off to, and why it failed.
    rotate_from: u64,
    rotation_failure: Option<String>,
    closed: bool,
}

/// What a sync has to make safe.
struct Unsynced {
    position: Position,
    disk: Arc<dyn Disk>,
    receipts: Vec<NamedFile>,
}

type Outcome = Result<Appended, AppendError>;

/// A request in the queue. Dropped without an answer (its writer panicked), it answers for itself.
struct Job {
    request: Request,
    outcome: Arc<OnceLock<Outcome>>,
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.outcome.set(Err(AppendError::Interrupted));
    }
}

impl ChainWriter {
    /// Opens or makes the log at `path`, takes its lock for as long as the writer lives, reads it
    /// through and repairs its end. Its directory is made if need be (0700), its file is 0600.
    ///
    /// # Errors
    /// [`OpenError`]. A log that is damaged inside or in use elsewhere is left as it is.
    pub fn open(
        path: &Path,
        options: WriterOptions,
        now: SystemTime,
    ) -> Result<(Self, OpenReport), OpenError> {
        let owned = || path.to_owned();
        disk::make_directory_of(path).map_err(|source| OpenError::Directory { path: owned(), source })?;
        let lock = Lock::take(path)?;
        let (disk, created) =
            FileDisk::open(path).map_err(|source| OpenError::Open { path: owned(), source })?;
        let key = options.signing_key.public();
        let mut tail = tail::read(disk.file(), path, &key, now)?;
        if tail.genesis.as_ref().is_some_and(|(_, named)| *named != key.to_base64()) {
            return Err(OpenError::OtherKey { path: owned() });
        }
        let mut report = OpenReport {
            created,
            lines: tail.position.head.seq,
            uncovered: tail.position.tally.lines,
            newline_restored: false,
            torn_moved_to: None,
            orphaned_receipts: 0,
            rebuilt_receipts: 0,
        };
        let (newline, moved) =
            tail.repair(&disk, path, now).map_err(|source| OpenError::Repair { path: owned(), source })?;
        report.newline_restored = newline;
        // What an earlier writer left in the system's memory must be safe before we build on it.
        disk.sync().map_err(|source| OpenError::Open { path: owned(), source })?;
        let receipts = open_receipts(&options, tail.position, &mut report)?;
        if let Some(directory) = &options.receipts_dir {
            let rebuilt = tail.recent.rebuild(&disk, directory, &options, tail.position.head.ts_millis);
            report.rebuilt_receipts =
                rebuilt.map_err(|source| OpenError::Folder { path: directory.clone(), source })?;
        }
        if let Some(path) = &options.manifests_dir {
            let made = disk::make_directory(path);
            made.map_err(|source| OpenError::Folder { path: path.clone(), source })?;
        }

        let begins = tail.position.head.seq == 0;
        let log_id = match tail.genesis {
            Some((log_id, _)) => Some(log_id),
            None if begins => Some(options.log_id.clone().map_or_else(LogId::random, Ok)?),
            None => None,
        };
        let writer = Self::start(Arc::new(disk), tail.position, receipts, log_id, options, owned(), lock);
        let append = |entry| {
            let request = Request { entries: vec![entry], now, seal: Seal::IfDue };
            writer.submit(request, false).map_err(|source| OpenError::Append { path: owned(), source })
        };
        if let Some(log_id) = writer.log_id.get().filter(|_| begins) {
            append(genesis::fields(log_id, &key, None).into())?;
        }
        // Before the line about torn bytes, which may have been that rotation's checkpoint: a
        // rotation line is a chain's last.
        if let Some(archive) = &tail.closing {
            let finished = writer.finish_rotation(archive, now);
            finished.map_err(|source| OpenError::Append { path: owned(), source })?;
        }
        if let Some(event) = report.uncovered_event().filter(|_| writer.options.tell_uncovered) {
            writer.owed.owe(event);
        }
        if let Some(moved) = moved {
            report.torn_moved_to = Some(moved.name.clone());
            writer.owed.owe(Event::Recovered { moved_to: moved.name, bytes: moved.bytes });
        }
        // A full disk is no reason not to start: whatever is written next says this first.
        let _ = writer.settle(now);
        Ok((writer, report))
    }

    fn start(
        disk: Arc<dyn Disk>,
        position: Position,
        receipts: Option<Receipts>,
        log_id: Option<LogId>,
        options: WriterOptions,
        path: PathBuf,
        lock: Lock,
    ) -> Self {
        let options = Arc::new(options);
        let state = State {
            queue: Vec::new(),
            waiting: 0,
            core: Some(Box::new(Core::new(disk, position, receipts, Arc::clone(&options)))),
            position,
            writes: 0,
            safe: position,
            unsynced: None,
            sync_failure: None,
            last_failure: None,
            rotate_from: 0,
            rotation_failure: None,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            turn_over: Condvar::new(),
            syncing: Mutex::new(()),
            options,
            log_id: log_id.map(OnceLock::from).unwrap_or_default(),
            path,
            lock,
            shared: AtomicBool::new(false),
            uncovered_at_start: position.tally.lines,
            owed: Owed::default(),
        }
    }

    /// The log's id; none for a chain that the predecessor began.
    #[must_use]
    pub fn log_id(&self) -> Option<&LogId> {
        self.log_id.get()
    }

    /// Appends one event and returns once its line is in the file. Blocks for a write, or for two
    /// when another one is under way.
    ///
    /// # Errors
    /// [`AppendError`]: the line is not in the log, and what it stands for must not happen.
    pub fn append(&self, event: Event, now: SystemTime) -> Outcome {
        self.append_all(vec![event], now)
    }

    /// Appends several events as consecutive lines: all of them or none.
    ///
    /// # Errors
    /// As [`ChainWriter::append`].
    pub fn append_all(&self, events: Vec<Event>, now: SystemTime) -> Outcome {
        self.settle(now)?;
        let entries = events.into_iter().map(Entry::from).collect();
        let outcome = self.submit(Request { entries, now, seal: Seal::IfDue }, false);
        if self.options.sync_inline {
            // The lines are written, whatever becomes of this: a failure closes the writer to the
            // appends that follow.
            let _ = self.sync();
        }
        if outcome.is_ok() {
            self.rotate_if_due(now);
        }
        outcome
    }

    /// Makes a checkpoint if one is due, and syncs what is not synced. For a timer.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn checkpoint_if_due(&self, now: SystemTime) -> Result<(), AppendError> {
        self.settle(now)?;
        self.submit(Request { entries: Vec::new(), now, seal: Seal::IfDue }, false)?;
        self.sync()
    }

    /// Makes a checkpoint now, if there is any line it would cover, and syncs it.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn checkpoint(&self, now: SystemTime) -> Result<(), AppendError> {
        self.settle(now)?;
        self.submit(Request { entries: Vec::new(), now, seal: Seal::IfAnyLine }, false)?;
        self.sync()
    }

    /// Covers what is not covered with a last checkpoint. Appends fail from here on; a failed
    /// close can be tried again. The lock is kept until the writer is dropped.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn close(&self, now: SystemTime) -> Result<(), AppendError> {
        self.settle(now)?;
        self.submit(Request { entries: Vec::new(), now, seal: Seal::IfAnyLine }, true)?;
        self.sync()
    }

    /// Where the log stands: what a session that begins now has to remember.
    #[must_use]
    pub fn place(&self) -> Place {
        let Position { head, rotations, .. } = self.state().position;
        Place { rotations, next_seq: head.seq + 1 }
    }

    /// The writer's condition.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.state();
        let Position { head, tally, checkpoints, signed, rotations, .. } = state.position;
        let sync_trouble = state.sync_failure.clone().map(AppendError::Sync);
        let trouble = sync_trouble.or_else(|| state.last_failure.clone());
        Status {
            lines: head.seq,
            head_hash: head.hash,
            checkpoints,
            last_checkpoint_root: signed.map(|signed| signed.root),
            last_checkpoint_ts: signed.map(|signed| timestamp::render(signed.ts_millis)),
            uncovered: tally.lines,
            uncovered_at_start: self.uncovered_at_start,
            writes: state.writes,
            rotations,
            rotation_trouble: state.rotation_failure.clone(),
            healthy: trouble.is_none() && !state.closed,
            trouble: trouble.map(|trouble| trouble.to_string()),
        }
    }

    /// Queues a request, and waits for its answer or for the turn to write it.
    fn submit(&self, request: Request, closing: bool) -> Outcome {
        let outcome = Arc::new(OnceLock::new());
        let mut state = self.state();
        if state.closed && !closing {
            return Err(AppendError::Closed);
        }
        state.closed |= closing;
        state.queue.push(Job { request, outcome: Arc::clone(&outcome) });
        loop {
            if let Some(outcome) = outcome.get() {
                return outcome.clone();
            }
            state = match state.core.take() {
                Some(core) => {
                    let jobs = std::mem::take(&mut state.queue);
                    drop(state);
                    self.take_turn(core, jobs);
                    self.state()
                }
                None => self.wait_for_turn_over(state),
            };
        }
    }

    fn wait_for_turn_over<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let mut state = self.turn_over.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    /// Writes the jobs and answers them. The core goes back even if something in here panics, and
    /// after the jobs have been dropped.
    fn take_turn(&self, core: Box<Core>, jobs: Vec<Job>) {
        let mut turn = Turn { writer: self, core: Some(core) };
        let mut jobs = jobs; // declared after the turn: dropped before it
        // The turn has its core until it is dropped.
        let Some(core) = turn.core.as_deref_mut() else {
            return;
        };
        let now = jobs.first().map_or(SystemTime::UNIX_EPOCH, |job| job.request.now);
        let begun = if self.is_shared() { self.begin_shared(core, now) } else { Ok(()) };
        let results = match begun.and_then(|()| self.mend(core)) {
            Ok(()) => core.commit(jobs.iter_mut().map(|job| &mut job.request)),
            Err(error) => jobs.iter().map(|_| Err(error.clone())).collect(),
        };
        core.give_turn_back();
        self.record(core, &results);
        for (job, result) in jobs.iter().zip(results) {
            let _ = job.outcome.set(result.map(|seq| Appended { seq }));
        }
    }

    /// Notes how a turn went.
    fn record(&self, core: &mut Core, results: &[Result<u64, AppendError>]) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.position, core.position());
        if state.position.len > before.len {
            state.writes += 1;
            state.last_failure = None;
        }
        if self.options.fsync == Fsync::EveryCommit {
            state.safe = state.position;
        } else if state.position.checkpoints > before.checkpoints {
            let mut receipts = state.unsynced.take().map(|unsynced| unsynced.receipts).unwrap_or_default();
            receipts.append(&mut core.take_fresh());
            state.unsynced = Some(Unsynced { position: state.position, disk: core.disk(), receipts });
        }
        let sync_failure = results.iter().find_map(|result| match result {
            Err(AppendError::Sync(error)) => Some(Arc::clone(error)),
            _ => None,
        });
        state.sync_failure = state.sync_failure.take().or(sync_failure);
        // A line that is too long says nothing about the log.
        let mut failures = results.iter().filter_map(|result| result.as_ref().err());
        let failure = failures.rfind(|error| !matches!(error, AppendError::TooLong));
        if let Some(failure) = failure {
            state.last_failure = Some(failure.clone());
        }
    }

    /// Clears a failed sync, if there was one. Called with the turn.
    fn mend(&self, core: &mut Core) -> Result<(), AppendError> {
        if self.state().sync_failure.is_none() {
            return Ok(());
        }
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (safe, unsynced) = {
            let mut state = self.state();
            (state.safe, state.unsynced.take())
        };
        let receipts = unsynced.as_ref().map_or(&[][..], |unsynced| &unsynced.receipts);
        let mended = core.mend(safe, receipts).map_err(Arc::new);
        let mut state = self.state();
        match mended {
            Ok(()) => {
                (state.safe, state.unsynced, state.sync_failure) = (core.position(), None, None);
                Ok(())
            }
            Err(error) => {
                state.unsynced = unsynced;
                state.sync_failure = Some(Arc::clone(&error));
                Err(AppendError::Sync(error))
            }
        }
    }

    /// Syncs up to the last checkpoint, if that was not done. Others append meanwhile.
    fn sync(&self) -> Result<(), AppendError> {
        if self.state().unsynced.is_none() {
            return Ok(());
        }
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken anew: the thread before us may have done it.
        let Some(unsynced) = self.state().unsynced.take() else {
            return Ok(());
        };
        let synced = self.sync_receipts(&unsynced.receipts).and_then(|()| unsynced.disk.sync());
        let mut state = self.state();
        // A sync that succeeds after one that failed proves nothing.
        if let (Err(error), None) = (synced, &state.sync_failure) {
            state.sync_failure = Some(Arc::new(error));
        }
        if let Some(error) = state.sync_failure.clone() {
            // The receipts are still to be mended, with those that were written meanwhile.
            let mut receipts = unsynced.receipts;
            receipts.extend(state.unsynced.take().map(|later| later.receipts).unwrap_or_default());
            state.unsynced = Some(Unsynced { receipts, ..unsynced });
            return Err(AppendError::Sync(error));
        }
        state.safe = unsynced.position;
        Ok(())
    }

    /// Before the lines that name them.
    fn sync_receipts(&self, files: &[NamedFile]) -> io::Result<()> {
        match &self.options.receipts_dir {
            Some(directory) => receipts::sync(directory, files.iter().map(|file| file.name.as_str())),
            None => Ok(()),
        }
    }

    /// The state is whole between any two statements, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receipts' directory, with what an interrupted writer left in it put aside.
fn open_receipts(
    options: &WriterOptions,
    position: Position,
    report: &mut OpenReport,
) -> Result<Option<Receipts>, OpenError> {
    let Some(directory) = &options.receipts_dir else { return Ok(None) };
    let mut open = || {
        let receipts = Receipts::open(directory)?;
        report.orphaned_receipts = receipts.move_orphans_aside(&position.head)?;
        Ok(Some(receipts))
    };
    open().map_err(|source| OpenError::Folder { path: directory.clone(), source })
}

/// Having the core. Gives it back when dropped, and wakes the others.
struct Turn<'a> {
    writer: &'a ChainWriter,
    core: Option<Box<Core>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.writer.state();
        state.core = self.core.take();
        let anyone = state.waiting > 0;
        drop(state);
        // A system call that one caller alone does not need.
        if anyone {
            self.writer.turn_over.notify_all();
        }
    }
}

impl fmt::Debug for ChainWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainWriter").field("status", &self.status()).finish()
    }
}
