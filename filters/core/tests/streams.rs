//! What leaves a stream when: hold-back, flushes, comments, odd events, and what stays opaque.

use std::sync::Arc;

use serde_json::{Value, json};
use waterwall_core::{
    dialect::Dialect,
    placeholder::SessionKey,
    restore::{BodyRestorer, EventRestorer, Restorations},
    secret::Kind,
    vault::{Entry, Scope, Vault},
};

const SCOPE: Scope = Scope(1);

/// A stream restorer with one known secret.
struct Stream {
    restorer: EventRestorer,
    restorations: Restorations,
    placeholder: String,
    _entry: Arc<Entry>,
}

const PLAINTEXT: &str = "fake \"secret\"\nof two lines";

fn known() -> (Arc<Vault>, Arc<Entry>, String) {
    let vault = Arc::new(Vault::new(SessionKey::new([1; 32]), 10, 10));
    let entry = vault.insert(SCOPE, Kind::new("TEST_KEY"), PLAINTEXT.as_bytes(), 0);
    let mut placeholder = Vec::new();
    entry.write_placeholder(&mut placeholder);
    (vault, entry, String::from_utf8(placeholder).expect("ASCII"))
}

fn stream(dialect: &str) -> Stream {
    let (vault, entry, placeholder) = known();
    let stream = Dialect::by_name(dialect).expect("a dialect").stream;
    Stream {
        restorer: EventRestorer::new(stream),
        restorations: Restorations::new(vault, SCOPE, 0),
        placeholder,
        _entry: entry,
    }
}

impl Stream {
    fn push(&mut self, bytes: &str) -> String {
        let mut out = Vec::new();
        self.restorer.push(bytes.as_bytes(), &mut self.restorations, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    fn finish(&mut self) -> String {
        let mut out = Vec::new();
        self.restorer.finish(&mut self.restorations, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }
}

fn text_delta(index: usize, text: &str) -> String {
    event(
        &json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}),
    )
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or("x"))
}

#[test]
fn only_a_possible_placeholder_is_held_back() {
    let mut stream = stream("anthropic");
    assert_eq!(stream.push(&text_delta(0, "hello <")), text_delta(0, "hello "));
    assert_eq!(stream.push(&text_delta(0, "b>")), text_delta(0, "<b>"));
    assert_eq!(stream.push(&text_delta(0, "x <pl:TEST_KEY:0")), text_delta(0, "x "));
    assert_eq!(stream.push(&text_delta(0, "?")), text_delta(0, "<pl:TEST_KEY:0?"));
    let placeholder = stream.placeholder.clone();
    let (head, tail) = placeholder.split_at(20);
    assert_eq!(stream.push(&text_delta(0, head)), text_delta(0, ""));
    assert_eq!(stream.push(&text_delta(0, tail)), text_delta(0, PLAINTEXT));
    assert_eq!(stream.finish(), "");
}

#[test]
fn other_events_leave_at_once_while_text_is_held() {
    let mut stream = stream("anthropic");
    stream.push(&text_delta(0, "<pl:TEST"));
    let ping = event(&json!({"type": "ping"}));
    for passing in [
        ": keep-alive\n\n",
        &ping,
        &event(&json!({"type": "from_the_future", "x": "<pl"})),
        "\n",
        "retry: 5\n\n",
    ] {
        assert_eq!(stream.push(passing), passing);
    }
    assert_eq!(stream.push(&text_delta(1, "another block")), text_delta(1, "another block"));
}

#[test]
fn held_text_leaves_before_its_block_ends() {
    let mut stream = stream("anthropic");
    stream.push(&text_delta(0, "<pl:A"));
    let stop = event(&json!({"type": "content_block_stop", "index": 0}));
    assert_eq!(stream.push(&stop), text_delta(0, "<pl:A") + &stop);
    stream.push(&text_delta(1, "<"));
    assert_eq!(stream.push(&stop), stop, "another block's end");
    let error = event(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}));
    assert_eq!(stream.push(&error), text_delta(1, "<") + &error);
    stream.push(&text_delta(2, "<p"));
    assert_eq!(stream.finish(), text_delta(2, "<p"));
}

