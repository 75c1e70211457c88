//! Answers in every cut: deltas of one, five and all characters, TCP writes of one byte, escaped and
//! compressed, as text and as tool calls, in each streamed dialect.

use serde_json::{Value, json};
use waterwall::echo::{Delta, Echo, EchoOptions, Encoding, Escape, Knobs, Mode};

use crate::harness::{Gateway, Setup, UpstreamConfig};

/// A one-line key and a private key, made of pieces so that they are none.
fn text() -> String {
    let key = format!("AKIA{}", "FAKE".repeat(4));
    let line = "FAKEfake".repeat(8);
    let pem = format!("-----BEGIN {0} KEY-----\n{line}\n{line}\n-----END {0} KEY-----", "PRIVATE");
    let file = json!({"private_key": pem, "note": "a \"quoted\" word"}).to_string();
    format!("one {key}\ntwo:\n{pem}\nthree <pl: 😀 four\n```json\n{file}\n```")
}

/// Pointers to the pieces of a text in the events of a stream.
struct Shape {
    path: &'static str,
    body: fn(&str) -> Value,
    text: &'static [&'static str],
    arguments: &'static [&'static str],
}

const TEXT: fn(&str) -> Value = |text| json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": text}]});

const SHAPES: [Shape; 3] = [
    Shape {
        path: "/anthropic/v1/messages",
        body: TEXT,
        text: &["/delta/text"],
        arguments: &["/delta/partial_json"],
    },
    Shape {
        path: "/openai/v1/chat/completions",
        body: TEXT,
        text: &["/choices/0/delta/content"],
        arguments: &["/choices/0/delta/tool_calls/0/function/arguments"],
    },
    Shape {
        path: "/openai/v1/responses",
        body: |text| json!({"model": "m", "stream": true, "input": text}),
        text: &["/delta", "/text", "/part/text", "/item/content/0/text", "/response/output/0/content/0/text"],
        arguments: &["/delta", "/arguments", "/item/arguments", "/response/output/0/arguments"],
    },
];

fn start(knobs: Knobs) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions { knobs, ..EchoOptions::default() }).unwrap();
    let upstream = |host: &str, dialect, prefix| UpstreamConfig {
        host: host.into(),
        dialect,
        prefix,
        url: echo.url(),
        ca_file: None,
    };
    let upstreams =
        [upstream("anthropic.test", "anthropic", "/anthropic"), upstream("openai.test", "openai", "/openai")];
    (Setup::new(upstreams).start(), echo)
}

/// The strings at a pointer, over all events, joined.
fn joined(stream: &str, pointer: &str) -> String {
    let data = stream.lines().filter_map(|line| line.trim_end().strip_prefix("data: "));
    let events =
        data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str::<Value>(data).unwrap());
    events.filter_map(|event| Some(event.pointer(pointer)?.as_str()?.to_owned())).collect()
}

#[track_caller]
fn comes_back(knobs: Knobs) {
    let (gateway, echo) = start(knobs);
    let text = text();
    for shape in &SHAPES {
        let answer = gateway.client().post(shape.path, (shape.body)(&text).to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stream = String::from_utf8(answer.body).unwrap();
        if knobs.mode == Mode::Echo {
            for pointer in shape.text {
                assert_eq!(joined(&stream, pointer), text, "{knobs:?} {pointer}");
            }
        } else {
            for pointer in shape.arguments {
                let arguments: Value = serde_json::from_str(&joined(&stream, pointer)).unwrap();
                assert_eq!(arguments["text"], *text, "{knobs:?} {pointer}");
            }
        }
    }
    for request in echo.requests() {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        assert!(!body.contains("FAKEFAKE") && !body.contains("FAKEfake"), "{body}");
        assert_eq!(body.matches("<pl:PEM_BLOCK:").count(), 2, "{body}");
    }
}

#[test]
fn text_in_every_cut() {
    for delta in [Delta::Chars(1), Delta::Chars(5), Delta::All] {
        comes_back(Knobs { delta, chunk: Some(1), ..Knobs::default() });
    }
}

#[test]
fn tool_calls_in_every_cut() {
    for delta in [Delta::Chars(1), Delta::Chars(5), Delta::All] {
        comes_back(Knobs { mode: Mode::Tool, delta, chunk: Some(7), ..Knobs::default() });
    }
}

#[test]
fn text_escaped_or_compressed_or_between_comments() {
    let delta = Delta::Chars(3);
    for escape in [Escape::Html, Escape::Ascii] {
        comes_back(Knobs { delta, escape, crlf: true, ..Knobs::default() });
        comes_back(Knobs { mode: Mode::Tool, delta, escape, pings: true, ..Knobs::default() });
    }
    for encoding in [Encoding::Gzip, Encoding::Br, Encoding::Zstd] {
        comes_back(Knobs { delta, encoding, chunk: Some(1), ..Knobs::default() });
    }
}
