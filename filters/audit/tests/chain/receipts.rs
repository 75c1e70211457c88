//! A receipt for each redaction line, and never one without the other.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use waterwall_audit::{ChainWriter, Event, Fsync, OpenReport, Redaction, WriterOptions};

use crate::{
    crash::{child, log_of_child},
    support::{Log, POLICY, at, killswitch, options, redaction},
};

fn directory(log: &Path) -> PathBuf {
    log.with_file_name("receipts")
}

pub(crate) fn open(log: &Path, fsync: Fsync) -> (ChainWriter, OpenReport) {
    let options = WriterOptions { receipts_dir: Some(directory(log)), fsync, ..options() };
    ChainWriter::open(log, options, at(0)).unwrap()
}

/// The names of the receipts, sorted.
fn names(log: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory(log)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".orphan") && !name.ends_with(".torn"));
    names.sort();
    names
}

/// Every redaction line names a receipt that says the same, and there is no other receipt.
#[track_caller]
pub(crate) fn assert_paired(log: &Path) {
    let text = fs::read_to_string(log).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut named = Vec::new();
    for line in lines.filter(|line| line["line_type"] == "redaction") {
        let name = line["receipt"].as_str().unwrap().to_owned();
        let receipt = fs::read_to_string(directory(log).join(&name)).unwrap();
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(receipt["chain_seq"], line["seq"]);
        for same in ["ts", "request_id", "session_id", "redaction_count", "policy_hash", "frameworks"] {
            assert_eq!(receipt[same], line[same], "{same}");
        }
        let redactions = line["redactions"].as_array().unwrap();
        for (index, redaction) in redactions.iter().enumerate() {
            assert_eq!(receipt["types"][index], redaction["type"]);
            assert_eq!(receipt["hmac8s"][index], redaction["hmac8"]);
        }
        named.push(name);
    }
    named.sort();
    assert_eq!(names(log), named);
}

/// The predecessor left 84 files of 200.
#[test]
fn a_burst_without_ids_gets_a_receipt_each() {
    for fsync in [Fsync::Checkpoint, Fsync::EveryCommit] {
        let log = Log::new();
        let writer = open(&log.path, fsync).0;
        let nameless = || Event::Redaction {
            host: "h".to_owned(),
            request_id: None,
            session_id: None,
            redactions: vec![Redaction { kind: "JWT_TOKEN".into(), hmac8: "0".repeat(16) }],
            policy_hash: POLICY.to_owned(),
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50).for_each(|_| assert!(writer.append(nameless(), at(5)).is_ok())));
            }
        });
        writer.close(at(5)).unwrap();
        assert_eq!(names(&log.path).len(), 200);
        assert_paired(&log.path);
        assert_eq!((log.verify().failure, log.verify().uncovered), (None, 0));
    }
}

#[test]
fn receipts_are_private_and_only_for_redactions() {
    let log = Log::new();
    let writer = open(&log.path, Fsync::Checkpoint).0;
    writer.append_all(vec![redaction(1), killswitch(), redaction(2)], at(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory(&log.path)), 0o700);
    assert_eq!(names(&log.path), ["20260509T072933.087_req_1_s2.json", "20260509T072933.089_req_2_s4.json"]);
    for name in names(&log.path) {
        assert_eq!(mode(&directory(&log.path).join(name)), 0o600);
    }
}

#[test]
fn without_a_receipt_there_is_no_line() {
    let log = Log::new();
    let writer = open(&log.path, Fsync::Checkpoint).0;
    writer.append(redaction(0), at(0)).unwrap();
    let before = log.bytes();
    let moved = log.path.with_file_name("elsewhere");
    fs::rename(directory(&log.path), &moved).unwrap();
    let error = writer.append(redaction(1), at(1)).unwrap_err();
    assert!(error.to_string().starts_with("a receipt could not be written"), "{error}");
    assert!(!writer.status().healthy);
    assert_eq!(log.bytes(), before);
    fs::rename(&moved, directory(&log.path)).unwrap();
    assert_eq!(writer.append(redaction(1), at(1)).unwrap().seq, 3);
    assert!(writer.status().healthy);
    assert_paired(&log.path);
}

#[test]
fn what_a_full_disk_refuses_leaves_neither_line_nor_receipt() {
    let log = Log::new();
    let output = child("receipts::child_fills_its_disk", &log, "trap '' XFSZ;").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "a part of what_a_full_disk_refuses_leaves_neither_line_nor_receipt"]
fn child_fills_its_disk() {
    let path = log_of_child();
    let writer = open(&path, Fsync::Checkpoint).0;
    let unlimited = getrlimit(Resource::Fsize);
    let limit = |bytes| setrlimit(Resource::Fsize, Rlimit { current: bytes, ..unlimited }).unwrap();
    for n in 0..10 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    // First the receipt does not fit, then it does and the line does not.
    for bytes in [100, fs::metadata(&path).unwrap().len() + 100] {
        limit(Some(bytes));
        for n in 10..13 {
            writer.append_all(vec![redaction(n), redaction(n)], at(n)).unwrap_err();
            assert_paired(&path);
        }
    }
    limit(None);
    writer.append(redaction(13), at(13)).unwrap();
    assert_paired(&path);
}

