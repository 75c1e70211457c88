//! What the provider received: every request, byte for byte.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use serde_json::{Value, json};

use super::coding;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Method, upper case.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// Protocol version as hyper prints it, `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Header names (lower case) and values, in order of arrival; bytes outside UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// The body as it arrived, in whatever content coding.
    pub body: Bytes,
}

impl Recorded {
    pub(super) fn new(parts: &Parts, body: Bytes) -> Recorded {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Recorded {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or("/".into(), |path| path.to_string()),
            version: format!("{:?}", parts.version),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body,
        }
    }

    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body without its content coding; `None` if it cannot be decoded.
    pub fn decoded(&self) -> Option<Vec<u8>> {
        coding::decode(self.header("content-encoding").unwrap_or(""), &self.body)
    }

    /// The body as JSON; `None` if it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.decoded()?).ok()
    }

    fn listed(&self) -> Value {
        json!({
            "method": self.method,
            "path": self.path,
            "version": self.version,
            "headers": self.headers,
            "body": STANDARD.encode(&self.body),
            "decoded": self.decoded().map(|body| STANDARD.encode(body)),
        })
    }
}

/// The shared list of recorded requests. A panicking holder cannot leave it half-written, so a
/// poisoned lock is entered all the same.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<Vec<Recorded>>);

impl Records {
    pub(super) fn push(&self, recorded: Recorded) {
        self.with(|list| list.push(recorded));
    }

    pub(super) fn all(&self) -> Vec<Recorded> {
        self.with(|list| list.clone())
    }

    pub(super) fn reset(&self) {
        self.with(Vec::clear);
    }

    /// The answer to `GET /__requests`: a JSON list, bodies in base64, raw (`body`) and without
    /// content coding (`decoded`).
    pub(super) fn listed(&self) -> Value {
        self.with(|list| list.iter().map(Recorded::listed).collect())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Recorded>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
