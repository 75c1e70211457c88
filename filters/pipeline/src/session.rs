//! Telling whose request it is: ids for the log, and the scope of its placeholders.

use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use waterwall_audit::event::clean_id;
use waterwall_core::{
    detect::{Detectors, Leaf},
    vault::Scope,
};

/// Headers by which agents name their session: Claude Code, Codex, OpenCode.
const SESSION_HEADERS: [&str; 5] =
    ["x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity"];
/// Headers by which agents name a request.
const REQUEST_HEADERS: [&str; 2] = ["x-request-id", "x-client-request-id"];
/// Headers that carry the agent's own credential.
const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/// Whose request it is.
pub(crate) struct Session {
    /// The session's id, as the agent gave it.
    pub(crate) id: Option<String>,
    /// The request's id, as the agent gave it.
    pub(crate) request_id: Option<String>,
    /// Where its placeholders are valid.
    pub(crate) scope: Scope,
}

impl Session {
    /// Reads a request's headers. Agents that name no session are told apart by their credential:
    /// placeholders may come back on another connection, long after they were made.
    pub(crate) fn of(host: &str, headers: &HeaderMap, detectors: &Detectors) -> Self {
        let id = first(headers, &SESSION_HEADERS);
        let mut hash = Sha256::new();
        hash.update(host.as_bytes());
        match id {
            Some(id) => {
                hash.update(b"\0session\0");
                hash.update(id);
            }
            None => {
                for name in CREDENTIALS {
                    hash.update(b"\0credential\0");
                    hash.update(
                        headers
                            .get(HeaderName::from_static(name))
                            .map_or(b"".as_slice(), |value| value.as_bytes()),
                    );
                }
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let scope = Scope(u128::from_le_bytes(digest[..16].try_into().expect("half of 32 bytes")));
        Self { id: loggable(id, detectors), request_id: request_id(headers, detectors), scope }
    }
}

/// The request's id, as the agent gave it.
pub(crate) fn request_id(headers: &HeaderMap, detectors: &Detectors) -> Option<String> {
    loggable(first(headers, &REQUEST_HEADERS), detectors)
}

/// An id is the agent's to choose; one that holds a secret does not go into the log.
fn loggable(id: Option<&[u8]>, detectors: &Detectors) -> Option<String> {
    id.filter(|id| !holds_secret(id, detectors)).map(clean_id)
}

fn first<'a>(headers: &'a HeaderMap, names: &[&'static str]) -> Option<&'a [u8]> {
    let values = names.iter().filter_map(|name| headers.get(HeaderName::from_static(name)));
    values.map(http::HeaderValue::as_bytes).find(|value| !value.is_empty())
}

fn holds_secret(id: &[u8], detectors: &Detectors) -> bool {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text: id, key: None }, &mut spans);
    !spans.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(host: &str, headers: &[(&'static str, &str)]) -> Scope {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a header value")))
            .collect();
        Session::of(host, &headers, &Detectors::builtin()).scope
    }

    #[test]
    fn a_session_is_one_agent_at_one_upstream() {
        let ours = scope("a", &[("x-claude-code-session-id", "1"), ("x-api-key", "k")]);
        assert_eq!(ours, scope("a", &[("x-claude-code-session-id", "1"), ("x-api-key", "renewed")]));
        assert_ne!(ours, scope("a", &[("x-claude-code-session-id", "2"), ("x-api-key", "k")]));
        assert_ne!(ours, scope("b", &[("x-claude-code-session-id", "1"), ("x-api-key", "k")]));
        assert_ne!(scope("a", &[("x-api-key", "k")]), scope("a", &[("authorization", "k")]));
    }

    #[test]
    fn ids_are_cleaned_and_never_hold_a_secret() {
        let secret = format!("AKIA{}", "FAKE".repeat(4));
        let headers = [("session-id", secret.as_str()), ("x-request-id", "r\u{e9}q")];
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    http::HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
                )
            })
            .collect();
        let session = Session::of("a", &headers, &Detectors::builtin());
        assert_eq!(session.id, None);
        assert_eq!(session.request_id.as_deref(), Some("r\u{e9}q"));
    }
}
