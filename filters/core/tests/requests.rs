//! What is scanned in requests, place by place, and what is refused.

use std::sync::Arc;

use serde_json::{Value, json};
use waterwall_core::{
    detect::Detectors,
    dialect::Dialect,
    placeholder::SessionKey,
    tokenize::{Splices, Tokenizer, Unscannable},
    vault::{Scope, Vault},
};

fn key() -> String {
    format!("AKIA{}", "FAKE".repeat(4))
}

fn pem(newline: &str) -> String {
    let line = "FAKEfake".repeat(8);
    format!("-----BEGIN {0} KEY-----{newline}{line}{newline}{line}{newline}-----END {0} KEY-----", "PRIVATE")
}

fn with_tokenizer<T>(scan: impl FnOnce(Tokenizer<'_>) -> T) -> T {
    let vault = Arc::new(Vault::new(SessionKey::new([1; 32]), 100, 10));
    scan(Tokenizer { detectors: &Detectors::builtin(), vault: &vault, scope: Scope(1), now: 0 })
}

fn scan(dialect: &str, content_type: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Unscannable> {
    let schema = Dialect::by_name(dialect).expect("a dialect").request;
    with_tokenizer(|tokenizer| {
        tokenizer.body(content_type, body, schema).map(|splices: Splices| splices.apply(body))
    })
}

fn seen(dialect: &str, body: &Value) -> String {
    let seen = scan(dialect, Some("application/json"), body.to_string().as_bytes()).expect("scannable");
    String::from_utf8(seen).expect("UTF-8")
}

fn assert_scanned(dialect: &str, bodies: &[Value]) {
    for body in bodies {
        let seen = seen(dialect, body);
        assert!(!seen.contains(&key()), "{seen}");
        assert!(seen.contains("<pl:AWS_ACCESS_KEY:"), "{seen}");
    }
}

fn assert_untouched(dialect: &str, bodies: &[Value]) {
    for body in bodies {
        assert_eq!(seen(dialect, body), body.to_string());
    }
}

fn message(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

#[test]
fn anthropic_text_is_scanned_wherever_it_stands() {
    let key = key();
    assert_scanned(
        "anthropic",
        &[
            json!({"system": key}),
            json!({"system": [{"type": "text", "text": key}]}),
            message(json!(key)),
            message(json!([{"type": "tool_result", "tool_use_id": "t", "content": key}])),
            message(
                json!([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": key}]}]),
            ),
            // Names that are opaque elsewhere are the agent's own data inside a tool's input.
            message(json!([{"type": "tool_use", "id": "t", "name": "n", "input": {"id": key}}])),
            message(
                json!([{"type": "tool_use", "id": "t", "name": "n", "input": {"signature": key, "name": "x", "data": "y"}}]),
            ),
            message(json!([{"type": "tool_use", "id": "t", "name": "n", "input": {(key.as_str()): 1}}])),
            message(json!([{"type": "document", "source": {"type": "text", "data": key}}])),
            message(json!([{"type": "document", "source": {"data": key, "type": "text"}, "title": "t"}])),
            message(
                json!([{"type": "bash_code_execution_tool_result", "tool_use_id": "t", "content": {"stdout": key}}]),
            ),
            message(json!([{"type": "text", "text": "x", "citations": [{"cited_text": key}]}])),
            // Unsigned thinking is the client's own text; so is anything that calls itself encrypted.
            message(json!([{"type": "thinking", "thinking": key}])),
            message(json!([{"type": "thinking", "thinking": key, "signature": ""}])),
            message(json!([{"type": "text", "data": key}])),
            message(json!([{"type": "text", "text": "x", "name": key}])),
            message(
                json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "note": key}}]),
            ),
            message(
                json!([{"type": "tool_result", "content": [{"type": "text", "encrypted_content": key}]}]),
            ),
            message(
                json!([{"type": "image", "source": {"type": "base64", "data": format!("my key is {key} !")}}]),
            ),
            json!({"tools": [{"name": "n", "description": key}]}),
            json!({"tools": [{"name": "n", "input_schema": {"properties": {"name": {"enum": [key]}}}}]}),
            json!({"stop_sequences": [key]}),
            json!({"metadata": {"user_id": json!({"device_id": key}).to_string()}}),
            json!({"requests": [{"custom_id": key, "params": {}}]}),
            json!({"requests": [{"custom_id": "c", "params": message(json!(key))}]}),
        ],
    );
}

#[test]
fn anthropic_opaque_places_stay_as_they_are() {
    let key = key();
    assert_untouched(
        "anthropic",
        &[
            message(json!([{"type": "thinking", "thinking": key, "signature": "s"}])),
            message(json!([{"signature": key, "thinking": key, "type": "thinking"}])),
            message(json!([{"type": "redacted_thinking", "data": key}])),
            message(
                json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": key}}]),
            ),
            message(json!([{"type": "image", "source": {"data": key, "type": "base64"}}])),
            message(
                json!([{"type": "tool_result", "tool_use_id": key, "content": [{"type": "image", "source": {"type": "base64", "data": key}}]}]),
            ),
            message(json!([{"type": "tool_use", "id": key, "name": key, "input": {}}])),
            json!({"tools": [{"name": key}]}),
            json!({"mcp_servers": [{"url": "https://x", "authorization_token": key}]}),
            json!({"requests": [{"params": message(json!([{"type": "redacted_thinking", "data": key}]))}]}),
        ],
    );
}

/// Conditions hold only when they are beyond doubt.
#[test]
fn a_doubtful_type_makes_nothing_opaque() {
    let key = key();
    for body in [
        format!(
            r#"{{"messages":[{{"content":[{{"source":{{"type":"base64","data":"{key}","type":"text"}}}}]}}]}}"#
        ),
        format!(
            r#"{{"messages":[{{"content":[{{"source":{{"type":"base64","data":"{key}","\u0074ype":"text"}}}}]}}]}}"#
        ),
        format!(r#"{{"messages":[{{"content":[{{"type":"text","thinking":"{key}","signature":"s"}}]}}]}}"#),
        format!(
            r#"{{"messages":[{{"content":[{{"type":"redacted_thinking","type":null,"data":"{key}"}}]}}]}}"#
        ),
        format!(
            r#"{{"messages":[{{"content":[{{"type":"redacted_thinking","type":{{}},"data":"{key}"}}]}}]}}"#
        ),
        format!(
            r#"{{"messages":[{{"content":[{{"type":"thinking","thinking":"{key}","signature":"s","signature":""}}]}}]}}"#
        ),
    ] {
        let seen = scan("anthropic", Some("application/json"), body.as_bytes()).expect("scannable");
        assert!(!String::from_utf8_lossy(&seen).contains(&key), "{body}");
    }
}

#[test]
fn openai_text_is_scanned_wherever_it_stands() {
    let key = key();
    let item = |item: Value| json!({"input": [item]});
    assert_scanned(
        "openai",
        &[
            message(json!(key)),
            message(json!([{"type": "text", "text": key}])),
            message(json!([{"type": "image_url", "image_url": {"url": format!("https://x/?k={key}")}}])),
            message(json!([{"type": "image_url", "image_url": {"url": format!("data:text/plain,{key}")}}])),
            message(json!([{"type": "file", "file": {"filename": key}}])),
            json!({"messages": [{"role": "tool", "name": key, "content": "x"}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "n", "arguments": json!({"name": key}).to_string()}}]}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "n", "arguments": format!("{{not JSON {key}")}}]}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"custom": {"input": key}}]}]}),
            json!({"messages": [{"role": "assistant", "reasoning_content": key, "content": "x"}]}),
            json!({"messages": [{"role": "assistant", "reasoning_details": [{"type": "reasoning.text", "text": key}]}]}),
            json!({"prediction": {"type": "content", "content": key}}),
            json!({"user": key, "messages": []}),
            json!({"metadata": {"k": key}}),
            json!({"tools": [{"type": "function", "function": {"name": "n", "description": key}}]}),
            json!({"prompt": key}),
            json!({"prompt": [key]}),
            json!({"prompt": "x", "suffix": key}),
            json!({"input": key}),
            json!({"input": [key]}),
            json!({"instructions": key}),
            item(json!({"role": "user", "content": [{"type": "input_text", "text": key}]})),
            item(
                json!({"type": "function_call", "call_id": "c", "name": "n", "arguments": json!({"cmd": key}).to_string()}),
            ),
            item(json!({"type": "function_call_output", "call_id": "c", "output": key})),
            item(
                json!({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": key}]}),
            ),
            item(json!({"type": "custom_tool_call", "input": key})),
            item(
                json!({"type": "local_shell_call", "action": {"command": ["sh", key], "env": {(key.as_str()): "x"}}}),
            ),
            item(json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": key}]})),
            item(json!({"type": "program_output", "result": key})),
            item(json!({"type": "input_text", "image_url": key})),
            json!({"client_metadata": {"x-codex-turn-metadata": json!({"w": {"a": key}}).to_string()}}),
            json!({"items": [{"type": "message", "content": key}]}),
            // What only an MCP server's definition may carry.
            json!({"tools": [{"type": "function", "server_url": key}]}),
            json!({"tools": [{"authorization": key, "name": "n"}]}),
            json!({"tools": [{"headers": {"a": key}, "type": "custom"}]}),
            json!({"tools": [{"headers": {"a": key, "type": "mcp"}}]}),
            json!({"tools": [{"headers": {"a": {"b": key}, "type": "mcp"}, "type": "mcp"}]}),
            json!({"tools": [{"type": "mcp", "server_description": key, "headers": {}}]}),
        ],
    );
}

