//! Known values over sockets: no spelling of one reaches the provider from any place of a request, and the
//! agent gets all of them back.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::prelude::*;
use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, PATIENCE, Setup, UpstreamConfig};

/// With what needs escaping in JSON, in a URL and in base64.
const VALUE: &str = "blau/\"Wand\"+32 \u{20ac}?";

fn start(extra: &str, files: &[(&str, &str)]) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let setup = Setup::new([UpstreamConfig::anthropic(echo.url())]).with(extra);
    for (name, content) in files {
        setup.file(name, content);
    }
    (setup.start(), echo)
}

fn spellings() -> Vec<String> {
    let percent = |keep: &str| {
        let written = |byte: u8| match char::from(byte) {
            c if c.is_ascii_alphanumeric() || keep.contains(c) => c.to_string(),
            _ => format!("%{byte:02X}"),
        };
        VALUE.bytes().map(written).collect::<String>()
    };
    let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![
        VALUE.to_owned(),
        percent(""),
        percent("").replace("%2F", "%2f").replace("%E2", "%e2").replace("%AC", "%ac"),
        percent("/").replace("%20", "+"),
        hex.to_uppercase(),
        hex,
        json!({ "k": VALUE }).to_string(),
        json!({ "k": VALUE }).to_string().replace('/', "\\/"),
        VALUE.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
    ];
    for before in 0..3 {
        let plain = format!("{}{VALUE}!", "x".repeat(before));
        for engine in [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD] {
            spellings.push(engine.encode(&plain));
        }
    }
    spellings
}

/// Where a text may stand in a request.
fn bodies(text: &str) -> Vec<Value> {
    let user = |content: Value| json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}]});
    vec![
        user(json!(text)),
        user(json!([{"type": "text", "text": format!("it is {text}.")}])),
        user(
            json!([{"type": "tool_result", "tool_use_id": "t", "content": json!({"out": text}).to_string()}]),
        ),
        user(json!([{"type": "tool_use", "id": "t", "name": "n", "input": {text: [text]}}])),
        json!({"model": "m", "max_tokens": 9, "system": text, "messages": [{"role": "user", "content": "hi"}]}),
        json!({"model": "m", "max_tokens": 9, "metadata": {"user_id": text}, "messages": []}),
    ]
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn no_spelling_leaves_from_any_place() {
    let env = format!("export SECRET='{VALUE}' # comment\n");
    let extra = "redaction: { known_values: { env_files: [.env] } }";
    let (gateway, echo) = start(extra, &[(".env", &env)]);
    let mut client = gateway.client();
    for spelling in spellings() {
        for body in bodies(&spelling) {
            let answer = client.post("/anthropic/v1/messages", body.to_string());
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    for request in echo.requests() {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        assert!(body.contains("<pl:KNOWN_VALUE:"), "{body}");
        assert!(!body.contains("blau") && !body.contains("Wand"), "{body}");
        for spelling in spellings() {
            let escaped = json!(spelling).to_string();
            assert!(!body.contains(escaped.trim_matches('"')), "{body} has {spelling}");
        }
    }
    // Every file and the log at TRACE are free of it.
    let log = std::fs::read(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert!(contains(&log, "KNOWN_VALUE") && !contains(&log, "blau"));
    assert!(!gateway.setup.stderr().contains("blau"));
}

#[test]
fn all_spellings_come_back() {
    let extra = "redaction: { known_values: { files: [value] } }";
    let (gateway, _echo) = start(extra, &[("value", &format!("{VALUE}\n"))]);
    for stream in [false, true] {
        for spelling in spellings() {
            let text = format!("it is {spelling}");
            let body = json!({"model": "m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": text}]});
            let answer = gateway.client().post("/anthropic/v1/messages", body.to_string());
            let text: String = match stream {
                false => answer.json()["content"][0]["text"].as_str().unwrap().to_owned(),
                true => answer.text().lines().filter_map(delta).collect(),
            };
            assert!(text.contains(&spelling), "{text} lacks {spelling}");
        }
    }
}

/// The text of one line of a stream.
fn delta(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
    Some(event["delta"]["text"].as_str()?.to_owned())
}

#[test]
fn the_query_is_searched_too() {
    let (gateway, echo) =
        start("redaction: { known_values: { files: [value] } }", &[("value", "blau und gelb")]);
    gateway.client().post("/anthropic/v1/messages?q=blau+und%20g%65lb&x=1", "{}");
    let path = &echo.requests()[0].path;
    assert!(path.starts_with("/v1/messages?q=%3Cpl%3AKNOWN_VALUE%3A") && path.ends_with("&x=1"), "{path}");
}

fn secrets(setup: &Setup, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .arg("secrets")
        .args(arguments)
        .arg("--config")
        .arg(setup.path("waterwall.yaml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn values_of_the_store_are_replaced() {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let setup = Setup::new([UpstreamConfig::anthropic(echo.url())]);
    setup.file("waterwall.yaml", "state_dir: state\n");
    let added = secrets(&setup, &["add", "WALL"], "blau-und-gelb-7\n");
    assert!(added.status.success() && added.stdout == b"added WALL (15 bytes)\n", "{added:?}");
    let gateway = setup.start();
    let body = message("blau-und-gelb-7");
    let answer = gateway.client().post("/anthropic/v1/messages", &body);
    assert!(contains(&answer.body, "blau-und-gelb-7"));
    let request = &echo.requests()[0];
    assert!(contains(&request.body, "KNOWN_VALUE") && !contains(&request.body, "blau"));
}

/// Sends a text until the provider does not get to see it, or gets to see it again.
#[track_caller]
fn wait_until_replaced(gateway: &Gateway, echo: &Echo, text: &str, replaced: bool) {
    let since = Instant::now();
    loop {
        gateway.client().post("/anthropic/v1/messages", message(text));
        if contains(&echo.requests().last().unwrap().body, text) != replaced {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{text} is replaced: {}", !replaced);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// No restart, no signal: a file that appears, changes or goes is noticed, and so is the store.
#[test]
fn changes_are_taken_up_while_running() {
    let extra = "redaction: { known_values: { env_files: [.env] } }";
    let (gateway, echo) = start(extra, &[]);
    assert!(gateway.setup.stderr().contains("it counts as soon as it appears"));
    gateway.client().post("/anthropic/v1/messages", message("blau-und-gelb-1"));
    assert!(contains(&echo.requests()[0].body, "blau-und-gelb-1"));

    gateway.setup.file(".env", "WALL=blau-und-gelb-1\n");
    wait_until_replaced(&gateway, &echo, "blau-und-gelb-1", true);
    gateway.setup.file(".env", "WALL=blau-und-gelb-2\nPORT=8080\n");
    wait_until_replaced(&gateway, &echo, "blau-und-gelb-2", true);
    wait_until_replaced(&gateway, &echo, "blau-und-gelb-1", false);
    gateway.wait_for_log("not looked for: PORT (too short)");

    assert!(secrets(&gateway.setup, &["add", "OTHER"], "rot-und-rosa-3").status.success());
    wait_until_replaced(&gateway, &echo, "rot-und-rosa-3", true);
    assert!(secrets(&gateway.setup, &["remove", "OTHER"], "").status.success());
    wait_until_replaced(&gateway, &echo, "rot-und-rosa-3", false);
    std::fs::remove_file(gateway.setup.path(".env")).unwrap();
    wait_until_replaced(&gateway, &echo, "blau-und-gelb-2", false);
    assert!(!gateway.setup.stderr().contains("blau"));
}

fn message(text: &str) -> String {
    json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}).to_string()
}
