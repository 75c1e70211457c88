//! Why the gateway itself ends an exchange.

use crate::Armed;

/// A reason to forward nothing (or, once the answer has begun, to abort it).
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The kill switch is armed.
    #[error("the kill switch is engaged ({})", .0.sources.join(", "))]
    KillSwitch(Armed),
    /// The configuration does not allow serving.
    #[error("configuration error: {0}")]
    Config(String),
    /// The audit log did not take the line.
    #[error("the audit log could not be written: {0}")]
    ChainAppend(String),
    /// The body cannot be scanned, and policy refuses such bodies.
    #[error("the request body cannot be scanned: {0}")]
    Unscannable(String),
    /// The body is larger than `redaction.max_body_bytes`.
    #[error("the request body exceeds {limit} bytes")]
    BodyTooLarge {
        /// The configured limit in bytes.
        limit: usize,
    },
    /// The provider's answer cannot be restored; it is aborted.
    #[error("the response cannot be restored: {0}")]
    Response(&'static str),
}
