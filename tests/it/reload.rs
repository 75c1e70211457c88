//! Changing the configuration of a running gateway.

use std::fs;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Client, Gateway, PATIENCE, Scripted, Setup, UpstreamConfig};

/// A body limit that the first configuration has, and one that the second has.
const SMALL: &str = "redaction: { max_body_bytes: 100 }\n";
const LARGE: &str = "redaction: { max_body_bytes: 10000 }\n";

fn start(yaml: &str) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::anthropic(echo.url())]).with(yaml).start(), echo)
}

/// Replaces a file in one step, as careful editors do.
fn replace(gateway: &Gateway, name: &str, content: &str) {
    let new = gateway.setup.file("new", content);
    fs::rename(new, gateway.setup.path(name)).unwrap();
}

/// Replaces a part of the configuration in one step.
fn edit(gateway: &Gateway, from: &str, to: &str) {
    let before = fs::read_to_string(gateway.setup.path("waterwall.yaml")).unwrap();
    assert!(before.contains(from), "{from} in {before}");
    replace(gateway, "waterwall.yaml", &before.replace(from, to));
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn message(text: &str) -> String {
    json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}).to_string()
}

/// The status of a request with a body that only [`LARGE`] admits.
fn status_of_a_long_message(gateway: &Gateway) -> u16 {
    gateway.client().post("/anthropic/v1/messages", message(&"x".repeat(500))).status
}

fn health(gateway: &Gateway) -> Value {
    Client::connect(gateway.admin).get("/healthz", "").json()
}

/// Posts to the admin server with the token.
fn post(gateway: &Gateway, path: &str) -> (u16, Value) {
    let token = fs::read_to_string(gateway.setup.path("state/admin.token")).unwrap();
    let answer = Client::connect(gateway.admin)
        .send(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n"
        ))
        .response();
    (answer.status, answer.json())
}

fn log(gateway: &Gateway) -> String {
    fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap()
}

#[test]
fn a_replaced_file_comes_into_force() {
    let (gateway, _echo) = start(SMALL);
    assert_eq!(status_of_a_long_message(&gateway), 413);
    edit(&gateway, SMALL, LARGE);
    until("the new limit holds", || status_of_a_long_message(&gateway) == 200);
    gateway.wait_for_log("configuration reloaded");
}

#[test]
fn a_signal_and_a_request_reload_too() {
    let (gateway, _echo) = start(SMALL);
    edit(&gateway, SMALL, LARGE);
    assert_eq!(post(&gateway, "/admin/reload"), (200, json!({"status": "reloaded"})));
    assert_eq!(status_of_a_long_message(&gateway), 200);
    edit(&gateway, LARGE, SMALL);
    gateway.signal("HUP");
    until("the old limit holds", || status_of_a_long_message(&gateway) == 413);
}

#[test]
fn a_broken_file_is_refused_everywhere_and_the_old_set_stays() {
    let (gateway, _echo) = start(LARGE);
    edit(&gateway, LARGE, "redaction: { max_body_byte: 1 }\n");
    let (status, answer) = post(&gateway, "/admin/reload");
    let reason = answer["error"].as_str().unwrap();
    assert_eq!(status, 500);
    assert!(
        reason.contains("waterwall.yaml:") && reason.contains("unknown key \"max_body_byte\""),
        "{reason}"
    );
    assert_eq!(health(&gateway)["config_refused"], reason);
    assert_eq!(health(&gateway)["status"], "ok");
    gateway.wait_for_log("configuration refused");
    assert!(gateway.setup.stderr().contains("unknown key"));
    until("it is recorded", || log(&gateway).contains("reload_refused"));
    assert_eq!(status_of_a_long_message(&gateway), 200);
    gateway.signal("HUP");
    edit(&gateway, "{ max_body_byte: 1 }", "{ max_body_bytes: 100 }");
    until("it is mended", || health(&gateway)["config_refused"].is_null());
    assert_eq!(status_of_a_long_message(&gateway), 413);
    assert_eq!(log(&gateway).matches("reload_refused").count(), 1);
}

/// Both before it exists and once it does, without the configuration itself being touched.
#[test]
fn a_file_that_the_configuration_names_is_watched() {
    let (gateway, echo) = start(LARGE);
    edit(&gateway, LARGE, "redaction: { extra_detectors: patterns.yaml }\n");
    until("it is missed", || health(&gateway)["config_refused"].is_string());
    gateway.setup.file("patterns.yaml", "patterns: [{type: MINE, regex: 'mine_[0-9]{6}'}]\n");
    until("it is found", || health(&gateway)["config_refused"].is_null());
    let mine = format!("mine_{}", "123456");
    let client = &mut gateway.client();
    client.post("/anthropic/v1/messages", message(&mine));
    assert!(echo.requests().last().unwrap().decoded().unwrap().windows(9).any(|it| it == b"<pl:MINE:"));
    until("it is recorded", || log(&gateway).contains("policy_change"));

    replace(&gateway, "patterns.yaml", "patterns: [{type: YOURS, regex: 'yours_[0-9]{6}'}]\n");
    until("the second change is recorded", || log(&gateway).matches("policy_change").count() == 2);
    client.post("/anthropic/v1/messages", message(&mine));
    let sent = echo.requests().last().unwrap().decoded().unwrap();
    assert!(String::from_utf8(sent).unwrap().contains(&mine));
}