#[test]
fn chat_text_leaves_with_or_before_its_finish() {
    let mut stream = stream("openai");
    let chunk = |delta: Value, finish: Value| {
        format!(
            "data: {}\n\n",
            json!({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        )
    };
    assert_eq!(
        stream.push(&chunk(json!({"content": "a <"}), Value::Null)),
        chunk(json!({"content": "a "}), Value::Null)
    );
    let end = chunk(json!({}), json!("stop"));
    assert_eq!(stream.push(&end), chunk(json!({"content": "<"}), Value::Null) + &end);
    stream.push(&chunk(json!({"content": "<"}), Value::Null));
    assert_eq!(
        stream.push(&chunk(json!({"content": "p"}), json!("stop"))),
        chunk(json!({"content": "<p"}), json!("stop"))
    );
    stream.push(&chunk(json!({"content": "<pl"}), Value::Null));
    assert_eq!(
        stream.push("data: [DONE]\n\n"),
        chunk(json!({"content": "<pl"}), Value::Null) + "data: [DONE]\n\n"
    );
    stream.push(&chunk(json!({"content": "<pl"}), Value::Null));
    let error = "data: {\"error\":{\"message\":\"m\"}}\n\n";
    assert_eq!(stream.push(error), chunk(json!({"content": "<pl"}), Value::Null) + error);
}

#[test]
fn a_made_up_event_repeats_nothing_that_clients_join() {
    let mut stream = stream("openai");
    let call = |index: usize, id: &str, name: &str, arguments: &str| {
        format!(
            "data: {}\n\n",
            json!({"choices": [{"index": 0, "delta": {"role": name, "tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}}]})
        )
    };
    assert_eq!(
        stream.push(&call(0, "call_1", "run", "{\"a\": \"<pl")),
        call(0, "call_1", "run", "{\"a\": \"")
    );
    let next = call(1, "call_2", "run", "{}");
    assert_eq!(stream.push(&next), call(0, "", "", "<pl") + &next);
}

#[test]
fn responses_events_keep_distinct_numbers() {
    let mut stream = stream("openai");
    let delta = |number: u64, text: &str| {
        event(
            &json!({"type": "response.output_text.delta", "sequence_number": number, "output_index": 0, "content_index": 0, "delta": text}),
        )
    };
    assert_eq!(stream.push(&delta(5, "a <pl")), delta(5, "a "));
    let done = |number: u64| {
        event(
            &json!({"type": "response.output_text.done", "sequence_number": number, "output_index": 0, "content_index": 0, "text": "a <pl"}),
        )
    };
    assert_eq!(stream.push(&done(6)), delta(6, "<pl") + &done(7));
    assert_eq!(stream.push(&delta(7, "b")), delta(8, "b"));
}

#[test]
fn an_event_of_many_forms_is_restored() {
    let mut stream = stream("anthropic");
    let restored = json!(PLAINTEXT).to_string();
    let folded = format!(
        "event: x\r\ndata: {{\"type\": \"error\",\r\ndata:  \"m\": \"{}\"}}\r\n\r\n",
        stream.placeholder
    );
    assert_eq!(
        stream.push(&folded),
        format!("event: x\r\ndata: {{\"type\": \"error\", \"m\": {restored}}}\n\n")
    );
    let untouched = "data: {\"a\":\ndata: 1}\n\n";
    assert_eq!(stream.push(untouched), untouched);
    let unfinished = format!("data: {{\"m\":\"{}\"}}", stream.placeholder);
    assert_eq!(stream.push(&unfinished), "");
    assert_eq!(stream.finish(), format!("data: {{\"m\":{restored}}}"));
}

#[test]
fn what_the_provider_signed_stays_as_it_is() {
    let mut stream = stream("anthropic");
    let thinking = event(
        &json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": stream.placeholder}}),
    );
    assert_eq!(stream.push(&thinking), thinking);
    let whole = event(
        &json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": stream.placeholder, "signature": "s"}}),
    );
    assert_eq!(stream.push(&whole), whole);
}

#[test]
fn a_lone_surrogate_passes() {
    let mut stream = stream("anthropic");
    let half = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\ud83d\"}}\n\n";
    assert_eq!(stream.push(half), half);
}

#[test]
fn a_placeholder_is_restored_only_with_its_own_kind_and_scope() {
    let mut stream = stream("anthropic");
    let forged = stream.placeholder.replace("TEST_KEY", "OTHER_KEY");
    assert_eq!(stream.push(&text_delta(0, &forged)), text_delta(0, &forged));
    assert_eq!((stream.restorations.restored(), stream.restorations.unknown()), (0, 1));
    let (vault, _entry, placeholder) = known();
    let mut elsewhere =
        Stream { restorations: Restorations::new(vault, Scope(2), 0), ..self::stream("anthropic") };
    assert_eq!(elsewhere.push(&text_delta(0, &placeholder)), text_delta(0, &placeholder));
}

/// Every chunk size gives the same bytes, and the bytes around placeholders are untouched.
#[test]
fn a_json_body_is_restored_as_it_arrives() {
    let (vault, _entry, placeholder) = known();
    let body = format!(
        " \n{{\"a\" : \"x {placeholder}\\u00e9\",\"n\":1.50,\"{placeholder}\":[\"{{\\\"k\\\": \\\"\\\\u003c{}\\\\u003E\\\"}}\"]}}\n",
        &placeholder[1..placeholder.len() - 1]
    );
    let once = json!(PLAINTEXT).to_string();
    let once = &once[1..once.len() - 1];
    let twice = json!(once).to_string();
    let twice = &twice[1..twice.len() - 1];
    let expected = format!(
        " \n{{\"a\" : \"x {once}\\u00e9\",\"n\":1.50,\"{once}\":[\"{{\\\"k\\\": \\\"{twice}\\\"}}\"]}}\n"
    );
    for size in 1..body.len() {
        let mut restorer = BodyRestorer::new(Dialect::by_name("generic").expect("a dialect").response);
        let mut restorations = Restorations::new(Arc::clone(&vault), SCOPE, 0);
        let mut out = Vec::new();
        for chunk in body.as_bytes().chunks(size) {
            restorer.push(chunk, &mut restorations, &mut out);
        }
        restorer.finish(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "chunks of {size}");
    }
}

#[test]
fn a_body_that_is_not_json_passes() {
    let (vault, _entry, _) = known();
    let mut restorer = BodyRestorer::new(Dialect::by_name("generic").expect("a dialect").response);
    let mut restorations = Restorations::new(vault, SCOPE, 0);
    let mut out = Vec::new();
    for chunk in ["{\"a\": \"<pl:", "x\" oops", " <html>"] {
        restorer.push(chunk.as_bytes(), &mut restorations, &mut out);
    }
    restorer.finish(&mut out);
    assert_eq!(out, b"{\"a\": \"<pl:x\" oops <html>");
}
