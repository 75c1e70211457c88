//! Two writers at one log, while a gateway hands over to its successor: both go on appending until
//! the older one has finished what it had begun.
//!
//! The lock of the log (`Lock`) is one open file that both hold, so nobody else gets in between, and
//! it ends with the last of them. Between the two, the *turn* is a `flock` on the log itself, which
//! each has opened for itself, under these rules:
//!
//! 1. nothing is written without the turn;
//! 2. having it, a writer first reads on to the log's end. Whole lines that follow the chain are the
//!    other's; it goes on after them. Anything else is refused, not written over;
//! 3. the turn is given back only when the log ends where its holder says: after a failed write that
//!    cannot be cut off, it is kept, and the other's appends fail until it is or the holder dies.
//!
//! So every line follows the one before it, whoever wrote either. A part of a line at the end can
//! then only be a dead writer's; it is moved aside and told of, as at a start. Neither rotates.

use std::{
    io,
    os::fd::OwnedFd,
    path::Path,
    sync::{Arc, atomic::Ordering::SeqCst},
    thread,
    time::{Duration, SystemTime},
};

use super::{
    AppendError, ChainWriter, Event, OpenError, Receipts, WriterOptions,
    core::{Core, Request, Seal},
    disk::FileDisk,
    lock::Lock,
    tail,
};
use crate::line::Line;

/// How often to look whether the other's turn has ended. It takes a write, or a sync.
const LOOK: Duration = Duration::from_micros(200);
/// After so many looks, five seconds or more, the append fails.
const LOOKS: usize = 20_000;

impl ChainWriter {
    /// Lets another process write to the log too: it needs the file that is returned, which holds the
    /// log's lock, and the number of rotations, for [`ChainWriter::join`].
    ///
    /// # Errors
    /// [`AppendError`]; the log has one writer as before.
    pub fn share(&self, now: SystemTime) -> Result<(OwnedFd, u64), AppendError> {
        // The other would sign before it is said.
        self.settle(now)?;
        // Not in the middle of a rotation, nor of anything else.
        let turn = self.wait_for_turn()?;
        let lock = self.lock.share()?;
        self.shared.store(true, SeqCst);
        drop(turn);
        Ok((lock, self.state().position.rotations))
    }

    /// Opens a log that another process is writing and goes on writing; `lock` and `rotations` are
    /// what its [`ChainWriter::share`] gave.
    ///
    /// # Errors
    /// [`OpenError`]. The log is as it was.
    pub fn join(
        path: &Path,
        options: WriterOptions,
        (lock, rotations): (OwnedFd, u64),
        now: SystemTime,
    ) -> Result<Self, OpenError> {
        let owned = || path.to_owned();
        let lock = Lock::adopt(path, lock)?;
        let (disk, created) =
            FileDisk::open(path).map_err(|source| OpenError::Open { path: owned(), source })?;
        if created {
            let source = io::Error::other("there was no log where another process should be writing it");
            return Err(OpenError::Open { path: owned(), source });
        }
        let key = options.signing_key.public();
        let mut tail = tail::read_whole_lines(disk.file(), path, &key, now)?;
        if tail.genesis.as_ref().is_some_and(|(_, named)| *named != key.to_base64()) {
            return Err(OpenError::OtherKey { path: owned() });
        }
        tail.position.rotations = rotations;
        let receipts = match &options.receipts_dir {
            Some(directory) => Some(
                Receipts::open(directory)
                    .map_err(|source| OpenError::Folder { path: directory.clone(), source })?,
            ),
            None => None,
        };
        let log_id = tail.genesis.map(|(log_id, _)| log_id);
        let mut writer = Self::start(Arc::new(disk), tail.position, receipts, log_id, options, owned(), lock);
        writer.shared.store(true, SeqCst);
        // They are the other's, who is still there to cover them.
        writer.uncovered_at_start = 0;
        Ok(writer)
    }

    /// The other process is gone, or has never begun to write: from here on this is the only writer.
    ///
    /// # Errors
    /// [`AppendError`]; the log counts as shared until this succeeds.
    pub fn be_alone(&self, now: SystemTime) -> Result<(), AppendError> {
        if !self.shared.load(SeqCst) {
            return Ok(());
        }
        let mut turn = self.wait_for_turn()?;
        // The turn has its core until it is dropped.
        let Some(core) = turn.core.as_deref_mut() else { return Err(AppendError::Interrupted) };
        let alone = self.begin_shared(core, now).and_then(|()| {
            core.move_orphans_aside()?;
            self.lock.own()?;
            self.shared.store(false, SeqCst);
            Ok(())
        });
        core.give_turn_back();
        alone
    }

    /// Whether another process may write too.
    pub(super) fn is_shared(&self) -> bool {
        self.shared.load(SeqCst)
    }

