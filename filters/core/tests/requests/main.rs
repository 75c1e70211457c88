//! What is scanned in requests, place by place, and what is refused.

/// Bodies that are no JSON document, and those that are refused.
mod formats;
/// What tells of the value beside it, and how it may be written.
mod names;
/// Secrets that go on from one part of a message to the next.
mod parts;
/// What is scanned and what is opaque, place by place.
mod places;
/// However a secret is spelt, it is the same secret.
mod spelling;

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
