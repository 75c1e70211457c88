//! The admin server: what it tells, and whom it obeys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use serde_json::{Value, json};
use waterwall::echo::{Canned, Echo, EchoOptions};

use crate::harness::{Client, Gateway, PATIENCE, Response, Scripted, Setup, UpstreamConfig, wait_until};

/// A gateway before an echo provider.
fn start() -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    (Setup::new([UpstreamConfig::anthropic(echo.url())]).start(), echo)
}

fn token(gateway: &Gateway) -> String {
    fs::read_to_string(gateway.setup.path("state/admin.token")).unwrap()
}

fn get(gateway: &Gateway, path: &str) -> Response {
    Client::connect(gateway.admin).get(path, "")
}

fn state(gateway: &Gateway) -> Value {
    get(gateway, "/admin/state").json()
}

/// Waits for a value of the state: an exchange is counted when it has ended, which may be a moment
/// after its answer is in.
#[track_caller]
fn until_state(gateway: &Gateway, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let state = state(gateway);
        if holds(&state) {
            return state;
        }
        assert!(since.elapsed() < PATIENCE, "{what}: {state:#}");
    }
}

/// A POST with these header lines, each ending in CRLF.
fn post(gateway: &Gateway, path: &str, headers: &str, body: &str) -> u16 {
    let length = body.len();
    let mut client = Client::connect(gateway.admin);
    client.send(format!("POST {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}"));
    client.response().status
}

fn say(client: &mut Client, text: &str, headers: &str) -> Response {
    let body =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}).to_string();
    let length = body.len();
    client.send(format!(
        "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         {headers}content-length: {length}\r\n\r\n{body}"
    ));
    client.response()
}

fn aws() -> String {
    format!("AKIA{}", "FAKE".repeat(4))
}

fn github() -> String {
    format!("ghp_{}", "a1B2c3D4e5F6".repeat(3))
}

/// What is told of the log's last signature is of the log, not of this process.
#[test]
fn a_checkpoint_of_before_a_restart_is_told() {
    let (mut gateway, _echo) = start();
    let told = |gateway: &Gateway| {
        let state = until_state(gateway, "the log is read", |it| it["chain"]["verify_status"] == "ok");
        let chain = &state["chain"];
        (chain["last_signed_ts"].clone(), chain["last_checkpoint_root_hash"].clone())
    };
    assert_eq!(told(&gateway), (Value::Null, Value::Null), "nothing is signed yet");
    gateway.signal("TERM");
    gateway.wait();
    let log = fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last["line_type"], "checkpoint");
    gateway.restart();
    assert_eq!(told(&gateway), (last["ts"].clone(), last["chain_root_hash"].clone()));
}