    /// Takes the turn between the two writers and goes on where the other has stopped.
    pub(super) fn begin_shared(&self, core: &mut Core, now: SystemTime) -> Result<(), AppendError> {
        core.take_turn_from_other()?;
        if core.is_uncut() {
            // The turn was kept, so what lies behind the position is ours.
            return Ok(());
        }
        let moved = self.read_on(core, now)?;
        self.state().position = core.position();
        if let Some(event) = moved {
            let mut request = Request { entries: vec![event.into()], now, seal: Seal::IfDue };
            core.commit(std::iter::once(&mut request)).into_iter().try_for_each(|result| result.map(drop))?;
        }
        Ok(())
    }

    /// Moves the core behind the other's lines. Returns what is to be told of a torn one.
    fn read_on(&self, core: &mut Core, now: SystemTime) -> Result<Option<Event>, AppendError> {
        let mut position = core.position();
        let disk = core.disk();
        let found = disk.len()?;
        // Shorter is trouble that the next write tells of.
        let Some(length) = found.checked_sub(position.len).filter(|length| *length > 0) else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        disk.read_at(position.len, &mut bytes)?;
        let changed = AppendError::Changed { expected: position.len, found };
        let mut rest = &bytes[..];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = Line::read(&rest[..end]).map_err(|_| changed.clone())?;
            if !line.follows(position.head.hash) {
                return Err(changed);
            }
            tail::advance(&mut position, &line, now).map_err(|_| changed.clone())?;
            if line.is_checkpoint() {
                // Not one that a manifest of ours can show.
                position.signed = None;
            }
            position.len += end as u64 + 1;
            rest = &rest[end + 1..];
        }
        core.go_on_from(position);
        if rest.is_empty() {
            return Ok(None);
        }
        let moved_to = tail::move_aside(&self.path, rest, now)?;
        disk.truncate(position.len)?;
        Ok(Some(Event::Recovered { moved_to, bytes: rest.len() as u64 }))
    }
}

impl Core {
    /// Waits for the turn between two writers, if it was not kept from before.
    fn take_turn_from_other(&mut self) -> Result<(), AppendError> {
        if self.kept_turn.is_some() {
            return Ok(());
        }
        let disk = self.disk();
        for _ in 0..LOOKS {
            if disk.try_lock()? {
                // This very disk: mending opens the log anew, and the lock belongs to the one that took it.
                self.kept_turn = Some(disk);
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "another gateway is writing to it").into())
    }

    /// Lets the other writer have its turn, unless there is something to be cut off first.
    pub(super) fn give_turn_back(&mut self) {
        if !self.is_uncut()
            && let Some(disk) = self.kept_turn.take()
        {
            disk.unlock();
        }
    }

