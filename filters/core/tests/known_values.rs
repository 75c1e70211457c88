//! Known values through the tokenizer: no spelling of one reaches the provider from any place of a request,
//! and all come back.

use std::sync::Arc;

use base64::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use waterwall_core::{
    detect::{Detectors, KnownValue},
    dialect::Dialect,
    placeholder::SessionKey,
    restore::{BodyRestorer, Restorations},
    tokenize::Tokenizer,
    vault::{Scope, Vault},
};

struct Gateway {
    detectors: Detectors,
    vault: Arc<Vault>,
}

impl Gateway {
    fn knowing(values: &[&str]) -> Self {
        let known: Vec<_> =
            values.iter().map(|value| KnownValue::new(value.as_bytes()).expect("long enough")).collect();
        Self {
            detectors: Detectors::builtin().with_known(&known),
            vault: Arc::new(Vault::new(SessionKey::new([9; 32]), 10_000, 100)),
        }
    }

    fn tokenize(&self, content_type: &str, body: &str) -> String {
        let schema = Dialect::by_name("anthropic").expect("a dialect").request;
        let tokenizer = Tokenizer { detectors: &self.detectors, vault: &self.vault, scope: Scope(1), now: 0 };
        let splices = tokenizer.body(Some(content_type), body.as_bytes(), schema).expect("scannable");
        String::from_utf8(splices.apply(body.as_bytes())).expect("UTF-8")
    }

    fn seen(&self, body: &Value) -> String {
        self.tokenize("application/json", &body.to_string())
    }

    /// A message that echoes a text, as it comes back.
    fn restored(&self, text: &str) -> String {
        let body = json!({"content": [{"type": "text", "text": text}]}).to_string();
        let mut restorer = BodyRestorer::new(Dialect::by_name("anthropic").expect("a dialect").response);
        let mut restorations = Restorations::new(Arc::clone(&self.vault), Scope(1), 0);
        let mut out = Vec::new();
        restorer.push(body.as_bytes(), &mut restorations, &mut out);
        restorer.finish(&mut out);
        let answer: Value = serde_json::from_slice(&out).expect("still JSON");
        answer["content"][0]["text"].as_str().expect("a string").to_owned()
    }
}

fn message(content: &str) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

const VALUE: &str = "s3nsible/\"Wert\"\\€ no.7";

fn with_escapes(text: &str, solidus: bool) -> String {
    let escaped = json!(text).to_string();
    let escaped = escaped.trim_matches('"').replace('€', "\\u20aC");
    // The quotes at the ends are not the string's.
    let escaped = if text.ends_with('"') { format!("{escaped}\"") } else { escaped };
    if solidus { escaped.replace('/', "\\/") } else { escaped }
}

#[test]
fn every_place_of_a_request_is_searched() {
    let gateway = Gateway::knowing(&[VALUE, "shortkey"]);
    let nested = json!({"a": [VALUE, {"b": VALUE}]}).to_string();
    for body in [
        message(VALUE),
        message(&nested),
        message(&json!({ "c": nested }).to_string()),
        message(&format!("output:\n{nested}\nend")),
        message(&format!("log: {}", json!({ "c": nested }))),
        message(&with_escapes(VALUE, true)),
        json!({"system": VALUE}),
        json!({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": VALUE}]}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "tool_use", "input": {VALUE: 1}}]}]}),
        json!({"metadata": {"shortkey": "shortkey"}}),
    ] {
        let seen = gateway.seen(&body);
        assert!(seen.contains("<pl:KNOWN_VALUE:"), "{seen}");
        for part in ["s3nsible", "Wert", "no.7", "shortkey"] {
            assert!(!seen.contains(part), "{seen}");
        }
    }
}

/// One plaintext, one placeholder, at every depth.
#[test]
fn escapes_do_not_make_it_another_value() {
    let gateway = Gateway::knowing(&["a/b\"c/d\"e/f"]);
    // Where the escapes are to come back, the tag is longer.
    let tag = |seen: String| seen.split("KNOWN_VALUE:").nth(1).expect("a placeholder")[..16].to_owned();
    let plain = tag(gateway.seen(&message("a/b\"c/d\"e/f")));
    for text in [r#"it is {"k":"a/b\"c/d\"e/f"}"#, r#"{"k":"a/b\"c/d\"e/f"}"#, r#"or "a\/b\u0022c/d\"e/f""#] {
        assert_eq!(tag(gateway.seen(&message(text))), plain);
    }
}

#[test]
fn forms_and_plain_text_are_searched() {
    let gateway = Gateway::knowing(&["hunter2 hunter2"]);
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "a=1&b=hunter2+hunter2"),
        ("application/x-www-form-urlencoded", "a=1&b=hunter2%20hunter%32"),
        ("text/plain", "b: hunter2 hunter2\n"),
        ("text/plain", "curl 'http://localhost/?q=hunter2%20hunter2'"),
    ] {
        let seen = gateway.tokenize(content_type, body);
        assert!(seen.contains("KNOWN_VALUE") && !seen.contains("hunter"), "{seen}");
    }
}

