//! Answers in the shape of Anthropic Messages.

use serde_json::{Value, json};

use super::ask::Ask;
use super::json::print;
use super::knobs::Knobs;
use super::plan::Answer;
use super::reply::Reply;
use super::shape::{Events, body, id, tokens};

/// `POST /v1/messages`.
pub(super) fn message(ask: &Ask, answer: &Answer, knobs: &Knobs) -> Reply {
    let stop = if matches!(answer, Answer::Text(_)) { "end_turn" } else { "tool_use" };
    let usage = json!({
        "input_tokens": tokens(ask.last_text()), "output_tokens": 7,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    });
    let mut message = json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": ask.model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    if ask.stream {
        return stream(message, answer, stop, knobs);
    }
    message["content"] = json!([block(answer, true)]);
    message["stop_reason"] = json!(stop);
    body(&message, knobs)
}

/// `POST /v1/messages/count_tokens`.
pub(super) fn count(ask: &Ask, knobs: &Knobs) -> Reply {
    let count: usize = ask.turns.iter().map(|turn| tokens(turn.text())).sum();
    body(&json!({ "input_tokens": count }), knobs)
}

/// An error; after a 200 it would be an `error` event, here it is the body.
pub(super) fn error(kind: &str, text: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": text }, "request_id": id("req") })
}

/// The one content block, whole or as it starts.
fn block(answer: &Answer, whole: bool) -> Value {
    match answer {
        Answer::Text(text) => json!({ "type": "text", "text": if whole { text } else { "" } }),
        Answer::Call { name, arguments } => {
            let input = if whole { arguments.clone() } else { json!({}) };
            json!({ "type": "tool_use", "id": id("toolu"), "name": name, "input": input })
        }
        // Anthropic has no free-text tools; the plan makes none from its requests.
        Answer::Custom { name, input } => {
            json!({ "type": "tool_use", "id": id("toolu"), "name": name, "input": { "input": input } })
        }
    }
}

fn stream(message: Value, answer: &Answer, stop: &str, knobs: &Knobs) -> Reply {
    let mut events = Events::new(knobs);
    events.named(json!({ "type": "message_start", "message": message }));
    events.named(json!({ "type": "content_block_start", "index": 0, "content_block": block(answer, false) }));
    events.named(json!({ "type": "ping" }));
    for delta in deltas(answer, knobs) {
        events.ping(Some(json!({ "type": "ping" })));
        events.named(json!({ "type": "content_block_delta", "index": 0, "delta": delta }));
    }
    events.named(json!({ "type": "content_block_stop", "index": 0 }));
    events.named(json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop, "stop_sequence": null },
        "usage": { "output_tokens": 7 },
    }));
    events.named(json!({ "type": "message_stop" }));
    events.finish(false)
}

fn deltas(answer: &Answer, knobs: &Knobs) -> Vec<Value> {
    let text = |piece: &&str| json!({ "type": "text_delta", "text": piece });
    let fragment = |piece: &&str| json!({ "type": "input_json_delta", "partial_json": piece });
    match answer {
        Answer::Text(whole) => knobs.delta.cut(whole).iter().map(text).collect(),
        Answer::Call { arguments, .. } => {
            let whole = print(arguments, knobs.escape);
            // The real one, too, opens a tool call with an empty fragment.
            [""].iter().chain(&knobs.delta.cut(&whole)).map(fragment).collect()
        }
        Answer::Custom { .. } => Vec::new(),
    }
}