#[test]
fn openai_opaque_places_stay_as_they_are() {
    let key = key();
    let picture = format!("data:image/png;base64,{key}");
    assert_untouched(
        "openai",
        &[
            message(json!([{"type": "image_url", "image_url": {"url": picture}}])),
            message(json!([{"type": "input_audio", "input_audio": {"data": key, "format": "wav"}}])),
            json!({"messages": [{"role": "tool", "tool_call_id": key, "content": "x"}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": key, "function": {"name": key, "arguments": "{}"}}]}]}),
            json!({"messages": [{"role": "assistant", "reasoning_details": [{"signature": key, "data": key}]}]}),
            json!({"input": [{"type": "reasoning", "id": key, "encrypted_content": key, "summary": []}]}),
            json!({"input": [{"type": "function_call", "call_id": key, "name": key, "arguments": "{}"}]}),
            json!({"input": [{"type": "image_generation_call", "id": "i", "result": key}]}),
            json!({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": picture}]}]}),
            json!({"previous_response_id": key, "input": "x"}),
            json!({"tools": [{"type": "mcp", "server_url": "https://x", "authorization": key, "headers": {"a": key}}], "input": "x"}),
            json!({"tools": [{"headers": {"a": key}, "server_url": format!("https://x/{key}"), "type": "mcp"}]}),
            json!({"body": {"tools": [{"headers": {"a": key}, "type": "mcp"}]}}),
        ],
    );
}

#[test]
fn token_ids_cannot_be_scanned() {
    for body in [
        json!({"prompt": [1, 2]}),
        json!({"prompt": [[1], [2]]}),
        json!({"input": [[1, 2]]}),
        json!({"input": [15339]}),
    ] {
        assert_eq!(
            scan("openai", Some("application/json"), body.to_string().as_bytes()),
            Err(Unscannable::TokenIds),
            "{body}"
        );
    }
    assert!(
        scan("openai", Some("application/json"), br#"{"input":[null,{"x":[1]}],"n":1,"prompt":null}"#)
            .is_ok()
    );
}

#[test]
fn every_spelling_of_a_secret_is_the_same_secret() {
    let key = key();
    let unicode: String = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let body = format!(r#"{{"a":"{key}","b":"\n{key}\t","c":"{unicode}","d":"{{\"k\":\"{key}\"}}"}}"#);
    let seen = String::from_utf8(scan("generic", None, body.as_bytes()).expect("scannable")).expect("UTF-8");
    let placeholder = &seen[6..seen.find('>').expect("a placeholder") + 1];
    let expected = format!(
        r#"{{"a":"{placeholder}","b":"\n{placeholder}\t","c":"{placeholder}","d":"{{\"k\":\"{placeholder}\"}}"}}"#
    );
    assert_eq!(seen, expected);
    // Below the wire an unusual spelling has to come back as it was: the same tag, in full.
    let doubled = unicode.replace('\\', "\\\\");
    let body = format!(r#"{{"d":"{{\"k\":\"{doubled}\"}}"}}"#);
    let seen = String::from_utf8(scan("generic", None, body.as_bytes()).expect("scannable")).expect("UTF-8");
    assert!(seen.contains(placeholder.trim_end_matches('>')), "{seen}");
}

#[test]
fn a_private_key_is_one_secret_however_its_lines_end() {
    let nested = |text: &str| json!({"k": text}).to_string();
    let body = message(
        json!([{"text": pem("\n")}, {"text": nested(&pem("\n"))}, {"text": nested(&nested(&pem("\n")))}]),
    );
    let seen = seen("generic", &body);
    assert!(!seen.contains("FAKEfake"), "{seen}");
    let tags: Vec<_> = seen.match_indices("<pl:PEM_BLOCK:").map(|(at, _)| &seen[at..at + 31]).collect();
    assert_eq!(tags.len(), 3, "{seen}");
    assert!(tags.iter().all(|tag| *tag == tags[0]), "{seen}");
    // At depth 0 a backslash is a backslash: another plaintext.
    assert_ne!(tags[0], &seen_tag(&format!("KEY=\"{}\"", pem("\\n"))));
}

/// A listing shows the key that is in the file, with a number before each line.
#[test]
fn a_numbered_private_key_is_the_key() {
    let alone = seen_tag(&pem("\n"));
    for prefix in [
        (|line| format!("{line}\t")) as fn(usize) -> String,
        |line| format!("{line}: "),
        |line| format!("{line:>3} | "),
        |line| format!("{line:>6}\u{2192}"),
    ] {
        let listing: String = format!("# a file\n{}\nend\n", pem("\n"))
            .lines()
            .enumerate()
            .map(|(at, line)| format!("{}{line}\n", prefix(at + 9)))
            .collect();
        let seen = seen("generic", &json!([listing]));
        let seen: Value = serde_json::from_str(&seen).expect("JSON");
        assert_eq!(seen[0], format!("{}# a file\n{}{alone}\n{}end\n", prefix(9), prefix(10), prefix(14)));
    }
    // Numbers that do not count up are part of what is there.
    let listing = pem("\n7\t");
    assert_ne!(seen_tag(&listing), alone);
}

fn seen_tag(text: &str) -> String {
    let seen = seen("generic", &message(json!(text)));
    let at = seen.find("<pl:PEM_BLOCK:").unwrap_or_else(|| panic!("no placeholder in {seen}"));
    seen[at..at + 31].to_owned()
}

/// Escapes count also where the text is not JSON as a whole: behind a tool's header lines, in a listing.
#[test]
fn escapes_in_other_text_hide_nothing() {
    let escaped = format!("\\u0041KIA{}", &key()[4..]);
    for text in [
        format!("Output:\n{{\"k\": \"{escaped}\"}}"),
        format!("1: {{\"k\":\"{escaped}\"}}"),
        format!("x {} y {escaped} {}", escaped.replace('\\', "\\\\"), key()),
    ] {
        let seen = seen("generic", &json!([text]));
        assert!(!seen.contains("FAKEFAKE"), "{seen}");
    }
}

/// A JSON file in a listing is no JSON as a whole, and PHP writes every slash in it as `\/`.
#[test]
fn escaped_slashes_in_other_text_hide_nothing() {
    let secret = "xK9vQ2mLr7Tz4b";
    let drawn = "wJq9rXUtnF2MIK7M/ENGbPx/fiCYzK9vQ2mLr7+T";
    for line in [
        format!(r#"  "dsn": "postgres://app:{secret}@db.example.org/app","#),
        format!(r#"  "aws_secret_access_key": "{drawn}","#),
    ] {
        let hidden = if line.contains(secret) { secret } else { "wJq9rXUtnF2MIK7M" };
        let php = line.replace('/', r"\/");
        for text in
            [format!("     1\t{{\n     2\t{php}\n"), format!("Output:\n{{{php}"), format!("{{{php}\"z\":1}}")]
        {
            let body = json!([text, json!([text]).to_string(), {"a": text}]);
            let seen = seen("generic", &body);
            assert!(!seen.contains(hidden), "{seen}");
            assert!(seen.matches("<pl:").count() == 3, "{seen}");
        }
    }
}

/// `["mysql", "--password", "…"]`: arguments of a command, on the wire and in JSON in strings.
#[test]
fn a_flag_tells_of_the_argument_behind_it() {
    let secret = "xK9vQ2mLr7Tz4b";
    let mut value = json!({"command": ["tool", "--db-password", secret, "--api-key", secret, "-x", "--token"], "n": ["z"]});
    for depth in 0..4 {
        let seen = seen("openai", &json!({"input": [{"type": "function_call", "arguments": value}]}));
        assert!(!seen.contains(secret) && seen.matches("<pl:").count() == 2, "{depth}: {seen}");
        value = json!(value.to_string());
    }
    // No other string is an argument of it.
    let others = json!({"a": ["--password", 1], "b": ["xK9vQ2mLr7Tz4b", "--password"], "c": [["--password"], [secret]]});
    assert_eq!(seen("generic", &others), others.to_string());
}

/// `{"name": "DB_PASSWORD", "value": "…"}`, as clusters, tools and clouds write variables.
#[test]
fn a_member_may_say_the_name_of_another() {
    let secret = "xK9vQ2mLr7Tz4b";
    let mut value = json!({"env": [
        {"name": "DB_PASSWORD", "value": secret},
        {"name": "LANG", "value": "C.UTF-8"},
        {"Key": "api_key", "Value": secret},
        {"ParameterKey": "AdminPassword", "ParameterValue": secret},
    ]});
    for depth in 0..4 {
        let seen = seen("openai", &json!({"input": [{"type": "function_call", "arguments": value}]}));
        assert!(!seen.contains(secret) && seen.matches("<pl:").count() == 3, "{depth}: {seen}");
        assert!(seen.contains("C.UTF-8"));
        value = json!(value.to_string());
    }
    let others =
        json!([{"name": "password", "type": "value", "value": secret}, {"name": "password", "x": secret}]);
    assert_eq!(seen("generic", &others), others.to_string());
}

/// A file of text that is attached as a `data:` URL is not the opaque picture that such a URL may be.
#[test]
fn text_in_a_data_url_is_scanned() {
    use base64::Engine as _;
    let file = base64::engine::general_purpose::STANDARD.encode(format!("# a file\nKEY={}\n", key()));
    for kind in ["text/plain", "text/plain;charset=utf-8", "application/json", "image/svg+xml", ""] {
        let url = format!("data:{kind};base64,{file}");
        let seen = seen("openai", &message(json!([{"type": "file", "file": {"file_data": url}}])));
        assert!(!seen.contains(&file) && seen.contains("<pl:AWS_ACCESS_KEY:"), "{seen}");
    }
    for kind in ["image/png", "audio/wav", "application/pdf"] {
        let body =
            message(json!([{"type": "file", "file": {"file_data": format!("data:{kind};base64,{file}")}}]));
        assert_eq!(seen("openai", &body), body.to_string());
    }
}

#[test]
fn a_private_key_may_be_a_list_of_lines() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let with_ends: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    let quoted: String = lines.iter().map(|line| format!("\"{line}\\n\"\n")).collect();
    for body in [
        json!({"lines": lines, "word": "after"}),
        json!([json!({"source": with_ends, "n": ["word"]}).to_string()]),
        json!([quoted]),
    ] {
        let seen = seen("generic", &body);
        assert!(!seen.contains("FAKEfake"), "{seen}");
        assert_eq!(seen.contains("word"), body.to_string().contains("word"), "{seen}");
    }
}

fn parts(texts: &[&str]) -> Value {
    let parts: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
    json!({"messages": [{"role": "user", "content": parts}]})
}

/// The texts of the parts as the upstream gets them.
fn seen_parts(dialect: &str, texts: &[&str]) -> Vec<String> {
    let seen: Value = serde_json::from_str(&seen(dialect, &parts(texts))).expect("JSON");
    let parts = seen["messages"][0]["content"].as_array().expect("parts").iter();
    parts.map(|part| part["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_private_key_may_go_on_in_the_next_part() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let numbered = format!("  3\t{}\n  4\t{}\nafter it", lines[2], lines[3]);
    let (begin, end) = (format!("see:\n{}\n", lines[0]), format!("{}\n{} and more", lines[2], lines[3]));
    let cases = [
        // After the header; within the body; in the middle of a line; in three parts; numbered; as `\n`.
        vec![begin.clone(), format!("{}\n{end}", lines[1])],
        vec![format!("{begin}{}\n", lines[1]), end.clone()],
        vec![format!("{begin}{}", &lines[1][..20]), format!("{}\n{end}", &lines[1][20..])],
        vec![begin.clone(), lines[1].to_owned(), end],
        vec![format!("  1\t{}\n  2\t{}\n", lines[0], lines[1]), numbered],
        vec![pem.replace('\n', "\\n")[..60].to_owned(), pem.replace('\n', "\\n")[60..].to_owned() + " more"],
    ];
    for (dialect, texts) in
        ["anthropic", "openai", "generic"].into_iter().flat_map(|it| cases.iter().map(move |case| (it, case)))
    {
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let seen = seen_parts(dialect, &texts);
        assert!(!seen.concat().contains("FAKEfake"), "{seen:?}");
        let rest =
            ["more", "after it"].into_iter().find(|rest| texts.concat().ends_with(rest)).expect("a rest");
        assert!(seen.concat().ends_with(rest), "{seen:?}");
    }
    // A header that is only spoken of begins nothing.
    let spoken = format!("a file with {} in it", lines[0]);
    assert_eq!(seen_parts("anthropic", &[&spoken, "Hello"]), [spoken.as_str(), "Hello"]);
    // Neither does one in another message's part, or in another place of the same.
    let elsewhere = json!({"messages": [
        {"role": "user", "content": [{"type": "text", "text": lines[0]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}, {"type": "x", "note": "Hello"}]},
    ]});
    assert!(seen("anthropic", &elsewhere).matches("Hello").count() == 2);
}

/// Law 11: a test that never ended would tell.
#[test]
fn keys_and_seams_without_end_cost_what_they_are_long() {
    let begin = format!("-----BEGIN {} KEY-----\n", "PRIVATE");
    for newline in ["\n", "\\n"] {
        let seen = seen_parts("generic", &[&begin, &format!("A{newline}").repeat(1 << 18)]);
        assert!(seen[1].starts_with("<pl:PEM_BLOCK:"), "{}", &seen[1][..40]);
    }
    let (key, many) = (key(), 5_000);
    let texts: Vec<_> =
        (0..many).flat_map(|_| [format!(" {}", &key[..8]), format!("{} ", &key[8..])]).collect();
    let seen = seen_parts("generic", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(seen.concat().matches("<pl:AWS_ACCESS_KEY:").count(), 2 * many);
}

#[test]
fn a_token_may_be_cut_between_parts() {
    let key = key();
    let long = "x ".repeat(3000);
    for cut in 1..key.len() {
        let (before, after) = key.split_at(cut);
        for (start, end) in [("", ""), ("the key is ", ", keep it"), (&*long, &*format!(" {long}"))] {
            let seen =
                seen_parts("anthropic", &[&format!("{start}{before}"), &format!("{after}{end}"), "more"]);
            let joined = seen.concat();
            assert!(joined.matches("<pl:AWS_ACCESS_KEY:").count() == 2, "{joined}");
            assert!(!joined.contains(before) || before.len() < 4, "{joined}");
            assert!(seen[0].starts_with(start) && seen[1].ends_with(end) && seen[2] == "more");
        }
    }
    // In three pieces, and with escapes around.
    let seen =
        seen_parts("openai", &[&format!("\"\n{}", &key[..5]), &key[5..9], &format!("{}\"\n", &key[9..])]);
    assert_eq!(seen.iter().map(|part| part.matches("<pl:").count()).collect::<Vec<_>>(), [1, 1, 1]);
    // What only meets there is no token.
    let whole = ["it ends in AKIA", " and begins with FAKE"];
    assert_eq!(seen_parts("anthropic", &whole), whole);
}

/// What the provider's parser sees is joined, whatever the members are called on the wire and however often they
/// are there.
#[test]
fn names_and_doubles_hide_no_seam() {
    let key = key();
    let (one, two) = key.split_at(9);
    let parts = |parts: &str| format!(r#"{{"messages":[{{"role":"user","content":[{parts}]}}]}}"#);
    for body in [
        parts(&format!(r#"{{"type":"text","te\u0078t":"x {one}"}},{{"\u0074ext":"{two} y"}}"#)),
        parts(&format!(r#"{{"text":"{one}","text":"z"}},{{"text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"z","text":"{one}"}},{{"text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":"z","text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":"{two}","type":"text","text":"z"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":""}},{{"text":"{two}","text":"z"}}"#)),
        parts(&format!(r#""{one}","{two}""#)),
        format!(r#"{{"input":["a","x {one}","{two} y"]}}"#),
        format!(r#"{{"prompt":["{one}","","{two}"],"n":1}}"#),
        format!(r#"{{"s\u0079stem":["{one}","{two}"]}}"#),
    ] {
        for dialect in ["anthropic", "openai", "generic"] {
            let seen = scan(dialect, Some("application/json"), body.as_bytes()).expect("scannable");
            let seen = String::from_utf8(seen).expect("UTF-8");
            assert!(!seen.contains(one) && !seen.contains(two), "{seen}");
        }
    }
}

#[test]
fn doubles_end_no_private_key() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let [begin, line, more, ..] = lines[..] else { panic!("few lines") };
    for parts in [
        format!(r#"{{"text":"{begin}"}},{{"text":"not a key.","text":"{line}"}},{{"text":"{more}"}}"#),
        format!(r#"{{"text":"{begin}"}},{{"text":"{line}","text":"not a key."}},{{"text":"{more}"}}"#),
        format!(r#"{{"text":"{begin}","text":"not a key."}},{{"te\u0078t":"{line}"}},{{"text":"{more}"}}"#),
    ] {
        let body = format!(r#"{{"messages":[{{"content":[{parts}]}}]}}"#);
        let seen = scan("anthropic", Some("application/json"), body.as_bytes()).expect("scannable");
        let seen = String::from_utf8(seen).expect("UTF-8");
        assert!(!seen.contains("FAKEfake"), "{seen}");
    }
    // Where it ends in one part, it does not go on in the third.
    let parts = [begin, "not a key.", "Hello"];
    assert_eq!(seen_parts("anthropic", &parts), parts);
}

/// A name tells of a value that begins the next part.
#[test]
fn a_name_and_its_value_may_be_in_two_parts() {
    let secret = "xK9vQ2mLr7Tz4b";
    for (name, value) in [
        ("password=", secret.to_owned()),
        ("my password: ", format!("{secret}\nand so on")),
        ("{\"api_key\": \"", format!("{secret}\"}}")),
        ("{\"api_key\":", format!(" \"{secret}\"}}")),
        ("API_KEY", format!("={secret}\n")),
        ("postgres://user:", format!("{secret}@db.example.org/x")),
        ("DB_PASSWORD=\n", secret.to_owned()),
        ("line\npassword = '", format!("{secret}'")),
    ] {
        let long = "x ".repeat(3000);
        for (before, after) in [(name.to_owned(), value.clone()), (long.clone() + name, value + &long)] {
            let seen = seen_parts("anthropic", &[&before, &after]);
            assert!(!seen[1].contains(secret) && seen[1].contains("<pl:"), "{name} {}", &seen[1][..60]);
            assert_eq!(seen[0], before);
        }
    }
    // A value with signs that are written otherwise elsewhere: all but them.
    let seen = seen_parts("anthropic", &["password='", "xK9\"vQ2mLr7Tz4b'"]);
    assert!(!seen[1].contains("xK9") && !seen[1].contains("vQ2m"), "{seen:?}");
    for parts in [["See this:", "Hello"], ["The password:", "see below"], ["token = ", "getToken()"]] {
        assert_eq!(seen_parts("anthropic", &parts), parts);
    }
}

/// What one place of a body tells is no secret less in another: the placeholder that the model put into a command
/// comes back as the password, with no name beside it.
#[test]
fn what_is_told_in_one_place_is_hidden_in_all() {
    let secret = "xK9vQ2mLr7Tz4b";
    let command = format!("sshpass -f <(echo {secret}) ssh host && cat {secret}.txt");
    for telling in [
        json!({"type": "text", "text": format!("DB_PASSWORD={secret}\n")}),
        json!({"type": "tool_result", "tool_use_id": "t", "content": json!({"password": secret}).to_string()}),
        json!({"type": "tool_use", "id": "t", "name": "n", "input": {"api_key": secret}}),
        json!({"type": "text", "text": format!("postgres://app:{secret}@db.example.org/app")}),
    ] {
        let elsewhere = json!([
            {"type": "tool_use", "id": "u", "name": "Bash", "input": {"command": command}},
            {"type": "tool_use", "id": "v", "name": "Write", "input": {"content": json!({"x": [secret]}).to_string()}},
            {"type": "text", "text": format!("it prints\n{secret}\n")},
            {"type": "text", "text": "x", "citations": [{(secret): "a"}]},
        ]);
        for body in [
            json!({"messages": [{"content": [telling]}, {"content": elsewhere}]}),
            json!({"messages": [{"content": elsewhere}, {"content": [telling]}]}),
        ] {
            let seen = seen("anthropic", &body);
            assert!(!seen.contains(secret), "{seen}");
            let placeholders: Vec<_> = seen
                .match_indices("<pl:")
                .map(|(at, _)| &seen[at..=at + seen[at..].find('>').expect("an end")])
                .collect();
            assert_eq!(placeholders.len(), 6, "{seen}");
            assert!(placeholders.iter().all(|it| *it == placeholders[0]), "{seen}");
            assert!(!placeholders[0].contains("KNOWN_VALUE"), "{seen}");
        }
    }
    // Many of them, and in other formats.
    let secrets: Vec<_> = (10..40).map(|number| format!("xK9vQ2mLr7Tz{number}")).collect();
    let told: String = secrets.iter().map(|secret| format!("PASSWORD={secret}\n")).collect();
    let seen = seen("openai", &json!({"messages": [{"content": told}, {"content": secrets.join(" and ")}]}));
    assert!(secrets.iter().all(|secret| !seen.contains(secret)), "{seen}");
    let form = scan(
        "generic",
        Some("application/x-www-form-urlencoded"),
        format!("a=password%3D{secret}&b={secret}").as_bytes(),
    );
    assert!(!String::from_utf8_lossy(&form.expect("scannable")).contains(secret));
    // A word is a word elsewhere.
    let body = json!({"messages": [{"content": "password: hunter2x"}, {"content": "some hunter, hunter2 and hunters"}]});
    assert!(self::seen("anthropic", &body).contains("some hunter, hunter2 and hunters"));
}

#[test]
fn a_token_may_be_cut_before_an_escape() {
    let json = Some("application/json");
    for second in ["\\u0045GXDNCF32EPF y", "EGXDNCF32\\u0045PF y"] {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"x AKIAUJZD"}},{{"type":"text","text":"{second}"}}]}}]}}"#
        );
        let seen = String::from_utf8(scan("anthropic", json, body.as_bytes()).unwrap()).unwrap();
        assert_eq!(seen.matches("<pl:AWS_ACCESS_KEY:").count(), 2, "{seen}");
    }
}

/// A name tells of its value however it is spelt, at every depth.
#[test]
fn names_may_be_spelt_with_escapes() {
    let secret = "xK9vQ2mLr7Tz4b";
    let names = [r"password", r"pass\u0077ord", r"\u0070assword", r"api\u005fkey", r"passwor\u0064"];
    for name in names {
        let mut body = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        for depth in 0..3 {
            let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
            let seen = String::from_utf8(seen).unwrap();
            assert!(!seen.contains(secret), "{depth}: {seen}");
            body = serde_json::json!({ "input": body }).to_string();
        }
    }
}

#[test]
fn names_of_other_languages_tell_too() {
    let secret = "xK9vQ2mLr7Tz4b";
    let names =
        ["contraseña", r"contrase\u00f1a", "senha", "DB_SENHA", "пароль", "Пароль", "密码", "wachtwoord"];
    for name in names {
        let member = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        let text = json!({ "text": format!("{name}: {secret}\n") }).to_string();
        for mut body in [member, text].into_iter().filter(|body| !body.contains(r"\\u")) {
            for depth in 0..3 {
                let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
                let seen = String::from_utf8(seen).unwrap();
                assert!(!seen.contains(secret), "{depth}: {seen}");
                body = json!({ "input": body }).to_string();
            }
        }
    }
}

/// What cannot be seen at the ends of a name does not make it another.
#[test]
fn names_may_have_more_at_their_ends_than_is_seen() {
    let secret = "xK9vQ2mLr7Tz4b";
    let many = r"\t".repeat(70);
    let names = [
        r"password\t",
        r"\tpassword",
        r"\napi_key\r\n",
        r"token\u0000",
        r"\u0000token",
        r"secret\u200b",
        r"\ufeffsecret",
        "api_key\u{a0}",
        "\u{200b}access_token ",
        "  password  ",
        r"\bclient_secret\f",
        &format!("token{}", " ".repeat(100)),
        &format!("{many}token{many}"),
    ];
    for name in names {
        let mut body = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        for depth in 0..3 {
            let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
            let seen = String::from_utf8(seen).unwrap();
            assert!(!seen.contains(secret), "{depth}: {seen}");
            body = json!({ "input": body }).to_string();
        }
    }
}

#[test]
fn broken_bodies_are_refused_not_passed() {
    let json = Some("application/json");
    for body in
        [&b"{\"a\":"[..], b"{\"a\": \"AK", b"not json", b"\xff\xfe{\x00}\x00", b"{\"a\":\"\xff\"}", b"{} {}"]
    {
        assert!(scan("generic", json, body).is_err(), "{body:?}");
    }
    assert!(scan("generic", Some("application/pdf"), b"%PDF-1.4 \xff\xfe").is_err());
    assert!(scan("generic", Some("text/plain"), b"\xff\xfeA\x00").is_err());
    assert!(scan("generic", None, &[0x1f, 0x8b, 8, 0, 255]).is_err());
    assert!(scan("generic", json, b"").is_ok());
    assert!(scan("generic", Some("image/png"), b"\x89PNG\xff").is_ok());
}

/// A server that believes the header reads another text than the one that is scanned.
#[test]
fn a_charset_that_makes_another_text_of_it_is_refused() {
    let part = |head: &str, content: &str| format!("--B\r\n{head}\r\n\r\n{content}\r\n");
    let field = "Content-Disposition: form-data; name";
    for (content_type, body) in [
        ("application/json; charset=utf-7", r#"{"a":"+AEEASwBJAEE-"}"#.to_owned()),
        ("application/json; charset=\"UTF-16\"", "{}".to_owned()),
        ("application/x-www-form-urlencoded; charset=utf-7", "a=b".to_owned()),
        ("text/plain; charset=iso-8859-1", "\u{e9}".to_owned()),
        ("text/plain; charset=shift_jis", "a".to_owned()),
        ("application/jsonl; charset=hz-gb-2312", "{}\n".to_owned()),
        ("multipart/form-data; boundary=B", {
            part(&format!("{field}=\"a\"\r\nContent-Type: text/plain; charset=utf-7"), "x") + "--B--\r\n"
        }),
        ("multipart/form-data; boundary=B", {
            part(&format!("{field}=\"_charset_\""), "utf-7") + &part(&format!("{field}=a"), "x") + "--B--\r\n"
        }),
    ] {
        let scanned = scan("generic", Some(content_type), body.as_bytes());
        assert_eq!(scanned, Err(Unscannable::Charset), "{content_type}");
    }
    for content_type in ["application/json; charset=utf-8", "application/json; charset=iso-8859-1"] {
        assert!(scan("generic", Some(content_type), b"{}").is_ok());
    }
    assert!(scan("generic", Some("image/png; charset=binary"), b"\x89PNG\xff").is_ok());
}

#[test]
fn other_text_is_scanned_whatever_it_is_called() {
    let key = key();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/octet-stream"),
        Some("application/x-yaml"),
        Some("image/png"),
    ] {
        let seen = scan("generic", content_type, format!("a: {key}\n").as_bytes()).expect("scannable");
        assert!(seen.starts_with(b"a: <pl:AWS_ACCESS_KEY:"), "{content_type:?}");
    }
    let marked = format!("\u{feff}{{\"x\": \"\\u0041KIA{}\"}}", &key[4..]);
    for content_type in [None, Some("text/plain"), Some("application/json")] {
        let seen = scan("generic", content_type, marked.as_bytes()).expect("scannable");
        assert!(String::from_utf8_lossy(&seen).contains("<pl:AWS_ACCESS_KEY:"), "{content_type:?}");
    }
    let lines = format!("{{\"body\":{{\"input\":\"{key}\"}}}}\n{{\"b\":\"\\u0041KIA{}\"}}\n", &key[4..]);
    for content_type in [Some("application/jsonl"), None, Some("text/plain")] {
        let seen = String::from_utf8(scan("openai", content_type, lines.as_bytes()).expect("scannable"))
            .expect("UTF-8");
        assert_eq!(seen.matches("<pl:").count(), 2, "{content_type:?} {seen}");
    }
}

#[test]
fn forms_and_queries_are_scanned_percent_encoded() {
    let key = key();
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = scan(
        "generic",
        Some("application/x-www-form-urlencoded"),
        format!("a=1&b=x%20{key}%0A&{encoded}=2").as_bytes(),
    )
    .expect("scannable");
    let form = String::from_utf8(form).expect("UTF-8");
    assert!(form.starts_with("a=1&b=x%20%3Cpl%3AAWS_ACCESS_KEY%3A") && form.ends_with("%3E=2"), "{form}");
    let query = format!("beta=true&q={key}&key={key}");
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    let seen = String::from_utf8(seen).expect("UTF-8");
    assert!(seen.starts_with("beta=true&q=%3Cpl%3A") && seen.ends_with(&format!("&key={key}")), "{seen}");
}

/// The name of a field tells of its value as a member's name does, in forms, queries and multipart bodies.
#[test]
fn names_of_fields_tell_of_their_values() {
    let secret = "xK9vQ2mLr7Tz4b";
    let form = format!("grant_type=x&client_secret={secret}&pass%77ord={secret}&page_token=qW8eR5tY2uI9oP3");
    let seen =
        scan("generic", Some("application/x-www-form-urlencoded"), form.as_bytes()).expect("scannable");
    let seen = String::from_utf8(seen).expect("UTF-8");
    assert_eq!(seen.matches("%3Cpl%3A").count(), 2, "{seen}");
    let part = |name: &str| format!("--B\r\nContent-Disposition: form-data; name={name}\r\n\r\n{secret}\r\n");
    let body = part("\"api_key\"") + &part("password") + "--B--\r\n";
    let seen = scan("generic", Some("multipart/form-data; boundary=B"), body.as_bytes()).expect("scannable");
    assert!(!String::from_utf8_lossy(&seen).contains(secret), "{}", String::from_utf8_lossy(&seen));
    let query = format!("password={secret}");
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    assert!(seen.starts_with(b"password=%3Cpl%3A"));
}

/// What two readers of a multipart body would read in two ways is read by none.
#[test]
fn multipart_bodies_are_read_in_one_way() {
    let body = |head: &str| format!("--B\r\n{head}\r\n\r\nx\r\n--B--\r\n");
    let field = "Content-Disposition: form-data; name=\"a\"";
    let plain = Some("multipart/form-data; boundary=B");
    for head in [
        format!(
            "{field}\r\nContent-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: quoted-printable"
        ),
        format!("{field}\r\nContent-Type: text/plain;\r\n charset=utf-7"),
        format!("{field}\nContent-Type: text/plain;\n\tcharset=utf-7"),
        format!("{field}\r\nContent-Transfer-Encoding:\r\n base64"),
        format!("{field}\r\nContent-Type: text/plain\r\ncontent-type: application/json"),
    ] {
        assert!(scan("generic", plain, body(&head).as_bytes()).is_err(), "{head}");
    }
    let once = body(&format!("{field}\r\nContent-Type: text/plain\r\nContent-Type: text/plain"));
    assert!(scan("generic", plain, once.as_bytes()).is_ok());
    for twice in
        ["multipart/form-data; boundary=B; boundary=C", "multipart/form-data; boundary=B; boundary*=C"]
    {
        assert!(scan("generic", Some(twice), once.as_bytes()).is_err(), "{twice}");
    }
}

/// What a decoder does with a broken `%` is to leave it; the letter behind it is not eaten.
#[test]
fn a_broken_percent_sign_hides_nothing() {
    let query = format!("q=%+{}&r=%{}", key(), key());
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    assert!(!String::from_utf8_lossy(&seen).contains("FAKEFAKE"), "{}", String::from_utf8_lossy(&seen));
}

#[test]
fn multipart_bodies_nest_a_little() {
    let mut body = b"x".to_vec();
    let mut content_type = "text/plain".to_owned();
    for depth in 0..2000 {
        let head = format!("--B{depth}\r\nContent-Type: {content_type}\r\n\r\n");
        body = [head.as_bytes(), &body, format!("\r\n--B{depth}--\r\n").as_bytes()].concat();
        content_type = format!("multipart/mixed; boundary=B{depth}");
        if depth == 2 {
            assert!(scan("openai", Some(&content_type), &body).is_ok());
        }
    }
    assert!(scan("openai", Some(&content_type), &body).is_err());
}

#[test]
fn multipart_parts_are_scanned_by_their_own_type() {
    let key = key();
    let part =
        |head: &str, content: &[u8]| [b"--B\r\n", head.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat();
    let file = |name: &str| format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    let whole = |parts: &[Vec<u8>]| [parts.concat(), b"--B--\r\n".to_vec()].concat();
    let content_type = Some("multipart/form-data; boundary=\"B\"");
    let escaped = format!("\\u0041KIA{}", &key[4..]);
    let body = whole(&[
        part("Content-Disposition: form-data; name=\"purpose\"", b"user_data"),
        part(&file("a.txt"), key.as_bytes()),
        part(&file(&key), b"x"),
        part(
            &(file("b.jsonl") + "\r\nContent-Type: application/octet-stream"),
            format!("{{\"a\":\"{escaped}\"}}\n{{}}\n").as_bytes(),
        ),
        part(&(file("c.png") + "\r\nContent-Type: image/png"), b"\x89PNG\xff\x00"),
    ]);
    let seen = scan("openai", content_type, &body).expect("scannable");
    let seen = String::from_utf8_lossy(&seen);
    assert!(!seen.contains(&key) && !seen.contains(&escaped), "{seen}");
    assert_eq!(seen.matches("<pl:AWS_ACCESS_KEY:").count(), 3, "{seen}");
    for broken in [
        whole(&[part(&(file("d.pdf") + "\r\nContent-Type: application/pdf"), b"%PDF\xff\x00")]),
        whole(&[part(&(file("e") + "\r\nContent-Transfer-Encoding: base64"), b"eHh4")]),
        part(&file("f"), b"no end"),
        b"nothing like it".to_vec(),
    ] {
        assert!(scan("openai", content_type, &broken).is_err(), "{}", String::from_utf8_lossy(&broken));
    }
    assert!(scan("openai", Some("multipart/form-data"), &body).is_err());
}

#[test]
fn literal_placeholders_are_marked() {
    let literal = "<pl:AWS_ACCESS_KEY:0123456789abcdef>";
    let seen = seen(
        "generic",
        &json!([literal, "<pl-esc:X:0123456789abcdef>", json!({"k": literal}).to_string(), "<pl:x>"]),
    );
    let marked = "<pl-esc:AWS_ACCESS_KEY:0123456789abcdef>";
    assert_eq!(
        seen,
        json!([marked, "<pl-esc-esc:X:0123456789abcdef>", json!({"k": marked}).to_string(), "<pl:x>"])
            .to_string()
    );
    let deep = format!("<pl{}:X:0123456789abcdef>", "-esc".repeat(32));
    assert_eq!(scan("generic", None, json!([deep]).to_string().as_bytes()), Err(Unscannable::Escapes));
}
