//! Tests of the provider over real sockets, and of its file loop.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::ask::Ask;
use super::knobs::Mode;
use super::plan::Answer;
use super::*;

/// Sends one request and returns the whole answer as text, transfer coding undone.
fn post(echo: &Echo, path: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    let mut stream = TcpStream::connect(echo.address()).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n{headers}");
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    let raw = String::from_utf8(raw).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    if head.contains("chunked") { dechunked(body) } else { body.into() }
}

fn dechunked(mut rest: &str) -> String {
    let mut plain = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        plain.push_str(&tail[..size]);
        rest = tail[size..].strip_prefix("\r\n").unwrap();
        if size == 0 {
            break;
        }
    }
    plain
}

fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn start() -> Echo {
    Echo::start(EchoOptions::default()).unwrap()
}

const TEXT: &str = "keep <pl:TEST:0123456789abcdef>, \"so\" 😀\n";

fn joined(events: &[Value], pointer: &str) -> String {
    events.iter().filter_map(|event| event.pointer(pointer)?.as_str()).collect()
}

#[test]
fn anthropic_text_and_tool_in_every_cut() {
    let echo = start();
    let body =
        json!({"stream": true, "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]});
    for delta in ["1", "5", "all"] {
        for escape in ["none", "html", "ascii"] {
            let headers = format!("x-echo-delta: {delta}\r\nx-echo-escape: {escape}\r\nx-echo-pings: on\r\n");
            let text = post(&echo, "/v1/messages", &headers, &body);
            assert_eq!(joined(&events(&text), "/delta/text"), TEXT);
            let headers = format!("{headers}x-echo-mode: tool\r\n");
            let tool = post(&echo, "/anthropic/v1/messages?beta=true", &headers, &body);
            let input: Value = serde_json::from_str(&joined(&events(&tool), "/delta/partial_json")).unwrap();
            assert_eq!(input["text"], TEXT);
        }
    }
}

#[test]
fn chat_streams_and_not() {
    let echo = start();
    let mut body =
        json!({"messages": [{"role": "user", "content": TEXT}], "stream_options": {"include_usage": true}});
    let whole: Value = serde_json::from_str(&post(&echo, "/v1/chat/completions", "", &body)).unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], TEXT);
    body["stream"] = json!(true);
    let stream = post(&echo, "/v1/chat/completions", "x-echo-delta: 5\r\nx-echo-mode: tool\r\n", &body);
    assert!(stream.ends_with("data: [DONE]\n\n"));
    let arguments = joined(&events(&stream), "/choices/0/delta/tool_calls/0/function/arguments");
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap()["text"], TEXT);
}

#[test]
fn responses_say_everything_five_times() {
    let echo = start();
    let body = json!({"stream": true, "input": TEXT});
    let stream = post(&echo, "/v1/responses", "x-echo-delta: 1\r\nx-echo-newline: crlf\r\n", &body);
    let events = events(&stream);
    assert_eq!(joined(&events, "/delta"), TEXT);
    assert_eq!(joined(&events, "/text"), TEXT);
    assert_eq!(joined(&events, "/part/text"), TEXT);
    assert_eq!(joined(&events, "/item/content/0/text"), TEXT);
    assert_eq!(joined(&events, "/response/output/0/content/0/text"), TEXT);
    let numbers: Vec<_> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert!(numbers.iter().enumerate().all(|(at, number)| at as u64 == *number));
}

#[test]
fn chunks_of_one_byte_arrive_whole_and_apart() {
    let echo = start();
    let body = json!({"model": "m", "input": TEXT});
    let whole: Value =
        serde_json::from_str(&post(&echo, "/v1/responses", "x-echo-chunk: 1\r\n", &body)).unwrap();
    assert_eq!(whole["output"][0]["content"][0]["text"], TEXT);
}

#[test]
fn codings_flush_each_event() {
    for encoding in [Encoding::Gzip, Encoding::Br, Encoding::Zstd] {
        let pieces = vec![b"data: one\n\n".to_vec(), b"data: two\n\n".to_vec()];
        let coded = coding::encode(encoding, pieces.clone()).unwrap();
        assert_eq!(coded.len(), 3);
        assert!(coded[..2].iter().all(|piece| !piece.is_empty()));
        let name = encoding.header().unwrap();
        assert_eq!(coding::decode(name, &coded.concat()), Some(pieces.concat()));
    }
    assert_eq!(coding::decode("compress", b"x"), None);
}

