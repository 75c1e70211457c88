//! The laws of the core as properties: texts of every kind go out through the tokenizer, come back
//! through a restorer in every cutting, and are the same.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use waterwall_core::{
    detect::Detectors,
    dialect::Dialect,
    placeholder::SessionKey,
    restore::{BodyRestorer, EventRestorer, Restorations},
    tokenize::Tokenizer,
    vault::{Scope, Vault},
};

const SCOPE: Scope = Scope(1);

struct Gateway {
    detectors: Detectors,
    vault: Arc<Vault>,
}

impl Gateway {
    fn new() -> Self {
        Self {
            detectors: Detectors::builtin(),
            vault: Arc::new(Vault::new(SessionKey::new([9; 32]), 10_000, 100)),
        }
    }

    /// The body as the provider gets it.
    fn tokenize(&self, dialect: &str, body: &[u8]) -> Vec<u8> {
        let schema = Dialect::by_name(dialect).expect("a dialect").request;
        let tokenizer = Tokenizer { detectors: &self.detectors, vault: &self.vault, scope: SCOPE, now: 0 };
        tokenizer.body(Some("application/json"), body, schema).expect("scannable").apply(body)
    }

    /// What the provider reads in the first message.
    fn seen(&self, text: &str) -> String {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": text}]}).to_string();
        let seen: Value =
            serde_json::from_slice(&self.tokenize("anthropic", body.as_bytes())).expect("still JSON");
        seen["messages"][0]["content"].as_str().expect("still a string").to_owned()
    }

    fn restorations(&self) -> Restorations {
        Restorations::new(Arc::clone(&self.vault), SCOPE, 0)
    }

    /// Restores a stream that arrives in chunks of `chunk` bytes; gives the data of its events.
    fn stream(&self, dialect: &str, stream: &[u8], chunk: usize) -> Vec<Value> {
        let mut restorer = EventRestorer::new(Dialect::by_name(dialect).expect("a dialect").stream);
        let mut restorations = self.restorations();
        let mut out = Vec::new();
        for chunk in stream.chunks(chunk) {
            restorer.push(chunk, &mut restorations, &mut out);
        }
        restorer.finish(&mut restorations, &mut out);
        let out = String::from_utf8(out).expect("still UTF-8");
        out.lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).expect("still JSON"))
            .collect()
    }

    fn body(&self, dialect: &str, body: &[u8], chunk: usize) -> Vec<u8> {
        let mut restorer = BodyRestorer::new(Dialect::by_name(dialect).expect("a dialect").response);
        let mut restorations = self.restorations();
        let mut out = Vec::new();
        for chunk in body.chunks(chunk) {
            restorer.push(chunk, &mut restorations, &mut out);
        }
        restorer.finish(&mut out);
        out
    }
}

/// One-line keys and PEM blocks, none of them real.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z0-9]{16}".prop_map(|body| format!("AKIA{body}")),
        "[A-Za-z0-9_]{36}".prop_map(|body| format!("ghp_{}", body.replace('_', "x"))),
        "[A-Za-z0-9]{93}".prop_map(|body| format!("sk-ant-api03-{body}AA")),
        proptest::collection::vec("[A-Za-z0-9+/]{64}", 1..4).prop_map(|lines| format!(
            "-----BEGIN {0} KEY-----\n{1}\n-----END {0} KEY-----",
            "PRIVATE",
            lines.join("\n")
        )),
    ]
}

/// Text around secrets: prose, marks, quotes, line breaks, escapes, placeholders that are literal.
fn filler() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z .,:]{0,12}",
        prop::sample::select(vec![
            " ",
            "\n",
            "\"",
            " \"",
            "\\",
            "\\n",
            "{\"k\": \"",
            "\"}",
            "[",
            "]",
            "{",
            ": ",
            "<",
            "<pl",
            "<pl:AWS_ACCESS_KEY:",
            "<pl-esc:",
            "<pl:T:0123456789abcdef>",
            "<pl-esc:T:0123456789abcdef>",
            "<pl-esc-esc:T:0123456789abcdef0>",
            "\\u003cpl:T:0123456789abcdef\\u003e",
            "é",
            "😀",
            "\u{2028}",
            "\t",
            "\u{1}",
            "'",
            "/",
            "export KEY=",
            "\\/",
            "\\q",
            "\"\\",
            "{}",
            "\\u0041",
            "\\u003cpl-esc:T:0123456789abcdef>",
            "[\"",
        ])
        .prop_map(str::to_owned),
    ]
}

/// A text with the secrets in it. A secret stands apart from letters, so that it is one.
fn flat() -> impl Strategy<Value = (String, Vec<String>)> {
    let part = prop_oneof![3 => filler().prop_map(|text| (text, None)), 1 => secret().prop_map(|secret| (format!(" {secret} "), Some(secret)))];
    proptest::collection::vec(part, 0..8).prop_map(|parts| {
        let (texts, secrets): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        (texts.concat(), secrets.into_iter().flatten().collect())
    })
}

