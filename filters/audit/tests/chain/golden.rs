//! The writer makes the bytes that Python makes, and the verifier takes what the predecessor made.

use std::path::Path;

use waterwall_audit::{ChainWriter, Event, LogId, Place, Redaction, Session, WriterOptions};

use crate::support::{Log, POLICY, at, options, verify};

const WATERWALL: &str = include_str!("../../../../tests/vectors/waterwall.jsonl");
const RECEIPTS: [(&str, &str); 2] = [
    (
        "20260509T072934.086_req_01_s2.json",
        include_str!("../../../../tests/vectors/receipts/20260509T072934.086_req_01_s2.json"),
    ),
    (
        "20260509T072939.086_r_q_______s7.json",
        include_str!("../../../../tests/vectors/receipts/20260509T072939.086_r_q_______s7.json"),
    ),
];
const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/manifests");
const PREDECESSOR: &str = include_str!("../../../../tests/vectors/predecessor.jsonl");
const PREDECESSOR_SPACED: &str = include_str!("../../../../tests/vectors/predecessor-spaced.jsonl");

/// Every event once, as `waterwall()` in `make_vectors.py` has them.
fn events() -> Vec<Event> {
    let some = |text: &str| Some(text.to_owned());
    let redaction =
        |kind: &'static str, hmac8: &str| Redaction { kind: kind.into(), hmac8: hmac8.to_owned() };
    let anthropic = || "api.anthropic.com".to_owned();
    let openai = || "api.openai.com".to_owned();
    vec![
        Event::Redaction {
            host: anthropic(),
            request_id: some("req_01"),
            session_id: some("s-1"),
            redactions: vec![
                redaction("AWS_ACCESS_KEY", "d7d27033aabbccdd"),
                redaction("PEM_BLOCK", "00ff00ff00ff00ff"),
            ],
            policy_hash: POLICY.to_owned(),
        },
        Event::RestorationOpened {
            host: anthropic(),
            request_id: some("req_01"),
            session_id: some("s-1"),
            streaming: true,
            policy_hash: POLICY.to_owned(),
        },
        Event::RestorationClosed {
            host: anthropic(),
            request_id: some("req_01"),
            session_id: some("s-1"),
            streaming: true,
            detok_count: 3,
            unknown_placeholders: 1,
            types: vec!["PEM_BLOCK".into(), "AWS_ACCESS_KEY".into(), "PEM_BLOCK".into()],
            policy_hash: POLICY.to_owned(),
        },
        Event::RestorationOpened {
            host: openai(),
            request_id: None,
            session_id: None,
            streaming: false,
            policy_hash: POLICY.to_owned(),
        },
        Event::RestorationClosed {
            host: openai(),
            request_id: None,
            session_id: None,
            streaming: false,
            detok_count: 0,
            unknown_placeholders: 2,
            types: vec![],
            policy_hash: POLICY.to_owned(),
        },
        Event::Redaction {
            host: openai(),
            request_id: some("r\u{e9}q/../../\u{1f600}"),
            session_id: some("s\u{e9}ance-\u{1f600}\u{7}"),
            redactions: vec![redaction("GITHUB_TOKEN", "0123456789abcdef0011")],
            policy_hash: POLICY.to_owned(),
        },
        Event::Killswitch { request_id: None, sources_active: vec!["config".into(), "sentinel".into()] },
        Event::PolicyChange {
            old_policy_hash: POLICY.to_owned(),
            new_policy_hash: "0".repeat(64),
            pattern_count: 32,
        },
        Event::VerifyInstall { checks_passed: 9, checks_total: 10, failed: vec!["ca_file".into()] },
        Event::UnscannablePassed {
            host: anthropic(),
            request_id: some("req_01"),
            session_id: some("s-1"),
            reason: "unknown content-encoding".to_owned(),
        },
        Event::ReloadRefused { reason: "unknown key".to_owned() },
        Event::Tunnel {
            host: "login.example.com".to_owned(),
            port: 443,
            bytes_sent: 1_234,
            bytes_received: 56_789,
            duration_ms: 2_500,
            refused: None,
        },
        Event::Recovered { moved_to: "proxy.jsonl.torn-20260509T072933.086Z".to_owned(), bytes: 17 },
        Event::UncoveredAtStart { lines: 4, last_seq: 13 },
    ]
}

/// As `manifest()` in `make_vectors.py` has it.
fn session() -> Session {
    Session {
        session_id: Some("s\u{e9}ance".to_owned()),
        started: at(1_000),
        first: Place { rotations: 0, next_seq: 2 },
        requests: 7,
        redactions: 3,
        types: [("PEM_BLOCK".to_owned(), 1), ("AWS_ACCESS_KEY".to_owned(), 2)].into(),
        unknown_placeholders: 1,
        policy_hash: POLICY.to_owned(),
    }
}

#[test]
fn every_event_is_written_as_python_writes_it() {
    let log = Log::new();
    let receipts = log.directory.path().join("receipts");
    let options = WriterOptions {
        checkpoint_lines: 2,
        receipts_dir: Some(receipts.clone()),
        manifests_dir: Some(log.directory.path().join("manifests")),
        log_id: LogId::parse("00112233445566778899aabbccddeeff"),
        ..options()
    };
    let (writer, _) = ChainWriter::open(&log.path, options, at(0)).unwrap();
    // A checkpoint takes a millisecond of its own after the sixth line.
    let mut time = 0;
    for (index, event) in events().into_iter().enumerate() {
        time += 1_000 + u64::from(index == 6);
        writer.append(event, at(time)).unwrap();
    }
    let manifest = writer.end_session(&session(), at(time)).unwrap().unwrap();
    writer.close(at(time)).unwrap();
    assert_eq!(String::from_utf8(log.bytes()).unwrap(), WATERWALL);
    assert_eq!(log.verify().to_string(), "OK: 17 lines verified, 2 checkpoints valid");
    let read = |directory: &Path| std::fs::read_to_string(directory.join(&manifest)).unwrap();
    assert_eq!(read(&log.directory.path().join("manifests")), read(Path::new(MANIFESTS)));
    for (name, content) in RECEIPTS {
        assert_eq!(std::fs::read_to_string(receipts.join(name)).unwrap(), content);
    }
    assert_eq!(std::fs::read_dir(&receipts).unwrap().count(), RECEIPTS.len());
}

#[test]
fn the_predecessors_lines_verify_as_it_wrote_them() {
    let verdict = verify(PREDECESSOR.as_bytes());
    assert_eq!(verdict.to_string(), "OK: 9 lines verified, 2 checkpoints valid");
    assert_eq!(verdict.uncovered, 1);
    // It wrote no spaces; someone else did.
    assert!(verify(PREDECESSOR_SPACED.as_bytes()).to_string().contains("canonical form at seq 1"));
}

#[test]
fn the_writer_continues_the_predecessors_log() {
    for text in [PREDECESSOR, PREDECESSOR_SPACED] {
        let log = Log::new();
        std::fs::create_dir(log.path.parent().unwrap()).unwrap();
        std::fs::write(&log.path, text).unwrap();
        let (writer, report) = log.open();
        assert_eq!((report.lines, report.uncovered, report.created), (12, 1, false));
        assert_eq!(writer.append(events().remove(0), at(0)).unwrap().seq, 13);
        writer.close(at(0)).unwrap();
        // The spaced one is gone on with, and refused for its spaces as before.
        let whole = "OK: 11 lines verified, 3 checkpoints valid";
        assert_eq!(log.verify().to_string() == whole, text == PREDECESSOR);
    }
}
