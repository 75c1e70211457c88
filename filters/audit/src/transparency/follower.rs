//! [`Follower`]: keeps the signed note beside a chain that grows.
//!
//! It reads what the writer has committed, adds each line to the tree's right edge, and after a
//! checkpoint line replaces the note (`<chain>.checkpoint`). So appending costs nothing more, and a
//! note is never ahead of what a checkpoint covers and a sync has made safe.
//!
//! A log that does not go on from its note was altered while nobody looked: the note is kept, as the
//! proof of it, and the follower refuses.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{Note, NoteError, merkle, merkle::Edge, note::origin_of};
use crate::{
    keys::{PublicKey, SigningKey},
    line::{Line, read_line},
};

/// Where the note of a chain is.
#[must_use]
pub fn note_path(chain: &Path) -> PathBuf {
    let mut name: OsString = chain.as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}

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
    /// The note knows another past of this log.
    #[error(
        "the log does not go on from its checkpoint note of {0} lines: it was cut or rewritten; the note is kept"
    )]
    Altered(u64),
}

/// See the module.
#[derive(Debug)]
pub struct Follower {
    chain: PathBuf,
    key: SigningKey,
    log: Option<Followed>,
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
        Self { chain: chain.to_owned(), key, log: None }
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
                Followed::open(&self.chain)?
            }
        };
        if log.offset == 0 {
            log.known = known(&self.chain, &self.key.public())?;
        }
        log.read_on(committed)?;
        log.write_note(&note_path(&self.chain), &self.key)?;
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
        log.write_note(&note_path(&self.chain.with_file_name(archive)), &self.key)
    }

    /// Tells whether the log has gone past the note that was there when it was opened; false means
    /// that it was cut. For after the first whole catching up.
    ///
    /// # Errors
    /// [`FollowError::Altered`].
    pub fn check_reached(&self) -> Result<(), FollowError> {
        match self.log.as_ref().and_then(|log| log.known.as_ref()) {
            Some(note) => Err(FollowError::Altered(note.size)),
            None => Ok(()),
        }
    }
}