/// A forced value may be a number.
#[test]
fn numbers_are_searched() {
    let gateway = Gateway::knowing(&["48151623"]);
    let seen = gateway.seen(&json!({"pin": 48_151_623, "other": 4815, "negative": -48_151_623}));
    let seen: Value = serde_json::from_str(&seen).expect("still JSON");
    assert!(seen["pin"].as_str().expect("a string").starts_with("<pl:KNOWN_VALUE:"));
    assert!(seen["negative"].is_string() && seen["other"] == 4815);
    let nested = json!({"pin": 48_151_623, "text": "48151623"}).to_string();
    let seen: Value = serde_json::from_str(&gateway.seen(&message(&nested))).expect("still JSON");
    let text = seen["messages"][0]["content"].as_str().expect("a string");
    assert!(!text.contains("48151623"), "{text}");
    assert_eq!(gateway.restored(text), nested);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9+/=_.-]{8,40}", "[ -~]{8,40}", "\\PC{8,30}", "[a-z\n\"\\\\]{8,20}"]
}

/// A way to write a value.
fn written(text: &str, way: usize) -> String {
    let hex = || text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    match way {
        0 => text.to_owned(),
        1 => BASE64_STANDARD.encode(text),
        2 => BASE64_URL_SAFE_NO_PAD.encode(text),
        3 => hex(),
        4 => hex().to_uppercase(),
        5 => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        6 => with_escapes(text, true),
        7 => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        8 => json!({ "k": text }).to_string(),
        _ => json!({ "k": json!([text]).to_string() }).to_string(),
    }
}

/// All that a text says, however often it is decoded.
fn readings(text: &str) -> Vec<String> {
    let mut readings = vec![text.to_owned()];
    for round in 0..4 {
        let last = readings[round].clone();
        let unescaped: String = serde_json::from_str(&format!("\"{last}\"")).unwrap_or(last);
        readings.push(unescaped);
    }
    readings
}

proptest! {
    #[test]
    fn no_value_leaves_and_all_come_back(
        value in value(),
        // A backslash here would belong to an escape at the value's beginning.
        before in "([ -~]{0,12}[ -Z^-~])?",
        after in "[ -~]{0,12}",
        way in 0_usize..10,
        inside in any::<bool>(),
    ) {
        let gateway = Gateway::knowing(&[&value]);
        let text = if inside && (1..6).contains(&way) {
            written(&format!("{before}{value}{after}"), way)
        } else {
            format!("{before}{}{after}", written(&value, way))
        };
        let seen: Value = serde_json::from_str(&gateway.seen(&message(&text))).expect("still JSON");
        let content = seen["messages"][0]["content"].as_str().expect("still a string");
        for reading in readings(content) {
            prop_assert!(!reading.contains(&value), "{reading}");
        }
        prop_assert!(content.contains("<pl:"), "{content}");
        prop_assert_eq!(gateway.restored(content), text);
    }
}
