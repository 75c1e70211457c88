//! The kill switch: four sources, each by itself, and what they do to requests and streams.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Mutex, mpsc};
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Client, Gateway, PATIENCE, Response, Scripted, Setup, UpstreamConfig};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn start(upstream: &Scripted) -> Gateway {
    Setup::new([UpstreamConfig::anthropic(upstream.url())]).start()
}

fn ask(gateway: &Gateway) -> Response {
    gateway.client().post("/anthropic/v1/messages", "{}")
}

fn sources(gateway: &Gateway) -> Value {
    Client::connect(gateway.admin).get("/healthz", "").json()["killswitch_sources"].clone()
}

fn until_sources(gateway: &Gateway, expected: &[&str]) {
    let since = Instant::now();
    while sources(gateway) != json!(expected) {
        assert!(since.elapsed() < PATIENCE, "{} is not {expected:?}", sources(gateway));
    }
}

/// `POST /admin/killswitch` with the token.
fn switch(gateway: &Gateway, body: &Value) -> (u16, Value) {
    let token = fs::read_to_string(gateway.setup.path("state/admin.token")).unwrap();
    let body = body.to_string();
    let answer = Client::connect(gateway.admin)
        .send(format!(
            "POST /admin/killswitch HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .response();
    (answer.status, answer.json())
}

/// The kill switch's lines on the log.
fn recorded(gateway: &Gateway) -> Vec<Value> {
    let log = fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["line_type"] == "killswitch").collect()
}

#[track_caller]
fn is_refused(answer: &Response) {
    assert_eq!((answer.status, answer.code()), (502, "waterwall-killswitch-engaged"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn the_admin_server_arms_and_disarms_its_own_source() {
    let upstream = Scripted::answering(OK);
    let gateway = start(&upstream);
    let armed = json!({"action": "arm", "reason": "a test"});
    assert_eq!(switch(&gateway, &armed), (200, json!({"status": "armed"})));
    is_refused(&ask(&gateway));
    assert_eq!(upstream.connections(), 0);
    fs::write(gateway.setup.path("kill"), "").unwrap();
    assert_eq!(sources(&gateway), json!(["sentinel", "http"]));
    assert_eq!(switch(&gateway, &json!({"action": "disarm"})), (200, json!({"status": "disarmed"})));
    assert_eq!(sources(&gateway), json!(["sentinel"]), "disarming one leaves the others");
    is_refused(&ask(&gateway));
    fs::remove_file(gateway.setup.path("kill")).unwrap();
    assert_eq!(ask(&gateway).status, 200);
    for wrong in [json!({"action": "toggle"}), json!({}), json!("arm"), json!(null)] {
        assert_eq!(switch(&gateway, &wrong), (400, json!({"error": "unknown action"})), "{wrong}");
    }
}

#[test]
fn all_four_sources_in_their_order() {
    let upstream = Scripted::answering(OK);
    let gateway = start(&upstream);
    let file = gateway.setup.path("waterwall.yaml");
    let config = fs::read_to_string(&file).unwrap();
    switch(&gateway, &json!({"action": "arm"}));
    fs::write(gateway.setup.path("kill"), "").unwrap();
    gateway.signal("USR1");
    fs::write(&file, config.replace("armed: false", "armed: true")).unwrap();
    until_sources(&gateway, &["config", "sigusr1", "sentinel", "http"]);
    is_refused(&ask(&gateway));
    assert_eq!(recorded(&gateway)[0]["sources_active"], json!(["config", "sigusr1", "sentinel", "http"]));

    // SIGUSR1 and HTTP are forgotten by a restart, the files are not.
    let mut gateway = gateway;
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    gateway.restart();
    assert_eq!(sources(&gateway), json!(["config", "sentinel"]));
}

/// Also those that have no route, are no good or never become an exchange.
#[test]
fn every_refusal_is_recorded() {
    let upstream = Scripted::answering(OK);
    let gateway = start(&upstream);
    fs::write(gateway.setup.path("kill"), "").unwrap();
    is_refused(&ask(&gateway));
    let id = "x-request-id: req_7\r\n";
    is_refused(&gateway.client().get("/nowhere", id));
    is_refused(&gateway.client().get("/anthropic/v1/models", "origin: http://evil.test\r\n"));
    is_refused(&gateway.client().get("/anthropic/v1/x", "upgrade: websocket\r\nconnection: upgrade\r\n"));
    let recorded = recorded(&gateway);
    assert_eq!(recorded.len(), 4);
    assert_eq!(recorded[1]["request_id"], "req_7");
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_sentinel_that_cannot_be_looked_at_counts_as_armed() {
    let upstream = Scripted::answering(OK);
    let setup = Setup::new([UpstreamConfig::anthropic(upstream.url())]);
    fs::create_dir(setup.path("shut")).unwrap();
    fs::set_permissions(setup.path("shut"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root may look anywhere, so the path leads through a file for it.
    setup.file("plain", "");
    let is_root = fs::read_dir(setup.path("shut")).is_ok();
    let sentinel = setup.path(if is_root { "plain/kill" } else { "shut/kill" });
    let gateway = setup.sentinel(&sentinel).start();
    is_refused(&ask(&gateway));
    assert_eq!(sources(&gateway), json!(["sentinel"]));
}

/// A stream under way is not torn; what comes after it is refused.
#[test]
fn sigusr1_in_mid_stream() {
    let (go, wait_for_go) = mpsc::channel::<()>();
    let wait_for_go = Mutex::new(wait_for_go);
    let upstream = Scripted::start(move |connection| {
        while connection.request().is_some() {
            connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            connection.chunk("first");
            wait_for_go.lock().unwrap().recv().unwrap();
            connection.chunk("last");
            connection.send("0\r\n\r\n");
        }
    });
    let gateway = start(&upstream);
    let mut client = gateway.client();
    client.send_post("/anthropic/v1/messages", "{}");
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"first");
    gateway.signal("USR1");
    until_sources(&gateway, &["sigusr1"]);
    is_refused(&ask(&gateway));
    go.send(()).unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"last");
    assert!(client.chunk().unwrap().is_none());
    // The same connection, which was kept alive.
    is_refused(&client.post("/anthropic/v1/messages", "{}"));
    gateway.signal("USR1");
    until_sources(&gateway, &[]);
    go.send(()).unwrap();
    assert_eq!(ask(&gateway).status, 200);
    assert_eq!(upstream.requests().len(), 2);
}

/// A body may take minutes: what counts is the switch when it is in.
#[test]
fn armed_while_a_body_arrives() {
    let upstream = Scripted::answering(OK);
    let gateway = start(&upstream);
    let mut client = gateway.client();
    client.send(
        "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n",
    );
    // It has passed the switch once when it is told to go on.
    assert_eq!(client.head().unwrap().0, 100);
    fs::write(gateway.setup.path("kill"), "").unwrap();
    is_refused(&client.send("{}").response());
    assert_eq!(recorded(&gateway).len(), 1);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn agents_that_retry_can_be_told_403() {
    let upstream = Scripted::answering(OK);
    let setup = Setup::new([UpstreamConfig::anthropic(upstream.url())]);
    let gateway = setup.kill_switch("{ armed: true, refusal_status: 403 }").start();
    let answer = ask(&gateway);
    assert_eq!((answer.status, answer.code()), (403, "waterwall-killswitch-engaged"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}
