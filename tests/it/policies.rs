//! Which detectors were in force: named on the log by a hash, kept beside it, proven by a bundle.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, PATIENCE, Setup, UpstreamConfig};

const RULES: &str = "[[rules]]\nid = \"ours\"\nregex = '''ours_[a-z]{12}'''\n";
const VALUES: [&str; 2] = ["blau-und-gelb-1", "blau-und-gelb-2"];

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(gateway: &Gateway) -> Vec<Value> {
    let log = fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    // The last may be half written.
    log.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn changes(gateway: &Gateway) -> Vec<Value> {
    lines(gateway).into_iter().filter(|line| line["line_type"] == "policy_change").collect()
}

fn post(gateway: &Gateway) {
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": secret}]});
    assert_eq!(gateway.client().post("/anthropic/v1/messages", body.to_string()).status, 200);
}

/// The hash that the last redaction has.
fn policy(gateway: &Gateway) -> String {
    let lines = lines(gateway);
    let last = lines.iter().rfind(|line| line["line_type"] == "redaction").unwrap();
    last["policy_hash"].as_str().unwrap().to_owned()
}

fn verb(setup: &Setup, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
    let output = command.args(arguments).current_dir(setup.path("state")).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

fn stop(gateway: &mut Gateway) {
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}

fn everything_in(directory: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all += &everything_in(&path),
            false => all += &String::from_utf8_lossy(&fs::read(path).unwrap()),
        }
    }
    all
}

/// One value in the place of another is another policy; after a restart the same values are the same one.
/// Rules, values and what is allowed are all in the text under the hash, and a bundle proves it.
#[test]
fn a_swapped_value_is_a_policy_change_that_a_bundle_proves() {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let yaml = format!(
        "redaction: {{ extra_detectors: rules.toml, known_values: {{ env_files: [.env] }}, allow: [{{ sha256: {} }}] }}",
        hex("not a secret")
    );
    let setup = Setup::new([UpstreamConfig::anthropic(echo.url())]).with(&yaml);
    setup.file("rules.toml", RULES);
    setup.file(".env", &format!("WALL={}\n", VALUES[0]));
    let mut gateway = setup.start();
    post(&gateway);
    let first = policy(&gateway);
    gateway.setup.file(".env", &format!("WALL={}\n", VALUES[1]));
    let since = Instant::now();
    while changes(&gateway).is_empty() {
        assert!(since.elapsed() < PATIENCE, "no policy_change");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    post(&gateway);
    let second = policy(&gateway);
    assert_eq!(changes(&gateway)[0]["old_policy_hash"], first.as_str());
    assert_eq!(changes(&gateway)[0]["new_policy_hash"], second.as_str());
    assert_ne!(first, second);

    stop(&mut gateway);
    gateway.setup.file(".env", &format!("WALL={}\n", VALUES[0]));
    gateway.restart();
    post(&gateway);
    assert_eq!(policy(&gateway), first, "the same values have the same name");
    stop(&mut gateway);

    let audit = gateway.setup.path("state/audit");
    let kept: BTreeSet<String> = fs::read_dir(audit.join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(kept, [&first, &second].map(|hash| format!("{hash}.txt")).into());
    for hash in [&first, &second] {
        let text = fs::read_to_string(audit.join(format!("policies/{hash}.txt"))).unwrap();
        assert_eq!(hex(&text), **hash);
        for part in ["KNOWN_VALUE\tknown\t1\t", "ours_[a-z]{12}", "\tallowed\t"] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }
    // Neither a value nor what anyone could try guesses on.
    let all = everything_in(&audit);
    for value in VALUES {
        let framed: Vec<u8> = [&(value.len() as u64).to_le_bytes()[..], value.as_bytes()].concat();
        let digest: String = Sha256::digest(framed).iter().map(|byte| format!("{byte:02x}")).collect();
        for guess in [value, &hex(value)[..16], &digest[..16]] {
            assert!(!all.contains(guess), "{guess}");
        }
    }

    let export = ["export-evidence", "--chain", "audit/proxy.jsonl", "--policy", "../rules.toml"];
    let keys = ["--pubkey", "signing.pub", "--signing-key", "signing.key", "-o", "bundle.tar.gz"];
    let exported = verb(&gateway.setup, &[&export[..], &keys].concat());
    assert_eq!(exported.0, Some(0), "{exported:?}");
    let verified = verb(&gateway.setup, &["verify-evidence", "bundle.tar.gz", "--pubkey", "signing.pub"]);
    assert_eq!(verified.0, Some(0), "{verified:?}");
    assert!(!verified.1.contains("policy") && !verified.1.contains("policies"), "{verified:?}");

    // Without the text of the one in force it is told.
    fs::remove_file(audit.join(format!("policies/{second}.txt"))).unwrap();
    fs::write(audit.join(format!("policies/{first}.txt")), "another\n").unwrap();
    assert_eq!(verb(&gateway.setup, &[&export[..], &keys].concat()).0, Some(0));
    let verified = verb(&gateway.setup, &["verify-evidence", "bundle.tar.gz", "--pubkey", "signing.pub"]);
    assert_eq!(verified.0, Some(0));
    assert!(verified.1.contains("nothing ties the policy file to the chain"), "{verified:?}");
}
