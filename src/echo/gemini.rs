//! Answers in the shape of Gemini's `generateContent`.

use serde_json::{Value, json};

use super::ask::Ask;
use super::knobs::Knobs;
use super::plan::Answer;
use super::reply::Reply;
use super::shape::{Events, body, id, tokens};

/// `POST /v1beta/models/MODEL:generateContent`, and `:streamGenerateContent?alt=sse`. A text is streamed in
/// deltas; a call comes whole, as Gemini's do.
pub(super) fn content(ask: &Ask, answer: &Answer, knobs: &Knobs) -> Reply {
    let parts = parts(answer, knobs, ask.stream);
    if !ask.stream {
        return body(&response(ask, json!(parts), true), knobs);
    }
    let mut events = Events::new(knobs);
    let last = parts.len() - 1;
    for (index, part) in parts.into_iter().enumerate() {
        events.bare(response(ask, json!([part]), index == last));
    }
    events.finish(false)
}

/// `POST /v1beta/models/MODEL:countTokens`.
pub(super) fn count(ask: &Ask, knobs: &Knobs) -> Reply {
    let count: usize = ask.turns.iter().map(|turn| tokens(turn.text())).sum();
    body(&json!({ "totalTokens": count }), knobs)
}

/// The parts of the answer, at least one.
fn parts(answer: &Answer, knobs: &Knobs, streamed: bool) -> Vec<Value> {
    match answer {
        Answer::Text(text) if streamed && !text.is_empty() => {
            knobs.delta.cut(text).iter().map(|piece| json!({ "text": piece })).collect()
        }
        Answer::Text(text) => vec![json!({ "text": text })],
        Answer::Call { name, arguments } => vec![call(name, arguments.clone())],
        // Gemini has no free-text tools; the plan makes none from its requests.
        Answer::Custom { name, input } => vec![call(name, json!({ "input": input }))],
    }
}

fn call(name: &str, arguments: Value) -> Value {
    json!({ "functionCall": { "id": id("call"), "name": name, "args": arguments } })
}

fn response(ask: &Ask, parts: Value, last: bool) -> Value {
    let input = tokens(ask.last_text());
    let usage = json!({ "promptTokenCount": input, "candidatesTokenCount": 7, "totalTokenCount": input + 7 });
    let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
    if last {
        candidate["finishReason"] = json!("STOP");
    }
    json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": ask.model, "responseId": id("resp") })
}
