//! Evidence as an auditor gets it: a real gateway's log, checked by the verbs, by the commands of the
//! auditor's guide, and by Go's own transparency log library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Setup, UpstreamConfig};

/// What a gateway left behind, and what was made of it.
struct Left {
    gateway: Gateway,
    _echo: Echo,
}

impl Left {
    /// A gateway that redacted something in each of `requests` requests of two sessions, and ended.
    fn behind(requests: usize) -> Self {
        let echo = Echo::start(EchoOptions::default()).unwrap();
        let setup = Setup::new([UpstreamConfig::anthropic(echo.url())]);
        let mut gateway = setup.with("audit: { checkpoint_lines: 3 }").start();
        for n in 0..requests {
            let key = format!("AKIA{}{n:04}", "FAKE".repeat(3));
            let message = json!({"role": "user", "content": format!("key {key}")});
            let body = json!({"model": "m", "max_tokens": 9, "messages": [message]}).to_string();
            let mut client = gateway.client();
            client.send(format!(
                "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 x-claude-code-session-id: s{}\r\ncontent-length: {}\r\n\r\n{body}",
                n % 2,
                body.len()
            ));
            assert_eq!(client.response().status, 200);
        }
        gateway.signal("TERM");
        assert_eq!(gateway.wait().code(), Some(0));
        Self { gateway, _echo: echo }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.gateway.setup.path(&format!("state/{name}"))
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
        command.args(arguments).current_dir(self.path("")).output().unwrap()
    }

    /// Runs a verb that must end so; its standard output.
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn export(&self, out: &str) -> String {
        self.expect(
            0,
            &[
                "export-evidence",
                "--chain",
                LOG,
                "--policy",
                "policy.yaml",
                "--pubkey",
                "signing.pub",
                "--signing-key",
                "signing.key",
                "-o",
                out,
                "--receipts-dir",
                "audit/receipts",
                "--manifests-dir",
                "audit/manifests",
            ],
        )
    }

    fn receipt(&self) -> String {
        let mut names: Vec<_> = fs::read_dir(self.path("audit/receipts"))
            .unwrap()
            .map(|entry| format!("audit/receipts/{}", entry.unwrap().file_name().to_str().unwrap()))
            .collect();
        names.sort();
        names.remove(0)
    }
}

const LOG: &str = "audit/proxy.jsonl";
const NOTE: &str = "audit/proxy.jsonl.checkpoint";

