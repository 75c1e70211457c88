//! Rotation: the log is closed, gets another name, and a new one that is linked to it takes its
//! place, while appends wait their turn.
//!
//! The old chain ends with a `rotation` line (`archive_path`, `reason`) and a checkpoint; the new
//! one begins with a genesis line that names the archive, the hash of its last line, and its
//! number. The order makes every moment of a crash one that the next start can go on from:
//!
//! 1. the new chain, whole and synced, as `<chain>.next`;
//! 2. rotation line and checkpoint, synced (a failure until here takes them off again);
//! 3. the archive's name, as a second link to the old chain; it never replaces a file;
//! 4. `<chain>.next` is renamed to the chain: at no time is there no log.
//!
//! A chain that is found ending in a rotation line was interrupted after 2; 3 and 4 are made up for.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use super::{
    AppendError, ChainWriter, Turn,
    core::{Core, Position, Request, Seal, Tally},
    disk::{self, FileDisk},
};
use crate::{
    LogId,
    canonical::Fields,
    chain::{Hash, Head},
    genesis::{self, Previous},
    receipt::NamedFile,
    timestamp,
};

/// The `line_type` of a chain's last line but one.
pub(crate) const LINE_TYPE: &str = "rotation";

/// A chain that was closed and archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Where it is now.
    pub path: PathBuf,
    /// The `seq` of its last line.
    pub lines: u64,
}

impl ChainWriter {
    /// Archives the log as `<log>.v<last seq>-archived-<time>` and begins a new one in its place,
    /// linked to it. Appends that come meanwhile wait, and go into the new one.
    ///
    /// # Errors
    /// [`AppendError`]; the log is as it was then.
    pub fn rotate(&self, reason: &str, now: SystemTime) -> Result<Archived, AppendError> {
        self.settle(now)?;
        let mut turn = self.wait_for_turn()?;
        // The turn has its core until it is dropped.
        let Some(core) = turn.core.as_deref_mut() else { return Err(AppendError::Interrupted) };
        if self.is_shared() {
            return Err(io::Error::other("two gateways write to the log until one has ended").into());
        }
        self.mend(core)?;
        self.rotate_core(core, reason, now)
    }

    /// Rotates if the log has reached the size at which it is to.
    pub(super) fn rotate_if_due(&self, now: SystemTime) {
        let due = |state: &super::State| {
            self.options.rotate_bytes.is_some_and(|bytes| state.position.len >= bytes.max(state.rotate_from))
        };
        // Two writers may not: each has the log open for itself.
        if self.is_shared() || !due(&self.state()) {
            return;
        }
        let Ok(mut turn) = self.wait_for_turn() else { return };
        let Some(core) = turn.core.as_deref_mut().filter(|_| !self.is_shared() && due(&self.state())) else {
            return;
        };
        let rotated = self.mend(core).and_then(|()| self.rotate_core(core, "size", now));
        let mut state = self.state();
        match rotated {
            Ok(_) => (state.rotate_from, state.rotation_failure) = (0, None),
            Err(error) => {
                // Not with every append: after as many bytes again.
                state.rotate_from = state.position.len + self.options.rotate_bytes.unwrap_or_default();
                state.rotation_failure = Some(error.to_string());
            }
        }
    }

    /// Makes up for the rest of a rotation that was interrupted; `archive_path` is what the chain's
    /// rotation line names.
    pub(super) fn finish_rotation(&self, archive_path: &str, now: SystemTime) -> Result<(), AppendError> {
        // The checkpoint may be what the interruption cut off.
        self.checkpoint(now)?;
        let name = Path::new(archive_path).file_name().unwrap_or_default();
        let archive = self.path.with_file_name(name);
        let mut turn = self.wait_for_turn()?;
        let Some(core) = turn.core.as_deref_mut() else { return Err(AppendError::Interrupted) };
        let log_id = self.log_id_for_next()?;
        let next = core.prepare_next(&self.path, &archive, &log_id, core.position(), now)?;
        core.replace(&self.path, &archive, next)?;
        self.note_rotation(core);
        Ok(())
    }

    fn rotate_core(&self, core: &mut Core, reason: &str, now: SystemTime) -> Result<Archived, AppendError> {
        // Taken with the turn, as `mend` does: no sync may end in the middle of this.
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let log_id = self.log_id_for_next()?;
        let unsynced = self.state().unsynced.take();
        let receipts = unsynced.as_ref().map_or(&[][..], |unsynced| &unsynced.receipts);
        let rotated = core.rotate(&self.path, &log_id, receipts, reason, now);
        match &rotated {
            Ok(_) => self.note_rotation(core),
            Err(error) => {
                let mut state = self.state();
                state.unsynced = unsynced;
                if let AppendError::Sync(error) = error {
                    state.sync_failure = Some(Arc::clone(error));
                }
            }
        }
        rotated
    }

    /// A chain that the predecessor began has no id; the one after it does.
    fn log_id_for_next(&self) -> Result<LogId, AppendError> {
        let random = || LogId::random().map_err(|error| AppendError::from(io::Error::other(error)));
        self.log_id.get().cloned().map_or_else(random, Ok).inspect(|id| drop(self.log_id.set(id.clone())))
    }

    fn note_rotation(&self, core: &mut Core) {
        core.take_fresh();
        let mut state = self.state();
        state.position = core.position();
        (state.safe, state.unsynced) = (state.position, None);
    }