/// A host that the private CA cannot vouch for is an agent's error later; so it is told at once.
#[test]
fn a_ca_that_no_longer_fits_the_hosts_is_told() {
    let (gateway, _echo) = start(LARGE);
    let covers = "the private CA does not cover new.test; make a new one with `waterwall regen-ca`";
    assert!(!gateway.setup.stderr().contains(covers));
    let upstream =
        "upstreams:\n  - { host: new.test, dialect: generic, prefix: /new, url: \"http://127.0.0.1:9\" }\n";
    edit(&gateway, "upstreams:\n", upstream);
    assert_eq!(post(&gateway, "/admin/reload").0, 200);
    gateway.wait_for_log(covers);
}

/// Half a pair is on the disk for a moment when both are replaced: that is refused, and then mended.
#[test]
fn a_broken_ca_is_refused_and_a_whole_one_taken() {
    let (gateway, _echo) = start("");
    let good = fs::read_to_string(gateway.setup.path("state/ca.pem")).unwrap();
    replace(&gateway, "state/ca.pem", "no certificate");
    until("it is refused", || health(&gateway)["config_refused"].is_string());
    let (status, answer) = post(&gateway, "/admin/reload");
    assert_eq!(status, 500);
    assert!(answer["error"].as_str().unwrap().contains("ca.pem: the certificate is not"), "{answer}");
    assert_eq!(status_of_a_long_message(&gateway), 200);
    replace(&gateway, "state/ca.pem", &good);
    until("it is mended", || health(&gateway)["config_refused"].is_null());
}

#[test]
fn what_needs_a_restart_says_so() {
    let (gateway, _echo) = start(LARGE);
    edit(&gateway, LARGE, "vault: { capacity: 5 }\n");
    let (status, answer) = post(&gateway, "/admin/reload");
    assert_eq!(status, 500);
    assert_eq!(
        answer["error"],
        "vault cannot change while the gateway runs. Restart it, or undo the change."
    );
}

/// The kill switch in the file is armed and disarmed by it.
#[test]
fn the_configured_kill_switch_follows_the_file() {
    let (gateway, _echo) = start("");
    assert_eq!(status_of_a_long_message(&gateway), 200);
    edit(&gateway, "armed: false,", "armed: true, refusal_status: 403,");
    until("it is armed", || status_of_a_long_message(&gateway) == 403);
    assert_eq!(health(&gateway)["killswitch_sources"], json!(["config"]));
    edit(&gateway, "armed: true,", "armed: false,");
    until("it is disarmed", || status_of_a_long_message(&gateway) == 200);
}

/// Its upstream and its detectors are gone from the configuration; it neither breaks nor changes.
#[test]
fn an_exchange_in_flight_finishes_on_the_old_set() {
    let (go, wait_for_go) = mpsc::channel::<()>();
    let wait_for_go = Mutex::new(wait_for_go);
    let upstream = Scripted::start(move |connection| {
        let request = connection.request().unwrap();
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("first");
        wait_for_go.lock().unwrap().recv().unwrap();
        connection.chunk(&String::from_utf8(request.body).unwrap());
        connection.send("0\r\n\r\n");
    });
    let setup = Setup::new([UpstreamConfig::generic(upstream.url())])
        .with("redaction: { extra_detectors: patterns.yaml }");
    setup.file("patterns.yaml", "patterns: [{type: MINE, regex: 'mine_[0-9]{6}'}]\n");
    let gateway = setup.start();
    let mut client = gateway.client();
    let body = json!({"text": format!("mine_{}", "123456")}).to_string();
    client.send_post("/up/x", &body);
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"first");

    edit(&gateway, "redaction: { extra_detectors: patterns.yaml }", "");
    edit(&gateway, "prefix: /up", "prefix: /elsewhere");
    assert_eq!(post(&gateway, "/admin/reload").0, 200);
    assert_eq!(gateway.client().post("/up/x", "{}").status, 404);

    go.send(()).unwrap();
    let mut rest = Vec::new();
    while let Some(chunk) = client.chunk().unwrap() {
        rest.extend(chunk);
    }
    assert_eq!(String::from_utf8(rest).unwrap(), body);
    assert!(upstream.requests()[0].body.windows(9).any(|it| it == b"<pl:MINE:"));
}
