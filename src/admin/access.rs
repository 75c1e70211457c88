//! Who may do something: a POST has to show the token that only this user can read.

use std::path::{Path, PathBuf};

use http::{HeaderMap, StatusCode, header};
use pingora_core::protocols::http::ServerSession;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{Answer, refusal};

/// The largest body of a POST; a real one has some fifty bytes.
const MAX_BODY: usize = 16 << 10;
/// How long a body may take.
const BODY: std::time::Duration = std::time::Duration::from_secs(10);

/// Checks tokens.
pub(super) struct Access {
    token: PathBuf,
}

impl Access {
    /// The token is the content of this file. It is read for each POST, so that it can be renewed.
    pub(super) fn new(token: PathBuf) -> Self {
        Self { token }
    }

    /// 401 unless the request shows the token.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Answer> {
        match bearer(headers) {
            Some(shown) if self.is_token(shown) => Ok(()),
            Some(_) => Err(refusal(StatusCode::UNAUTHORIZED, "wrong token")),
            None => Err(refusal(StatusCode::UNAUTHORIZED, "no token: send `authorization: Bearer TOKEN`")),
        }
    }

    fn is_token(&self, shown: &[u8]) -> bool {
        let Some(token) = read(&self.token) else { return false };
        // Equal hashes mean equal tokens, and how far two hashes agree tells nothing of the token.
        Sha256::digest(shown) == Sha256::digest(token.as_bytes())
    }
}

/// The token in a file; `None` when it cannot be read or is empty.
fn read(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let token = text.trim();
    (!token.is_empty()).then(|| token.to_owned())
}

/// What the one `authorization: Bearer …` says.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?.as_bytes(), all.next()) else { return None };
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The JSON body of a POST; `Null` for none. A form, or text that a web page can send without
/// asking, is 403 whatever it holds.
pub(super) async fn body(session: &mut ServerSession) -> Result<Value, Answer> {
    let too_large = || refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    let unreadable = |_| refusal(StatusCode::BAD_REQUEST, "the body cannot be read");
    let json = is_json(&session.req_header().headers);
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = session.read_request_body().await.map_err(unreadable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BODY {
                return Err(too_large());
            }
        }
        Ok(body)
    };
    let late = || refusal(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time");
    let body = timeout(BODY, reading).await.unwrap_or_else(|_| Err(late()))?;
    match json {
        Some(false) => Err(refusal(StatusCode::FORBIDDEN, "the content-type is not application/json")),
        None if !body.is_empty() => {
            Err(refusal(StatusCode::FORBIDDEN, "no content-type: send application/json"))
        }
        _ if body.is_empty() => Ok(Value::Null),
        _ => serde_json::from_slice(&body)
            .map_err(|_| refusal(StatusCode::BAD_REQUEST, "the body is not JSON")),
    }
}

/// Whether the one `content-type` is that of JSON; `None` without any.
fn is_json(headers: &HeaderMap) -> Option<bool> {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let media_type = all.next()?.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
    Some(media_type.trim_ascii().eq_ignore_ascii_case(b"application/json") && all.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_the_token_opens() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("admin.token");
        let access = Access::new(file.clone());
        let check = |values: &[&str]| {
            let refused = access.check(&headers(header::AUTHORIZATION, values)).err();
            refused.map_or(200, |answer| answer.status.as_u16())
        };
        assert_eq!(check(&["Bearer 0123"]), 401, "without a file there is no token");
        std::fs::write(&file, "\n").unwrap();
        assert_eq!(check(&["Bearer "]), 401, "nothing is not a token");
        std::fs::write(&file, "0123abcd\n").unwrap();
        assert_eq!(check(&["Bearer 0123abcd"]), 200);
        assert_eq!(check(&["bearer 0123abcd"]), 200);
        for wrong in ["Bearer 0123abc", "Bearer 0123abcde", "Basic 0123abcd", "0123abcd", "Bearer", "é"] {
            assert_eq!(check(&[wrong]), 401, "{wrong}");
        }
        assert_eq!(check(&[]), 401);
        assert_eq!(check(&["Bearer 0123abcd", "Bearer 0123abcd"]), 401);
    }

    #[test]
    fn media_types() {
        let is = |values: &[&str]| is_json(&headers(header::CONTENT_TYPE, values));
        assert_eq!(is(&[]), None);
        assert_eq!(is(&["application/json"]), Some(true));
        assert_eq!(is(&["Application/JSON; charset=utf-8"]), Some(true));
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            assert_eq!(is(&[other]), Some(false), "{other}");
        }
        assert_eq!(is(&["application/json", "text/plain"]), Some(false));
    }
}
