//! `waterwall init --import`: a predecessor's directory, taken over and gone on from.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::harness::{Client, signal, wait};

/// The key that signed the golden log in tests/vectors.
fn golden_key() -> String {
    let pkcs8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [&pkcs8[..], &Sha256::digest(b"waterwall test key")].concat();
    let name = "PRIVATE KEY";
    format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", BASE64_STANDARD.encode(der))
}

/// A home with a predecessor's directory `old` in it.
struct Moving(TempDir);

impl Moving {
    fn new() -> Self {
        let moving = Self(tempfile::tempdir().unwrap());
        fs::create_dir(moving.path("old")).unwrap();
        moving.write(
            "old/permitted_hosts.yaml",
            "hosts:\n  - {host: api.anthropic.com, sse_handler: anthropic}\n  - {host: llm.example.org, sse_handler: none}\n",
        );
        moving.write("old/config.yaml", "kill_switch: true\nmonitor:\n  gate: {enabled: true}\n");
        moving.write(
            "old/patterns.py",
            "import re\nPATTERNS = [\n    ('ACME_TOKEN', r'(?<![a-z])acme_[0-9]{12}(?![0-9])'),\n    \
             ('LOST', re.compile(r'(x)\\1')),\n]\n",
        );
        moving
    }

    fn with_chain(self) -> Self {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
        fs::copy(vectors.join("predecessor.jsonl"), self.path("old/proxy.jsonl")).unwrap();
        self.write("old/signing.key", &golden_key());
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    /// The gateway with the imported configuration, on free ports; its output is kept open, as a
    /// terminal is.
    fn start(&self) -> (Child, BufReader<ChildStdout>, u16) {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (agents, admin) = (free(), free());
        let config = self.read("new/waterwall.yaml").replace(":8888", &format!(":{agents}"));
        self.write("new/waterwall.yaml", &config.replace(":8889", &format!(":{admin}")));
        let mut command = self.command(&["run", "--config", "new/waterwall.yaml"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains("listens on"), "{line}");
        (child, stdout, agents)
    }
}

#[test]
fn everything_is_taken_over_and_the_log_goes_on() {
    let moving = Moving::new().with_chain();
    let (code, out, err) = moving.run(&["init", "--dir", "new", "--import", "old"]);
    assert_eq!(code, Some(0), "{out}{err}");
    for line in [
        "note    old/config.yaml:2: `monitor` has no counterpart and is left behind",
        "note    old/patterns.py:4: NOT taken over: it refers back to a group",
    ] {
        assert!(out.lines().any(|found| found == line), "{line}\nnot in\n{out}");
    }
    let config = moving.read("new/waterwall.yaml");
    for part in [
        "  - host: llm.example.org\n    dialect: generic\n    prefix: /llm.example.org\n",
        "  armed: true\n",
        "extra_detectors: patterns.yaml\n",
    ] {
        assert!(config.contains(part), "{part}");
    }
    assert!(!config.contains("host: api.openai.com"));
    let state = moving.path(".local/state/waterwall");
    let golden = moving.read("old/proxy.jsonl");
    assert_eq!(fs::read_to_string(state.join("audit/proxy.jsonl")).unwrap(), golden);
    assert_eq!(fs::read_to_string(state.join("signing.key")).unwrap(), golden_key());

    // The imported switch is armed; its refusal is on the imported log, signed by the imported key.
    let (mut child, _stdout, port) = moving.start();
    let answer = Client::connect(([127, 0, 0, 1], port).into()).post("/anthropic/v1/messages", "{}");
    assert_eq!(answer.header("x-waterwall-error"), Some("waterwall-killswitch-engaged"));
    signal(&child, "TERM");
    assert_eq!(wait(&mut child).code(), Some(0));
    let log = fs::read_to_string(state.join("audit/proxy.jsonl")).unwrap();
    assert!(log.starts_with(&golden) && log[golden.len()..].contains("\"killswitch\""));
    let log = state.join("audit/proxy.jsonl").display().to_string();
    let (code, out, _) =
        moving.run(&["verify-chain", &log, "--pubkey", &state.join("signing.pub").display().to_string()]);
    assert_eq!(code, Some(0), "{out}");

    // A second time nothing changes, though the log has gone on.
    let (code, out, err) = moving.run(&["init", "--dir", "new", "--import", "old"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(!out.contains("created"), "{out}");
}

#[test]
fn imported_patterns_find_what_they_found() {
    let moving = Moving::new();
    assert_eq!(moving.run(&["init", "--dir", "new", "--import", "old"]).0, Some(0));
    moving.write("text", "acme_123456789012 xacme_123456789012 acme_1234567890123\n");
    let (code, out, _) = moving.run(&["scan", "--config", "new/waterwall.yaml", "text"]);
    assert_eq!((code, out.as_str()), (Some(1), "text:1:1: ACME_TOKEN\n"));
}

#[test]
fn a_broken_log_is_refused_before_anything_is_written() {
    let moving = Moving::new().with_chain();
    let log = moving.read("old/proxy.jsonl");
    moving.write("old/proxy.jsonl", &log.replacen("api.anthropic.com", "api.anthropic.org", 1));
    let (code, out, err) = moving.run(&["init", "--dir", "new", "--import", "old"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("old/proxy.jsonl does not hold together at seq"), "{err}");
    assert!(!moving.path("new").exists() && !moving.path(".local").exists());
}

#[test]
fn nothing_is_overwritten() {
    let moving = Moving::new().with_chain();
    assert_eq!(moving.run(&["init", "--dir", "new"]).0, Some(0));
    let before = moving.read("new/waterwall.yaml");
    let (code, _, err) = moving.run(&["init", "--dir", "new", "--import", "old"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("signing.key is there already, and is not a copy of old/signing.key"), "{err}");
    assert_eq!(moving.read("new/waterwall.yaml"), before);
}

#[test]
fn a_log_in_use_or_without_its_key_is_refused() {
    let moving = Moving::new().with_chain();
    moving.write("old/proxy.jsonl.lock", &std::process::id().to_string());
    let (code, _, err) = moving.run(&["init", "--import", "old"]);
    assert!(code == Some(1) && err.contains("Stop the predecessor first."), "{err}");
    fs::remove_file(moving.path("old/proxy.jsonl.lock")).unwrap();
    fs::remove_file(moving.path("old/signing.key")).unwrap();
    let (code, _, err) = moving.run(&["init", "--import", "old"]);
    assert!(code == Some(1) && err.contains("but no signing.key"), "{err}");
    let (code, _, err) = moving.run(&["init", "--import", "nowhere"]);
    assert!(code == Some(1) && err.contains("nowhere holds nothing to take over"), "{err}");
}

#[test]
fn the_old_ca_comes_along_only_when_asked() {
    let moving = Moving::new();
    moving.write("old/ca.pem", "old certificate");
    moving.write("old/ca.key", "old key");
    let (_, out, _) = moving.run(&["init", "--dir", "new", "--import", "old"]);
    assert!(out.contains("note    old/ca.pem: NOT taken over: a new CA is made"), "{out}");
    let other = Moving::new();
    other.write("old/ca.pem", "old certificate");
    other.write("old/ca.key", "old key");
    assert_eq!(other.run(&["init", "--dir", "new", "--import", "old", "--with-ca"]).0, Some(0));
    assert_eq!(other.read(".local/state/waterwall/ca.pem"), "old certificate");
}

#[test]
fn the_system_layout_can_be_staged() {
    let moving = Moving::new();
    let (code, out, err) = moving.run(&["init", "--system", "--root", "image"]);
    assert_eq!(code, Some(0), "{err}");
    for file in ["etc/waterwall/waterwall.yaml", "etc/waterwall/signing.key", "etc/waterwall/ca.pem"] {
        assert!(out.contains(&format!("created image/{file}\n")), "{out}");
    }
    assert!(moving.path("image/var/lib/waterwall/admin.token").exists());
    assert!(moving.read("image/etc/waterwall/waterwall.yaml").contains("\nstate_dir: /var/lib/waterwall\n"));
}