/// What an interrupted writer leaves: a receipt whose line never came.
#[test]
fn orphans_are_moved_aside_and_others_left_alone() {
    let log = Log::new();
    let writer = open(&log.path, Fsync::Checkpoint).0;
    writer.append_all(vec![redaction(1), redaction(2)], at(1)).unwrap();
    writer.close(at(2)).unwrap();
    drop(writer);
    let kept = names(&log.path);
    let put = |name: &str| fs::write(directory(&log.path).join(name), "{").unwrap();
    let orphan = "20260509T072940.000_req_9_s5.json";
    // The predecessor's, an archive's, and one of a chain that was longer once.
    let others = ["20290509T072940.000_req_9.json", "20250101T000000.000_x_s99.json", "notes_s900.json"];
    for name in others.into_iter().chain([orphan]) {
        put(name);
    }
    let (_, report) = open(&log.path, Fsync::Checkpoint);
    assert_eq!(report.orphaned_receipts, 1);
    let mut expected: Vec<_> = kept.into_iter().chain(others.map(str::to_owned)).collect();
    assert!(directory(&log.path).join(format!("{orphan}.orphan")).exists());
    expected.sort();
    assert_eq!(names(&log.path), expected);
}

/// What a power cut leaves: lines whose receipts are gone, empty, or not whole.
#[test]
fn receipts_that_were_lost_or_torn_are_made_anew_from_their_lines() {
    let log = Log::new();
    let (writer, report) = open(&log.path, Fsync::Checkpoint);
    assert_eq!(report.rebuilt_receipts, 0);
    // Ids that do not stand on a line, or in a name, as they come; none; several secrets; across checkpoints.
    for n in 0..230 {
        let mut event = redaction(n);
        if let Event::Redaction { request_id, session_id, redactions, .. } = &mut event {
            match n % 5 {
                0 => *request_id = Some("../r\u{e9}q\u{1f600} \"x\"\\\u{7f}\n".repeat(9)),
                1 => (*request_id, *session_id) = (None, None),
                2 => redactions.extend(redactions.clone()),
                _ => {}
            }
        }
        writer.append(event, at(n)).unwrap();
    }
    drop(writer);
    let path = |name: &String| directory(&log.path).join(name);
    let kept = names(&log.path);
    let before: Vec<_> = kept.iter().map(|name| fs::read(path(name)).unwrap()).collect();
    for (index, name) in kept.iter().enumerate() {
        match index % 4 {
            0 => fs::remove_file(path(name)).unwrap(),
            1 => fs::write(path(name), "").unwrap(),
            2 => fs::write(path(name), &before[index][..before[index].len() / 2]).unwrap(),
            _ => {}
        }
    }
    let (writer, report) = open(&log.path, Fsync::Checkpoint);
    assert_eq!(report.rebuilt_receipts, 230 - 230 / 4);
    assert_eq!((report.orphaned_receipts, names(&log.path)), (0, kept.clone()));
    for (name, before) in kept.iter().zip(&before) {
        assert_eq!(&fs::read(path(name)).unwrap(), before, "byte for byte");
        assert_eq!(fs::metadata(path(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read(path(&format!("{}.torn", kept[2]))).unwrap(), &before[2][..before[2].len() / 2]);
    assert_paired(&log.path);
    drop(writer);
    assert_eq!(open(&log.path, Fsync::Checkpoint).1.rebuilt_receipts, 0, "once is enough");
}

/// What was safe long ago and is gone was removed by somebody: that is theirs to decide, or to be noticed.
#[test]
fn old_receipts_and_whole_ones_are_left_as_they_are() {
    let log = Log::new();
    let (writer, _) = open(&log.path, Fsync::Checkpoint);
    writer.append(redaction(1), at(1)).unwrap();
    writer.checkpoint(at(2)).unwrap();
    writer.append(redaction(2), at(3)).unwrap();
    drop(writer);
    let kept = names(&log.path);
    let path = |name: &String| directory(&log.path).join(name);
    kept.iter().for_each(|name| fs::remove_file(path(name)).unwrap());
    let (writer, report) = open(&log.path, Fsync::Checkpoint);
    assert_eq!(report.rebuilt_receipts, 2);
    // Two minutes after a checkpoint.
    writer.checkpoint(at(10)).unwrap();
    writer.append(redaction(3), at(130_010)).unwrap();
    drop(writer);
    fs::remove_file(path(&kept[0])).unwrap();
    let (writer, report) = open(&log.path, Fsync::Checkpoint);
    assert_eq!((report.rebuilt_receipts, names(&log.path).len()), (0, 2));
    drop(writer);

    // Under another label the same key signs other bytes; the receipts that are there stay.
    let whole = fs::read(path(&names(&log.path)[1])).unwrap();
    let options = WriterOptions {
        receipts_dir: Some(directory(&log.path)),
        signing_key_id: "another".to_owned(),
        ..options()
    };
    let (_, report) = ChainWriter::open(&log.path, options, at(130_020)).unwrap();
    assert_eq!(report.rebuilt_receipts, 0);
    assert_eq!(fs::read(path(&names(&log.path)[1])).unwrap(), whole);
}
