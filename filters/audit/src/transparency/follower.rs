//! [`Follower`]: keeps the signed note beside a chain that grows.
//!
//! It reads what the writer has committed, adds each line to the tree's right edge, and after a
//! checkpoint line replaces the note (`<chain>.checkpoint`). So appending costs nothing more, and a
//! note is never ahead of what a checkpoint covers and a sync has made safe.
//!
//! A log that does not go on from its note was altered while nobody looked: the note is kept, as the
//! proof of it, and the follower refuses.
//!
//! A log may be rotated several times between two looks. The archives that nobody followed are found by the links
//! in the genesis lines, from the newest back, and get their notes if they hold together up to the hash that the next
//! one names.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    Note, NoteError,
    beside::{self, note_path},
    merkle,
    merkle::Edge,
    note::origin_of,
};
use crate::{
    chain::Hash,
    genesis,
    keys::{PublicKey, SigningKey},
    line::{Line, read_line},
};

/// Why the note cannot be kept up.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The chain cannot be read or the note not written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A committed line is not one.
    #[error("line {0} of the log is not a line")]
    Line(u64),
    /// The note beside the log is not ours.
    #[error("the checkpoint note beside the log: {0}")]
    Note(#[from] NoteError),
    /// An archive is not the one that the log after it goes on from.
    #[error("{} does not end as the log after it says: it has no note", .0.display())]
    Archive(PathBuf),
    /// The note knows another past of this log.
    #[error(
        "the log does not go on from its checkpoint note of {0} lines: it was cut or rewritten; the note is kept"
    )]
    Altered(u64),
}

/// More archives than these are not looked back for.
const MAX_SKIPPED: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub struct Follower {
    chain: PathBuf,
    key: SigningKey,
    log: Option<Followed>,
    /// An archive that had no note, and gets none: it is not the one that the log after it names.
    altered: Option<PathBuf>,
}

/// The file that is being followed.
#[derive(Debug)]
struct Followed {
    reader: BufReader<File>,
    inode: u64,
    /// Where the next line begins.
    offset: u64,
    origin: String,
    edge: Edge,
    /// The last line's hash, as long as every line named the one before it.
    head: Option<Hash>,
    /// The tree as of the last checkpoint line.
    signed: Option<Edge>,
    /// The same, if the note does not have it yet.
    due: Option<Edge>,
    /// The file name that the log has after its rotation, once it says so.
    archive: Option<OsString>,
    /// The note that was there, until the log has passed it.
    known: Option<Note>,
}

impl Follower {
    /// Follows the chain at `chain` from its beginning.
    #[must_use]
    pub fn new(chain: &Path, key: SigningKey) -> Self {
        Self { chain: chain.to_owned(), key, log: None, altered: None }
    }

    /// Takes in the lines up to the one numbered `committed`, and writes the note if a checkpoint is
    /// among them. When another file has taken the chain's place, begins with that one.
    ///
    /// # Errors
    /// [`FollowError`]; the next call tries again.
    pub fn catch_up(&mut self, committed: u64) -> Result<(), FollowError> {
        let outcome = self.follow(committed);
        if outcome.is_err() {
            // What was taken in may be in doubt.
            self.log = None;
        }
        outcome
    }

