//! One request and its response.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use waterwall_core::dialect::Dialect;

use crate::Refusal;

/// What is known of a request before its body.
pub struct RequestHead<'a> {
    /// The upstream's name in the configuration, e.g. `api.anthropic.com`.
    pub host: &'a str,
    /// The upstream's wire format.
    pub dialect: &'static Dialect,
    /// The request method.
    pub method: &'a Method,
    /// Path as the upstream will see it, without the query.
    pub path: &'a str,
    /// Query string without `?`.
    pub query: Option<&'a str>,
    /// The agent's headers.
    pub headers: &'a HeaderMap,
}

/// What goes upstream.
pub struct Forward {
    /// The rewritten body, always in identity coding.
    pub body: Bytes,
    /// True when the agent's `content-encoding` was taken off: drop that header.
    pub decoded: bool,
    /// The query string to send, when it had to change.
    pub query: Option<String>,
}

/// What happens to the response's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Body bytes pass unchanged.
    Pass,
    /// Body bytes change: drop `content-length`, `content-encoding`, `etag` and digests.
    Rewrite,
}

/// The state of one exchange.
pub struct Exchange {
    _shared: Arc<()>,
}

impl Exchange {
    /// Starts an exchange: looks at the kill switch, tells the session.
    ///
    /// # Errors
    /// [`Refusal::KillSwitch`] and its like; nothing may be forwarded.
    pub fn begin(shared: &Arc<()>, _head: &RequestHead<'_>) -> Result<Self, Refusal> {
        Ok(Self { _shared: Arc::clone(shared) })
    }

    /// Decodes, scans, tokenizes and records the whole request body. Blocking work, linear in the
    /// body's length.
    ///
    /// # Errors
    /// Any [`Refusal`]; nothing may be forwarded.
    pub fn request(&mut self, body: Bytes) -> Result<Forward, Refusal> {
        Ok(Forward { body, decoded: false, query: None })
    }

    /// Looks at the response's head and decides what happens to its body.
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub fn response_head(&mut self, _status: StatusCode, _headers: &HeaderMap) -> Result<Answer, Refusal> {
        Ok(Answer::Pass)
    }

    /// Restores one chunk in place. Call it once more with `end` (and possibly no bytes).
    ///
    /// # Errors
    /// Any [`Refusal`]: the response must be aborted.
    pub fn response_body(&mut self, _chunk: &mut Option<Bytes>, _end: bool) -> Result<(), Refusal> {
        Ok(())
    }

    /// Ends the exchange, however it ended; writes what is still to be recorded.
    pub fn close(&mut self) {}
}
