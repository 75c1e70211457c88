//! [`Core`]: the file and the place in the chain, owned by whoever is writing at the moment.
//!
//! Invariants:
//! - `position` is what the file holds, after every return but the first two kinds of trouble;
//! - trouble is kept in `health`, and is cleared before the next write or that write fails;
//! - a receipt's file is whole before its line is written, and goes if its line fails. So the log
//!   never names a receipt that is not there, and a failure leaves neither.
//!
//! | what failed | what is done | until then |
//! | --- | --- | --- |
//! | write | cut back to the last good length, receipts removed | next append tries both again |
//! | sync | reopen, read back what was not safe, compare with the chain in memory, write it over itself, sync | appends are refused |
//! | length is not ours | nothing: it is not ours to cut | appends are refused |

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{AppendError, Fsync, WriterOptions, disk::Disk, receipts::Receipts};
use crate::{
    Event, PublicKey,
    canonical::Fields,
    chain::{Hash, Head},
    checkpoint,
    line::{Line, MAX_LINE},
    receipt::{Draft, NamedFile},
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
    /// Checkpoints made by this writer.
    pub(super) checkpoints: u64,
    /// The last one of them.
    pub(super) signed: Option<Signed>,
    /// How often this writer has rotated the log.
    pub(super) rotations: u64,
}

/// A checkpoint that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) seq: u64,
    pub(super) root: Hash,
    pub(super) ts_millis: i64,
}

impl Position {
    pub(super) const START: Self = Self {
        head: Head::GENESIS,
        len: 0,
        tally: Tally::NOTHING,
        checkpoints: 0,
        signed: None,
        rotations: 0,
    };
}

/// When a job wants a checkpoint after its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    IfDue,
    IfAnyLine,
    /// As `IfAnyLine`, and if this writer has made none in this file.
    ToShow,
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
    pub(super) receipt: Option<Draft>,
}

impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        Self {
            fields: event.fields(),
            redaction: event.counts_towards_checkpoint(),
            receipt: event.receipt(),
        }
    }
}

impl From<Fields> for Entry {
    fn from(fields: Fields) -> Self {
        Self { fields, redaction: false, receipt: None }
    }
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
    pub(super) receipts: Option<Receipts>,
    /// The disk whose lock is the turn between two processes, while this one has it.
    pub(super) kept_turn: Option<Arc<dyn Disk>>,
    options: Arc<WriterOptions>,
}

impl Core {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        position: Position,
        receipts: Option<Receipts>,
        options: Arc<WriterOptions>,
    ) -> Self {
        Self { disk, position, health: Health::Good, receipts, kept_turn: None, options }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.disk)
    }

    /// The receipts written since this was last asked, which are not safe yet.
    pub(super) fn take_fresh(&mut self) -> Vec<NamedFile> {
        self.receipts.as_mut().map(Receipts::take_fresh).unwrap_or_default()
    }

    /// The lines of one request and the position after them, not written yet.
    pub(super) fn compose(&self, request: &mut Request) -> Result<(Vec<u8>, Position), AppendError> {
        let mut batch = self.batch();
        batch.add(request)?;
        Ok((batch.text, batch.position))
    }

    /// Makes everything safe that was written, these receipts and the fresh ones too.
    pub(super) fn sync_with(&mut self, receipts: &[NamedFile]) -> Result<(), AppendError> {
        let synced = self.receipts.as_ref().map_or(Ok(()), |kept| kept.sync_with(receipts));
        let synced = synced.and_then(|()| self.disk.sync());
        synced.map_err(|error| AppendError::Sync(Arc::new(error)))
    }

    /// Takes off what was written after `before`.
    pub(super) fn go_back(&mut self, before: Position) {
        self.position = before;
        self.health = Health::Uncut;
        // If this fails too, the next append tries again.
        let _ = self.cut();
    }

    /// Whether a failed write may have left bytes behind the position.
    pub(super) fn is_uncut(&self) -> bool {
        self.health == Health::Uncut
    }

    /// Goes on at another place of the same file.
    pub(super) fn go_on_from(&mut self, position: Position) {
        self.position = position;
    }

    /// Goes on in another file.
    pub(super) fn move_to(&mut self, disk: Arc<dyn Disk>, position: Position) {
        (self.disk, self.position, self.health) = (disk, position, Health::Good);
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.options.signing_key.public()
    }

    fn batch(&self) -> Batch<'_> {
        Batch {
            text: Vec::new(),
            receipts: Vec::new(),
            position: self.position,
            options: &self.options,
            with_receipts: self.receipts.is_some(),
        }
    }

    /// Writes what all requests ask for, in order, with one write. Returns for each the number of
    /// its last line.
    pub(super) fn commit<'a>(
        &mut self,
        requests: impl Iterator<Item = &'a mut Request>,
    ) -> Vec<Result<u64, AppendError>> {
        let mut batch = self.batch();
        let results: Vec<_> = requests.map(|request| batch.add(request)).collect();
        let Batch { text, receipts, position, .. } = batch;
        if text.is_empty() {
            return results;
        }
        match self.write(&text, receipts, position) {
            Ok(()) => results,
            Err(error) => results.into_iter().map(|result| result.and(Err(error.clone()))).collect(),
        }
    }

    /// Writes all of it and moves to `position`, or leaves everything as it was.
    pub(super) fn write(
        &mut self,
        text: &[u8],
        receipts: Vec<NamedFile>,
        position: Position,
    ) -> Result<(), AppendError> {
        if self.health == Health::Uncut {
            self.cut()?;
        }
        let before = self.position;
        // Whether it was deleted is asked after the write.
        expect(before.len, self.disk.end()?)?;
        if let Some(kept) = &mut self.receipts {
            kept.put(&receipts).map_err(|error| AppendError::Receipt(Arc::new(error)))?;
        }
        // Until the write has ended well, even if it ends in a panic, there may be bytes too many.
        self.health = Health::Uncut;
        match self.write_lines(text, position) {
            Ok(()) => {
                self.health = Health::Good;
                if let Some(kept) = &mut self.receipts {
                    kept.confirm(receipts, self.options.fsync);
                }
                Ok(())
            }
            Err(error) => {
                self.go_back(before);
                if let Some(kept) = &mut self.receipts {
                    // Likewise.
                    let _ = kept.clear();
                }
                Err(error)
            }
        }
    }

    fn write_lines(&mut self, text: &[u8], position: Position) -> Result<(), AppendError> {
        append_all(&*self.disk, text)?;
        self.expect_length(position.len)?;
        self.position = position;
        if self.options.fsync == Fsync::EveryCommit {
            self.sync_commit().map_err(|error| AppendError::Sync(Arc::new(error)))?;
        }
        Ok(())
    }

    /// The receipts first: a line that is safe names nothing that is not.
    fn sync_commit(&self) -> io::Result<()> {
        if let Some(receipts) = &self.receipts {
            receipts.sync_unconfirmed()?;
        }
        self.disk.sync()
    }

    /// Counts that the system gave are not believed unless the file agrees.
    fn expect_length(&self, expected: u64) -> Result<(), AppendError> {
        expect(expected, self.disk.len()?)
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
    pub(super) fn mend(&mut self, safe: Position, receipts: &[NamedFile]) -> io::Result<()> {
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
        if let Some(kept) = &mut self.receipts {
            kept.mend(receipts)?;
        }
        disk.rewrite_at(safe.len, &bytes)?;
        disk.sync()?;
        self.take_fresh();
        self.disk = disk;
        Ok(())
    }
}

