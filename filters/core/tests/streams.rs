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

fn chat(delta: Value, finish: Value) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
}

fn call(index: usize, id: Value, name: Value, arguments: &str) -> String {
    let function = json!({"name": name, "arguments": arguments});
    chat(json!({"role": name, "tool_calls": [{"index": index, "id": id, "function": function}]}), Value::Null)
}

#[test]
fn a_made_up_event_repeats_nothing_that_clients_join() {
    let mut stream = stream("openai");
    let (id, name) = (json!("call_1"), json!("run"));
    let first = call(0, id.clone(), name.clone(), "{\"a\": \"<pl");
    assert_eq!(stream.push(&first), call(0, id, name, "{\"a\": \""));
    let end = chat(json!({}), json!("tool_calls"));
    assert_eq!(stream.push(&end), call(0, Value::Null, Value::Null, "<pl") + &end);
}

#[test]
fn interleaved_tool_calls_are_each_restored() {
    let mut stream = stream("openai");
    let placeholder = stream.placeholder.clone();
    let (head, tail) = placeholder.split_at(9);
    let more = |index, arguments: &str| call(index, Value::Null, Value::Null, arguments);
    stream.push(&call(0, json!("a"), json!("n"), &format!("{{\"k\":\"{{\\\"j\\\":\\\"{head}")));
    assert_eq!(stream.push(&call(1, json!("b"), json!("n"), "{}")), call(1, json!("b"), json!("n"), "{}"));
    let thrice = |text: &str| {
        (0..2).fold(text.to_owned(), |text, _| json!(text).to_string().trim_matches('"').to_owned())
    };
    assert_eq!(stream.push(&more(0, tail)), more(0, &thrice(PLAINTEXT)));
}

/// Servers that leave the index out number calls by their place: always 0.
#[test]
fn another_call_at_the_same_place_is_another_text() {
    let mut stream = stream("openai");
    let placeholder = stream.placeholder.clone();
    let without_index = |id: &str, arguments: &str| {
        chat(json!({"tool_calls": [{"id": id, "function": {"arguments": arguments}}]}), Value::Null)
    };
    stream.push(&without_index("a", "{\"k\": \"unfinished "));
    let arguments = format!("{{\"k\": \"{placeholder}\"}}");
    let once = json!(PLAINTEXT).to_string();
    assert_eq!(
        stream.push(&without_index("b", &arguments)),
        without_index("b", &format!("{{\"k\": {once}}}"))
    );
}

#[test]
fn lax_servers_end_nothing_by_an_empty_finish() {
    for empty in [json!({"finish_reason": ""}), json!({"finish_reason": null})] {
        for error in [json!(null), json!(""), json!({}), json!(false)] {
            let mut stream = stream("openai");
            let placeholder = stream.placeholder.clone();
            let chunk = |text: &str| {
                let mut choice = json!({"index": 0, "delta": {"content": text}});
                choice["finish_reason"] = empty["finish_reason"].clone();
                format!("data: {}\n\n", json!({"choices": [choice], "error": error}))
            };
            let (head, tail) = placeholder.split_at(9);
            assert_eq!(stream.push(&chunk(head)), chunk(""));
            for alive in ["data:\n\n", "data: ping\n\n", "data: null\n\n", "data: {broken\n\n"] {
                assert_eq!(stream.push(alive), alive);
            }
            assert_eq!(stream.push(&chunk(tail)), chunk(PLAINTEXT));
        }
    }
}