#[test]
fn requests_are_kept_byte_for_byte_until_reset() {
    let echo = start();
    post(&echo, "/odd?q=1", "x-mark: a\r\n", &json!({"b": 1}));
    let requests = echo.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/odd?q=1");
    assert_eq!(requests[0].header("x-mark"), Some("a"));
    assert_eq!(&requests[0].body[..], br#"{"b":1}"#);
    post(&echo, "/__reset", "", &Value::Null);
    assert!(echo.requests().is_empty());
}

#[test]
fn errors_scripts_and_bad_knobs() {
    let echo = start();
    let anthropic = post(&echo, "/v1/messages", "x-echo-status: 529\r\n", &json!({}));
    assert_eq!(serde_json::from_str::<Value>(&anthropic).unwrap()["type"], "error");
    echo.script(Canned {
        status: 200,
        content_type: "text/plain".into(),
        pieces: vec![b"one".to_vec(), b"two".to_vec()],
    });
    assert_eq!(post(&echo, "/v1/messages", "", &json!({})), "onetwo");
    assert!(post(&echo, "/v1/messages", "x-echo-delta: some\r\n", &json!({})).contains("x-echo-delta"));
}

#[test]
fn the_file_loop_reads_writes_and_ends() {
    let prompt = "Copy the file /tmp/a.txt to /tmp/b.txt.";
    let tools = json!([{"name": "Bash"}, {"name": "Read"}, {"name": "Write"}]);
    let mut messages = vec![json!({"role": "user", "content": prompt})];
    let answer = |messages: &[Value]| {
        Answer::to(&Ask::anthropic(&json!({"messages": messages, "tools": tools})), Mode::Agent)
    };
    let call = |name: &str, arguments: Value| Answer::Call { name: name.into(), arguments };
    assert_eq!(answer(&messages), call("Read", json!({"file_path": "/tmp/a.txt"})));
    let result = |text: &str| json!({"role": "user", "content": [{"type": "tool_result", "content": text}]});
    messages.push(result("1\tkey <pl:TEST:0123456789abcdef> end"));
    let written = json!({"file_path": "/tmp/b.txt", "content": "<pl:TEST:0123456789abcdef>"});
    assert_eq!(answer(&messages), call("Write", written));
    messages.push(result("written"));
    assert_eq!(answer(&messages), Answer::Text("Done.".into()));
    let untooled = Ask::anthropic(&json!({"messages": [{"role": "user", "content": prompt}]}));
    assert!(matches!(Answer::to(&untooled, Mode::Agent), Answer::Text(_)));
}

#[test]
fn the_file_loop_speaks_codex() {
    let tools = json!([{"type": "function", "name": "exec_command", "parameters": {}}]);
    let mut input = vec![json!({"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "Copy the file /tmp/a to /tmp/b"}]})];
    let answer =
        |input: &[Value]| Answer::to(&Ask::responses(&json!({"input": input, "tools": tools})), Mode::Agent);
    let call = |cmd: &str| Answer::Call { name: "exec_command".into(), arguments: json!({ "cmd": cmd }) };
    assert_eq!(answer(&input), call("cat /tmp/a"));
    input.push(json!({"type": "function_call_output", "output": "Output:\n<pl:T:00>\n"}));
    assert_eq!(answer(&input), call("cat > /tmp/b <<'END_OF_COPY'\n<pl:T:00>\nEND_OF_COPY"));
}

#[test]
fn gemini_text_and_tool_in_every_cut() {
    let echo = start();
    let offered = json!([{"functionDeclarations": [
        {"name": "note", "parametersJsonSchema": {"type": "object", "properties": {"text": {"type": "string"}}}},
    ]}]);
    let body = json!({"contents": [{"role": "user", "parts": [{"text": TEXT}]}], "tools": offered});
    let path = "/v1beta/models/gemini-echo:streamGenerateContent?alt=sse";
    for delta in ["1", "5", "all"] {
        let headers = format!("x-echo-delta: {delta}\r\n");
        let text = events(&post(&echo, path, &headers, &body));
        assert_eq!(joined(&text, "/candidates/0/content/parts/0/text"), TEXT);
        assert_eq!(text.last().unwrap()["candidates"][0]["finishReason"], "STOP");

        let tool = events(&post(&echo, path, &format!("{headers}x-echo-mode: tool\r\n"), &body));
        let call = &tool[0]["candidates"][0]["content"]["parts"][0]["functionCall"];
        assert_eq!((&call["name"], &call["args"]["text"]), (&json!("note"), &json!(TEXT)));
    }
    let whole = post(&echo, "/v1beta/models/gemini-echo:generateContent", "", &body);
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["candidates"][0]["content"]["parts"], json!([{"text": TEXT}]));
    assert_eq!(whole["modelVersion"], "gemini-echo");
}
