//! [`Core`]: the file and the place in the chain, owned by whoever is writing at the moment.
//!
//! Invariants:
//! - `position` is what the file holds, after every return but the first two kinds of trouble;
//! - trouble is kept in `health`, and is cleared before the next write or that write fails.
//!
//! | what failed | what is done | until then |
//! | --- | --- | --- |
//! | write | cut back to the last good length | next append tries the cut again |
//! | sync | reopen, read back what was not safe, compare with the chain in memory, write it over itself, sync | appends are refused |
//! | length is not ours | nothing: it is not ours to cut | appends are refused |

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{AppendError, WriterOptions, disk::Disk};
use crate::{
    canonical::Fields,
    chain::{Hash, Head},
    checkpoint,
    line::{Line, MAX_LINE},
    timestamp,
};

/// A checkpoint is also due after so many bytes: what is not yet safe must fit in memory when a
/// failed sync is mended.
const CHECKPOINT_BYTES: u64 = 8 << 20;

/// What was written since the last checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) lines: u64,
    pub(super) redactions: u64,
    pub(super) bytes: u64,
    /// When the first of these lines was written, by the clock; means nothing without lines.
    since_millis: i64,
}

impl Tally {
    pub(super) const NOTHING: Self = Self { lines: 0, redactions: 0, bytes: 0, since_millis: 0 };

    pub(super) fn count(&mut self, redaction: bool, bytes: usize, now_millis: i64) {
        if self.lines == 0 {
            self.since_millis = now_millis;
        }
        self.lines += 1;
        self.redactions += u64::from(redaction);
        self.bytes += bytes as u64;
    }
}

/// A place in the chain and in the file: all that changes when a line is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) head: Head,
    pub(super) len: u64,
    pub(super) tally: Tally,
    /// Checkpoints made by this writer, and the last one's root and time.
    pub(super) checkpoints: u64,
    pub(super) signed: Option<(Hash, i64)>,
}

impl Position {
    pub(super) const START: Self =
        Self { head: Head::GENESIS, len: 0, tally: Tally::NOTHING, checkpoints: 0, signed: None };
}

/// When a job wants a checkpoint after its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    IfDue,
    IfAnyLine,
}

/// Lines of one caller, to be written together.
pub(super) struct Request {
    pub(super) entries: Vec<Entry>,
    pub(super) now: SystemTime,
    pub(super) seal: Seal,
}

/// One line but for the chain's members.
pub(super) struct Entry {
    pub(super) fields: Fields,
    pub(super) redaction: bool,
}

/// Trouble that has to be cleared before the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    /// A failed write may have left bytes behind the position.
    Uncut,
}

/// See the module.
pub(super) struct Core {
    disk: Arc<dyn Disk>,
    position: Position,
    health: Health,
    options: WriterOptions,
}