#[test]
fn held_text_leaves_before_the_field_that_follows_it() {
    let mut stream = stream("openai");
    let reasoning = |text: &str| chat(json!({"reasoning": text}), Value::Null);
    let content = |text: &str| chat(json!({"content": text}), Value::Null);
    stream.push(&reasoning("a <"));
    assert_eq!(stream.push(&content("hello <")), reasoning("<") + &content("hello "));
    let first = call(0, json!("c"), json!("n"), "{}");
    assert_eq!(stream.push(&first), content("<") + &first);
    // OpenRouter sends one text in two fields of each chunk.
    let both = |text: &str| {
        chat(json!({"reasoning": text, "reasoning_details": [{"index": 0, "text": text}]}), Value::Null)
    };
    let placeholder = stream.placeholder.clone();
    let (head, tail) = placeholder.split_at(9);
    stream.push(&both(head));
    assert_eq!(stream.push(&both(tail)), both(PLAINTEXT));
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

/// A summary's end is not that of the reasoning with the same number.
#[test]
fn summaries_and_contents_are_told_apart() {
    let mut stream = stream("openai");
    let reasoning = |text: &str| {
        event(
            &json!({"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": text}),
        )
    };
    stream.push(&reasoning("<pl"));
    let done = event(
        &json!({"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "s"}),
    );
    assert_eq!(stream.push(&done), done);
    assert_eq!(stream.push(&reasoning("?")), reasoning("<pl?"));
}

#[test]
fn a_delta_of_an_unknown_type_is_joined_too() {
    let mut stream = stream("openai");
    let placeholder = stream.placeholder.clone();
    let delta = |text: &str| {
        event(&json!({"type": "response.from_the_future.delta", "output_index": 0, "delta": text}))
    };
    let (head, tail) = placeholder.split_at(9);
    assert_eq!(stream.push(&delta(head)), delta(""));
    assert_eq!(stream.push(&delta(tail)), delta(PLAINTEXT));
}

/// Memory and time stay in proportion, whatever a provider sends.
#[test]
fn very_many_texts_are_restored_each_alone() {
    let mut stream = stream("openai");
    let placeholder = stream.placeholder.clone();
    let chunk = |index: usize, text: &str| {
        format!("data: {}\n\n", json!({"choices": [{"index": index, "delta": {"content": text}}]}))
    };
    for index in 0..1500 {
        stream.push(&chunk(index, "x <"));
    }
    assert_eq!(stream.push(&chunk(1400, &placeholder)), chunk(1400, PLAINTEXT));
    assert_eq!(stream.finish().matches("data: ").count(), 1024);
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
        format!("event: x\r\ndata: {{\"type\": \"error\",  \"m\": {restored}}}\r\n\r\n")
    );
    for untouched in ["data: {\"a\":\ndata: 1}\n\n", "data: hello\ndata: world\n\n"] {
        assert_eq!(stream.push(untouched), untouched);
    }
    let folded = format!("data: [\ndata: \"{}\"]\nevent: y\n: note\nid: 7\n\n", stream.placeholder);
    assert_eq!(stream.push(&folded), format!("data: [ {restored}]\nevent: y\n: note\nid: 7\n\n"));
    let unfinished = format!("data: {{\"m\":\"{}\"}}", stream.placeholder);
    assert_eq!(stream.push(&unfinished), "");
    assert_eq!(stream.finish(), format!("data: {{\"m\":{restored}}}"));
    // What is held from the last event, which nothing ends, makes an event of its own.
    let mut stream = self::stream("anthropic");
    stream.push(text_delta(0, "x <pl").trim_end());
    assert_eq!(stream.finish(), text_delta(0, "x ") + &text_delta(0, "<pl"));
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
fn a_body_that_stops_being_json_is_restored_as_text() {
    let (vault, _entry, placeholder) = known();
    let (cut, rest) = placeholder.split_at(6);
    let once = json!(PLAINTEXT).to_string();
    for (body, expected) in [
        (
            format!("[default]\naws_secret_access_key = {placeholder}\n[\"b\"]\nc = \"{placeholder}\"\n"),
            format!("[default]\naws_secret_access_key = {PLAINTEXT}\n[\"b\"]\nc = \"{PLAINTEXT}\"\n"),
        ),
        (format!("[{placeholder}]"), format!("[{PLAINTEXT}]")),
        // What follows its last string does not begin another.
        (format!("[\"a\"] b \"c\" {placeholder}"), format!("[\"a\"] b \"c\" {PLAINTEXT}")),
        (format!("[1 {{\"a\": \"{placeholder}"), format!("[1 {{\"a\": \"{PLAINTEXT}")),
        // Strings before that are JSON's.
        (format!("[\"{placeholder}\", x]{placeholder}"), format!("[{once}, x]{PLAINTEXT}")),
        // A string that breaks while something waits.
        (format!("[\"{cut}\n{cut}{rest}"), format!("[\"{cut}\n{PLAINTEXT}")),
    ] {
        for size in 1..=body.len() {
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
