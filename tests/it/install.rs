//! `verify-install` and `pre-launch-hook`, run as operators and agents run them.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Client, Gateway, Setup, UpstreamConfig, wait_until};

const AT_START: [&str; 10] = [
    "ca_file",
    "signing_key",
    "patterns_complete",
    "chain_dir_writable",
    "listener_bindable",
    "admin_bindable",
    "mitmproxy_ca_file",
    "session_key",
    "sentinel_dir",
    "upstream_reachable",
];

const RUNNING: [&str; 10] = [
    "ca_file",
    "signing_key",
    "patterns_complete",
    "chain_dir_writable",
    "listener_bound",
    "admin_bound_loopback",
    "mitmproxy_ca_file",
    "session_key_age_sane",
    "sentinel_dir",
    "upstream_reachable",
];

/// A directory with a configuration; `init` has been run in it.
struct Installation {
    dir: TempDir,
    _upstream: TcpListener,
}

impl Installation {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", upstream.local_addr().unwrap());
        let installation = Self { dir, _upstream: upstream };
        installation.configure(&format!(
            "upstreams: [{{ host: up.test, dialect: generic, prefix: /up, url: \"{url}\" }}]\n"
        ));
        let init = installation.run(&["init", "--config", "waterwall.yaml"]);
        assert!(init.status.success(), "{init:?}");
        installation
    }

    fn configure(&self, upstreams: &str) {
        let sentinel = self.path("run/kill");
        let yaml = format!(
            "listen: 127.0.0.1:0\nadmin: {{ listen: 127.0.0.1:0 }}\nstate_dir: state\n\
             kill_switch: {{ sentinel: {} }}\n{upstreams}",
            sentinel.display(),
        );
        fs::write(self.path("waterwall.yaml"), yaml).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        waterwall(self.dir.path(), arguments).output().unwrap()
    }

    /// The names of the checks that fail.
    #[track_caller]
    fn failing(&self, arguments: &[&str]) -> Vec<String> {
        failing(&self.run(&[&["verify-install"], arguments].concat()), &AT_START)
    }
}

fn waterwall(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
    command.args(arguments).current_dir(dir).env_remove("WATERWALL_HEALTHZ_URL");
    command
}