    /// Receipts of a writer that died before it wrote their lines.
    fn move_orphans_aside(&self) -> Result<u64, AppendError> {
        let head = self.position().head;
        let moved = self.receipts.as_ref().map_or(Ok(0), |receipts| receipts.move_orphans_aside(&head));
        moved.map_err(|error| AppendError::Receipt(Arc::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{PublicKey, Redaction, SigningKey, verify_chain};

    /// Any time will do.
    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    struct Bench {
        directory: tempfile::TempDir,
        pem: String,
        public: PublicKey,
    }

    impl Bench {
        fn new() -> (Self, ChainWriter) {
            let key = SigningKey::generate().unwrap();
            let (pem, public) = (key.to_pem().unwrap().to_string(), key.public());
            let bench = Self { directory: tempfile::tempdir().unwrap(), pem, public };
            let writer = ChainWriter::open(&bench.path(), bench.options(), NOW).unwrap().0;
            (bench, writer)
        }

        fn path(&self) -> std::path::PathBuf {
            self.directory.path().join("proxy.jsonl")
        }

        fn options(&self) -> WriterOptions {
            WriterOptions {
                checkpoint_lines: 7,
                rotate_bytes: Some(1),
                receipts_dir: Some(self.directory.path().join("receipts")),
                manifests_dir: Some(self.directory.path().join("manifests")),
                ..WriterOptions::new(SigningKey::from_pem(&self.pem).unwrap())
            }
        }

        fn join(&self, shared: (OwnedFd, u64)) -> Result<ChainWriter, OpenError> {
            ChainWriter::join(&self.path(), self.options(), shared, NOW)
        }

        #[track_caller]
        fn verifies(&self, lines: u64) {
            let log = fs::File::open(self.path()).unwrap();
            let verdict = verify_chain(log, &self.public).unwrap();
            assert!(verdict.is_ok(), "{verdict:?}");
            let redactions = fs::read_to_string(self.path()).unwrap();
            assert_eq!(redactions.matches("\"line_type\":\"redaction\"").count() as u64, lines);
        }
    }

    fn redaction(id: &str) -> Event {
        let redactions = vec![Redaction { kind: "TEST_KEY".into(), hmac8: "00112233".to_owned() }];
        Event::Redaction {
            host: "up.test".to_owned(),
            request_id: Some(id.to_owned()),
            session_id: None,
            redactions,
            policy_hash: "policy".to_owned(),
        }
    }

    #[test]
    fn two_writers_make_one_chain() {
        let (bench, old) = Bench::new();
        let new = bench.join(old.share(SystemTime::UNIX_EPOCH).unwrap()).unwrap();
        thread::scope(|scope| {
            for (name, writer) in [("old", &old), ("new", &new), ("old2", &old), ("new2", &new)] {
                scope.spawn(move || {
                    for n in 0..100 {
                        writer.append(redaction(&format!("{name}-{n}")), NOW).unwrap();
                    }
                });
            }
        });
        old.checkpoint(NOW).unwrap();
        drop(old);
        new.be_alone(NOW).unwrap();
        new.checkpoint(NOW).unwrap();
        bench.verifies(400);
        assert_eq!(fs::read_dir(bench.directory.path().join("receipts")).unwrap().count(), 400);
    }

    #[test]
    fn nobody_else_gets_in_while_either_is_there() {
        let (bench, old) = Bench::new();
        let new = bench.join(old.share(SystemTime::UNIX_EPOCH).unwrap()).unwrap();
        let third = || ChainWriter::open(&bench.path(), bench.options(), NOW);
        assert!(matches!(third(), Err(OpenError::Locked { .. })));
        drop(old);
        assert!(matches!(third(), Err(OpenError::Locked { .. })));
        new.be_alone(NOW).unwrap();
        drop(new);
        third().unwrap();
    }

    #[test]
    fn a_file_that_is_not_the_lock_lets_nobody_in() {
        let (bench, old) = Bench::new();
        let (lock, rotations) = old.share(SystemTime::UNIX_EPOCH).unwrap();
        let other = fs::File::create(bench.directory.path().join("other")).unwrap();
        assert!(matches!(bench.join((other.into(), rotations)), Err(OpenError::Lock { .. })));
        // The lock file, but not the lock.
        let opened = fs::File::open(bench.directory.path().join("proxy.jsonl.lock")).unwrap();
        assert!(matches!(bench.join((opened.into(), rotations)), Err(OpenError::Lock { .. })));
        bench.join((lock, rotations)).unwrap();
    }

    #[test]
    fn what_a_writer_that_died_left_half_written_is_moved_aside() {
        let (bench, old) = Bench::new();
        let new = bench.join(old.share(SystemTime::UNIX_EPOCH).unwrap()).unwrap();
        old.append(redaction("whole"), NOW).unwrap();
        let mut log = fs::OpenOptions::new().append(true).open(bench.path()).unwrap();
        io::Write::write_all(&mut log, b"{\"half").unwrap();
        drop(old);
        new.append(redaction("next"), NOW).unwrap();
        new.be_alone(NOW).unwrap();
        new.checkpoint(NOW).unwrap();
        bench.verifies(2);
        assert!(fs::read_to_string(bench.path()).unwrap().contains("\"line_type\":\"recovered\""));
    }

    #[test]
    fn lines_that_do_not_follow_are_refused() {
        let (bench, old) = Bench::new();
        let new = bench.join(old.share(SystemTime::UNIX_EPOCH).unwrap()).unwrap();
        let first = fs::read(bench.path()).unwrap();
        let mut log = fs::OpenOptions::new().append(true).open(bench.path()).unwrap();
        io::Write::write_all(&mut log, &first).unwrap();
        for writer in [&old, &new] {
            let refused = writer.append(redaction("x"), NOW);
            assert!(matches!(refused, Err(AppendError::Changed { .. })), "{refused:?}");
        }
        assert_eq!(fs::read(bench.path()).unwrap().len(), first.len() * 2);
    }

    #[test]
    fn neither_rotates_before_it_is_alone() {
        let (bench, old) = Bench::new();
        let shared = old.share(SystemTime::UNIX_EPOCH).unwrap();
        old.append(redaction("1"), NOW).unwrap();
        assert!(old.rotate("by hand", NOW).is_err());
        drop(shared);
        old.be_alone(NOW).unwrap();
        assert_eq!(old.status().rotations, 0);
        old.append(redaction("2"), NOW).unwrap();
        assert_eq!(old.status().rotations, 1);
        drop(bench);
    }

    #[test]
    fn a_turn_that_is_kept_makes_the_other_fail_and_not_write() {
        let (bench, old) = Bench::new();
        let new = bench.join(old.share(SystemTime::UNIX_EPOCH).unwrap()).unwrap();
        let log = fs::File::open(bench.path()).unwrap();
        log.lock().unwrap();
        let before = fs::read(bench.path()).unwrap();
        assert!(new.append(redaction("x"), NOW).is_err());
        assert_eq!(fs::read(bench.path()).unwrap(), before);
        log.unlock().unwrap();
        new.append(redaction("y"), NOW).unwrap();
    }
}