fn expect(expected: u64, found: u64) -> Result<(), AppendError> {
    if found == expected { Ok(()) } else { Err(AppendError::Changed { expected, found }) }
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
    receipts: Vec<NamedFile>,
    position: Position,
    options: &'a WriterOptions,
    with_receipts: bool,
}

impl Batch<'_> {
    fn add(&mut self, request: &mut Request) -> Result<u64, AppendError> {
        let (length, receipts, position) = (self.text.len(), self.receipts.len(), self.position);
        let now_millis = timestamp::millis(request.now);
        for entry in std::mem::take(&mut request.entries) {
            let redaction = entry.redaction;
            let line = self.line(entry, request.now);
            if line.len() > MAX_LINE {
                self.text.truncate(length);
                self.receipts.truncate(receipts);
                self.position = position;
                return Err(AppendError::TooLong);
            }
            self.push(&line);
            self.position.tally.count(redaction, line.len() + 1, now_millis);
        }
        let last = self.position.head.seq;
        if self.is_due(request) {
            self.seal(request.now);
        }
        Ok(last)
    }

    /// Makes the next line, and its receipt where it has one.
    fn line(&mut self, entry: Entry, now: SystemTime) -> String {
        let Entry { mut fields, receipt, .. } = entry;
        let head = self.position.head.address(&mut fields, now);
        if let Some(draft) = receipt.filter(|_| self.with_receipts) {
            let WriterOptions { signing_key, signing_key_id, .. } = self.options;
            let receipt = draft.seal(head.seq, head.ts_millis, signing_key, signing_key_id);
            fields.text("receipt", &receipt.name);
            self.receipts.push(receipt);
        }
        let line = fields.to_canonical();
        self.position.head = head.after(&line);
        line
    }

    fn is_due(&self, request: &Request) -> bool {
        let Tally { lines, redactions, bytes, since_millis } = self.position.tally;
        let WriterOptions { checkpoint_lines, checkpoint_seconds, .. } = self.options;
        // Either way round: a clock that was set back must not put the next one off for long.
        let elapsed = Duration::from_millis(timestamp::millis(request.now).abs_diff(since_millis));
        if request.seal == Seal::ToShow && self.position.signed.is_none() {
            return true;
        }
        lines > 0
            && (request.seal != Seal::IfDue
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
        let Head { seq, ts_millis, .. } = self.position.head;
        self.position.signed = Some(Signed { seq, root, ts_millis });
    }

    fn push(&mut self, line: &str) {
        self.text.extend_from_slice(line.as_bytes());
        self.text.push(b'\n');
        self.position.len += line.len() as u64 + 1;
    }
}