/// Why somebody stopped everything is what others want to know; it must not give a secret away, nor
/// steer the terminal that shows the log.
#[test]
fn the_reason_of_arming_is_told() {
    let (gateway, _echo) = start();
    let headers = format!(
        "host: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n",
        token(&gateway)
    );
    let arm = |reason: &str| {
        let body = json!({"action": "arm", "reason": reason}).to_string();
        assert_eq!(post(&gateway, "/admin/killswitch", &headers, &body), 200);
    };
    arm("rotating \u{1b}[31mkeys");
    gateway.wait_for_log(r#"kill switch armed source="http" reason="rotating \u{1b}[31mkeys""#);
    arm(&format!("leaked {}", aws()));
    gateway.wait_for_log("withheld: it holds a secret");
    assert!(!gateway.setup.stderr().contains(&aws()));
}

#[test]
fn the_token_is_private_and_made_at_the_first_start() {
    let (gateway, _echo) = start();
    let file = gateway.setup.path("state/admin.token");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(token(&gateway).len() >= 32);
}

/// Each header that a web page or another user's program may send, on every route that does something.
#[test]
fn whom_it_obeys() {
    let (gateway, _echo) = start();
    let token = token(&gateway);
    let (host, json_type) = ("host: localhost\r\n", "content-type: application/json\r\n");
    let bearer = format!("authorization: Bearer {token}\r\n");
    let good = format!("{host}{json_type}{bearer}");
    for (path, body) in
        [("/admin/killswitch", r#"{"action":"arm"}"#), ("/admin/reload", "{}"), ("/admin/rotate", "{}")]
    {
        let status = |headers: &str| post(&gateway, path, headers, body);
        assert_eq!(status(&good), 200, "{path}");
        for foreign in ["evil.test", "evil.test:8889", "127.0.0.1.evil.test", "10.0.0.1"] {
            let headers = format!("host: {foreign}\r\n{json_type}{bearer}");
            assert_eq!(status(&headers), 421, "{path} at {foreign}");
        }
        let origins = ["http://evil.test", "https://evil.test", "null", "http://localhost:1", "file://"];
        for origin in origins {
            assert_eq!(status(&format!("{good}origin: {origin}\r\n")), 403, "{path} from {origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(status(&format!("{good}sec-fetch-site: {site}\r\n")), 403, "{path}, {site}");
        }
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let headers = format!("{host}{bearer}content-type: {media_type}\r\n");
            assert_eq!(status(&headers), 403, "{path} as {media_type}");
        }
        assert_eq!(status(&format!("{host}{bearer}")), 403, "{path} as nothing");
        assert_eq!(status(&format!("{host}{json_type}")), 401, "{path} without a token");
        let wrong = [&token[1..], "", "0", &format!("{token}0"), &token.to_uppercase()];
        for wrong in wrong {
            let headers = format!("{host}{json_type}authorization: Bearer {wrong}\r\n");
            assert_eq!(status(&headers), 401, "{path} with {wrong:?}");
        }
        assert_eq!(status(&format!("{host}{json_type}authorization: Basic {token}\r\n")), 401);
        assert_eq!(status(&format!("{good}{bearer}")), 401, "two tokens");
    }
    // Its own origin, as a page that it served would have.
    let own = format!("{good}origin: http://{}\r\nsec-fetch-site: same-origin\r\n", gateway.admin);
    assert_eq!(post(&gateway, "/admin/killswitch", &own, r#"{"action":"disarm"}"#), 200);
    assert_eq!(post(&gateway, "/admin/killswitch", &good, "{"), 400);
    assert_eq!(post(&gateway, "/admin/killswitch", &good, &format!("\"{}\"", "x".repeat(20_000))), 413);
    // Without a body there is nothing to have a type.
    assert_eq!(post(&gateway, "/admin/reload", &format!("{host}{bearer}"), ""), 200);
    assert_eq!(state(&gateway)["killswitch"]["active"], false);
}

#[test]
fn looking_is_for_this_machine_only() {
    let (gateway, _echo) = start();
    for path in ["/healthz", "/admin/state", "/metrics"] {
        let status = |head: &str| {
            Client::connect(gateway.admin)
                .send(format!("GET {path} HTTP/1.1\r\n{head}\r\n"))
                .response()
                .status
        };
        assert_eq!(status("host: localhost\r\n"), 200, "{path}");
        assert_eq!(status("host: evil.test\r\n"), 421, "{path}");
        assert_eq!(status("host: localhost\r\norigin: http://evil.test\r\n"), 403, "{path}");
        assert_eq!(status("host: localhost\r\nsec-fetch-site: cross-site\r\n"), 403, "{path}");
        // Every POST has to show the token, also one that comes to nothing.
        assert_eq!(post(&gateway, path, "host: localhost\r\n", ""), 401, "{path}");
        let shown = format!("host: localhost\r\nauthorization: Bearer {}\r\n", token(&gateway));
        assert_eq!(post(&gateway, path, &shown, ""), 405, "{path}");
    }
    for path in ["/", "/admin", "/healthz/", "/admin/token", "/../state/admin.token"] {
        let answer = get(&gateway, path);
        assert_eq!((answer.status, answer.json()), (404, json!({"error": "not found"})), "{path}");
    }
    assert_eq!(get(&gateway, "/admin/reload").status, 405);
    assert_eq!(get(&gateway, "/healthz").header("access-control-allow-origin"), None);
}

#[test]
fn a_token_that_is_renewed_is_the_token() {
    let (gateway, _echo) = start();
    let old = token(&gateway);
    let status = |token: &str| {
        post(&gateway, "/admin/reload", &format!("host: localhost\r\nauthorization: Bearer {token}\r\n"), "")
    };
    gateway.setup.file("state/admin.token", "a new one\n");
    assert_eq!((status(&old), status("a new one")), (401, 200));
    gateway.setup.file("state/admin.token", "");
    assert_eq!((status("a new one"), status("")), (401, 401));
    fs::remove_file(gateway.setup.path("state/admin.token")).unwrap();
    assert_eq!(status("a new one"), 401);
}

#[test]
fn health_has_every_field() {
    let (gateway, _echo) = start();
    let answer = get(&gateway, "/healthz");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let health = answer.json();
    for field in [
        "v",
        "ts",
        "status",
        "uptime_seconds",
        "ca_mode",
        "session_key_age_seconds",
        "last_upstream_ok_ts",
        "sse_parse_failures_15m",
        "killswitch_active",
        "killswitch_sources",
        "patterns_loaded",
        "patterns_min_required",
        "signer_key_readable",
        "chain_intact",
        "upstream_reachable",
        "map_size",
        "map_capacity",
        "reason",
    ] {
        assert!(health.get(field).is_some(), "{field} in {health:#}");
    }
    assert_eq!(health["status"], "ok");
    assert_eq!(health["reason"], Value::Null);
    assert_eq!(
        (&health["upstream_reachable"], &health["last_upstream_ok_ts"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!((&health["map_size"], &health["map_capacity"]), (&json!(0), &json!(10000)));
    assert!(health["patterns_loaded"].as_u64().unwrap() >= 16);
}

/// Everything is counted where it happens, and nothing before.
#[test]
fn the_state_is_measured() {
    let (gateway, echo) = start();
    let before = state(&gateway);
    assert_eq!(before["counters_5m"]["redactions_per_min"], 0.0);
    assert_eq!(before["counters_5m"]["top_types"], json!([]));
    assert_eq!(before["recent_activity"], json!([]));
    assert_eq!(
        before["map"],
        json!({"size": 0, "capacity": 10000, "ttl_seconds": 14400, "eviction_policy": "lru"})
    );

    let client = &mut gateway.client();
    let ours = "x-claude-code-session-id: s-1\r\nx-request-id: req-1\r\n";
    assert_eq!(say(client, &format!("{} and {} and {}", aws(), github(), aws()), ours).status, 200);
    assert_eq!(say(client, &aws(), "x-claude-code-session-id: s-2\r\nx-request-id: req-2\r\n").status, 200);
    let foreign =
        json!({"content": [{"type": "text", "text": "<pl:AWS_ACCESS_KEY:0123456789abcdef>"}]}).to_string();
    echo.script(Canned {
        status: 200,
        content_type: "application/json".into(),
        pieces: vec![foreign.into()],
    });
    assert_eq!(say(client, "hello", ours).status, 200);

    let state =
        until_state(&gateway, "the third is counted", |it| it["counters_5m"]["unknown_placeholders"] == 1);
    let counters = &state["counters_5m"];
    assert_eq!(counters["redactions_per_min"], 0.8, "four in five minutes");
    assert_eq!(
        counters["top_types"],
        json!([{"type": "AWS_ACCESS_KEY", "count": 3}, {"type": "GITHUB_TOKEN", "count": 1}])
    );
    let (p50, p99) =
        (counters["latency_p50_ms"].as_f64().unwrap(), counters["latency_p99_ms"].as_f64().unwrap());
    assert!(p50 > 0.0 && p99 >= p50, "{counters}");
    assert_eq!(state["map"]["size"], 3, "two sessions have a map each");
    let sessions = state["sessions"].as_array().unwrap();
    let told: Vec<_> =
        sessions.iter().map(|it| (it["session_id"].as_str(), it["redactions"].as_u64())).collect();
    assert_eq!(told, [(Some("s-1"), Some(3)), (Some("s-2"), Some(1))]);
    assert!(sessions[0]["started_ts"].is_string());
    let activity = state["recent_activity"].as_array().unwrap();
    assert_eq!(activity.len(), 4, "{activity:#?}");
    assert_eq!(activity[0]["direction"], "out");
    assert_eq!(activity[0]["request_id"], "req-1");
    assert_eq!(activity[0]["redactions"], 3);
    assert_eq!(activity[0]["types"], json!(["AWS_ACCESS_KEY", "GITHUB_TOKEN"]));
    assert_eq!(activity[0]["ts"].as_str().unwrap().len(), 8);
    assert_eq!((&activity[1]["direction"], &activity[1]["detok_count"]), (&json!("in"), &json!(3)));
    assert_eq!(state["health"]["upstream_reachable"], true);
    assert!(state["last_upstream_ok_ts"].is_string());
    assert_eq!(state["_runtime_listener_bound"], true);
    assert_eq!(state["_runtime_admin_bound_loopback"], true);
    assert_eq!(
        state["killswitch"],
        json!({"config": false, "sigusr1": false, "sentinel": false, "http": false, "active": false})
    );
    let patterns = &state["patterns"];
    let sum: u64 =
        ["base", "ext", "pem"].iter().map(|part| patterns["breakdown"][part].as_u64().unwrap()).sum();
    assert_eq!(patterns["count"], sum);
    assert!(patterns["hash"].as_str().unwrap().len() == 64 && patterns["last_reload_ts"].is_string());
    assert_eq!(state["verify_install"], json!({"checks_passed": 0, "checks_total": 0, "last_run_ts": null}));
    let chain = &state["chain"];
    assert!(chain["lines"].as_u64().unwrap() >= 4, "{chain}");
    assert_eq!(chain["current_head_prev_hash"].as_str().unwrap().len(), 64);
    until_state(&gateway, "the log has been read back", |it| it["chain"]["verify_status"] == "ok");
}

#[test]
fn what_is_on_disk_is_read_back() {
    let (mut gateway, _echo) = start();
    say(&mut gateway.client(), &aws(), "");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let forged = fs::read_to_string(&log).unwrap().replacen("AWS_ACCESS_KEY", "AWS_ACCESS_KEX", 1);
    fs::write(&log, forged).unwrap();
    gateway.restart();
    let state = until_state(&gateway, "the forgery is found", |it| it["chain"]["verify_status"] == "fail");
    assert!(state["chain"]["verify_reason"].as_str().unwrap().contains("prev_hash mismatch"), "{state:#}");
}

#[test]
fn a_verify_install_result_is_shown() {
    let (gateway, _echo) = start();
    let state_dir = gateway.setup.path("state");
    let outcome = waterwall::admin::install::Outcome::now(9, 10);
    waterwall::admin::install::keep(&state_dir, &outcome).unwrap();
    assert_eq!(state(&gateway)["verify_install"]["checks_passed"], 9);
    assert_eq!(state(&gateway)["verify_install"]["last_run_ts"], json!(outcome.last_run_ts));
}

#[test]
fn an_upstream_that_goes_away_is_noticed() {
    let upstream = Scripted::start(|connection| {
        if connection.number == 0 {
            connection.request();
            connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }
    });
    let gateway = Setup::new([UpstreamConfig::anthropic(upstream.url())]).start();
    let client = &mut gateway.client();
    assert_eq!(say(client, "hello", "").status, 200);
    assert_eq!(get(&gateway, "/healthz").json()["upstream_reachable"], true);
    let answer = say(&mut gateway.client(), "hello", "");
    assert_eq!(answer.code(), "waterwall-upstream-unreachable");
    let health = get(&gateway, "/healthz").json();
    assert_eq!((&health["upstream_reachable"], &health["status"]), (&json!(false), &json!("ok")));
    assert!(health["last_upstream_ok_ts"].is_string());
}

#[test]
fn events_that_cannot_be_read_are_counted() {
    let stream = "data: {broken\n\ndata: {}\n\n: ping\n\ndata: also\ndata: {\n\ndata: [DONE]\n\n";
    let upstream = Scripted::answering(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{stream}",
        stream.len()
    ));
    let gateway = Setup::new([UpstreamConfig::anthropic(upstream.url())]).start();
    assert_eq!(say(&mut gateway.client(), "hello", "").status, 200);
    until_state(&gateway, "two are counted", |it| it["sse_parse_failures_15m"] == 2);
}

#[test]
fn metrics_are_in_prometheus_form() {
    let (gateway, _echo) = start();
    say(&mut gateway.client(), &aws(), "");
    gateway.client().get("/nowhere", "");
    // An exchange is counted a moment after its answer is in.
    let counted = ["waterwall-no-route", "added_latency_seconds_count 1"];
    wait_until(|| {
        let text = get(&gateway, "/metrics").text();
        counted.iter().all(|it| text.contains(it))
    });
    let answer = get(&gateway, "/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    for line in [
        "waterwall_up 1",
        "waterwall_redactions_total{type=\"AWS_ACCESS_KEY\"} 1",
        "waterwall_answers_total{host=\"anthropic.test\",status=\"200\"} 1",
        "waterwall_refusals_total{code=\"waterwall-no-route\"} 1",
        "waterwall_kill_switch_armed{source=\"sentinel\"} 0",
        "waterwall_vault_entries 1",
        "# TYPE waterwall_added_latency_seconds histogram",
        "waterwall_added_latency_seconds_count 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("waterwall_") && value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(!text.contains(&aws()));
}

/// The dashboard asks for nothing that there is not.
#[test]
fn the_grafana_dashboard_fits_the_metrics() {
    let (gateway, _echo) = start();
    let metrics = get(&gateway, "/metrics").text();
    let dashboard = include_str!("../../deploy/grafana/waterwall.json");
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut asked = 0;
    for expression in targets.map(|target| target["expr"].as_str().unwrap()) {
        let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in names.filter(|name| name.starts_with("waterwall_")) {
            let name = name.trim_end_matches("_bucket");
            assert!(metrics.contains(&format!("# TYPE {name} ")), "{name}");
            asked += 1;
        }
    }
    assert!(asked > 15);
}

/// It has a thread of its own.
#[test]
fn it_answers_whatever_the_agents_port_has_to_do() {
    let (gateway, _echo) = start();
    // Heads that never end, and bodies that take long to scan.
    let mut slow: Vec<Client> = (0..200).map(|_| gateway.client()).collect();
    for client in &mut slow {
        client.send("POST /anthropic/v1/messages HTTP/1.1\r\nhost: l");
    }
    let text = format!("{} ", "key = value, ".repeat(40_000));
    let body = json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let mut busy: Vec<Client> = (0..6).map(|_| gateway.client()).collect();
    for client in &mut busy {
        client.send_post("/anthropic/v1/messages", &body);
    }
    for _ in 0..20 {
        assert_eq!(get(&gateway, "/healthz").status, 200);
    }
    until_state(&gateway, "all are open", |it| it["open_connections"].as_u64().unwrap() >= 200);
    busy.iter_mut().for_each(|client| assert_eq!(client.response().status, 200));
}

/// Descriptors are shared with the agents' port: what is idle or slow here must not take them all.
#[test]
fn idle_and_slow_connections_give_way() {
    let (gateway, _echo) = start();
    let mut idle = Client::connect(gateway.admin);
    let mut held: Vec<_> = (0..100).map(|_| Client::connect(gateway.admin)).collect();
    for (number, client) in held.iter_mut().enumerate() {
        if number % 2 == 0 {
            client.send("GET /heal");
        }
        if number % 25 == 0 {
            assert_eq!(get(&gateway, "/healthz").status, 200);
        }
    }
    assert_eq!(get(&gateway, "/healthz").status, 200);
    // It was the first to come.
    assert!(idle.head().is_err());
    assert_eq!(gateway.client().post("/anthropic/v1/messages", "{}").status, 200);
}
