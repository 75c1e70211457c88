//! Whose placeholder it is, and what policy lets pass.

use serde_json::{Value, json};
use waterwall::echo::{Canned, Echo, EchoOptions};

use crate::harness::{Client, Gateway, Response, Setup, UpstreamConfig, wait_until};

fn secret() -> String {
    format!("AKIA{}", "FAKE".repeat(4))
}

fn start(yaml: &str) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let other = UpstreamConfig {
        host: "other.test".into(),
        prefix: "/other",
        ..UpstreamConfig::anthropic(echo.url())
    };
    (Setup::new([UpstreamConfig::anthropic(echo.url()), other]).with(yaml).start(), echo)
}

/// Posts a text with these header lines.
fn post(client: &mut Client, path: &str, headers: &str, text: &str) -> Response {
    let body =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}).to_string();
    client.send(format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    ));
    client.response()
}

fn answer(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["content"][0]["text"].as_str().unwrap().to_owned()
}

/// The header of a session.
const OURS: &str = "x-claude-code-session-id: one\r\n";

/// An answer with this text. Scripted, because a literal placeholder in a request is escaped and comes back
/// as it was.
fn says(text: &str) -> Canned {
    Canned {
        status: 200,
        content_type: "application/json".into(),
        pieces: vec![json!({"content": [{"type": "text", "text": text}]}).to_string().into()],
    }
}

/// Lines of the audit log after its first, the genesis.
fn log(gateway: &Gateway) -> Vec<Value> {
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    log.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A provider that answers with another session's placeholder gives away nothing.
#[test]
fn a_placeholder_is_valid_only_where_it_was_made() {
    const THEIRS: &str = "x-claude-code-session-id: two\r\n";
    let (gateway, echo) = start("");
    let client = &mut gateway.client();
    assert_eq!(answer(&post(client, "/anthropic/v1/messages", OURS, &secret())), secret());
    let sent = echo.requests()[0].json().unwrap();
    let placeholder = sent["messages"][0]["content"].as_str().unwrap().to_owned();
    let mut ask = |path: &str, headers: &str, text: &str| {
        echo.script(says(text));
        answer(&post(client, path, headers, "hello"))
    };
    assert_eq!(ask("/anthropic/v1/messages", OURS, &placeholder), secret());
    assert_eq!(ask("/anthropic/v1/messages", THEIRS, &placeholder), placeholder);
    assert_eq!(ask("/anthropic/v1/messages", "", &placeholder), placeholder);
    assert_eq!(ask("/other/v1/messages", OURS, &placeholder), placeholder);
    let forged = placeholder.replace("AWS_ACCESS_KEY", "GITHUB_TOKEN");
    assert_eq!(ask("/anthropic/v1/messages", OURS, &forged), forged);
    let counts: Vec<_> =
        log(&gateway).iter().filter_map(|line| line["unknown_placeholders"].as_u64()).collect();
    assert_eq!(counts, [0, 0, 1, 1, 1, 1]);
}

/// To the millisecond, whenever in a second it was made; and what has expired is forgotten by itself.
#[test]
fn a_placeholder_lives_as_long_as_the_configuration_says() {
    let (gateway, echo) = start("vault: { ttl_seconds: 1 }");
    let placeholders: Vec<_> = (0..5)
        .map(|number| {
            let made = format!("AKIA{}", "FAKE2345".repeat(2)[number..number + 4].repeat(4));
            post(&mut gateway.client(), "/anthropic/v1/messages", OURS, &made);
            let sent = echo.requests()[number].json().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
            sent["messages"][0]["content"].as_str().unwrap().to_owned()
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(900));
    let all = placeholders.join(" ");
    assert_eq!(all.matches("<pl:").count(), 5, "{all}");
    echo.script(says(&all));
    assert_eq!(answer(&post(&mut gateway.client(), "/anthropic/v1/messages", OURS, "hello")), all);
    wait_until(|| {
        let health = Client::connect(gateway.admin).get("/healthz", "").json();
        health["map_size"] == 0
    });
}

#[test]
fn agents_without_a_session_id_are_told_apart_by_their_credential() {
    let (gateway, echo) = start("");
    post(&mut gateway.client(), "/anthropic/v1/messages", "x-api-key: a\r\n", &secret());
    let sent = echo.requests()[0].json().unwrap();
    let placeholder = sent["messages"][0]["content"].as_str().unwrap().to_owned();
    for (credential, expected) in [("a", secret()), ("b", placeholder.clone())] {
        echo.script(says(&placeholder));
        let headers = format!("x-api-key: {credential}\r\n");
        assert_eq!(answer(&post(&mut gateway.client(), "/anthropic/v1/messages", &headers, "x")), expected);
    }
}

#[test]
fn a_literal_placeholder_comes_back_as_it_was() {
    let (gateway, echo) = start("");
    let text = "literally <pl:AWS_ACCESS_KEY:0123456789abcdef> and <pl-esc:A:0123456789abcdef>";
    assert_eq!(answer(&post(&mut gateway.client(), "/anthropic/v1/messages", "", text)), text);
    let sent = String::from_utf8(echo.requests()[0].body.to_vec()).unwrap();
    assert!(sent.contains("<pl-esc:AWS_ACCESS_KEY:0123456789abcdef>"), "{sent}");
}

/// What the log says of one exchange, in order; nothing of it names the secret.
#[test]
fn the_log_tells_the_whole_exchange() {
    let (gateway, _echo) = start("");
    let headers = "x-claude-code-session-id: s-1\r\nx-request-id: r-1\r\n";
    post(&mut gateway.client(), "/anthropic/v1/messages", headers, &format!("{0} {0}", secret()));
    let lines = log(&gateway);
    let kinds: Vec<_> =
        lines.iter().map(|line| (line["line_type"].as_str().unwrap(), line["phase"].as_str())).collect();
    assert_eq!(
        kinds,
        [("redaction", None), ("detokenization", Some("open")), ("detokenization", Some("close"))]
    );
    for line in &lines {
        assert_eq!(line["host"], "anthropic.test");
        assert_eq!((&line["session_id"], &line["request_id"]), (&json!("s-1"), &json!("r-1")));
    }
    assert_eq!(lines[0]["redactions"].as_array().unwrap().len(), 2);
    let name = lines[0]["receipt"].as_str().unwrap();
    assert!(name.ends_with("_r-1_s2.json"), "{name}");
    let receipt = std::fs::read_to_string(gateway.setup.path("state/audit/receipts").join(name)).unwrap();
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!((&receipt["chain_seq"], &receipt["redaction_count"]), (&json!(2), &json!(2)));
    assert_eq!((&lines[2]["detok_count"], &lines[2]["types"]), (&json!(2), &json!(["AWS_ACCESS_KEY"])));
}

#[test]
fn what_cannot_be_scanned_passes_only_where_policy_says_so_and_on_the_record() {
    let (gateway, echo) = start("redaction: { unscannable: pass }");
    let answer = gateway.client().post("/anthropic/v1/messages", "{\"broken\": ");
    assert_eq!(answer.code(), "", "{}", answer.text());
    assert_eq!(&echo.requests()[0].body[..], b"{\"broken\": ");
    let lines = log(&gateway);
    assert_eq!((&lines[0]["line_type"], &lines[0]["warn"]), (&json!("warn"), &json!("unscannable_passed")));
    gateway.wait_for_log("a body that cannot be scanned was passed on as it is");
}
