//! Opening a log: what is there already, what is broken, who else has it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use waterwall_audit::{ChainWriter, Hash, OpenError, SigningKey, WriterOptions, chain::Head, checkpoint};

use crate::{
    common::with,
    support::{Log, at, key, killswitch, open, options, redaction, vectors_key},
};

fn refused(path: &Path) -> OpenError {
    ChainWriter::open(path, options(), at(0)).expect_err("it must not open")
}

fn files(log: &Log) -> Vec<String> {
    let entries = fs::read_dir(log.path.parent().unwrap()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_support_key_is_the_vectors_key() {
    assert_eq!(key().public(), vectors_key());
}

#[test]
fn a_new_log_is_private() {
    let log = Log::new();
    let (_writer, report) = log.open();
    assert!(report.created);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(log.path.parent().unwrap()), 0o700);
    assert_eq!(mode(&log.path), 0o600);
    assert_eq!(mode(&log.path.with_extension("jsonl.lock")), 0o600);
}

#[test]
fn a_restart_goes_on_where_it_stopped() {
    let log = Log::with_lines(5);
    for round in 0..3 {
        let (writer, report) = log.open();
        assert_eq!((report.lines, report.uncovered), (7 + 2 * round, 0));
        assert_eq!(writer.append(redaction(9), at(0)).unwrap().seq, 8 + 2 * round);
        writer.close(at(0)).unwrap();
    }
    assert_eq!(log.verify().to_string(), "OK: 13 lines verified, 4 checkpoints valid");
}

#[test]
fn redactions_before_a_restart_count_towards_the_checkpoint() {
    let log = Log::new();
    let (writer, _) = log.open();
    for n in 0..99 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    drop(writer);
    let (writer, report) = log.open();
    assert_eq!(report.uncovered, 100);
    writer.append(redaction(99), at(99)).unwrap();
    assert_eq!(writer.status().checkpoints, 1);
    drop(writer);
    let (writer, _) = log.open();
    writer.append(killswitch(), at(0)).unwrap();
    drop(writer);
    let (writer, _) = open(&log.path, at(400_000));
    writer.checkpoint_if_due(at(400_000)).unwrap();
    assert_eq!(writer.status().uncovered, 0, "and so does the time");
}

#[test]
fn time_does_not_go_back_over_a_restart() {
    let log = Log::new();
    let (writer, _) = log.open();
    writer.append(killswitch(), at(10_000_000)).unwrap();
    writer.append(killswitch(), at(1)).unwrap();
    drop(writer);
    let (writer, _) = log.open();
    writer.append(killswitch(), at(2)).unwrap();
    let text = String::from_utf8(log.bytes()).unwrap();
    for (line, ts) in text.lines().skip(1).zip(["10:16:13.086", "10:16:13.087", "10:16:13.088"]) {
        assert!(line.contains(&format!("\"ts\":\"2026-05-09T{ts}+00:00\"")), "{line}");
    }
}

#[test]
fn a_torn_tail_is_moved_aside() {
    let whole = Log::with_lines(3).bytes();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [last_line + 1, last_line + 200, whole.len() - 2] {
        let log = Log::with_lines(3);
        fs::write(&log.path, &whole[..cut]).unwrap();
        let (writer, report) = log.open();
        let moved = report.torn_moved_to.unwrap();
        assert!(moved.starts_with("proxy.jsonl.torn-20260509T"));
        assert_eq!(fs::read(log.path.with_file_name(&moved)).unwrap(), whole[last_line..cut]);
        assert_eq!(writer.status().lines, 5);
        writer.append(redaction(7), at(5)).unwrap();
        writer.close(at(5)).unwrap();
        assert_eq!(log.verify().to_string(), "OK: 7 lines verified, 1 checkpoints valid");
        let text = String::from_utf8(log.bytes()).unwrap();
        let recovered = text.lines().nth(4).unwrap();
        assert!(recovered.contains("\"line_type\":\"recovered\""));
        assert!(recovered.contains(&format!("\"moved_to\":\"{moved}\"")));
        assert!(recovered.contains(&format!("\"bytes\":{},", cut - last_line)));
    }
}

#[test]
fn torn_tails_of_any_content_never_overwrite_each_other() {
    let log = Log::new();
    fs::create_dir(log.path.parent().unwrap()).unwrap();
    for tail in [&b"{\"a\":\"\xc3"[..], b"\0\0\0\0", b"{}", b"12", b"   "] {
        let mut bytes = fs::read(&log.path).unwrap_or_default();
        bytes.extend_from_slice(tail);
        fs::write(&log.path, bytes).unwrap();
        log.open();
    }
    assert_eq!(files(&log).iter().filter(|name| name.contains(".torn-")).count(), 5);
    assert_eq!(log.verify().lines, 6);
}

#[test]
fn a_lost_newline_is_put_back() {
    let log = Log::with_lines(3);
    let whole = log.bytes();
    fs::write(&log.path, &whole[..whole.len() - 1]).unwrap();
    let (writer, report) = log.open();
    assert!(report.newline_restored && report.torn_moved_to.is_none());
    assert_eq!(log.bytes(), whole);
    writer.append(redaction(4), at(0)).unwrap();
    assert_eq!(log.verify().to_string(), "OK: 6 lines verified, 1 checkpoints valid");
}

#[test]
fn damage_inside_is_refused_with_its_line() {
    let log = Log::with_lines(5);
    let whole = String::from_utf8(log.bytes()).unwrap();
    let damaged: [(&[u8], &[u8]); 4] = [
        (b"\"req_1\"", b"\"req_1"),
        (b"\"req_1\"", b"\"req\xff1\""),
        (b"\"seq\":3", b"\"seq\":x"),
        (b"\"seq\":3", b"\"siq\":3"),
    ];
    for (find, replace) in damaged {
        let at = whole.find(std::str::from_utf8(find).unwrap()).unwrap();
        let mut bytes = whole.clone().into_bytes();
        bytes.splice(at..at + find.len(), replace.iter().copied());
        fs::write(&log.path, &bytes).unwrap();
        let error = refused(&log.path);
        assert!(matches!(error, OpenError::Damaged { line: 3, .. }), "{error}");
        assert!(error.to_string().contains("damaged at line 3"));
        assert_eq!(log.bytes(), bytes, "and left as it is");
    }
}

/// What anyone can put at the end of a log who may write to it, and would break it for good once it was
/// gone on with; a checkpoint that is none would also hide how much nobody has signed.
#[test]
fn lines_that_are_not_of_the_chain_are_refused_and_not_gone_on_with() {
    let log = Log::with_lines(5);
    let whole = String::from_utf8(log.bytes()).unwrap();
    let lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let (checkpoint, last_redaction) = (&lines[6], &lines[5]);
    let next = |line: &str, seq: u64| {
        with(&with(line, "prev_hash", Hash::of(checkpoint).to_hex().as_str()), "seq", seq)
    };
    let ts = checkpoint.split("\"ts\":\"").nth(1).unwrap().split('"').next().unwrap();
    let sound = with(&next(last_redaction, 8), "ts", ts);
    let added = [
        ("a line again", last_redaction.clone(), "does not follow"),
        ("the checkpoint again", checkpoint.clone(), "does not follow"),
        ("a number left out", next(last_redaction, 9), "does not follow"),
        ("the last number there is", next(last_redaction, u64::MAX), "does not follow"),
        ("another spelling", sound.replace("\"seq\":8", "\"seq\": 8"), "not in the form"),
        ("a checkpoint with an old signature", next(checkpoint, 8), "not a checkpoint"),
        ("a checkpoint without one", with(&sound, "line_type", "checkpoint"), "not a checkpoint"),
        ("an earlier time", next(last_redaction, 8), "its time"),
        ("a time in another spelling", with(&sound, "ts", ts.replace("+00:00", "Z").as_str()), "its time"),
        ("no time", with(&sound, "ts", "soon"), "its time"),
        ("a second genesis", with(&sound, "line_type", "genesis"), "only the first line"),
        ("nothing", String::new(), "blank"),
        ("a blank", " ".to_owned(), "blank"),
    ];
    for (what, line, reason) in added {
        for newline in ["\n", ""] {
            // Without a newline, what does not follow is a torn line, and is moved aside.
            let bytes = [whole.as_bytes(), line.as_bytes(), newline.as_bytes()].concat();
            if newline.is_empty() && matches!(reason, "does not follow" | "blank") {
                continue;
            }
            fs::write(&log.path, &bytes).unwrap();
            let error = refused(&log.path);
            assert!(matches!(error, OpenError::Damaged { line: 8, .. }), "{what}: {error}");
            assert!(error.to_string().contains(reason), "{what}: {error}");
            assert_eq!(log.bytes(), bytes, "{what}: left as it is");
        }
    }

    // Its root is its own; the signature is another key's.
    let mut head = Head { seq: 7, hash: Hash::of(checkpoint), ts_millis: 2_000_000_000_000 };
    let other = SigningKey::generate().unwrap();
    let (forged, _) = checkpoint::seal(&mut head, &other, "waterwall-2026-05", at(0));
    fs::write(&log.path, [whole.as_str(), &forged, "\n"].concat()).unwrap();
    let error = refused(&log.path);
    assert!(matches!(error, OpenError::Damaged { line: 8, .. }), "{error}");
    assert!(error.to_string().contains("not by the signing key"), "{error}");

    // The last lines once more, with the checkpoint that signs them.
    fs::write(&log.path, [whole.as_str(), &lines[4..].join("\n"), "\n"].concat()).unwrap();
    let error = refused(&log.path);
    assert!(matches!(error, OpenError::Damaged { line: 8, .. }), "{error}");

    fs::write(&log.path, [whole.as_str(), &sound, "\n"].concat()).unwrap();
    let (writer, report) = log.open();
    assert_eq!(report.uncovered, 1, "what follows is told, and gone on with");
    writer.close(at(0)).unwrap();
    assert!(log.verify().to_string().starts_with("OK"), "{}", log.verify());
}

/// The checkpoint after it says what was signed, and the verifier what is not that: no reason not to start.
#[test]
fn what_was_altered_before_a_checkpoint_is_the_verifiers_business() {
    let log = Log::with_lines(3);
    // More checkpoints than are kept at once, and lines after the last.
    let (writer, _) = log.open();
    for n in 0..300 {
        writer.append(redaction(n), at(n)).unwrap();
        writer.checkpoint(at(n)).unwrap();
    }
    writer.append(killswitch(), at(0)).unwrap();
    drop(writer);
    let sound = String::from_utf8(log.bytes()).unwrap();
    for line in [2, 4, 400, 602] {
        let mut lines: Vec<String> = sound.lines().map(str::to_owned).collect();
        lines[line - 1] = with(&lines[line - 1], "request_id", "req_other");
        fs::write(&log.path, lines.join("\n") + "\n").unwrap();
        assert_eq!(log.open().1.uncovered, 1, "{line}");
        assert!(log.verify().to_string().contains("prev_hash mismatch"), "{line}");
    }
    // The last checkpoint does not follow what it signed.
    let altered = sound.replacen("\"req_299\"", "\"req_other\"", 1);
    fs::write(&log.path, altered).unwrap();
    let error = refused(&log.path);
    assert!(matches!(error, OpenError::Damaged { line: 605, .. }), "{error}");
    // And a line that is gone leaves no checkpoint after it in its place.
    let lines: Vec<&str> =
        sound.lines().enumerate().filter(|(at, _)| *at != 9).map(|(_, line)| line).collect();
    fs::write(&log.path, lines.join("\n") + "\n").unwrap();
    let error = refused(&log.path);
    assert!(matches!(error, OpenError::Damaged { line: 10, .. }), "{error}");
}

/// Its failed writes left breaks, which no later start can mend.
#[test]
fn a_chain_of_the_predecessor_is_gone_on_with_as_it_is() {
    let log = Log::with_lines(3);
    let text = String::from_utf8(log.bytes()).unwrap();
    let lines: Vec<&str> = text.lines().skip(2).collect();
    fs::write(&log.path, lines.join("\n") + "\n").unwrap();
    assert_eq!(log.open().1.lines, 5);
}

/// Nobody's writer makes them: before a checkpoint the verifier tells.
#[test]
fn blank_lines_before_a_checkpoint_are_passed_over() {
    let log = Log::with_lines(2);
    let text = String::from_utf8(log.bytes()).unwrap();
    fs::write(&log.path, text.replacen('\n', "\n\n \n", 1)).unwrap();
    let (writer, _) = log.open();
    assert_eq!(writer.append(redaction(4), at(0)).unwrap().seq, 5);
    assert!(log.verify().to_string().contains("blank line where seq 2 was expected"));
}

/// A crash left lines and a torn one: a checkpoint that is due at once comes after the line that tells of them.
#[test]
fn what_nobody_signed_is_told_before_it_is_signed() {
    let log = Log::with_lines(1);
    let (writer, _) = log.open();
    writer.append(redaction(2), at(0)).unwrap();
    writer.append(redaction(3), at(0)).unwrap();
    drop(writer);
    let mut bytes = log.bytes();
    bytes.extend_from_slice(b"{\"half");
    fs::write(&log.path, bytes).unwrap();
    let options = WriterOptions { tell_uncovered: true, checkpoint_lines: 2, ..options() };
    let (writer, report) = ChainWriter::open(&log.path, options, at(1_000)).unwrap();
    assert_eq!(report.uncovered, 2);
    let text = String::from_utf8(log.bytes()).unwrap();
    let told = text.lines().position(|line| line.contains("uncovered_at_start")).unwrap();
    let first = text.lines().skip(3).position(|line| line.contains("\"checkpoint\"")).unwrap() + 3;
    assert!(told < first, "{text}");
    writer.close(at(1_000)).unwrap();
    assert!(log.verify().to_string().starts_with("OK"), "{}", log.verify());
}

#[test]
fn a_second_writer_is_refused_and_told_who_has_it() {
    let log = Log::new();
    let (writer, _) = log.open();
    let error = refused(&log.path).to_string();
    assert!(error.contains(&format!("in use by process {}", std::process::id())), "{error}");
    writer.close(at(0)).unwrap();
    assert!(matches!(refused(&log.path), OpenError::Locked { .. }), "until it is dropped");
    drop(writer);
    log.open();
}

#[test]
fn a_stale_lock_file_does_not_matter() {
    let log = Log::with_lines(1);
    fs::write(log.path.with_extension("jsonl.lock"), "1").unwrap();
    log.open();
}

#[test]
fn what_is_not_a_plain_file_is_refused() {
    let log = Log::new();
    fs::create_dir_all(&log.path).unwrap();
    assert!(matches!(refused(&log.path), OpenError::Open { .. }));
    fs::remove_dir(&log.path).unwrap();
    let target = log.directory.path().join("elsewhere");
    fs::write(&target, "").unwrap();
    symlink(&target, &log.path).unwrap();
    assert!(matches!(refused(&log.path), OpenError::Open { .. }));
    assert_eq!(fs::read(&target).unwrap(), b"");
    assert!(matches!(refused(&target.join("below/proxy.jsonl")), OpenError::Directory { .. }));
}

/// Permissions do not bind root, so a thread of another user tries. Its user is its own: the
/// kernel has one per thread.
fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65_534)).unwrap();
            }
            work()
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_read_only_directory_is_refused() {
    let log = Log::new();
    let directory = log.path.parent().unwrap();
    fs::create_dir(directory).unwrap();
    fs::set_permissions(log.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o555)).unwrap();
    let error = as_nobody(|| refused(&log.path));
    assert!(matches!(error, OpenError::Lock { .. }), "{error}");
    assert!(error.to_string().contains("ermission denied"), "{error}");
    let below = directory.join("deeper/proxy.jsonl");
    assert!(matches!(as_nobody(|| refused(&below)), OpenError::Directory { .. }));
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_log_deleted_under_the_writer_takes_no_more_lines() {
    let log = Log::new();
    let (writer, _) = log.open();
    writer.append(redaction(1), at(0)).unwrap();
    fs::remove_file(&log.path).unwrap();
    let error = writer.append(redaction(2), at(0)).unwrap_err();
    assert!(error.to_string().contains("deleted"), "{error}");
    assert!(!writer.status().healthy);
}

#[test]
fn a_new_chain_says_whose_it_is() {
    let log = Log::new();
    let (writer, _) = log.open();
    let text = String::from_utf8(log.bytes()).unwrap();
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["line_type"], "genesis");
    assert_eq!(first["log_id"], writer.log_id().unwrap().as_str());
    assert_eq!(first["public_key"], key().public().to_base64());
    for absent in ["previous_archive", "previous_hash", "previous_lines"] {
        assert_eq!(first.get(absent), Some(&serde_json::Value::Null));
    }
    drop(writer);
    let again = log.open().0;
    assert_eq!(again.status().lines, 1, "once");
    assert_eq!(first["log_id"], again.log_id().unwrap().as_str());
}

/// Its checkpoints would verify with neither key.
#[test]
fn a_log_of_another_key_is_refused() {
    let log = Log::with_lines(1);
    let options = waterwall_audit::WriterOptions::new(waterwall_audit::SigningKey::generate().unwrap());
    let error = ChainWriter::open(&log.path, options, at(0)).unwrap_err();
    assert!(matches!(error, OpenError::OtherKey { .. }), "{error}");
}
