//! A new private CA: its making, its swap, its pickup.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::{Scripted, Setup, Tunnel, UpstreamConfig, trusting, wait};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn waterwall(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("SSL_CERT_FILE")
        .output()
        .unwrap()
}

/// Writes a configuration for these hosts.
fn configure(directory: &Path, hosts: &[&str]) -> String {
    let upstream = |host: &&str| {
        format!("  - {{ host: {host}, dialect: generic, prefix: /{} }}\n", host.replace('.', "-"))
    };
    let upstreams: String = hosts.iter().map(upstream).collect();
    let file = directory.join("w.yaml");
    std::fs::write(&file, format!("state_dir: state\nupstreams:\n{upstreams}")).unwrap();
    file.display().to_string()
}

fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn backups(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|it| it == "bak")).collect()
}

#[test]
fn a_strict_verifier_takes_it_and_it_covers_exactly_the_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let config = configure(dir.path(), &["a.test", "b.test"]);
    let arguments =
        ["regen-ca", "--config", &config, "--out-dir", "out", "--days", "90", "--common-name", "Ours"];
    let output = waterwall(dir.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    // A gateway takes no notice of one that lies elsewhere.
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("forward.ca_dir") && !told.contains("A running gateway"), "{told}");
    let pem = dir.path().join("out/ca.pem").display().to_string();
    openssl(&["verify", "-x509_strict", "-CAfile", &pem, &pem]);
    let text = openssl(&["x509", "-in", &pem, "-noout", "-text"]);
    for needed in [
        "CN = Ours",
        "X509v3 Name Constraints: critical",
        "DNS:a.test",
        "DNS:b.test",
        "IP:0.0.0.0/0.0.0.0",
        "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
        "CA:TRUE, pathlen:0",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "Certificate Sign, CRL Sign",
        "NIST CURVE: P-256",
    ] {
        assert!(text.contains(needed), "{needed}: {text}");
    }
    assert_eq!(text.matches("DNS:").count(), 2);
}

#[test]
fn a_changed_list_makes_another_and_keeps_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let config = configure(dir.path(), &["a.test"]);
    let state = dir.path().join("state");
    assert!(waterwall(dir.path(), &["init", "--config", &config]).status.success());
    let old = std::fs::read(state.join("ca.pem")).unwrap();
    configure(dir.path(), &["a.test", "c.test"]);
    let output = waterwall(dir.path(), &["regen-ca", "--config", &config]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("backup ") && said.contains("c.test"), "{said}");
    let new = std::fs::read(state.join("ca.pem")).unwrap();
    assert_ne!(old, new);
    let kept = backups(&state);
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().any(|file| std::fs::read(file).unwrap() == old));
    let bundle = std::fs::read_to_string(state.join("ca-bundle.pem")).unwrap();
    assert!(bundle.ends_with(std::str::from_utf8(&new).unwrap()));
}

#[test]
fn a_failure_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = configure(dir.path(), &["a.test"]);
    let state = dir.path().join("state");
    assert!(waterwall(dir.path(), &["init", "--config", &config]).status.success());
    let old = std::fs::read(state.join("ca.pem")).unwrap();
    std::fs::write(dir.path().join("empty.yaml"), "hosts: []\n").unwrap();
    std::fs::write(dir.path().join("wrong.yaml"), "hosts: [{host: 'not a name', sse_handler: none}]\n")
        .unwrap();
    for hosts in ["missing.yaml", "empty.yaml", "wrong.yaml"] {
        let output = waterwall(dir.path(), &["regen-ca", "--config", &config, "--hosts-file", hosts]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 2, "{hosts}");
    }
    let output = waterwall(dir.path(), &["regen-ca", "--config", "missing.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(state.join("ca.pem")).unwrap(), old);
    assert!(backups(&state).is_empty());

    std::fs::write(
        dir.path().join("good.yaml"),
        "hosts:\n  - {host: D.test, sse_handler: anthropic}\n  - e.test\n",
    )
    .unwrap();
    let output = waterwall(dir.path(), &["regen-ca", "--config", &config, "--hosts-file", "good.yaml"]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("d.test, e.test"));
}

#[test]
fn a_running_gateway_picks_it_up() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())]).start();
    let ca = gateway.setup.path("state/ca.pem");
    let old = trusting(&ca);
    let config = gateway.setup.path("waterwall.yaml").display().to_string();
    let mut open = Tunnel::open(gateway.agents, "up.test:443").tls(&ca, "up.test");
    let output = waterwall(&gateway.setup.path("."), &["regen-ca", "--config", &config]);
    assert!(output.status.success(), "{output:?}");
    // The very next handshake; who trusts the old one alone is refused by its own verifier.
    let mut client = Tunnel::open(gateway.agents, "up.test:443").tls(&ca, "up.test");
    assert_eq!(client.get("/x", "").status, 200);
    let refused = Tunnel::open(gateway.agents, "up.test:443").try_tls(old, "up.test").err().unwrap();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    // What is open stays open.
    assert_eq!(open.get("/x", "").status, 200);
}

/// Makes a CA for these hosts where the setup's gateway looks for one; `days` of it are over.
fn old_ca(setup: &Setup, hosts: &[&str], days: i64) {
    let made = time::OffsetDateTime::now_utc() - time::Duration::days(days);
    let authority = waterwall::ca::Authority::generate(hosts.iter().copied(), made).unwrap();
    std::fs::DirBuilder::new().mode(0o700).create(setup.path("state")).unwrap();
    setup.file("state/ca.pem", &authority.certificate);
    setup.file("state/ca.key", &authority.key);
}

#[test]
fn an_expired_one_refuses_to_start() {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]);
    old_ca(&setup, &["up.test"], 3650);
    let mut child = setup.spawn("127.0.0.1:0", "127.0.0.1:0");
    assert_eq!(wait(&mut child).code(), Some(1));
    assert!(setup.stderr().contains("the private CA has expired"), "{}", setup.stderr());
    // With nothing to intercept it is of no consequence.
    let setup =
        Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]).with("forward: { intercept: false }");
    old_ca(&setup, &["up.test"], 3650);
    drop(setup.start());
}

#[test]
fn one_that_does_not_fit_or_ends_soon_is_told_at_start() {
    for (hosts, days, told) in [
        (&["other.test"][..], 1, "does not cover up.test"),
        (&["up.test", "other.test"], 1, "covers names that are not configured: other.test"),
        (&["up.test"], 3625, "expires in 24 days"),
    ] {
        let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]);
        old_ca(&setup, hosts, days);
        setup.start().wait_for_log(told);
    }
}
