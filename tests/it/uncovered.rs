//! Lines that no checkpoint covered when somebody opened the log: a crash leaves them, and so does
//! whoever can write to the file. The next checkpoint covers them, so the log says first how it was found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};
use waterwall_audit::Hash;

use crate::harness::{Client, Gateway, Setup, UpstreamConfig};

fn start() -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::anthropic(echo.url())]).start(), echo)
}

fn send_a_secret(gateway: &Gateway) {
    let text = format!("key AKIA{}", "FAKE".repeat(4));
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]});
    assert_eq!(gateway.client().post("/anthropic/v1/messages", body.to_string()).status, 200);
}

fn end(gateway: &mut Gateway, signal: &str) {
    gateway.signal(signal);
    gateway.wait();
}

fn log_of(setup: &Setup) -> PathBuf {
    setup.path("state/audit/proxy.jsonl")
}

fn lines(log: &Path) -> Vec<Value> {
    fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Adds unsigned lines that follow the chain, as anyone can who may write to the file.
fn forge(log: &Path, count: usize) {
    for _ in 0..count {
        let mut text = fs::read_to_string(log).unwrap();
        let last = text.lines().last().unwrap();
        let (hash, line): (Hash, Value) = (Hash::of(last), serde_json::from_str(last).unwrap());
        text += &format!(
            "{{\"line_type\":\"killswitch\",\"prev_hash\":\"{hash}\",\"request_id\":null,\"seq\":{},\
             \"sources_active\":[\"config\"],\"ts\":{},\"v\":1}}\n",
            line["seq"].as_u64().unwrap() + 1,
            line["ts"],
        );
        fs::write(log, text).unwrap();
    }
}

fn waterwall(arguments: &[&str], setup: &Setup) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .args(arguments)
        .current_dir(setup.path("state").parent().unwrap())
        .output()
        .unwrap()
}

#[track_caller]
fn verifies(log: &Path, setup: &Setup) {
    let key = ["--pubkey", "state/signing.pub", "--strict"];
    let verified = waterwall(&[&["verify-chain", log.to_str().unwrap()], &key[..]].concat(), setup);
    assert!(verified.status.success(), "{verified:?}");
}

fn uncovered_at_start(gateway: &Gateway) -> Value {
    let state = Client::connect(gateway.admin).get("/admin/state", "").json();
    state["chain"]["uncovered_at_start"].clone()
}

#[test]
fn lines_that_were_added_while_it_was_down_are_told() {
    let (mut gateway, _echo) = start();
    send_a_secret(&gateway);
    end(&mut gateway, "TERM");
    let log = log_of(&gateway.setup);
    let before = lines(&log);
    assert_eq!(before.last().unwrap()["line_type"], "checkpoint");
    forge(&log, 2);

    gateway.restart();
    assert_eq!(uncovered_at_start(&gateway), 2);
    assert!(gateway.setup.stderr().contains("no checkpoint covers the audit log's last lines"));
    end(&mut gateway, "TERM");
    let after = lines(&log);
    let told = &after[before.len() + 2];
    assert_eq!((&told["line_type"], &told["warn"]), (&json!("warn"), &json!("uncovered_at_start")));
    assert_eq!((&told["lines"], &told["last_seq"]), (&json!(2), &after[before.len() + 1]["seq"]));
    verifies(&log, &gateway.setup);
}

#[test]
fn a_crash_leaves_such_lines_and_a_stop_does_not() {
    let (mut gateway, _echo) = start();
    send_a_secret(&gateway);
    end(&mut gateway, "TERM");
    let log = log_of(&gateway.setup);
    let told =
        || lines(&log).into_iter().filter(|line| line["warn"] == "uncovered_at_start").collect::<Vec<_>>();
    gateway.restart();
    assert_eq!(uncovered_at_start(&gateway), 0);
    send_a_secret(&gateway);
    assert_eq!(told(), Vec::<Value>::new());
    let covered = lines(&log).iter().rposition(|line| line["line_type"] == "checkpoint").unwrap() + 1;
    end(&mut gateway, "KILL");
    let left = lines(&log).len() - covered;
    assert!(left > 0);

    gateway.restart();
    assert_eq!(uncovered_at_start(&gateway), left);
    end(&mut gateway, "TERM");
    assert_eq!(told().len(), 1);
    assert_eq!((&told()[0]["lines"], &told()[0]["last_seq"]), (&json!(left), &json!(covered + left)));
    gateway.restart();
    end(&mut gateway, "TERM");
    assert_eq!(told().len(), 1, "once");
    verifies(&log, &gateway.setup);
}

#[test]
fn archiving_a_log_tells_of_them_too() {
    let (mut gateway, _echo) = start();
    end(&mut gateway, "TERM");
    let log = log_of(&gateway.setup);
    forge(&log, 3);
    let rotated = waterwall(&["rotate-chain", "--config", "waterwall.yaml"], &gateway.setup);
    assert!(rotated.status.success(), "{rotated:?}");
    let out = String::from_utf8(rotated.stdout).unwrap();
    assert!(out.contains("no checkpoint covered the last 3 lines"), "{out}");
    let archive = PathBuf::from(out.lines().find_map(|line| line.strip_prefix("archived: ")).unwrap());
    let told = lines(&archive).into_iter().rev().nth(2).unwrap();
    assert_eq!((&told["warn"], &told["lines"]), (&json!("uncovered_at_start"), &json!(3)));
    verifies(&archive, &gateway.setup);
}

/// The log can say nothing when it is opened: what waits to be said is said when there is room.
#[test]
fn a_full_disk_after_a_crash_is_no_reason_not_to_start() {
    let (mut gateway, echo) = start();
    send_a_secret(&gateway);
    end(&mut gateway, "KILL");
    let log = log_of(&gateway.setup);
    let found = lines(&log);
    // The soft limit alone: it is taken back below.
    gateway.setup.limit = Some(format!("--fsize={}:", fs::metadata(&log).unwrap().len()));
    gateway.restart();
    assert_eq!(uncovered_at_start(&gateway), found.len());
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]});
    let secret = body.to_string().replace("hello", &format!("AKIA{}", "FAKE".repeat(4)));
    let refused = gateway.client().post("/anthropic/v1/messages", &secret);
    assert_eq!((refused.status, refused.code()), (502, "waterwall-chain-append-failed"));
    assert_eq!((echo.requests().len(), lines(&log).len()), (1, found.len()));

    let process = gateway.id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited:"]).status().unwrap();
    if !lifted.success() {
        eprintln!("skipped: this user may not limit a process that keeps its memory to itself");
        return;
    }
    send_a_secret(&gateway);
    end(&mut gateway, "TERM");
    assert_eq!(lines(&log)[found.len()]["warn"], "uncovered_at_start", "said first");
    verifies(&log, &gateway.setup);
}
