//! Secrets outside the query and the body: replaced in header values, refused in the path.
//!
//! The agent's own credentials are headers too. They are for the provider and pass; everything
//! else of a head could be something that an agent read: Codex, for one, sends the repository's
//! address, which may hold a password.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::tokenizer::{keep, scanner};
use crate::{Exchange, Refusal, RequestHead};

/// The agent's own credentials, and what carries no text of an agent's.
const UNTOUCHED: [&str; 12] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-amz-security-token",
    "cookie",
    "host",
    "content-type",
    "content-encoding",
    "accept",
    "user-agent",
];
/// Shorter values hold no credential that tells itself by its form.
const SHORTEST: usize = 12;

/// Looks through the head of a request; keeps new values of headers for the proxy to send.
///
/// # Errors
/// When a secret stands in the path: a placeholder there would ask for something else.
pub(super) fn scan(exchange: &mut Exchange, head: &RequestHead<'_>) -> Result<(), Refusal> {
    if replaced(exchange, head.path.as_bytes())?.is_some() {
        return Err(Refusal::Unscannable("a secret stands in the path".to_owned()));
    }
    for name in head.headers.keys().filter(|name| !UNTOUCHED.contains(&name.as_str())) {
        header(exchange, name, head.headers)?;
    }
    Ok(())
}

/// All values of one name, if any of them changes.
fn header(exchange: &mut Exchange, name: &HeaderName, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut changed = false;
    let mut values = Vec::new();
    for value in headers.get_all(name) {
        let new = if value.len() < SHORTEST { None } else { replaced(exchange, value.as_bytes())? };
        changed |= new.is_some();
        values.push(match new {
            Some(new) => HeaderValue::from_bytes(&new)
                .map_err(|_| Refusal::Unscannable("a header cannot be rewritten".to_owned()))?,
            None => value.clone(),
        });
    }
    if changed {
        exchange.request.headers.push((name.clone(), values));
    }
    Ok(())
}

/// `text` with its secrets replaced; `None` when there are none.
fn replaced(exchange: &mut Exchange, text: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    let splices = scanner(exchange, |scanner| scanner.text(&ascii(text)))
        .map_err(|error| Refusal::Unscannable(error.to_string()))?;
    // A literal placeholder gets no escape mark here: nobody would take it off again.
    if splices.entries().next().is_none() {
        return Ok(None);
    }
    keep(exchange, &splices);
    Ok(Some(splices.apply(text)))
}

/// The same length without what is no text: a value may hold any byte above 0x7F.
fn ascii(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect())
}
