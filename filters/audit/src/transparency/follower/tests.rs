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

/// Seven rotations that nobody looked at, some before the follower began.
#[test]
fn archives_that_came_and_went_between_two_looks_have_notes() {
    let setup = Setup::new();
    let writer = setup.writer();
    let mut archives = Vec::new();
    let rotate = |archives: &mut Vec<PathBuf>, times: usize| {
        for _ in 0..times {
            append(&writer);
            archives.push(writer.rotate("test", SystemTime::UNIX_EPOCH).unwrap().path);
        }
    };
    rotate(&mut archives, 3);
    let mut follower = setup.follower();
    follower.catch_up(writer.status().lines).unwrap();
    rotate(&mut archives, 4);
    append(&writer);
    writer.close(SystemTime::UNIX_EPOCH).unwrap();
    follower.catch_up(writer.status().lines).unwrap();
    archives.push(setup.chain.clone());
    for log in &archives {
        let text = fs::read_to_string(log).unwrap();
        let leaves: Vec<_> = text.lines().map(|line| merkle::leaf(line.as_bytes())).collect();
        let note = fs::read_to_string(note_path(log)).unwrap();
        let note = Note::open(&note, &setup.key().public()).unwrap();
        assert_eq!((note.size, note.root), (leaves.len() as u64, merkle::root(&leaves)), "{}", log.display());
    }
}

/// Rotations at any moment of a look, also between its steps.
#[test]
fn archives_that_come_while_one_looks_have_notes() {
    let setup = Setup::new();
    let writer = setup.writer();
    append(&writer);
    let mut follower = setup.follower();
    let archives = std::thread::scope(|scope| {
        let rotating = scope.spawn(|| {
            let rotate = |_| {
                append(&writer);
                writer.rotate("test", SystemTime::UNIX_EPOCH).unwrap().path
            };
            (0..400).map(rotate).collect::<Vec<_>>()
        });
        while !rotating.is_finished() {
            follower.catch_up(writer.status().lines).unwrap();
        }
        rotating.join().unwrap()
    });
    follower.catch_up(writer.status().lines).unwrap();
    let bare = archives.iter().filter(|archive| !note_path(archive).exists()).count();
    assert_eq!(bare, 0, "of {} archives", archives.len());
}

#[test]
fn an_archive_that_was_altered_has_no_note() {
    let setup = Setup::new();
    let writer = setup.writer();
    append_named(&writer, "first");
    let archive = writer.rotate("test", SystemTime::UNIX_EPOCH).unwrap().path;
    let text = fs::read_to_string(&archive).unwrap().replace("first", "wurst");
    fs::write(&archive, text).unwrap();
    writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
    let mut follower = setup.follower();
    follower.catch_up(writer.status().lines).unwrap();
    assert!(matches!(follower.check_reached(), Err(FollowError::Archive(_))));
    assert!(!note_path(&archive).exists());
    assert_eq!(setup.note().size, writer.status().lines, "the log itself has one");
}

#[test]
fn what_witnesses_signed_is_kept() {
    let setup = Setup::new();
    let writer = setup.writer();
    let mut follower = setup.follower();
    let public = setup.key().public();
    let mut look = |writer: &ChainWriter| follower.catch_up(writer.status().lines).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let witness = || {
        let path = note_path(&setup.chain);
        let note = Note { origin: "witness.example".to_owned(), ..setup.note() };
        let line = note.sign(&SigningKey::generate().unwrap()).lines().last().unwrap().to_owned() + "\n";
        fs::write(&path, read(&path) + &line).unwrap();
        read(&path)
    };
    append(&writer);
    writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
    look(&writer);
    let witnessed = witness();
    // The same head: they stay. A follower that begins anew leaves them, too.
    look(&writer);
    setup.follower().catch_up(writer.status().lines).unwrap();
    assert_eq!(read(&note_path(&setup.chain)), witnessed);
    // Another head: the last that was witnessed is kept beside it, until a later one is.
    for named in ["b", "c"] {
        append_named(&writer, named);
        writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
        look(&writer);
        assert!(!read(&note_path(&setup.chain)).contains("witness.example"));
        assert_eq!(read(&beside::witnessed_path(&setup.chain)), witnessed);
    }
    let later = witness();
    append_named(&writer, "d");
    writer.checkpoint(SystemTime::UNIX_EPOCH).unwrap();
    look(&writer);
    assert_eq!(read(&beside::witnessed_path(&setup.chain)), later);
    // It goes with its log when that is archived, and so does what is witnessed just before.
    let last = witness();
    let archive = writer.rotate("test", SystemTime::UNIX_EPOCH).unwrap().path;
    append_named(&writer, "e");
    writer.close(SystemTime::UNIX_EPOCH).unwrap();
    look(&writer);
    assert_eq!(read(&beside::witnessed_path(&archive)), last);
    assert!(!beside::witnessed_path(&setup.chain).exists());
    assert!(Note::open(&last, &public).is_ok(), "it is a note to compare with");
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
