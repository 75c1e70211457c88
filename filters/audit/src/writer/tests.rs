//! The fault table: each operation of the disk made to fail, and what must hold afterwards.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use super::*;
use crate::{SigningKey, verify_chain};

/// A disk in memory that fails as it is told.
#[derive(Default)]
struct Faulty {
    bytes: Mutex<Vec<u8>>,
    /// At most so many bytes a write; 0 for any number.
    write_limit: AtomicUsize,
    /// Room left before "no space"; `usize::MAX` when unlimited.
    room: Mutex<Option<usize>>,
    interrupts: AtomicUsize,
    failing_truncates: AtomicUsize,
    failing_syncs: AtomicUsize,
    panicking_writes: AtomicUsize,
    /// Writes of which ten bytes are reported and none is written.
    lying_writes: AtomicUsize,
    rewrites: AtomicUsize,
    syncs: AtomicUsize,
}

/// Uses up one of `count`, if there is one.
fn spend(count: &AtomicUsize) -> bool {
    count.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[derive(Clone)]
struct Shared(Arc<Faulty>);

impl Disk for Shared {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!spend(&self.0.panicking_writes), "told to panic");
        if spend(&self.0.interrupts) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if spend(&self.0.lying_writes) {
            return Ok(10);
        }
        let mut count = bytes.len();
        match self.0.write_limit.load(SeqCst) {
            0 => {}
            limit => count = count.min(limit),
        }
        if let Some(room) = &mut *self.0.room.lock().unwrap() {
            if *room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            count = count.min(*room);
            *room -= count;
        }
        self.0.bytes.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.bytes.lock().unwrap().len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        if spend(&self.0.failing_truncates) {
            return Err(io::Error::other("no truncate"));
        }
        self.0.bytes.lock().unwrap().truncate(usize::try_from(len).unwrap());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.syncs.fetch_add(1, SeqCst);
        if spend(&self.0.failing_syncs) { Err(io::Error::other("sync failed")) } else { Ok(()) }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        buffer.copy_from_slice(&self.0.bytes.lock().unwrap()[offset..offset + buffer.len()]);
        Ok(())
    }

    fn rewrite_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.rewrites.fetch_add(1, SeqCst);
        let offset = usize::try_from(offset).unwrap();
        self.0.bytes.lock().unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn unlock(&self) {}

    fn reopen(&self) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(self.clone()))
    }
}

struct Bench {
    disk: Arc<Faulty>,
    writer: ChainWriter,
    key: crate::PublicKey,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(checkpoint_lines: u64) -> Self {
        Self::with(|options| WriterOptions { checkpoint_lines, ..options })
    }

    fn with(adjust: impl FnOnce(WriterOptions) -> WriterOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(Faulty::default());
        let key = SigningKey::generate().unwrap();
        let public = key.public();
        let options = adjust(WriterOptions::new(key));
        let lock = Lock::take(&directory.path().join("proxy.jsonl")).unwrap();
        let shared = Arc::new(Shared(Arc::clone(&disk)));
        let writer = ChainWriter::start(
            shared,
            Position::START,
            None,
            None,
            options,
            directory.path().join("proxy.jsonl"),
            lock,
        );
        Self { disk, writer, key: public, _directory: directory }
    }

    fn append(&self) -> Outcome {
        self.writer.append(redaction(), now())
    }

    fn bytes(&self) -> Vec<u8> {
        self.disk.bytes.lock().unwrap().clone()
    }

    fn set_room(&self, room: Option<usize>) {
        *self.disk.room.lock().unwrap() = room;
    }

    /// Everything acknowledged is there, and nothing else.
    fn assert_sound(&self, lines: u64) {
        let verdict = verify_chain(&*self.bytes(), &self.key).unwrap();
        assert_eq!((verdict.failure, verdict.lines), (None, lines));
        assert_eq!(self.writer.status().lines, lines);
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_311_773)
}

fn redaction() -> Event {
    Event::Redaction {
        host: "api.anthropic.com".to_owned(),
        request_id: None,
        session_id: None,
        redactions: vec![crate::Redaction { kind: "JWT_TOKEN".into(), hmac8: "00ff00ff00ff00ff".to_owned() }],
        policy_hash: String::new(),
    }
}

#[test]
fn short_and_interrupted_writes_are_continued() {
    let bench = Bench::new(100);
    bench.disk.write_limit.store(7, SeqCst);
    bench.disk.interrupts.store(3, SeqCst);
    for seq in 1..=3 {
        assert_eq!(bench.append().unwrap().seq, seq);
    }
    bench.assert_sound(3);
}

#[test]
fn a_write_that_is_miscounted_is_taken_back() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    bench.disk.lying_writes.store(1, SeqCst);
    assert!(matches!(bench.append(), Err(AppendError::Changed { .. })));
    bench.append().unwrap();
    bench.assert_sound(2);
}

#[test]
fn a_full_disk_loses_nothing_and_heals() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    let before = bench.bytes();
    for room in [0, 1, 100] {
        bench.set_room(Some(room));
        assert!(matches!(bench.append(), Err(AppendError::Write(_))));
        assert_eq!(bench.bytes(), before, "a failed append changes nothing");
        assert!(!bench.writer.status().healthy);
        bench.writer.checkpoint_if_due(now()).unwrap();
        assert!(!bench.writer.status().healthy, "an idle timer is no proof of health");
    }
    bench.set_room(None);
    assert_eq!(bench.append().unwrap().seq, 2, "no number is used up");
    assert!(bench.writer.status().healthy);
    bench.assert_sound(2);
}