    /// Waits until nobody writes. Those who come meanwhile wait for this turn's end.
    pub(super) fn wait_for_turn(&self) -> Result<Turn<'_>, AppendError> {
        let mut state = self.state();
        loop {
            if state.closed {
                return Err(AppendError::Closed);
            }
            if let Some(core) = state.core.take() {
                return Ok(Turn { writer: self, core: Some(core) });
            }
            state = self.wait_for_turn_over(state);
        }
    }
}

/// A chain that waits for its name.
pub(super) struct Next {
    disk: FileDisk,
    position: Position,
}

impl Core {
    fn rotate(
        &mut self,
        chain: &Path,
        log_id: &LogId,
        receipts: &[NamedFile],
        reason: &str,
        now: SystemTime,
    ) -> Result<Archived, AppendError> {
        let archive = free_name(chain, self.position().head.seq, now)?;
        let mut request =
            Request { entries: vec![last_line(&archive, reason).into()], now, seal: Seal::IfAnyLine };
        let (text, closed) = self.compose(&mut request)?;
        let next = self.prepare_next(chain, &archive, log_id, closed, now)?;
        let before = self.position();
        let done = self
            .write(&text, Vec::new(), closed)
            .and_then(|()| self.sync_with(receipts))
            .and_then(|()| self.replace(chain, &archive, next));
        if let Err(error) = done {
            // Whatever was not reached is not there; what cannot be removed is in nobody's way.
            let _ = fs::remove_file(next_path(chain));
            self.go_back(before);
            return Err(error);
        }
        Ok(Archived { path: archive, lines: closed.head.seq })
    }

    /// Makes the file of the chain that comes after `closed`.
    fn prepare_next(
        &self,
        chain: &Path,
        archive: &Path,
        log_id: &LogId,
        closed: Position,
        now: SystemTime,
    ) -> Result<Next, AppendError> {
        let previous = Previous {
            archive: archive.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            hash: closed.head.hash,
            lines: closed.head.seq,
        };
        // Time does not go back from one chain to the next.
        let mut head = Head { seq: 0, hash: Hash::GENESIS, ts_millis: closed.head.ts_millis };
        let genesis = genesis::fields(log_id, &self.public_key(), Some(&previous));
        let line = head.link(genesis, now) + "\n";
        let mut tally = Tally::NOTHING;
        tally.count(false, line.len(), timestamp::millis(now));
        let len = line.len() as u64;
        let rotations = closed.rotations + 1;
        let position = Position { head, len, tally, rotations, signed: None, ..closed };
        let disk = FileDisk::create(&next_path(chain), chain, line.as_bytes())?;
        Ok(Next { disk, position })
    }

    /// Gives the chain its archive's name, and its own to the next one.
    fn replace(&mut self, chain: &Path, archive: &Path, next: Next) -> Result<(), AppendError> {
        link(chain, archive)?;
        if let Err(error) = fs::rename(next_path(chain), chain) {
            let _ = fs::remove_file(archive);
            return Err(error.into());
        }
        // Should these names not survive a power cut, the next start finds a chain that ends in a
        // rotation line and makes up for them.
        let _ = disk::sync_directory_of(chain);
        self.move_to(Arc::new(next.disk), next.position);
        Ok(())
    }
}

fn last_line(archive: &Path, reason: &str) -> Fields {
    let mut fields = Fields::default();
    fields.text("line_type", LINE_TYPE);
    fields.text("archive_path", &archive.to_string_lossy());
    fields.text("reason", reason);
    fields
}

/// A second name for the old chain. It is there already where an interruption came just after.
fn link(chain: &Path, archive: &Path) -> io::Result<()> {
    let same = || -> io::Result<bool> {
        let (one, other) = (fs::symlink_metadata(chain)?, fs::symlink_metadata(archive)?);
        Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
    };
    match fs::hard_link(chain, archive) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && same()? => Ok(()),
        linked => linked,
    }
}

pub(super) fn next_path(chain: &Path) -> PathBuf {
    disk::beside(chain, ".next")
}

/// The archives of a log that lie beside it, in no order.
#[must_use]
pub fn archives_of(chain: &Path) -> Vec<PathBuf> {
    let begin = disk::beside(chain, ".v");
    let begin = begin.file_name().unwrap_or_default().as_encoded_bytes();
    let is_archive = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        let number = name.as_encoded_bytes().strip_prefix(begin).unwrap_or_default();
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let rest = &number[digits..];
        digits > 0 && rest.starts_with(b"-archived-") && !rest.contains(&b'.')
    };
    let directory = chain.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = fs::read_dir(directory.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_archive).collect()
}

/// `<chain>.v<seq>-archived-<YYYYMMDDTHHMMSSZ>`, with a number where that is taken.
fn free_name(chain: &Path, seq: u64, now: SystemTime) -> io::Result<PathBuf> {
    let time = timestamp::render_compact(timestamp::millis(now));
    let stem = format!(".v{seq}-archived-{}Z", time.get(..15).unwrap_or(&time));
    let mut archive = disk::beside(chain, &stem);
    for attempt in 2.. {
        match fs::symlink_metadata(&archive) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
            Ok(_) => archive = disk::beside(chain, &format!("{stem}-{attempt}")),
        }
    }
    Ok(archive)
}
