//! Archiving the audit log: in a running gateway, and with the verb.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Setup, UpstreamConfig};

fn start(yaml: &str) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::anthropic(echo.url())]).with(yaml).start(), echo)
}

fn waterwall(arguments: &[&str], setup: &Setup) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .args(arguments)
        .current_dir(setup.path("state").parent().unwrap())
        .output()
        .unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn archives(directory: &Path) -> Vec<std::path::PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let archive = |name: &str| name.contains("-archived-") && !name.ends_with(".checkpoint");
    // Beside each lies its note.
    paths.filter(|path| archive(&path.to_string_lossy())).collect()
}

/// Agents that ask without a pause, all at once: no request fails, and each is on exactly one of the chains, which
/// follow one another and each have a note. Tells how often the log was rotated and how many requests a second there were.
fn rotate_under_load(agents: usize, each: usize, rotate_bytes: usize) -> (usize, f64) {
    let (mut gateway, echo) = start(&format!("audit: {{ rotate_bytes: {rotate_bytes} }}"));
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let body = json!({"model": "m", "max_tokens": 9,
        "messages": [{"role": "user", "content": format!("{secret} ").repeat(12)}]})
    .to_string();
    let since = Instant::now();
    std::thread::scope(|scope| {
        for agent in 0..agents {
            let (gateway, body) = (&gateway, &body);
            scope.spawn(move || {
                let mut client = gateway.client();
                for n in 0..each {
                    client.send(format!(
                        "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                         x-request-id: {agent}-{n}\r\nx-session-id: s\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    ));
                    assert_eq!(client.response().status, 200);
                }
            });
        }
    });
    let (requests, rate) = (agents * each, (agents * each) as f64 / since.elapsed().as_secs_f64());
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(echo.requests().len(), requests);

    let directory = gateway.setup.path("state/audit");
    let chains = in_order(&directory);
    let rotations = chains.len() - 1;
    assert_eq!(archives(&directory).len(), rotations, "each archive is followed by another or the log");
    let mut verify = vec!["verify-chain", "--strict", "--pubkey", "state/signing.pub"];
    verify.extend(chains.iter().map(|chain| chain.to_str().unwrap()));
    let verified = waterwall(&verify, &gateway.setup);
    assert!(verified.status.success(), "{verified:?}");
    let mut recorded = Vec::new();
    for chain in &chains {
        let lines = lines(chain);
        let note = fs::read_to_string(format!("{}.checkpoint", chain.display())).unwrap();
        assert_eq!(note.lines().nth(1), Some(&*lines.len().to_string()), "the note of {}", chain.display());
        let redactions = lines.into_iter().filter(|line| line["line_type"] == "redaction");
        recorded.extend(redactions.map(|line| line["request_id"].to_string()));
    }
    assert_eq!(recorded.len(), requests);
    assert_eq!(recorded.iter().collect::<HashSet<_>>().len(), requests);
    assert_eq!(fs::read_dir(directory.join("receipts")).unwrap().count(), requests);
    // The session went on over the rotations.
    let manifest = fs::read_dir(directory.join("manifests")).unwrap().next().unwrap().unwrap().path();
    let manifest: Value = serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    assert_eq!(manifest["redaction_total"], requests * 12);
    assert_eq!(manifest["rotations"], rotations);
    (rotations, rate)
}

/// The archives and the log, oldest first, by the links in their first lines.
fn in_order(directory: &Path) -> Vec<PathBuf> {
    let mut chains = vec![directory.join("proxy.jsonl")];
    loop {
        let first = BufReader::new(fs::File::open(&chains[0]).unwrap()).lines().next().unwrap().unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        match first["previous_archive"].as_str() {
            Some(archive) => chains.insert(0, directory.join(archive)),
            None => return chains,
        }
    }
}

#[test]
fn no_request_is_lost_in_rotations_under_load() {
    let (rotations, _) = rotate_under_load(4, 100, 65_536);
    assert!(rotations > 5, "{rotations}");
}

/// The rate is told and not asserted: it is the machine's.
#[test]
#[ignore = "takes a minute; .ci/run runs it with the release build"]
fn no_request_is_lost_in_fifty_rotations_at_full_load() {
    let (rotations, rate) = rotate_under_load(16, 1_250, 524_288);
    eprintln!("{rotations} rotations at {rate:.0} requests a second");
    assert!(rotations >= 50, "{rotations}");
}

/// The running gateway is asked: by the verb, and by whoever shows the token.
#[test]
fn a_running_gateway_rotates_when_asked() {
    let (mut gateway, _echo) = start("");
    let admin = format!("admin: {{ listen: {} }}", gateway.admin);
    let text = fs::read_to_string(gateway.setup.path("waterwall.yaml")).unwrap();
    let named = text.lines().map(|line| if line.starts_with("admin:") { &admin } else { line });
    gateway.setup.file("asking.yaml", &named.collect::<Vec<_>>().join("\n"));
    let ask = |setup: &Setup| waterwall(&["rotate-chain", "--running", "--config", "asking.yaml"], setup);
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    for rotations in 1..=2 {
        assert_eq!(gateway.client().get("/anthropic/v1/models", "").status, 200);
        let output = ask(&gateway.setup);
        assert!(output.status.success(), "{output:?}");
        let out = String::from_utf8(output.stdout).unwrap();
        let archive = out.lines().find_map(|line| line.strip_prefix("archived: ")).unwrap();
        assert!(out.contains(&format!("fresh chain at: {}\n", log.display())), "{out}");
        assert_eq!(archives(log.parent().unwrap()).len(), rotations);
        for chain in [archive, log.to_str().unwrap()] {
            let verified =
                waterwall(&["verify-chain", chain, "--pubkey", "state/signing.pub"], &gateway.setup);
            assert!(verified.status.success(), "{verified:?}");
        }
        assert_eq!(lines(Path::new(archive)).iter().filter(|it| it["line_type"] == "rotation").count(), 1);
    }
    let refused = waterwall(
        &["rotate-chain", "--running", "--chain-path", "x", "--config", "asking.yaml"],
        &gateway.setup,
    );
    assert_eq!(refused.status.code(), Some(2));
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    let output = ask(&gateway.setup);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("the gateway does not answer"));
}

#[test]
fn the_verb_archives_a_log_and_refuses_a_live_one() {
    let (mut gateway, _echo) = start("");
    let rotate = |setup: &Setup, more: &[&str]| {
        let output = waterwall(&[&["rotate-chain", "--config", "waterwall.yaml"], more].concat(), setup);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = rotate(&gateway.setup, &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("in use by process") && err.contains("Stop the gateway first"), "{err}");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));

    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let before = fs::read_to_string(&log).unwrap();
    // With and without a torn tail, by configuration and by path.
    for (torn, more) in [("", &[][..]), ("{\"half\":", &["--chain-path", log.to_str().unwrap()])] {
        let mut text = fs::read_to_string(&log).unwrap();
        text.push_str(torn);
        fs::write(&log, text).unwrap();
        let (code, out, err) = rotate(&gateway.setup, more);
        assert_eq!(code, Some(0), "{err}");
        let archived = out.lines().find_map(|line| line.strip_prefix("archived: ")).unwrap();
        assert!(out.contains(&format!("fresh chain at: {}\n", log.display())), "{out}");
        assert_eq!(out.contains("was torn"), !torn.is_empty(), "{out}");
        let name = Path::new(archived).file_name().unwrap().to_str().unwrap();
        assert_eq!(lines(&log)[0]["previous_archive"], name);
        for chain in [archived, log.to_str().unwrap()] {
            let verified = waterwall(
                &["verify-chain", chain, "--pubkey", "state/signing.pub", "--strict"],
                &gateway.setup,
            );
            assert!(verified.status.success(), "{verified:?}");
        }
        if torn.is_empty() {
            assert!(fs::read_to_string(archived).unwrap().starts_with(&before));
        }
    }
    let (code, out, _) = rotate(&gateway.setup, &["--chain-path", "absent.jsonl"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("warning: there is no log at absent.jsonl"), "{out}");
    // Only root can give the log away.
    if std::os::unix::fs::chown(&log, Some(12345), None).is_ok() {
        let (code, _, err) = rotate(&gateway.setup, &[]);
        assert_eq!(code, Some(2));
        assert!(err.contains("belongs to user 12345, and this is root") && err.contains("sudo -u"), "{err}");
        std::os::unix::fs::chown(&log, Some(0), None).unwrap();
    }
    fs::write(gateway.setup.path("other.key"), "not a key").unwrap();
    assert_eq!(rotate(&gateway.setup, &["--signing-key", "other.key"]).0, Some(2));
}