impl Core {
    pub(super) fn new(disk: Arc<dyn Disk>, position: Position, options: WriterOptions) -> Self {
        Self { disk, position, health: Health::Good, options }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.disk)
    }

    /// Writes what all requests ask for, in order, with one write. Returns for each the number of
    /// its last line.
    pub(super) fn commit<'a>(
        &mut self,
        requests: impl Iterator<Item = &'a mut Request>,
    ) -> Vec<Result<u64, AppendError>> {
        let mut batch = Batch { text: Vec::new(), position: self.position, options: &self.options };
        let results: Vec<_> = requests.map(|request| batch.add(request)).collect();
        let Batch { text, position, .. } = batch;
        if text.is_empty() {
            return results;
        }
        match self.write(&text) {
            Ok(()) => {
                self.position = position;
                results
            }
            Err(error) => results.into_iter().map(|result| result.and(Err(error.clone()))).collect(),
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), AppendError> {
        if self.health == Health::Uncut {
            self.cut()?;
        }
        self.expect_length(self.position.len)?;
        // Until the write has ended well, even if it ends in a panic, there may be bytes too many.
        self.health = Health::Uncut;
        let end = self.position.len + text.len() as u64;
        let written = append_all(&*self.disk, text).map_err(AppendError::from);
        match written.and_then(|()| self.expect_length(end)) {
            Ok(()) => self.health = Health::Good,
            Err(error) => {
                // If this fails too, the next append tries again.
                let _ = self.cut();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Counts that the system gave are not believed unless the file agrees.
    fn expect_length(&self, expected: u64) -> Result<(), AppendError> {
        match self.disk.len()? {
            found if found == expected => Ok(()),
            found => Err(AppendError::Changed { expected, found }),
        }
    }

    /// Takes off what a failed write left.
    fn cut(&mut self) -> Result<(), AppendError> {
        if self.disk.len()? > self.position.len {
            self.disk.truncate(self.position.len)?;
        }
        self.expect_length(self.position.len)?;
        self.health = Health::Good;
        Ok(())
    }

    /// Makes what lies between `safe` and the position safe after a failed sync. The system may
    /// have dropped those bytes, or keep them only in memory and call them clean; so they are
    /// compared with the chain we know, and written again, which makes the next sync a real one.
    pub(super) fn mend(&mut self, safe: Position) -> io::Result<()> {
        if self.health == Health::Uncut {
            self.cut().map_err(io::Error::other)?;
        }
        let disk = self.disk.reopen()?;
        if disk.len()? != self.position.len {
            return Err(io::Error::other("the log's length changed"));
        }
        let length = usize::try_from(self.position.len - safe.len).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        disk.read_at(safe.len, &mut bytes)?;
        if last_hash(&bytes, safe.head.hash) != Some(self.position.head.hash) {
            return Err(io::Error::other("lines were lost"));
        }
        disk.rewrite_at(safe.len, &bytes)?;
        disk.sync()?;
        self.disk = disk;
        Ok(())
    }
}

/// Follows the chain through `bytes`; the last line's hash if every link holds.
fn last_hash(bytes: &[u8], before: Hash) -> Option<Hash> {
    let mut hash = before;
    for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = Line::read(bytes.strip_suffix(b"\n")?).ok()?;
        hash = line.follows(hash).then(|| line.hash())?;
    }
    Some(hash)
}

/// A short write is not an error and a signal is not one either; no progress is.
fn append_all(disk: &dyn Disk, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The lines of several requests, and the position after them.
struct Batch<'a> {
    text: Vec<u8>,
    position: Position,
    options: &'a WriterOptions,
}

impl Batch<'_> {
    fn add(&mut self, request: &mut Request) -> Result<u64, AppendError> {
        let (length, position) = (self.text.len(), self.position);
        let now_millis = timestamp::millis(request.now);
        for entry in std::mem::take(&mut request.entries) {
            let line = self.position.head.link(entry.fields, request.now);
            if line.len() > MAX_LINE {
                self.text.truncate(length);
                self.position = position;
                return Err(AppendError::TooLong);
            }
            self.push(&line);
            self.position.tally.count(entry.redaction, line.len() + 1, now_millis);
        }
        let last = self.position.head.seq;
        if self.is_due(request) {
            self.seal(request.now);
        }
        Ok(last)
    }

    fn is_due(&self, request: &Request) -> bool {
        let Tally { lines, redactions, bytes, since_millis } = self.position.tally;
        let WriterOptions { checkpoint_lines, checkpoint_seconds, .. } = self.options;
        // Either way round: a clock that was set back must not put the next one off for long.
        let elapsed = Duration::from_millis(timestamp::millis(request.now).abs_diff(since_millis));
        lines > 0
            && (request.seal == Seal::IfAnyLine
                || redactions >= *checkpoint_lines
                || bytes >= CHECKPOINT_BYTES
                || elapsed >= Duration::from_secs(*checkpoint_seconds))
    }

    fn seal(&mut self, now: SystemTime) {
        let WriterOptions { signing_key, signing_key_id, .. } = self.options;
        let (line, root) = checkpoint::seal(&mut self.position.head, signing_key, signing_key_id, now);
        self.push(&line);
        self.position.tally = Tally::NOTHING;
        self.position.checkpoints += 1;
        self.position.signed = Some((root, self.position.head.ts_millis));
    }

    fn push(&mut self, line: &str) {
        self.text.extend_from_slice(line.as_bytes());
        self.text.push(b'\n');
        self.position.len += line.len() as u64 + 1;
    }
}
