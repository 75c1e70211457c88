//! What is scanned and what is opaque, place by place.

use super::*;

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
