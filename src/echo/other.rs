//! The small endpoints, and the generic answer to everything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ask::Ask;
use super::knobs::Knobs;
use super::record::Recorded;
use super::reply::Reply;
use super::shape::{Events, body, id};

/// Length of the vectors that `/v1/embeddings` gives.
const DIMENSIONS: usize = 8;

/// `POST /v1/completions` (legacy).
pub(super) fn completion(ask: &Ask, knobs: &Knobs) -> Reply {
    let id = id("cmpl");
    let object = |text: &str, finish: Value| {
        json!({
            "id": id, "object": "text_completion", "created": 1_700_000_000, "model": ask.model,
            "choices": [{ "index": 0, "text": text, "logprobs": null, "finish_reason": finish }],
        })
    };
    if !ask.stream {
        return body(&object(ask.last_text(), json!("stop")), knobs);
    }
    let mut events = Events::new(knobs);
    for piece in knobs.delta.cut(ask.last_text()) {
        events.ping(None);
        events.bare(object(piece, Value::Null));
    }
    events.bare(object("", json!("stop")));
    events.finish(true)
}

/// `POST /v1/embeddings`: a vector of zeros for each input.
pub(super) fn embeddings(request: &Value, knobs: &Knobs) -> Reply {
    let vector = if request["encoding_format"] == "base64" {
        json!(STANDARD.encode([0u8; 4 * DIMENSIONS]))
    } else {
        json!(vec![0.0; DIMENSIONS])
    };
    let inputs = request["input"].as_array().map_or(1, Vec::len);
    let data: Vec<_> = (0..inputs)
        .map(|index| json!({ "object": "embedding", "index": index, "embedding": vector }))
        .collect();
    let usage = json!({ "prompt_tokens": 1, "total_tokens": 1 });
    body(&json!({ "object": "list", "data": data, "model": request["model"], "usage": usage }), knobs)
}

/// `POST /v1/moderations`: nothing is flagged.
pub(super) fn moderations(request: &Value, knobs: &Knobs) -> Reply {
    let inputs = request["input"].as_array().map_or(1, Vec::len);
    let clean = json!({ "flagged": false, "categories": {}, "category_scores": {}, "category_applied_input_types": {} });
    let results = vec![clean; inputs];
    body(&json!({ "id": id("modr"), "model": request["model"], "results": results }), knobs)
}

/// `GET /v1/models`, in the shape of whoever asks. (Codex looks for `models`.)
pub(super) fn models(anthropic: bool, knobs: &Knobs) -> Reply {
    let list = if anthropic {
        let model = json!({
            "type": "model", "id": "echo-1", "display_name": "Echo", "created_at": "2026-01-01T00:00:00Z",
        });
        json!({ "data": [model], "has_more": false, "first_id": "echo-1", "last_id": "echo-1" })
    } else {
        let model =
            json!({ "id": "echo-1", "object": "model", "created": 1_700_000_000, "owned_by": "echo" });
        json!({ "object": "list", "data": [model], "models": [] })
    };
    body(&list, knobs)
}

/// Anything else: the request itself, as JSON; as one event if a stream was asked for.
pub(super) fn generic(recorded: &Recorded, knobs: &Knobs) -> Reply {
    let plain = recorded.decoded().unwrap_or_default();
    let sent = serde_json::from_slice(&plain).unwrap_or_else(|_| json!(String::from_utf8_lossy(&plain)));
    let streamed = sent["stream"] == true || recorded.path.contains("alt=sse");
    let echo = json!({ "method": recorded.method, "path": recorded.path, "body": sent });
    if !streamed {
        return body(&echo, knobs);
    }
    let mut events = Events::new(knobs);
    events.bare(echo);
    events.finish(false)
}

/// An error in OpenAI's shape.
pub(super) fn error(kind: &str, text: &str) -> Value {
    json!({ "error": { "type": kind, "code": kind, "message": text, "param": null } })
}