/// Such a text, also as JSON and as a listing, one in another.
fn text() -> impl Strategy<Value = (String, Vec<String>)> {
    let nest = |text: String, how: usize| match how {
        0 => json!({"result": text, "n": 1.0}).to_string(),
        1 => json!([text]).to_string(),
        2 => Value::String(text).to_string(),
        3 => numbered(&text, |number| format!("{number}\t")),
        4 => numbered(&text, |number| format!("{number:>3} | ")),
        _ => json!({(text): {"b": null}}).to_string(),
    };
    (flat(), proptest::collection::vec(0_usize..6, 0..4))
        .prop_map(move |((text, secrets), levels)| (levels.into_iter().fold(text, nest), secrets))
}

/// A listing, as agents' file tools print it.
fn numbered(text: &str, prefix: impl Fn(usize) -> String) -> String {
    text.split_inclusive('\n').enumerate().map(|(at, line)| prefix(at + 8) + line).collect()
}

/// Cuts a text into pieces of `size` characters.
fn cut(text: &str, size: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// Writes an event's data as other encoders do: plain, or escaped for HTML and ASCII.
fn encode(data: &Value, escaped: bool) -> String {
    let plain = data.to_string();
    if !escaped {
        return plain;
    }
    let mut out = String::new();
    for letter in plain.chars() {
        match letter {
            '<' | '>' | '\u{7f}'.. => letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
            _ => out.push(letter),
        }
    }
    out
}

fn events(data: impl IntoIterator<Item = Value>, escaped: bool) -> Vec<u8> {
    let event = |data: Value| {
        format!("event: {}\ndata: {}\n\n", data["type"].as_str().unwrap_or("x"), encode(&data, escaped))
    };
    data.into_iter().map(event).collect::<String>().into_bytes()
}

fn anthropic_stream(pieces: &[String], kind: &str, field: &str) -> Vec<Value> {
    let mut data =
        vec![json!({"type": "content_block_start", "index": 3, "content_block": {"type": "text"}})];
    data.extend(pieces.iter().map(
        |piece| json!({"type": "content_block_delta", "index": 3, "delta": {"type": kind, (field): piece}}),
    ));
    data.push(json!({"type": "content_block_stop", "index": 3}));
    data
}

fn joined(events: &[Value], pointer: &str) -> String {
    events.iter().filter_map(|event| event.pointer(pointer)?.as_str()).collect()
}

/// The cut at a character's start, and where it would be in the first line of a key, before that.
fn before_header(text: &str, cut: usize) -> usize {
    let cut = text.floor_char_boundary(cut);
    let line = text[..cut].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[cut..].find('\n').map_or(text.len(), |newline| cut + newline);
    let header = text[line..line_end].find("-----BEGIN").map(|at| line + at);
    header.filter(|header| *header < cut).unwrap_or(cut)
}

/// No secret, nor any line of one that says something, is in the text.
fn assert_hidden(seen: &str, secrets: &[String]) -> Result<(), TestCaseError> {
    for secret in secrets {
        for line in secret.lines().filter(|line| !line.starts_with("-----")) {
            prop_assert!(!seen.contains(line), "{line} is in {seen}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Laws 1, 3 and 5 for plain streamed text.
    #[test]
    fn streamed_text_comes_back((text, secrets) in text(), size in 1_usize..40, chunk in 1_usize..300, escaped: bool) {
        let gateway = Gateway::new();
        let seen = gateway.seen(&text);
        assert_hidden(&seen, &secrets)?;
        let stream = events(anthropic_stream(&cut(&seen, size), "text_delta", "text"), escaped);
        prop_assert_eq!(joined(&gateway.stream("anthropic", &stream, chunk), "/delta/text"), text);
    }

    /// Law 5 for tool input: it parses, and the file written is the text.
    #[test]
    fn streamed_tool_input_comes_back((text, _) in text(), size in 1_usize..40, chunk in 1_usize..300, escaped: bool) {
        let gateway = Gateway::new();
        let input = encode(&json!({"path": "/a", "content": gateway.seen(&text)}), escaped);
        let stream = events(anthropic_stream(&cut(&input, size), "input_json_delta", "partial_json"), false);
        let input = joined(&gateway.stream("anthropic", &stream, chunk), "/delta/partial_json");
        let input: Value = serde_json::from_str(&input).map_err(|error| TestCaseError::fail(format!("{error}: {input}")))?;
        prop_assert_eq!(&input["content"], &Value::String(text));
    }

    /// Laws 1 to 3 for bodies, at random places: the provider sees no secret, and restoring what
    /// it saw gives back every byte that was sent.
    #[test]
    fn bodies_come_back_to_the_byte((text, secrets) in text(), place in 0_usize..6, chunk in 1_usize..300) {
        let gateway = Gateway::new();
        let content = match place {
            0 => json!([{"type": "text", "text": text}]),
            1 => json!([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": text}]}]),
            2 => json!([{"type": "tool_use", "id": "t", "name": "Write", "input": {"name": text, "user": {"seed": [text]}}}]),
            3 => json!([{"type": "tool_use", "id": "t", "name": "Write", "input": {(text.as_str()): 1}}]),
            4 => json!([{"type": "document", "title": text, "source": {"data": text, "type": "text"}}]),
            _ => json!(text),
        };
        let body = json!({"system": [{"type": "text", "text": "s"}], "messages": [{"role": "user", "content": content}]}).to_string();
        let seen = gateway.tokenize("anthropic", body.as_bytes());
        assert_hidden(&String::from_utf8_lossy(&seen), &secrets)?;
        let back = gateway.body("generic", &seen, chunk);
        prop_assert_eq!(String::from_utf8_lossy(&back), body);
    }

    /// Laws 1 to 3 for a text that is cut into parts of one message, but for a key's first line.
    #[test]
    fn parts_come_back_to_the_byte((text, secrets) in flat(), cuts in proptest::collection::vec(0_usize..400, 1..4), chunk in 1_usize..300) {
        let gateway = Gateway::new();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| before_header(&text, cut % (text.len() + 1))).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([text.len()]);
        let texts: Vec<_> = [0].into_iter().chain(cuts.iter().copied()).zip(ends).map(|(start, end)| &text[start..end]).collect();
        let parts: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
        let body = json!({"messages": [{"role": "user", "content": parts}]}).to_string();
        let seen = gateway.tokenize("anthropic", body.as_bytes());
        let back = gateway.body("generic", &seen, chunk);
        prop_assert_eq!(String::from_utf8_lossy(&back), body.as_str());
        // A part that reads like JSON is a document of its own.
        if !texts.iter().any(|text| text.trim_start().starts_with(['{', '[', '"'])) {
            let seen: Value = serde_json::from_slice(&seen).expect("JSON");
            let parts = seen["messages"][0]["content"].as_array().expect("parts").iter();
            let joined: String = parts.map(|part| part["text"].as_str().expect("a text")).collect();
            assert_hidden(&joined, &secrets)?;
        }
    }

    /// Laws 1 to 3 for a password that one place of a body tells, and that stands elsewhere at any depth.
    #[test]
    fn what_is_told_once_is_hidden_everywhere_and_comes_back((text, _) in text(), sign in "[\"/+%&:-]{0,2}", at in 0_usize..400, depth in 0_usize..4, first: bool, chunk in 1_usize..300) {
        let gateway = Gateway::new();
        let secret = format!("xK9vQ2m{sign}Lr7Tz4b");
        let mut elsewhere = text.clone();
        elsewhere.insert_str(text.floor_char_boundary(at % (text.len() + 1)), &format!(" {secret} "));
        let elsewhere = (0..depth).fold(elsewhere, |text, _| json!({"k": text}).to_string());
        let mut contents = [json!({"password": secret}), json!({"command": elsewhere})];
        if first {
            contents.reverse();
        }
        let input = |input: &Value| json!({"type": "tool_use", "id": "t", "name": "Bash", "input": input});
        let body = json!({"messages": [{"role": "assistant", "content": contents.each_ref().map(input)}]}).to_string();
        let seen = gateway.tokenize("anthropic", body.as_bytes());
        let seen_text = String::from_utf8_lossy(&seen);
        prop_assert!(!seen_text.contains("xK9vQ2m") || !seen_text.contains("<pl:GENERIC_PASSWORD:"), "{}", seen_text);
        let back = gateway.body("generic", &seen, chunk);
        prop_assert_eq!(String::from_utf8_lossy(&back), body);
    }

    /// Law 5: everything that repeats a text in the Responses stream agrees.
    #[test]
    fn all_repeats_agree((text, _) in text(), size in 1_usize..40, chunk in 1_usize..300) {
        let gateway = Gateway::new();
        let seen = gateway.seen(&text);
        let arguments = json!({"cmd": seen}).to_string();
        let place = json!({"output_index": 1, "content_index": 0});
        let with = |mut event: Value, more: Value| {
            event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            event
        };
        let item = json!({"type": "function_call", "id": "i", "name": "x", "arguments": arguments});
        let mut data: Vec<Value> = cut(&seen, size).iter().map(|piece| with(json!({"type": "response.output_text.delta", "delta": piece}), place.clone())).collect();
        data.push(with(json!({"type": "response.output_text.done", "text": seen}), place.clone()));
        data.push(with(json!({"type": "response.content_part.done", "part": {"type": "output_text", "text": seen}}), place));
        data.extend(cut(&arguments, size).iter().map(|piece| json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": piece})));
        data.push(json!({"type": "response.function_call_arguments.done", "output_index": 2, "arguments": arguments}));
        data.push(json!({"type": "response.output_item.done", "output_index": 2, "item": item}));
        data.push(json!({"type": "response.completed", "response": {"output": [{"type": "message", "content": [{"type": "output_text", "text": seen}]}, item]}}));
        for (number, event) in data.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        let events = gateway.stream("openai", &events(data, false), chunk);
        let arguments = json!({"cmd": text}).to_string();
        let of_type = |name: &str| events.iter().filter(|event| event["type"] == name).cloned().collect::<Vec<_>>();
        prop_assert_eq!(joined(&of_type("response.output_text.delta"), "/delta"), text.clone());
        prop_assert_eq!(joined(&events, "/text"), text.clone());
        prop_assert_eq!(joined(&events, "/part/text"), text.clone());
        prop_assert_eq!(joined(&events, "/response/output/0/content/0/text"), text);
        for copy in [joined(&of_type("response.function_call_arguments.delta"), "/delta"), joined(&events, "/arguments"), joined(&events, "/item/arguments"), joined(&events, "/response/output/1/arguments")] {
            let (copy, expected): (Value, Value) = (serde_json::from_str(&copy).expect("JSON"), serde_json::from_str(&arguments).expect("JSON"));
            prop_assert_eq!(copy, expected);
        }
        let numbers: Vec<_> = events.iter().filter_map(|event| event["sequence_number"].as_u64()).collect();
        prop_assert!(numbers.is_sorted_by(|one, next| one < next), "{:?}", numbers);
    }

    /// Law 3 for Chat: several choices and tool calls at once, ended by `finish_reason`.
    #[test]
    fn chat_streams_come_back((one, _) in text(), (two, _) in text(), size in 1_usize..40, chunk in 1_usize..300, last_together: bool) {
        let gateway = Gateway::new();
        let (seen_one, seen_two) = (gateway.seen(&one), gateway.seen(&two));
        let choice = |index: usize, delta: Value, finish: Value| json!({"choices": [{"index": index, "delta": delta, "finish_reason": finish}]});
        let mut data = vec![choice(0, json!({"role": "assistant", "content": ""}), Value::Null)];
        let (pieces, arguments) = (cut(&seen_one, size), cut(&json!({"c": seen_two}).to_string(), size));
        for at in 0..pieces.len().max(arguments.len()) {
            if let Some(piece) = pieces.get(at) {
                let finish = if last_together && at + 1 == pieces.len() { json!("stop") } else { Value::Null };
                data.push(choice(0, json!({"content": piece}), finish));
            }
            if let Some(piece) = arguments.get(at) {
                data.push(choice(1, json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}), Value::Null));
            }
        }
        data.push(choice(0, json!({}), json!("stop")));
        data.push(choice(1, json!({}), json!("tool_calls")));
        let events = gateway.stream("openai", &events(data, false), chunk);
        let of_choice = |index: usize| events.iter().filter(|event| event["choices"][0]["index"] == index).cloned().collect::<Vec<_>>();
        prop_assert_eq!(joined(&of_choice(0), "/choices/0/delta/content"), one);
        let arguments: Value = serde_json::from_str(&joined(&of_choice(1), "/choices/0/delta/tool_calls/0/function/arguments")).expect("JSON");
        prop_assert_eq!(&arguments["c"], &Value::String(two));
    }

    /// Law 4: one plaintext, one placeholder, at every depth and however it is escaped.
    #[test]
    fn one_secret_has_one_placeholder(secret in secret(), depth in 0_usize..4) {
        let gateway = Gateway::new();
        let alone = gateway.seen(&secret);
        let nested = (0..depth).fold(secret, |text, _| json!({"k": text}).to_string());
        let mut seen = gateway.seen(&nested);
        for _ in 0..depth {
            seen = serde_json::from_str::<Value>(&seen).expect("JSON")["k"].as_str().expect("a string").to_owned();
        }
        prop_assert_eq!(seen, alone);
    }

    /// Law 2: a body without a secret is the same body.
    #[test]
    fn other_bodies_are_untouched(text in "[ -~é😀\n]{0,60}", number in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?") {
        let body = format!("{{ \"a\":{number} ,\n\"b\" : [{}, true,null], \"a\": \"\\ud83d\\/\\u00e9\" }}", Value::String(text.replace("<pl", "")));
        prop_assert_eq!(Gateway::new().tokenize("openai", body.as_bytes()), body.into_bytes());
    }
}