#[test]
fn a_batch_fails_as_a_whole() {
    let bench = Bench::new(100);
    bench.set_room(Some(600));
    let events = vec![redaction(), redaction(), redaction()];
    assert!(bench.writer.append_all(events.clone(), now()).is_err());
    assert!(bench.bytes().is_empty());
    bench.set_room(None);
    assert_eq!(bench.writer.append_all(events, now()).unwrap().seq, 3);
    bench.assert_sound(3);
}

#[test]
fn a_cut_that_fails_is_tried_again_before_the_next_write() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    bench.set_room(Some(50));
    bench.disk.failing_truncates.store(2, SeqCst);
    assert!(bench.append().is_err());
    assert_ne!(bench.bytes().last(), Some(&b'\n'), "half a line is there");
    bench.set_room(None);
    assert!(bench.append().is_err(), "and nothing is put behind it");
    bench.append().unwrap();
    bench.assert_sound(2);
}

#[test]
fn a_panic_in_a_write_answers_everyone_and_heals() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    bench.disk.panicking_writes.store(1, SeqCst);
    std::thread::scope(|scope| {
        let doomed = scope.spawn(|| bench.append());
        assert!(doomed.join().is_err());
    });
    bench.append().unwrap();
    bench.assert_sound(2);
}

#[test]
fn foreign_bytes_are_neither_covered_nor_cut() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    bench.disk.bytes.lock().unwrap().extend_from_slice(b"foreign");
    let before = bench.bytes();
    assert!(matches!(bench.append(), Err(AppendError::Changed { .. })));
    assert!(bench.append().is_err());
    assert_eq!(bench.bytes(), before);
    assert!(!bench.writer.status().healthy);
}

#[test]
fn after_a_failed_sync_lines_are_compared_and_written_again() {
    let bench = Bench::new(2);
    bench.disk.failing_syncs.store(2, SeqCst);
    bench.append().unwrap();
    bench.append().unwrap();
    assert!(!bench.writer.status().healthy, "the checkpoint's sync failed");
    assert!(matches!(bench.append(), Err(AppendError::Sync(_))), "mending fails: the disk is still bad");
    assert_eq!(bench.disk.rewrites.load(SeqCst), 1);
    bench.append().unwrap();
    assert_eq!(bench.disk.rewrites.load(SeqCst), 2);
    assert!(bench.writer.status().healthy);
    bench.assert_sound(4);
}

#[test]
fn lines_lost_in_a_failed_sync_keep_the_writer_closed() {
    let bench = Bench::new(2);
    bench.disk.failing_syncs.store(1, SeqCst);
    bench.append().unwrap();
    bench.append().unwrap();
    bench.disk.bytes.lock().unwrap()[20] = 0;
    for _ in 0..3 {
        assert!(matches!(bench.append(), Err(AppendError::Sync(_))));
    }
    assert_eq!(bench.disk.rewrites.load(SeqCst), 0);
    assert!(bench.writer.close(now()).is_err());
}

#[test]
fn deferred_syncs_are_left_to_the_timer() {
    let bench = Bench::with(|options| WriterOptions { checkpoint_lines: 2, sync_inline: false, ..options });
    bench.append().unwrap();
    bench.append().unwrap();
    assert_eq!(bench.disk.syncs.load(SeqCst), 0);
    bench.writer.checkpoint_if_due(now()).unwrap();
    assert_eq!(bench.disk.syncs.load(SeqCst), 1);
    bench.writer.checkpoint_if_due(now()).unwrap();
    assert_eq!(bench.disk.syncs.load(SeqCst), 1, "once is enough");
}

#[test]
fn checkpoints_are_due_by_redactions_and_by_time() {
    let bench = Bench::new(3);
    let killswitch = || Event::Killswitch { request_id: None, sources_active: vec!["http".into()] };
    let later = |seconds| now() + Duration::from_secs(seconds);
    for _ in 0..5 {
        bench.writer.append(killswitch(), now()).unwrap();
    }
    assert_eq!(bench.writer.status().checkpoints, 0, "only redactions count");
    for _ in 0..3 {
        bench.append().unwrap();
    }
    assert_eq!(bench.writer.status().checkpoints, 1);
    assert_eq!(bench.writer.status().uncovered, 0);

    bench.writer.checkpoint_if_due(later(1_000)).unwrap();
    assert_eq!(bench.writer.status().checkpoints, 1, "nothing to cover");
    bench.writer.append(killswitch(), later(1_000)).unwrap();
    assert_eq!(bench.writer.status().checkpoints, 1, "the time runs from the first uncovered line");
    bench.writer.checkpoint_if_due(later(1_299)).unwrap();
    assert_eq!(bench.writer.status().checkpoints, 1);
    bench.writer.checkpoint_if_due(later(1_300)).unwrap();
    assert_eq!(bench.writer.status().checkpoints, 2);

    bench.writer.append(killswitch(), later(1_300)).unwrap();
    bench.writer.append(killswitch(), later(0)).unwrap();
    assert_eq!(bench.writer.status().checkpoints, 3, "a clock set back far makes one due");
    bench.assert_sound(14);
}

#[test]
fn a_closed_writer_takes_nothing() {
    let bench = Bench::new(100);
    bench.append().unwrap();
    bench.set_room(Some(0));
    assert!(bench.writer.close(now()).is_err());
    assert!(matches!(bench.append(), Err(AppendError::Closed)));
    bench.set_room(None);
    bench.writer.close(now()).unwrap();
    bench.writer.close(now()).unwrap();
    bench.assert_sound(2);
    assert_eq!(bench.writer.status().uncovered, 0);
}