fn json(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_gateways_evidence_verifies_and_a_forged_one_does_not() {
    let left = Left::behind(7);
    let lines = left.text(LOG).lines().count();
    let whole = left
        .expect(0, &["verify-chain", LOG, "--pubkey", "signing.pub", "--strict", "--save-head", "head.json"]);
    assert!(whole.starts_with(&format!("OK: {lines} lines verified, ")), "{whole}");
    left.expect(0, &["verify-chain", LOG, "--pubkey", "signing.pub", "--head", "head.json"]);
    left.expect(0, &["verify-chain", LOG, "--pubkey", "signing.pub", "--head", NOTE]);

    fs::write(left.path("policy.yaml"), "patterns: []\n").unwrap();
    assert_eq!(left.export("evidence.tar.gz"), "OK: bundle written to evidence.tar.gz\n");
    let verify = ["verify-evidence", "evidence.tar.gz", "--pubkey", "signing.pub"];
    let verified = left.run(&verify);
    assert_eq!(verified.stdout, b"{\"ok\": true, \"bundle\": \"evidence.tar.gz\"}\n");
    let told = String::from_utf8(verified.stderr).unwrap();
    assert!(!told.contains("nothing ties the policy file"), "the detectors' text is in it: {told}");

    let receipt = left.receipt();
    let valid = json(&left.expect(0, &["verify-receipt", &receipt, "--pubkey", "signing.pub"]));
    assert_eq!(valid, json!({"ok": true, "receipt": receipt, "reason": "signature valid"}));

    // Cut and rewritten: one told only by the head.
    let log = left.text(LOG);
    let last = log.trim_end().rfind('\n').unwrap() + 1;
    fs::write(left.path(LOG), &log[..last]).unwrap();
    left.expect(3, &["verify-chain", LOG, "--pubkey", "signing.pub", "--strict"]);
    for head in ["head.json", NOTE] {
        let cut = left.expect(1, &["verify-chain", LOG, "--pubkey", "signing.pub", "--head", head]);
        assert!(cut.contains("the log ends before the remembered head"), "{cut}");
    }
    fs::write(left.path(LOG), log.replacen("AWS_ACCESS_KEY", "AWS_ACCESS_KEZ", 1)).unwrap();
    let refused = left.run(&[
        "export-evidence",
        "--chain",
        LOG,
        "--policy",
        "policy.yaml",
        "--pubkey",
        "signing.pub",
        "--signing-key",
        "signing.key",
        "-o",
        "second.tar.gz",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!left.path("second.tar.gz").exists(), "no half a bundle");

    let text = left.text(&receipt).replacen("\"redaction_count\": 1", "\"redaction_count\": 2", 1);
    fs::write(left.path("forged.json"), text).unwrap();
    let forged = json(&left.expect(1, &["verify-receipt", "forged.json", "--pubkey", "signing.pub"]));
    assert_eq!(forged["reason"], "signature invalid or receipt malformed");
    fs::write(left.path("noise.tar.gz"), "noise").unwrap();
    let noise = json(&left.expect(1, &["verify-evidence", "noise.tar.gz", "--pubkey", "signing.pub"]));
    assert!(noise["failure_reason"].as_str().unwrap().starts_with("extraction failed: "));
    for verb in ["verify-evidence", "verify-receipt", "verify-proof"] {
        left.expect(2, &[verb, "absent", "--pubkey", "signing.pub"]);
        left.expect(2, &[verb, "forged.json", "--pubkey", "absent"]);
    }
}

#[test]
fn a_rotated_log_is_followed_through_its_archive() {
    let left = Left::behind(3);
    left.expect(0, &["verify-chain", LOG, "--pubkey", "signing.pub", "--save-head", "head.json"]);
    left.expect(0, &["rotate-chain", "--chain-path", LOG]);
    let archive = fs::read_dir(left.path("audit"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.contains("-archived-") && !name.ends_with(".checkpoint"))
        .unwrap();
    let archive = format!("audit/{archive}");
    let key = ["--pubkey", "signing.pub"];
    let both = ["verify-chain", &archive, LOG];
    left.expect(0, &[&both[..], &key].concat());
    left.expect(0, &[&both[..], &key, &["--head", "head.json"]].concat());
    let alone = left.expect(1, &[&["verify-chain", LOG][..], &key, &["--head", "head.json"]].concat());
    assert!(alone.contains("give its archives too"), "{alone}");
    left.expect(1, &[&["verify-chain", LOG, &archive][..], &key].concat());
    // The receipts that lie there are the archive's: none is of the new log, none is in the way.
    fs::write(left.path("policy.yaml"), "patterns: []\n").unwrap();
    left.export("evidence.tar.gz");
    left.expect(0, &["verify-evidence", "evidence.tar.gz", "--pubkey", "signing.pub"]);
}

/// Where the tool is not installed the test says so and passes; CI installs it.
fn there_is(tool: &str) -> bool {
    let found = Command::new(tool).arg("--help").output().is_ok();
    if !found {
        eprintln!("{tool} is not installed: not tested");
    }
    found
}

#[test]
fn proofs_hold_and_go_agrees() {
    let left = Left::behind(7);
    let size = left.text(NOTE).lines().nth(1).unwrap().parse::<usize>().unwrap();
    assert_eq!(size, left.text(LOG).lines().count(), "the note is of the whole log");
    let prove = |what: [&str; 2], file: &str| {
        let proof = left.expect(0, &["prove", LOG, "--pubkey", "signing.pub", what[0], what[1]]);
        fs::write(left.path(file), &proof).unwrap();
        let checked = json(&left.expect(0, &["verify-proof", file, "--pubkey", "signing.pub"]));
        assert_eq!((&checked["ok"], &checked["proof"]), (&json!(true), &json!(file)));
        proof
    };
    for seq in 1..=size {
        prove(["--line", &seq.to_string()], &format!("line{seq}.json"));
        prove(["--since", &seq.to_string()], &format!("since{seq}.json"));
    }
    let receipt = prove(["--receipt", &left.receipt()], "receipt.json");
    prove(["--since", NOTE], "same.json");

    let forged = receipt.replacen("\"index\":", "\"index\":1", 1);
    fs::write(left.path("forged.json"), forged).unwrap();
    let checked = json(&left.expect(1, &["verify-proof", "forged.json", "--pubkey", "signing.pub"]));
    assert_eq!(checked["reason"], "the hashes do not lead to the root");

    let modules = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog");
    if !there_is("go") || !modules.is_dir() {
        return;
    }
    let key = left.expect(0, &["prove", LOG, "--pubkey", "signing.pub", "--verifier-key"]);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proofs/check.go");
    let binary = left.path("check");
    let built = go(&left, &["build", "-o", binary.to_str().unwrap(), program.to_str().unwrap()]);
    assert!(built.status.success(), "{built:?}");
    let check = |files: &[String]| {
        Command::new(&binary).arg(key.trim()).args(files).current_dir(left.path("")).output()
    };
    let proofs: Vec<String> = fs::read_dir(left.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| ["line", "since", "receipt", "same"].iter().any(|start| name.starts_with(start)))
        .collect();
    assert_eq!(proofs.len(), 2 * size + 2);
    let agreed = check(&proofs).unwrap();
    assert!(agreed.status.success(), "{agreed:?}");
    assert!(!check(&["forged.json".to_owned()]).unwrap().status.success(), "Go accepts a forged proof");
}

fn go(left: &Left, arguments: &[&str]) -> Output {
    let mut command = Command::new("go");
    command.args(arguments).env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
    command.env("GOCACHE", left.path("go-cache")).env("GOFLAGS", "").output().unwrap()
}

#[test]
fn the_auditors_guide_works_as_it_is_written() {
    if !there_is("jq") || !there_is("openssl") {
        return;
    }
    let left = Left::behind(4);
    fs::write(left.path("policy.yaml"), "patterns: []\n").unwrap();
    left.export("evidence.tar.gz");
    left.expect(0, &["verify-chain", LOG, "--pubkey", "signing.pub", "--save-head", "head.json"]);
    let tar = |arguments: &[&str]| {
        let output = Command::new("tar").args(arguments).current_dir(left.path("")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    // Forged ones: a line edited, a receipt gone, a file slipped in, the list edited.
    type Forge<'a> = &'a dyn Fn(&Path);
    let edit = |file: PathBuf, from: &str, to: &str| {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from));
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    };
    let forgeries: [(&str, Forge<'_>); 4] = [
        ("forged-line", &|parts| edit(parts.join("chain/proxy.jsonl"), "AWS_ACCESS_KEY", "AWS_ACCESS_KEZ")),
        ("forged-receipts", &|parts| {
            fs::remove_file(fs::read_dir(parts.join("receipts")).unwrap().next().unwrap().unwrap().path())
                .unwrap()
        }),
        ("forged-file", &|parts| fs::write(parts.join("receipts/extra.json"), "{}").unwrap()),
        ("forged-list", &|parts| edit(parts.join("MANIFEST.json"), "\"v\":1", "\"v\":2")),
    ];
    for (name, forge) in forgeries {
        let parts = left.path(name);
        fs::create_dir(&parts).unwrap();
        tar(&["-xzf", "evidence.tar.gz", "-C", name]);
        forge(&parts);
        let bundle = format!("{name}.tar.gz");
        tar(&[
            "-czf",
            &bundle,
            "-C",
            name,
            "MANIFEST.json",
            "chain",
            "receipts",
            "manifests",
            "policy",
            "pubkey.pem",
        ]);
        left.expect(1, &["verify-evidence", &bundle, "--pubkey", "signing.pub"]);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auditor/run");
    let ran = Command::new(script).arg(left.path("")).output().unwrap();
    assert!(
        ran.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
}
