//! Rotation: archives that are closed, chains that are linked to them, and no line lost between.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use waterwall_audit::{ChainWriter, WriterOptions};

use crate::support::{Log, at, killswitch, open, options, redaction, verify};

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The archives beside a log, in the order in which they were made.
fn archives(log: &Path) -> Vec<PathBuf> {
    let mut chain = Vec::new();
    let mut at = log.to_owned();
    while let Some(name) = lines(&at)[0]["previous_archive"].as_str() {
        at = log.with_file_name(name);
        chain.push(at.clone());
    }
    chain.reverse();
    chain
}

/// Each file holds together, ends as an archive does, and is what the next one goes on from.
/// Returns all lines.
#[track_caller]
fn assert_linked(log: &Path) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for path in archives(log) {
        let verdict = verify(&fs::read(&path).unwrap());
        assert_eq!((verdict.failure, verdict.uncovered), (None, 0), "{}", path.display());
        let archived = lines(&path);
        let [.., rotation, checkpoint] = &archived[..] else { panic!("too short") };
        assert_eq!(rotation["line_type"], "rotation");
        assert_eq!(Path::new(rotation["archive_path"].as_str().unwrap()), path);
        assert_eq!(checkpoint["line_type"], "checkpoint");
        all.extend(archived);
    }
    assert!(verify(&fs::read(log).unwrap()).is_ok());
    all.extend(lines(log));
    for pair in all.windows(2) {
        assert!(pair[0]["ts"].as_str() < pair[1]["ts"].as_str(), "time goes on over a rotation");
        if pair[1]["line_type"] == "genesis" {
            assert_eq!(pair[1]["previous_lines"], pair[0]["seq"]);
            assert_eq!(pair[1]["seq"], 1);
        }
    }
    // `prev_hash` is the hash of the line before; of an archive's last line nothing else tells it.
    let genesis: Vec<_> = all.iter().filter(|line| line["line_type"] == "genesis").collect();
    for (path, genesis) in archives(log).iter().zip(&genesis[1..]) {
        let text = fs::read_to_string(path).unwrap();
        let hash = waterwall_audit::Hash::of(text.lines().last().unwrap());
        assert_eq!(genesis["previous_hash"], hash.to_hex());
    }
    let ids: HashSet<_> = genesis.iter().map(|line| line["log_id"].as_str()).collect();
    assert_eq!(ids.len(), 1, "one log");
    all
}

fn request_ids(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["request_id"].as_str()).collect()
}

#[test]
fn an_archive_and_its_successor_are_linked() {
    let log = Log::new();
    let (writer, _) = log.open();
    for n in 0..3 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    let archived = writer.rotate("test", at(10)).unwrap();
    assert_eq!(archived.lines, 6);
    assert!(
        archived.path.ends_with("proxy.jsonl.v4-archived-20260509T072933Z"),
        "{}",
        archived.path.display()
    );
    assert_eq!((writer.status().lines, writer.status().rotations), (1, 1));
    assert!(writer.status().healthy);
    writer.append(redaction(3), at(11)).unwrap();
    writer.rotate("test", at(12)).unwrap();
    writer.close(at(12)).unwrap();
    let all = assert_linked(&log.path);
    assert_eq!(request_ids(&all), ["req_0", "req_1", "req_2", "req_3"]);
    assert_eq!(archives(&log.path).len(), 2);
    assert!(writer.rotate("test", at(13)).is_err(), "closed");

    drop(writer);
    let (writer, report) = log.open();
    assert_eq!((report.created, report.lines), (false, 2));
    writer.append(redaction(4), at(0)).unwrap();
    assert_linked(&log.path);
}

/// Fifty rotations while four threads append a thousand lines a second: each line is in exactly
/// one file.
#[test]
fn no_line_is_lost_in_fifty_rotations() {
    let log = Log::new();
    let (writer, _) = log.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    let appended = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let (writer, done) = (&writer, &done);
                scope.spawn(move || {
                    let mut count = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        writer.append(redaction(thread * 1_000_000 + count), at(count)).unwrap();
                        count += 1;
                        std::thread::sleep(Duration::from_millis(4));
                    }
                    count
                })
            })
            .collect();
        for n in 0..50 {
            writer.rotate("test", at(n)).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
    });
    writer.close(at(0)).unwrap();
    assert_eq!(archives(&log.path).len(), 50);
    let all = assert_linked(&log.path);
    let ids = request_ids(&all);
    assert_eq!(ids.len() as u64, appended);
    assert_eq!(ids.into_iter().collect::<HashSet<_>>().len() as u64, appended);
}

