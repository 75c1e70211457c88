//! Answers in the shape of OpenAI Responses.
//!
//! Its stream says everything up to five times: the deltas, the `….done`, the content part's and the
//! item's `done`, and the completed response. All of them are made here from one text.

use serde_json::{Value, json};

use super::ask::Ask;
use super::json::print;
use super::knobs::Knobs;
use super::plan::Answer;
use super::reply::Reply;
use super::shape::{Events, body, id, tokens};

/// `POST /v1/responses`. `request` is repeated in part, as the real one does.
pub(super) fn response(ask: &Ask, request: &Value, answer: &Answer, knobs: &Knobs) -> Reply {
    let item = Item::new(answer, knobs);
    let mut response = json!({
        "id": id("resp"), "object": "response", "created_at": 1_700_000_000, "status": "in_progress",
        "error": null, "incomplete_details": null, "instructions": request["instructions"],
        "metadata": {}, "model": ask.model, "output": [], "parallel_tool_calls": true,
        "temperature": 1.0, "tool_choice": "auto", "tools": request.get("tools").unwrap_or(&json!([])),
        "top_p": 1.0, "usage": null,
    });
    let started = response.clone();
    let input = tokens(ask.last_text());
    response["status"] = json!("completed");
    response["output"] = json!([item.whole()]);
    response["usage"] = json!({
        "input_tokens": input, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": 7, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": input + 7,
    });
    if ask.stream { stream(started, &item, response, knobs) } else { body(&response, knobs) }
}

/// The one output item.
struct Item<'a> {
    answer: &'a Answer,
    id: String,
    call_id: String,
    /// The text, the arguments as JSON text, or the free-text input.
    text: String,
}

impl<'a> Item<'a> {
    fn new(answer: &'a Answer, knobs: &Knobs) -> Item<'a> {
        let (prefix, text) = match answer {
            Answer::Text(text) => ("msg", text.clone()),
            Answer::Call { arguments, .. } => ("fc", print(arguments, knobs.escape)),
            Answer::Custom { input, .. } => ("ctc", input.clone()),
        };
        Item { answer, id: id(prefix), call_id: id("call"), text }
    }

    fn whole(&self) -> Value {
        self.object("completed", &self.text)
    }

    fn object(&self, status: &str, text: &str) -> Value {
        match self.answer {
            Answer::Text(_) => {
                let content = if status == "completed" { json!([part(text)]) } else { json!([]) };
                json!({ "id": self.id, "type": "message", "status": status, "role": "assistant", "content": content })
            }
            Answer::Call { name, .. } => json!({
                "id": self.id, "type": "function_call", "status": status, "call_id": self.call_id,
                "name": name, "arguments": text,
            }),
            Answer::Custom { name, .. } => json!({
                "id": self.id, "type": "custom_tool_call", "status": status, "call_id": self.call_id,
                "name": name, "input": text,
            }),
        }
    }

    /// The name shared by the item's `.delta` and `.done` events, and the field of `.done`.
    fn channel(&self) -> (&'static str, &'static str) {
        match self.answer {
            Answer::Text(_) => ("response.output_text", "text"),
            Answer::Call { .. } => ("response.function_call_arguments", "arguments"),
            Answer::Custom { .. } => ("response.custom_tool_call_input", "input"),
        }
    }
}

fn part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

fn stream(started: Value, item: &Item, completed: Value, knobs: &Knobs) -> Reply {
    let is_text = matches!(item.answer, Answer::Text(_));
    let (channel, field) = item.channel();
    let mut events = Numbered { events: Events::new(knobs), next: 0 };
    events.send("response.created", json!({ "response": started }));
    events.send("response.in_progress", json!({ "response": started }));
    let empty = item.object("in_progress", "");
    events.send("response.output_item.added", json!({ "output_index": 0, "item": empty }));
    let place = |mut data: Value| {
        data["item_id"] = json!(item.id);
        data["output_index"] = json!(0);
        if is_text {
            data["content_index"] = json!(0);
        }
        data
    };
    if is_text {
        events.send("response.content_part.added", place(json!({ "part": part("") })));
    }
    for piece in knobs.delta.cut(&item.text) {
        events.events.ping(None);
        let logprobs = if is_text { json!([]) } else { Value::Null };
        events.send(&format!("{channel}.delta"), place(json!({ "delta": piece, "logprobs": logprobs })));
    }
    events.send(&format!("{channel}.done"), place(json!({ field: item.text, "logprobs": [] })));
    if is_text {
        events.send("response.content_part.done", place(json!({ "part": part(&item.text) })));
    }
    events.send("response.output_item.done", json!({ "output_index": 0, "item": item.whole() }));
    events.send("response.completed", json!({ "response": completed }));
    events.events.finish(false)
}

/// Events with the dialect's running number.
struct Numbered {
    events: Events,
    next: u64,
}

impl Numbered {
    fn send(&mut self, kind: &str, mut data: Value) {
        data["type"] = json!(kind);
        data["sequence_number"] = json!(self.next);
        self.next += 1;
        self.events.named(data);
    }
}