/// The note beside the chain, if there is one.
fn known(chain: &Path, key: &PublicKey) -> Result<Option<Note>, FollowError> {
    match fs::read_to_string(note_path(chain)) {
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

    /// Writes the note that is due, unless the one that was there is still to be passed.
    fn write_note(&mut self, path: &Path, key: &SigningKey) -> Result<(), FollowError> {
        let Some(edge) = self.due.take_if(|_| self.known.is_none()) else {
            return Ok(());
        };
        // What the note says must be on the medium before it is said.
        self.reader.get_ref().sync_data()?;
        let note = Note { origin: self.origin.clone(), size: edge.size(), root: edge.root() };
        Ok(replace(path, &note.sign(key))?)
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

/// The name that a rotation line gives the file it is the end of.
fn archive_name(rotation: &Line<'_>) -> Option<OsString> {
    let object = rotation.object().ok()?;
    let path = object.get("archive_path")?.as_str()?;
    Path::new(path).file_name().map(ToOwned::to_owned)
}

/// Puts a new file in the place of an old one: at every moment there is one or the other, whole.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{ChainWriter, Event, WriterOptions};

    struct Setup {
        _directory: tempfile::TempDir,
        chain: PathBuf,
        pem: zeroize::Zeroizing<String>,
    }

    impl Setup {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let chain = directory.path().join("proxy.jsonl");
            Self { chain, pem: SigningKey::generate().unwrap().to_pem().unwrap(), _directory: directory }
        }

        fn key(&self) -> SigningKey {
            SigningKey::from_pem(&self.pem).unwrap()
        }

        fn writer(&self) -> ChainWriter {
            ChainWriter::open(&self.chain, WriterOptions::new(self.key()), SystemTime::UNIX_EPOCH).unwrap().0
        }

        fn follower(&self) -> Follower {
            Follower::new(&self.chain, self.key())
        }

        fn note(&self) -> Note {
            Note::open(&fs::read_to_string(note_path(&self.chain)).unwrap(), &self.key().public()).unwrap()
        }

        fn tree(&self, size: u64) -> Note {
            let text = fs::read_to_string(&self.chain).unwrap();
            let lines: Vec<_> = text.lines().map(|line| merkle::leaf(line.as_bytes())).collect();
            Note {
                origin: self.note().origin,
                size,
                root: merkle::root(&lines[..usize::try_from(size).unwrap()]),
            }
        }
    }

    fn append(writer: &ChainWriter) {
        append_named(writer, "a");
    }

    fn append_named(writer: &ChainWriter, name: &str) {
        let event = Event::Killswitch { request_id: Some(name.to_owned()), sources_active: Vec::new() };
        writer.append(event, SystemTime::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn the_note_is_of_the_last_checkpoint() {
        let setup = Setup::new();
        let mut follower = setup.follower();
        follower.catch_up(0).unwrap();
        let writer = setup.writer();
        append(&writer);
        follower.catch_up(writer.status().lines).unwrap();
        assert!(!note_path(&setup.chain).exists(), "nothing is signed yet");
        writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
        let size = writer.status().lines;
        append(&writer);
        follower.catch_up(writer.status().lines).unwrap();
        assert_eq!(setup.note(), setup.tree(size));
        writer.close(SystemTime::UNIX_EPOCH).unwrap();
        // Another one, which has to read all of it.
        let mut follower = setup.follower();
        follower.catch_up(writer.status().lines).unwrap();
        follower.check_reached().unwrap();
        assert_eq!(setup.note(), setup.tree(writer.status().lines));
    }

    #[test]
    fn lines_that_are_not_committed_wait() {
        let setup = Setup::new();
        let writer = setup.writer();
        append(&writer);
        writer.close(SystemTime::UNIX_EPOCH).unwrap();
        let mut follower = setup.follower();
        follower.catch_up(writer.status().lines - 1).unwrap();
        assert!(!note_path(&setup.chain).exists());
        follower.catch_up(writer.status().lines).unwrap();
        assert_eq!(setup.note().size, writer.status().lines);
    }

    #[test]
    fn a_log_that_was_cut_or_rewritten_keeps_its_note() {
        let setup = Setup::new();
        let writer = setup.writer();
        append(&writer);
        writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
        let whole = fs::read(&setup.chain).unwrap();
        append(&writer);
        writer.close(SystemTime::UNIX_EPOCH).unwrap();
        let lines = writer.status().lines;
        setup.follower().catch_up(lines).unwrap();
        let note = setup.note();

        fs::write(&setup.chain, &whole).unwrap();
        let mut follower = setup.follower();
        follower.catch_up(lines).unwrap();
        assert!(matches!(follower.check_reached(), Err(FollowError::Altered(n)) if n == note.size));
        // It grows again, with the same key, to the same length and beyond.
        drop(writer);
        let writer = setup.writer();
        for name in ["b", "c", "d"] {
            append_named(&writer, name);
            writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
        }
        let caught = follower.catch_up(writer.status().lines);
        assert!(matches!(caught, Err(FollowError::Altered(_))), "{caught:?}");
        assert_eq!(setup.note(), note);
    }

    #[test]
    fn another_log_in_its_place_has_a_note_of_its_own() {
        let setup = Setup::new();
        let mut follower = setup.follower();
        for name in ["first", "second"] {
            let writer = setup.writer();
            append_named(&writer, name);
            writer.close(SystemTime::UNIX_EPOCH).unwrap();
            follower.catch_up(writer.status().lines).unwrap();
            assert_eq!(setup.note(), setup.tree(writer.status().lines));
            drop(writer);
            fs::rename(&setup.chain, setup.chain.with_extension(name)).unwrap();
        }
    }
}