    fn follow(&mut self, committed: u64) -> Result<(), FollowError> {
        let inode = match fs::metadata(&self.chain) {
            Ok(metadata) => metadata.ino(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut log = match self.log.take() {
            Some(log) if log.inode == inode => log,
            before => {
                if let Some(archived) = before {
                    self.finish(archived)?;
                }
                // Opened before looking back: what is archived from now on is found when this one is left. The
                // other way round, a log that came and went in between would lie behind one with a note.
                let log = Followed::open(&self.chain)?;
                self.finish_skipped(log.reader.get_ref())?;
                log
            }
        };
        if log.offset == 0 {
            log.known = known(&self.chain, &self.key.public())?;
        }
        log.read_on(committed)?;
        log.write_note(&self.chain, &self.chain, &self.key)?;
        self.log = Some(log);
        Ok(())
    }

    /// Writes the last note of a log that was archived, beside the archive.
    fn finish(&self, mut log: Followed) -> Result<(), FollowError> {
        log.read_on(u64::MAX)?;
        let Some(archive) = log.archive.take() else {
            return Ok(());
        };
        log.due = log.signed.take();
        log.known = None;
        log.write_note(&self.chain, &self.chain.with_file_name(archive), &self.key)
    }

    /// Writes the notes of archives before `log` that have none, back to one that has or to one that is not there.
    fn finish_skipped(&mut self, log: &File) -> Result<(), FollowError> {
        let mut skipped = Vec::new();
        let mut next = previous(log)?;
        while let Some((archive, end)) = next {
            let path = self.chain.with_file_name(&archive);
            // A loop, which no writer makes, ends too: its first has the note that is written last.
            if note_path(&path).exists() || !path.exists() || skipped.len() == MAX_SKIPPED {
                break;
            }
            next = previous(&File::open(&path)?)?;
            skipped.push((path, end));
        }
        for (archive, end) in skipped.into_iter().rev() {
            let mut log = Followed::open(&archive)?;
            log.read_on(u64::MAX)?;
            if log.head != Some(end) {
                self.altered = Some(archive);
                continue;
            }
            log.due = log.signed.take();
            log.write_note(&self.chain, &archive, &self.key)?;
        }
        Ok(())
    }

    /// Tells whether the log has gone past the note that was there when it was opened, and was not cut; and
    /// whether the archives that were found hold together. For after the first whole catching up.
    ///
    /// # Errors
    /// [`FollowError::Altered`], [`FollowError::Archive`].
    pub fn check_reached(&self) -> Result<(), FollowError> {
        match self.log.as_ref().and_then(|log| log.known.as_ref()) {
            Some(note) => Err(FollowError::Altered(note.size)),
            None => self.altered.clone().map_or(Ok(()), |archive| Err(FollowError::Archive(archive))),
        }
    }
}

/// The note beside the chain, if there is one.
fn known(chain: &Path, key: &PublicKey) -> Result<Option<Note>, FollowError> {
    match beside::read(&note_path(chain)) {
        Ok(text) => Ok(Some(Note::open(&text, key)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Followed {
    fn open(chain: &Path) -> io::Result<Self> {
        let file = File::open(chain)?;
        Ok(Self {
            inode: file.metadata()?.ino(),
            reader: BufReader::with_capacity(1 << 17, file),
            offset: 0,
            origin: String::new(),
            edge: Edge::default(),
            head: None,
            signed: None,
            due: None,
            archive: None,
            known: None,
        })
    }

    fn read_on(&mut self, committed: u64) -> Result<(), FollowError> {
        // What lay in the buffer may have been cut off and written anew since.
        self.reader.seek(SeekFrom::Start(self.offset))?;
        let mut buffer = Vec::new();
        while read_line(&mut self.reader, &mut buffer)? {
            let Some(text) = buffer.strip_suffix(b"\n") else {
                break;
            };
            let broken = || FollowError::Line(self.edge.size() + 1);
            let line = Line::read(text).map_err(|_| broken())?;
            if line.seq.ok_or_else(broken)? > committed {
                break;
            }
            if self.edge.size() == 0 {
                self.origin = origin_of(line.hash());
                // The note of an earlier log, which went away with it.
                self.known.take_if(|note| note.origin != self.origin);
            }
            let linked = match self.head {
                None => self.edge.size() == 0,
                Some(head) => line.follows(head),
            };
            self.head = linked.then(|| line.hash());
            self.edge.push(merkle::leaf(text));
            self.offset += buffer.len() as u64;
            if line.is_checkpoint() {
                self.signed = Some(self.edge.clone());
                self.due.clone_from(&self.signed);
            } else if line.line_type.as_deref() == Some("rotation") {
                self.archive = archive_name(&line);
            }
            self.pass_known()?;
        }
        Ok(())
    }

    /// Writes the note that is due beside `log`, unless the one that was there is still to be passed. `chain` is what it is
    /// called as long as it is no archive.
    fn write_note(&mut self, chain: &Path, log: &Path, key: &SigningKey) -> Result<(), FollowError> {
        let Some(edge) = self.due.take_if(|_| self.known.is_none()) else {
            return Ok(());
        };
        // What the note says must be on the medium before it is said.
        self.reader.get_ref().sync_data()?;
        let note = Note { origin: self.origin.clone(), size: edge.size(), root: edge.root() };
        Ok(beside::put(chain, log, &note, key)?)
    }

    /// Compares with the note that was there, at its place.
    fn pass_known(&mut self) -> Result<(), FollowError> {
        let Some(note) = self.known.take_if(|note| note.size == self.edge.size()) else {
            return Ok(());
        };
        if note.root != self.edge.root() {
            return Err(FollowError::Altered(note.size));
        }
        // The note says just this; it keeps its witnesses.
        self.due = None;
        Ok(())
    }
}

/// The archive that a log goes on from, and the hash of its last line; `None` where its first line is not there or
/// names none.
fn previous(log: &File) -> io::Result<Option<(OsString, Hash)>> {
    let mut buffer = Vec::new();
    read_line(&mut BufReader::new(log), &mut buffer)?;
    let line = buffer.strip_suffix(b"\n").and_then(|text| Line::read(text).ok());
    let Some(line) = line.filter(|line| line.line_type.as_deref() == Some(genesis::LINE_TYPE)) else {
        return Ok(None);
    };
    let object = line.object().unwrap_or_default();
    let text = |member: &str| object.get(member)?.as_str();
    let archive = text("previous_archive").and_then(|name| Path::new(name).file_name());
    Ok(archive.map(ToOwned::to_owned).zip(text("previous_hash").and_then(Hash::from_hex)))
}

/// The name that a rotation line gives the file it is the end of.
fn archive_name(rotation: &Line<'_>) -> Option<OsString> {
    let object = rotation.object().ok()?;
    let path = object.get("archive_path")?.as_str()?;
    Path::new(path).file_name().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests;
