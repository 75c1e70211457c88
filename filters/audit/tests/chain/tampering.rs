//! What the verifier must notice, and the words it uses for it.

use std::sync::LazyLock;

use proptest::prelude::*;
use waterwall_audit::SigningKey;

use crate::support::{Log, at, killswitch, redaction, verify};

/// A log of 250 redactions that ends in a checkpoint, and its lines.
fn covered() -> (Vec<u8>, Vec<String>) {
    let bytes = Log::with_lines(250).bytes();
    let lines = String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_owned).collect();
    (bytes, lines)
}

fn fails(lines: &[String]) -> String {
    let verdict = verify((lines.join("\n") + "\n").as_bytes());
    assert!(!verdict.is_ok());
    verdict.to_string()
}

#[test]
fn verdicts_keep_their_words() {
    let (bytes, lines) = covered();
    assert_eq!(verify(&bytes).to_string(), "OK: 254 lines verified, 3 checkpoints valid");
    assert_eq!(
        verify(b"").to_string(),
        "FAIL: first failure at seq 0: empty chain log: 0 lines verified (possible truncation)\n\
         verified up to 0 lines, 0 checkpoints"
    );
    assert_eq!(verify(b"\n\n").lines, 0);

    let mut removed = lines.clone();
    removed.remove(4);
    assert_eq!(
        fails(&removed),
        "FAIL: first failure at seq 6: prev_hash mismatch at seq 6\nverified up to 4 lines, 0 checkpoints"
    );
    let mut edited = lines.clone();
    edited[6] = edited[6].replace("req_5", "req_7");
    assert!(fails(&edited).starts_with("FAIL: first failure at seq 8: prev_hash mismatch at seq 8\n"));
    let mut broken = lines.clone();
    broken[2].pop();
    assert!(fails(&broken).starts_with("FAIL: first failure at seq 3: json decode failure: "));

    let checkpoint = 101;
    assert!(lines[checkpoint].contains("\"checkpoint\""));
    let mut forged = lines.clone();
    forged[checkpoint] = forged[checkpoint].replace("waterwall-2026-05", "another-key-2026");
    let text = fails(&forged);
    assert!(
        text.starts_with("FAIL: first failure at seq 102: checkpoint chain_root_hash mismatch at seq 102: ")
    );
    assert!(text.ends_with("\nverified up to 101 lines, 0 checkpoints"));
    let mut garbled = lines;
    garbled[checkpoint] = garbled[checkpoint].replace("==\"", "=!\"");
    assert!(
        fails(&garbled).starts_with("FAIL: first failure at seq 102: checkpoint signature decode failure: ")
    );
}

#[test]
fn another_key_is_refused() {
    let (bytes, _) = covered();
    let other = SigningKey::generate().unwrap().public();
    let verdict = waterwall_audit::verify_chain(&*bytes, &other).unwrap();
    assert_eq!(
        verdict.to_string(),
        "FAIL: first failure at seq 102: checkpoint signature failed verification at seq 102\n\
         verified up to 101 lines, 0 checkpoints"
    );
}

#[test]
fn uncovered_lines_are_counted() {
    let log = Log::with_lines(3);
    let (writer, _) = log.open();
    writer.append_all(vec![killswitch(), redaction(1)], at(10)).unwrap();
    let verdict = log.verify();
    assert_eq!((verdict.lines, verdict.checkpoints, verdict.uncovered), (7, 1, 2));
    assert_eq!(
        verdict.to_json(),
        format!(
            r#"{{"checkpoints":1,"failure_reason":null,"failure_seq":null,"head":{},"lines":7,"notes":["the last 2 lines are not covered by a checkpoint"],"ok":true,"uncovered_lines":2}}"#,
            verdict.head.as_ref().unwrap().to_value().to_canonical()
        )
    );
    assert_eq!(
        verify(b"[]\n").to_json(),
        r#"{"checkpoints":0,"failure_reason":"json decode failure: not a JSON object","failure_seq":1,"head":null,"lines":0,"notes":[],"ok":false,"uncovered_lines":0}"#
    );
}

#[test]
fn one_spelling_alone_is_accepted() {
    let (bytes, lines) = covered();
    let altered = |n: usize, alter: fn(&str) -> String| {
        let mut lines = lines.clone();
        lines[n] = alter(&lines[n]);
        fails(&lines)
    };
    let form = "FAIL: first failure at seq 3: line is not in canonical form at seq 3\n";
    assert!(altered(2, |line| line.replace(',', ", ")).starts_with(form));
    assert!(altered(2, |line| format!("{line}\r")).starts_with(form));
    assert!(altered(2, |line| line.replace("api.", "\\u0061pi.")).starts_with(form));
    assert!(altered(2, |line| line.replacen('{', r#"{"v":2,"#, 1)).contains("duplicate key"));
    assert!(altered(2, |line| format!("\n{line}")).contains("blank line where seq 3 was expected"));

    let unended = verify(&bytes[..bytes.len() - 1]);
    assert!(unended.is_ok(), "a crash can do that");
    assert!(unended.notes.iter().any(|note| note.contains("newline")), "{:?}", unended.notes);
}

#[test]
fn any_bytes_get_a_verdict() {
    for bytes in [
        &b"\xff\xfe\n"[..],
        b"{}\n",
        b"{\"prev_hash\":1}\n",
        b"\0\0\0",
        b"null\n",
        b"{\"seq\":18446744073709551615}",
    ] {
        assert!(!verify(bytes).is_ok());
    }
}

/// Events of two kinds and two checkpoints, the second at the end.
fn short() -> Vec<u8> {
    let log = Log::with_lines(1);
    let (writer, _) = log.open();
    writer.append(killswitch(), at(10)).unwrap();
    writer.close(at(10)).unwrap();
    log.bytes()
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let bytes = short();
    for at in 0..bytes.len() {
        // All eight on the last line, which no other line vouches for.
        let last_line = at >= bytes.len() - 420;
        for bit in (0..8).filter(|bit| last_line || at % 8 == *bit) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(!verify(&flipped).is_ok(), "bit {bit} of byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn one_other_byte_anywhere_is_noticed(at in any::<prop::sample::Index>(), with in 1..=255_u8) {
        static SHORT: LazyLock<Vec<u8>> = LazyLock::new(short);
        let mut bytes = SHORT.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        prop_assert!(!verify(&bytes).is_ok(), "byte {}", at);
    }
}
