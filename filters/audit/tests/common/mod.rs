//! What the suites share: a moment, a redaction, how a line is read, altered and tied to the one before it.

use std::time::{Duration, SystemTime};

use waterwall_audit::{
    Event, Hash, Redaction,
    canonical::{self, Object, Value},
};

/// The policy hash that the predecessor's built-in set has.
pub(crate) const POLICY: &str = "b4fc4c826bc1b64a16bff14db6ede157f6c389c2c68a0a18dfe6ea4223b90bc4";

/// `millis` after the vectors' first moment.
pub(crate) fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_778_311_773_086 + millis)
}

/// One secret replaced, told apart by `n`.
pub(crate) fn redaction(n: u64) -> Event {
    Event::Redaction {
        host: "api.anthropic.com".to_owned(),
        request_id: Some(format!("req_{n}")),
        session_id: Some("s-1".to_owned()),
        redactions: vec![Redaction { kind: "AWS_ACCESS_KEY".into(), hmac8: format!("{n:016x}") }],
        policy_hash: POLICY.to_owned(),
    }
}

/// The members of a line or a document.
pub(crate) fn object(text: &str) -> Object {
    match canonical::parse(text).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

/// Their canonical text.
pub(crate) fn text_of(object: Object) -> String {
    Value::Object(object).to_canonical()
}

/// The line with another value for a member.
pub(crate) fn with(line: &str, member: &str, value: impl Into<Value>) -> String {
    let mut object = object(line);
    object.insert(member.to_owned(), value.into());
    text_of(object)
}

/// Makes every line name the one before it, as anyone can; `each` may alter a line that is tied already.
pub(crate) fn tied(lines: &[String], each: impl Fn(String) -> String) -> Vec<String> {
    let mut previous = Hash::GENESIS;
    let tie = |line: &String| {
        let line = each(with(line, "prev_hash", previous.to_hex().as_str()));
        previous = Hash::of(&line);
        line
    };
    lines.iter().map(tie).collect()
}

/// The lines as a file has them.
pub(crate) fn join(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}
