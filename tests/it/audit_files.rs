//! What lies beside the log: receipts and session manifests, as a running gateway writes them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, PATIENCE, Response, Setup, UpstreamConfig};

fn secret() -> String {
    format!("AKIA{}", "FAKE".repeat(4))
}

fn start(yaml: &str) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::anthropic(echo.url())]).with(yaml).start(), echo)
}

fn post(gateway: &Gateway, session: &str, text: &str) -> Response {
    let body =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}).to_string();
    let mut client = gateway.client();
    client.send(format!(
        "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         x-claude-code-session-id: {session}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    client.response()
}

/// The JSON files of a directory, by name.
fn read_all(directory: &Path) -> Vec<(String, Value)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

fn lines(gateway: &Gateway) -> Vec<Value> {
    let log = fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn sessions_go_on_side_by_side_and_have_a_manifest_each_at_the_end() {
    let (mut gateway, _echo) = start("");
    let text = format!("key {}", secret());
    for session in ["one", "two", "one", "two", "one"] {
        assert_eq!(post(&gateway, session, &text).status, 200);
    }
    assert_eq!(post(&gateway, "two", "no secret").status, 200);
    let directory = gateway.setup.path("state/audit/manifests");
    assert!(read_all(&directory).is_empty(), "no session ends another");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));

    let mut manifests = read_all(&directory);
    manifests.sort_by_key(|(_, manifest)| manifest["session_id"].to_string());
    assert_eq!(manifests.len(), 2);
    let lines = lines(&gateway);
    for ((name, manifest), (session, redactions, requests)) in
        manifests.iter().zip([("one", 3, 3), ("two", 2, 3)])
    {
        assert!(name.ends_with(&format!("_{session}.json")), "{name}");
        assert_eq!(manifest["session_id"], session);
        assert_eq!(manifest["redaction_total"], redactions);
        assert_eq!(manifest["types_seen"], json!({ "AWS_ACCESS_KEY": redactions }));
        assert_eq!(manifest["behavioral_fingerprint"]["request_count"], requests);
        let range: Vec<u64> = serde_json::from_value(manifest["chain_seq_range"].clone()).unwrap();
        let of_session = |line: &&Value| line["session_id"] == session;
        let (first, last) = (lines.iter().find(of_session), lines.iter().rfind(of_session));
        assert_eq!(first.unwrap()["seq"], range[0]);
        assert!(last.unwrap()["seq"].as_u64().unwrap() < range[1]);
        let cover = lines.iter().find(|line| line["seq"] == range[1]).unwrap();
        assert_eq!(cover["chain_root_hash"], manifest["chain_root_hash"]);
    }
    assert_eq!(lines.last().unwrap()["line_type"], "checkpoint");
    assert_eq!(read_all(&gateway.setup.path("state/audit/receipts")).len(), 5);
}

#[test]
fn an_idle_session_ends() {
    let (gateway, _echo) = start("audit: { session_idle_seconds: 1 }");
    assert_eq!(post(&gateway, "one", "hello").status, 200);
    let since = Instant::now();
    let directory = gateway.setup.path("state/audit/manifests");
    while read_all(&directory).is_empty() {
        assert!(since.elapsed() < PATIENCE, "no manifest");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // It may come back, and then it is another.
    assert_eq!(post(&gateway, "one", "hello").status, 200);
}

/// Law 8: without its receipt a request does not leave, and the log does not tell of it.
#[test]
fn a_receipt_that_cannot_be_written_refuses_the_request() {
    let (gateway, echo) = start("");
    let receipts = gateway.setup.path("state/audit/receipts");
    let elsewhere = gateway.setup.path("elsewhere");
    fs::rename(&receipts, &elsewhere).unwrap();
    let text = format!("key {}", secret());
    for _ in 0..2 {
        let answer = post(&gateway, "one", &text);
        assert_eq!(
            (answer.status, answer.code()),
            (502, "waterwall-chain-append-failed"),
            "{}",
            answer.text()
        );
    }
    assert!(echo.requests().is_empty());
    assert_eq!(lines(&gateway).len(), 1, "genesis alone");
    fs::rename(&elsewhere, &receipts).unwrap();
    assert_eq!(post(&gateway, "one", &text).status, 200);
    assert_eq!(read_all(&receipts).len(), 1);
}

/// The same promises with every commit synced.
#[test]
fn every_commit_can_be_made_safe() {
    let (mut gateway, _echo) = start("audit: { fsync: every-commit }");
    std::thread::scope(|scope| {
        for session in ["one", "two", "three", "four"] {
            let gateway = &gateway;
            scope.spawn(move || {
                for _ in 0..5 {
                    assert_eq!(post(gateway, session, &format!("key {}", secret())).status, 200);
                }
            });
        }
    });
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(read_all(&gateway.setup.path("state/audit/receipts")).len(), 20);
    let state = gateway.setup.path("state");
    let verified = Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .arg("verify-chain")
        .arg(state.join("audit/proxy.jsonl"))
        .arg("--pubkey")
        .arg(state.join("signing.pub"))
        .arg("--strict")
        .status()
        .unwrap();
    assert_eq!(verified.code(), Some(0));
}