#[track_caller]
fn failing(output: &Output, names: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert!(text.starts_with("{\n  \""), "two spaces of indent: {text}");
    let checks = report["checks"].as_array().expect("checks");
    assert_eq!(checks.iter().map(|check| check["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    assert!(checks.iter().all(|check| check["detail"].is_string()), "{text}");
    let failing: Vec<_> = checks.iter().filter(|check| check["ok"] == false).collect();
    assert_eq!(report["ok"], failing.is_empty(), "{text}");
    assert_eq!(output.status.code(), Some(i32::from(!failing.is_empty())), "{text}");
    failing.iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_fresh_installation_passes_every_check() {
    let installation = Installation::new();
    assert_eq!(installation.failing(&[]), [""; 0]);
    let kept: Value =
        serde_json::from_slice(&fs::read(installation.path("state/verify-install.json")).unwrap()).unwrap();
    assert_eq!((&kept["checks_passed"], &kept["checks_total"]), (&json!(10), &json!(10)));
}

#[test]
fn each_check_fails_for_its_own_reason() {
    let installation = Installation::new();
    let key = installation.path("state/signing.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(installation.failing(&[]), ["signing_key"]);
    fs::set_permissions(&key, Permissions::from_mode(0o440)).unwrap();
    assert_eq!(installation.failing(&[]), [""; 0]);

    // Another list of hosts, and an upstream that is not there.
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    installation.configure(&format!(
        "upstreams: [{{ host: else.test, dialect: generic, prefix: /up, url: \"http://{unused}\" }}]\n"
    ));
    assert_eq!(installation.failing(&[]), ["ca_file", "upstream_reachable"]);
    assert_eq!(installation.failing(&["--offline"]), ["ca_file"]);

    fs::remove_file(installation.path("state/ca.key")).unwrap();
    assert_eq!(installation.failing(&["--offline"]), ["ca_file", "mitmproxy_ca_file"]);
    fs::remove_file(installation.path("state/ca.pem")).unwrap();
    fs::remove_dir_all(installation.path("state/audit")).ok();
    fs::write(installation.path("state/audit"), "in the way").unwrap();
    fs::write(installation.path("run"), "in the way").unwrap();
    let failing = installation.failing(&["--offline"]);
    assert_eq!(failing, ["ca_file", "chain_dir_writable", "mitmproxy_ca_file", "sentinel_dir"]);
}

#[test]
fn extra_detectors_must_not_take_a_built_in_label() {
    let installation = Installation::new();
    fs::write(installation.path("own.yaml"), "patterns: [{type: OPENAI_KEY, regex: 'own_[a-z]{9}'}]\n")
        .unwrap();
    let file = installation.path("waterwall.yaml");
    let yaml = fs::read_to_string(&file).unwrap() + "redaction: { extra_detectors: own.yaml }\n";
    fs::write(&file, yaml).unwrap();
    assert_eq!(installation.failing(&[]), ["patterns_complete"]);
}

#[test]
fn taken_ports_are_told() {
    let installation = Installation::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = installation.path("waterwall.yaml");
    let address = taken.local_addr().unwrap().to_string();
    let yaml = fs::read_to_string(&file).unwrap().replacen("127.0.0.1:0", &address, 1);
    fs::write(&file, yaml).unwrap();
    assert_eq!(installation.failing(&[]), ["listener_bindable"]);
}

#[test]
fn a_broken_configuration_is_an_error_in_json_too() {
    let installation = Installation::new();
    fs::write(installation.path("waterwall.yaml"), "listen: nowhere\n").unwrap();
    let output = installation.run(&["verify-install"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["ok"]), (Some(1), &json!(false)));
    assert!(report["error"].as_str().unwrap().contains("waterwall.yaml:1"), "{report}");
}

fn running() -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::generic(echo.url())]).start(), echo)
}

/// A configuration that names the ports which the gateway was given.
fn config_of(gateway: &Gateway) -> String {
    let file = gateway.setup.path("waterwall.yaml");
    let yaml = fs::read_to_string(&file).unwrap();
    let yaml = yaml.replacen("127.0.0.1:0", &gateway.agents.to_string(), 1);
    let own = gateway.setup.file("ports.yaml", &yaml.replacen("127.0.0.1:0", &gateway.admin.to_string(), 1));
    own.display().to_string()
}

#[test]
fn a_running_gateway_is_checked_by_what_it_says() {
    let (gateway, _echo) = running();
    let config = config_of(&gateway);
    let verify = || {
        waterwall(gateway.setup.path("").as_path(), &["verify-install", "--runtime", "--config", &config])
            .output()
    };
    assert_eq!(failing(&verify().unwrap(), &RUNNING), ["upstream_reachable"], "nothing was sent yet");
    assert_eq!(gateway.client().post("/up/x", "{}").status, 200);
    assert_eq!(failing(&verify().unwrap(), &RUNNING), [""; 0]);
    let state = Client::connect(gateway.admin).get("/admin/state", "").json();
    assert_eq!(state["verify_install"]["checks_passed"], 10);

    // Each run is on the gateway's log (the first may have been replaced before it was looked at).
    let recorded = || {
        let log = fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
        log.lines()
            .filter(|line| line.contains("\"checks_passed\":10,\"checks_total\":10,\"failed\":[],"))
            .count()
    };
    wait_until(|| recorded() > 0);
    assert_eq!(recorded(), 1);
}

#[test]
fn without_a_gateway_the_runtime_checks_are_an_error() {
    let installation = Installation::new();
    let file = installation.path("waterwall.yaml");
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let yaml = fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", &unused);
    fs::write(&file, yaml.replacen(&unused, "127.0.0.1:0", 1)).unwrap();
    let output = installation.run(&["verify-install", "--runtime"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["ok"]), (Some(1), &json!(false)));
    assert!(report["error"].as_str().unwrap().contains("does not answer"), "{report}");
}

#[test]
fn the_hook_lets_an_agent_start_only_when_all_is_well() {
    let (mut gateway, _echo) = running();
    let config = config_of(&gateway);
    let dir = gateway.setup.path("");
    let hook = || waterwall(&dir, &["pre-launch-hook", "--config", &config]).output().unwrap();
    let well = hook();
    assert_eq!(
        (well.status.code(), well.stdout.as_slice(), well.stderr.as_slice()),
        (Some(0), &b""[..], &b""[..])
    );

    fs::write(gateway.setup.path("kill"), "").unwrap();
    blocked(&hook(), "the kill switch is armed (sentinel)");
    fs::remove_file(gateway.setup.path("kill")).unwrap();

    // A refused configuration is no reason not to start, but should be known.
    let file = gateway.setup.path("waterwall.yaml");
    fs::write(&file, "listen: nowhere\n").unwrap();
    gateway.signal("HUP");
    wait_until(|| !hook().stderr.is_empty());
    let warned = hook();
    assert_eq!(warned.status.code(), Some(0), "{warned:?}");
    let told = String::from_utf8_lossy(&warned.stderr).into_owned();
    assert!(told.starts_with("waterwall pre-launch-hook: WARN — the configuration was refused"), "{told}");
    let answer: Value = serde_json::from_slice(&warned.stdout).unwrap();
    assert_eq!(answer["hookSpecificOutput"]["hookEventName"], "SessionStart");

    gateway.signal("TERM");
    gateway.wait();
    blocked(&hook(), "the gateway does not answer at");
    let elsewhere = waterwall(&dir, &["pre-launch-hook"])
        .env("WATERWALL_HEALTHZ_URL", format!("http://{}/healthz", gateway.admin))
        .output()
        .unwrap();
    blocked(&elsewhere, "the gateway does not answer at");
}

#[track_caller]
fn blocked(output: &Output, reason: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.starts_with(&format!("waterwall pre-launch-hook: BLOCK — {reason}")), "{told}");
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["hookSpecificOutput"]["hookEventName"], "SessionStart");
    assert!(answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap().contains(reason));
}
