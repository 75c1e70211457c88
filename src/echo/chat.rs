//! Answers in the shape of OpenAI Chat Completions.

use serde_json::{Value, json};

use super::ask::Ask;
use super::json::print;
use super::knobs::Knobs;
use super::plan::Answer;
use super::reply::Reply;
use super::shape::{Events, body, id, tokens};

/// `POST /v1/chat/completions`. `usage` asks for the last chunk with the token counts
/// (`stream_options.include_usage`).
pub(super) fn completion(ask: &Ask, answer: &Answer, knobs: &Knobs, usage: bool) -> Reply {
    let finish = if matches!(answer, Answer::Text(_)) { "stop" } else { "tool_calls" };
    let input = tokens(ask.last_text());
    let counts = json!({ "prompt_tokens": input, "completion_tokens": 7, "total_tokens": input + 7 });
    if ask.stream {
        return stream(ask, answer, finish, usage.then_some(counts), knobs);
    }
    let choice =
        json!({ "index": 0, "message": message(answer, knobs), "logprobs": null, "finish_reason": finish });
    let completion = json!({
        "id": id("chatcmpl"), "object": "chat.completion", "created": 1_700_000_000, "model": ask.model,
        "choices": [choice], "usage": counts,
    });
    body(&completion, knobs)
}

fn message(answer: &Answer, knobs: &Knobs) -> Value {
    match answer {
        Answer::Text(text) => json!({ "role": "assistant", "content": text, "refusal": null }),
        _ => {
            json!({ "role": "assistant", "content": null, "refusal": null, "tool_calls": [call(answer, knobs, true)] })
        }
    }
}

/// The tool call, whole or with empty arguments as it starts.
fn call(answer: &Answer, knobs: &Knobs, whole: bool) -> Value {
    let (name, text) = spoken(answer, knobs);
    let text = if whole { text } else { String::new() };
    if matches!(answer, Answer::Custom { .. }) {
        json!({ "id": id("call"), "type": "custom", "custom": { "name": name, "input": text } })
    } else {
        json!({ "id": id("call"), "type": "function", "function": { "name": name, "arguments": text } })
    }
}

/// The tool's name and what the model "says" to call it: arguments as JSON text, or free text.
fn spoken<'a>(answer: &'a Answer, knobs: &Knobs) -> (&'a str, String) {
    match answer {
        Answer::Text(text) => ("", text.clone()),
        Answer::Call { name, arguments } => (name, print(arguments, knobs.escape)),
        Answer::Custom { name, input } => (name, input.clone()),
    }
}

fn stream(ask: &Ask, answer: &Answer, finish: &str, usage: Option<Value>, knobs: &Knobs) -> Reply {
    let id = id("chatcmpl");
    let chunk = |choices: Value, usage: &Value| {
        json!({
            "id": id, "object": "chat.completion.chunk", "created": 1_700_000_000, "model": ask.model,
            "choices": choices, "usage": usage,
        })
    };
    let delta = |delta: Value, finish: Value| {
        chunk(
            json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]),
            &Value::Null,
        )
    };
    let mut events = Events::new(knobs);
    events.bare(delta(opening(answer, knobs), Value::Null));
    let (_, whole) = spoken(answer, knobs);
    for piece in knobs.delta.cut(&whole) {
        events.ping(None);
        events.bare(delta(piece_of(answer, piece), Value::Null));
    }
    events.bare(delta(json!({}), json!(finish)));
    if let Some(usage) = usage {
        events.bare(chunk(json!([]), &usage));
    }
    events.finish(true)
}

fn opening(answer: &Answer, knobs: &Knobs) -> Value {
    if matches!(answer, Answer::Text(_)) {
        return json!({ "role": "assistant", "content": "", "refusal": null });
    }
    let mut call = call(answer, knobs, false);
    call["index"] = json!(0);
    json!({ "role": "assistant", "content": null, "tool_calls": [call] })
}

fn piece_of(answer: &Answer, piece: &str) -> Value {
    match answer {
        Answer::Text(_) => json!({ "content": piece }),
        Answer::Call { .. } => {
            json!({ "tool_calls": [{ "index": 0, "function": { "arguments": piece } }] })
        }
        Answer::Custom { .. } => {
            json!({ "tool_calls": [{ "index": 0, "custom": { "input": piece } }] })
        }
    }
}
