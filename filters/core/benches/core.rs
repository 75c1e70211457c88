//! What the core costs: tokenizing an agent's turn, restoring an answer.
//!
//! `cargo bench -p waterwall-core`. Figures are for comparing variants in one run.

use std::{hint::black_box, sync::Arc};

use divan::{Bencher, counter::BytesCount};
use serde_json::json;
use waterwall_core::{
    detect::{Detectors, KnownValue},
    dialect::Dialect,
    placeholder::SessionKey,
    restore::{EventRestorer, Restorations},
    tokenize::Tokenizer,
    vault::{Scope, Vault},
};

#[allow(dead_code, reason = "the turn that the whole gateway is measured with")]
#[path = "../../../tests/bench/turn.rs"]
mod agent;

fn main() {
    divan::main();
}

/// An agent's request of exactly `size` bytes; with an empty secret there is none in it.
fn agent_json(size: usize, secret: &str) -> Vec<u8> {
    if size < agent::LEAST { agent::Turn::small(size).body } else { agent::Turn::of(size, secret).body }
}

fn tokenize_body(bencher: Bencher<'_, '_>, body: &[u8]) {
    let detectors = Detectors::builtin();
    let vault = Vault::new(SessionKey::new([1; 32]), 1000, 100);
    let schema = Dialect::by_name("anthropic").expect("a dialect").request;
    bencher.counter(BytesCount::new(body.len())).bench(|| {
        let tokenizer = Tokenizer { detectors: &detectors, vault: &vault, scope: Scope(1), now: 0 };
        tokenizer.body(Some("application/json"), black_box(body), schema).expect("scannable")
    });
}

/// A whole body, agent JSON, no secrets.
#[divan::bench(args = [1 << 10, 100 << 10, 1 << 20, 10 << 20])]
fn whole_body(bencher: Bencher<'_, '_>, size: usize) {
    tokenize_body(bencher, &agent_json(size, ""));
}

/// The same with one secret.
#[divan::bench(args = [100 << 10, 1 << 20, 10 << 20])]
fn whole_body_with_a_secret(bencher: Bencher<'_, '_>, size: usize) {
    tokenize_body(bencher, &agent_json(size, &format!("AKIA{}", "FAKE".repeat(4))));
}

/// Code as an agent's file tool prints it: numbered lines, quotes, tabs.
fn code(lines: usize) -> String {
    (0..lines).map(|line| format!("{line:>6}\tlet value_{line} = self.table.get(\"key-{line}\").map(|entry| entry.len() * {line});\n")).collect()
}

/// An Anthropic turn of about `size` bytes with one secret.
fn turn(size: usize) -> Vec<u8> {
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let mut messages = vec![json!({"role": "user", "content": format!("deploy with {secret} please")})];
    let mut length = 0;
    while length < size {
        let result = code(40);
        length += result.len() + 700;
        messages.push(json!({"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01", "name": "Read", "input": {"file_path": "/src/lib.rs", "limit": 40}}]}));
        messages.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01", "content": result}]}));
        messages.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_02", "content": json!({"ok": true, "lines": ["a", "b"], "text": "some output\nof a tool"}).to_string()}]}));
    }
    json!({"model": "m", "max_tokens": 1000, "stream": true, "messages": messages}).to_string().into_bytes()
}

#[divan::bench(args = [100_000, 1_000_000])]
fn tokenize(bencher: Bencher<'_, '_>, size: usize) {
    let detectors = Detectors::builtin();
    let vault = Vault::new(SessionKey::new([1; 32]), 1000, 100);
    let body = turn(size);
    let schema = Dialect::by_name("anthropic").expect("a dialect").request;
    bencher.counter(BytesCount::new(body.len())).bench(|| {
        let tokenizer = Tokenizer { detectors: &detectors, vault: &vault, scope: Scope(1), now: 0 };
        tokenizer.body(Some("application/json"), black_box(&body), schema).expect("scannable").apply(&body)
    });
}

/// So many random values of 8 to 40 bytes.
fn known(count: usize) -> Detectors {
    let value = |index: usize| {
        let length = 8 + index % 33;
        let byte = |at: usize| b'!' + ((index * 131 + at * 71 + index * at * 37) % 90) as u8;
        KnownValue::new(&(0..length).map(byte).collect::<Vec<_>>()).expect("long enough")
    };
    Detectors::builtin().with_known(&(0..count).map(value).collect::<Vec<_>>())
}

/// One search for known values in a text without any.
#[divan::bench(args = [1, 30, 300, 3000])]
fn known_values(bencher: Bencher<'_, '_>, count: usize) {
    let detectors = known(count);
    let text = code(10_000);
    let mut spans = Vec::new();
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        detectors.scan_known(black_box(text.as_bytes()), &mut spans);
        assert!(spans.is_empty());
    });
}

#[divan::bench(args = [0, 30])]
fn tokenize_with_known_values(bencher: Bencher<'_, '_>, count: usize) {
    let detectors = known(count);
    let vault = Vault::new(SessionKey::new([1; 32]), 1000, 100);
    let body = turn(1_000_000);
    let schema = Dialect::by_name("anthropic").expect("a dialect").request;
    bencher.counter(BytesCount::new(body.len())).bench(|| {
        let tokenizer = Tokenizer { detectors: &detectors, vault: &vault, scope: Scope(1), now: 0 };
        tokenizer.body(Some("application/json"), black_box(&body), schema).expect("scannable").apply(&body)
    });
}

#[divan::bench]
fn restore_events(bencher: Bencher<'_, '_>) {
    let delta = |text: &str| {
        format!(
            "event: content_block_delta\ndata: {}\n\n",
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
        )
    };
    let stream: String =
        (0..1000).map(|at| delta(if at % 50 == 0 { "a < b" } else { " and some more words" })).collect();
    let vault = Arc::new(Vault::new(SessionKey::new([1; 32]), 1000, 100));
    let dialect = Dialect::by_name("anthropic").expect("a dialect");
    bencher.counter(BytesCount::new(stream.len())).bench(|| {
        let mut restorer = EventRestorer::new(dialect.stream);
        let mut restorations = Restorations::new(Arc::clone(&vault), Scope(1), 0);
        let mut out = Vec::new();
        restorer.push(black_box(stream.as_bytes()), &mut restorations, &mut out);
        out
    });
}
