//! What the dialects' answers have in common: ids, JSON bodies, and the frames of an event stream.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::json;
use super::knobs::Knobs;
use super::reply::Reply;

/// A fresh id, `PREFIX_echo_N`.
pub(super) fn id(prefix: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}_echo_{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// A rough token count: a quarter of the characters.
pub(super) fn tokens(text: &str) -> usize {
    text.chars().count() / 4 + 1
}

/// A JSON answer.
pub(super) fn body(value: &Value, knobs: &Knobs) -> Reply {
    Reply::json(200, json::print(value, knobs.escape))
}

/// Collects the events of a stream, one piece each.
pub(super) struct Events {
    knobs: Knobs,
    pieces: Vec<Vec<u8>>,
}

impl Events {
    pub(super) fn new(knobs: &Knobs) -> Events {
        Events { knobs: *knobs, pieces: Vec::new() }
    }

    /// An event named after the `type` of its data.
    pub(super) fn named(&mut self, data: Value) {
        let name = data["type"].as_str().unwrap_or("message").to_owned();
        let data = json::print(&data, self.knobs.escape);
        self.frame(&[&format!("event: {name}"), &format!("data: {data}")]);
    }

    /// An event that only has data.
    pub(super) fn bare(&mut self, data: Value) {
        let data = json::print(&data, self.knobs.escape);
        self.frame(&[&format!("data: {data}")]);
    }

    /// If pings are asked for: a comment, and `ping` as an event where the dialect has one.
    pub(super) fn ping(&mut self, ping: Option<Value>) {
        if !self.knobs.pings {
            return;
        }
        self.frame(&[": keep-alive"]);
        if let Some(ping) = ping {
            self.named(ping);
        }
    }

    /// The stream, closed by `data: [DONE]` where the dialect wants it.
    pub(super) fn finish(mut self, done: bool) -> Reply {
        if done {
            self.frame(&["data: [DONE]"]);
        }
        Reply::stream(self.pieces)
    }

    fn frame(&mut self, lines: &[&str]) {
        let newline = if self.knobs.crlf { "\r\n" } else { "\n" };
        let mut frame = lines.join(newline);
        frame.push_str(newline);
        frame.push_str(newline);
        self.pieces.push(frame.into_bytes());
    }
}
