//! The pre-launch gate: an agent may start only when the gateway answers that all is well.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::failure::Failure;
use crate::plain_http;

/// How long the gateway may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Where the gateway's health is asked for: `overriding` is `$WATERWALL_HEALTHZ_URL`.
pub(super) fn health_url(overriding: Option<String>, admin: SocketAddr) -> String {
    let chosen = overriding.filter(|url| !url.is_empty());
    chosen.unwrap_or_else(|| format!("http://{admin}/healthz"))
}

/// The gate is open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is well.
    Well,
    /// An agent may start, but somebody should know this.
    Warn(String),
}

/// Asks for the gateway's health.
///
/// # Errors
/// The reason not to start an agent: no answer, kill switch armed, not 200, not JSON.
pub(super) fn check(url: &str) -> Result<Verdict, Failure> {
    let answer = plain_http::get(url, LIMIT).map_err(|error| {
        let what = format!("the gateway does not answer at {url}: {error}");
        Failure::new(what, "Start it with `waterwall run`.")
    })?;
    let health: Option<Value> = serde_json::from_slice(&answer.body).ok();
    // An armed switch explains more than the status that may come with it.
    if let Some(health) = health.as_ref().filter(|health| health["killswitch_active"] == true) {
        let what = format!("the kill switch is armed{}", sources(health));
        return Err(Failure::new(what, "Disarm it where it is armed, then start the agent again."));
    }
    if answer.status != 200 {
        let what = format!("the gateway is not healthy: status {} from {url}", answer.status);
        return Err(Failure::new(what, "See what that page and the gateway's own messages say."));
    }
    let Some(Value::Object(health)) = health else {
        let what = format!("the answer from {url} is not JSON");
        return Err(Failure::new(what, "Check that it is a waterwall gateway that listens there."));
    };
    // It comes from another process: nothing of it may steer a terminal.
    let reason = health.get("reason").and_then(Value::as_str).map(harmless);
    Ok(reason.map_or(Verdict::Well, Verdict::Warn))
}

fn sources(health: &Value) -> String {
    let names = health["killswitch_sources"].as_array();
    let names: Vec<_> = names.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" ({})", harmless(&names.join(", ")))
}

/// A text of another process in which nothing steers a terminal, and quotes are as they were.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_shown_as_they_are_and_on_one_line() {
        assert_eq!(harmless(r#"unknown key "nope" in c:\d"#), r#"unknown key "nope" in c:\d"#);
        assert_eq!(harmless("a\nb\u{1b}[1m\u{202e}"), "a\\nb\\u{1b}[1m\\u{202e}");
    }
}