#[test]
fn a_log_of_a_certain_size_is_rotated() {
    let log = Log::new();
    let options = WriterOptions { rotate_bytes: Some(10_000), ..options() };
    let (writer, _) = ChainWriter::open(&log.path, options, at(0)).unwrap();
    for n in 0..100 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    writer.close(at(100)).unwrap();
    assert_eq!(request_ids(&assert_linked(&log.path)).len(), 100);
    for archive in archives(&log.path) {
        assert!((10_000..12_000).contains(&fs::metadata(archive).unwrap().len()));
    }
    assert!(archives(&log.path).len() > 3);
}

#[test]
fn a_rotation_that_fails_changes_nothing() {
    let log = Log::new();
    let options = WriterOptions { rotate_bytes: Some(3_000), ..options() };
    let (writer, _) = ChainWriter::open(&log.path, options, at(0)).unwrap();
    writer.append(redaction(0), at(0)).unwrap();
    let before = log.bytes();
    let in_the_way = log.path.with_file_name("proxy.jsonl.next");
    fs::create_dir(&in_the_way).unwrap();
    writer.rotate("test", at(1)).unwrap_err();
    assert_eq!(log.bytes(), before);
    for n in 1..10 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    let status = writer.status();
    assert!(status.healthy && status.rotation_trouble.is_some(), "the log goes on: {status:?}");
    fs::remove_dir(&in_the_way).unwrap();
    for n in 10..20 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    assert_eq!(writer.status().rotation_trouble, None);
    assert!(writer.status().rotations > 0);
    writer.close(at(20)).unwrap();
    assert_eq!(request_ids(&assert_linked(&log.path)).len(), 20);
}

/// What a crash leaves between the rotation line and the new chain's name.
#[test]
fn an_interrupted_rotation_is_finished_by_the_next_start() {
    // Cut: how many bytes of the rotation's lines are missing.
    for (linked, cut) in [(false, 0), (true, 0), (false, 1), (false, 100)] {
        let log = Log::new();
        let (writer, _) = log.open();
        writer.append(redaction(0), at(0)).unwrap();
        let archived = writer.rotate("test", at(1)).unwrap();
        drop(writer);
        fs::rename(&archived.path, &log.path).unwrap();
        let whole = log.bytes();
        fs::write(&log.path, &whole[..whole.len() - cut]).unwrap();
        if linked {
            fs::hard_link(&log.path, &archived.path).unwrap();
        }
        fs::write(log.path.with_file_name("proxy.jsonl.next"), "{").unwrap();
        let (writer, _) = open(&log.path, at(5));
        assert_eq!(writer.status().rotations, 1);
        writer.append(killswitch(), at(6)).unwrap();
        writer.close(at(6)).unwrap();
        assert_eq!(archives(&log.path), [archived.path]);
        assert_linked(&log.path);
        assert!(!log.path.with_file_name("proxy.jsonl.next").exists());
    }
}

/// The predecessor's chains have no id; the one after them does, and the link.
#[test]
fn a_chain_of_the_predecessor_is_rotated() {
    let log = Log::new();
    fs::create_dir(log.path.parent().unwrap()).unwrap();
    fs::write(&log.path, include_str!("../../../../tests/vectors/predecessor.jsonl")).unwrap();
    let (writer, _) = log.open();
    assert_eq!(writer.log_id(), None);
    let archived = writer.rotate("test", at(1)).unwrap();
    writer.close(at(2)).unwrap();
    let first = &lines(&log.path)[0];
    assert_eq!(first["log_id"], writer.log_id().unwrap().as_str());
    assert_eq!(first["previous_lines"], 14);
    assert!(verify(&fs::read(archived.path).unwrap()).is_ok());
}
