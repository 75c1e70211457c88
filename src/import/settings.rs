//! The predecessor's `permitted_hosts.yaml` and `config.yaml`, as far as they have a counterpart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::Note;
use crate::config::Config;
use crate::failure::Failure;

#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
struct Host {
    host: String,
    sse_handler: Option<String>,
}

/// The `upstreams:` of these hosts, as YAML. What `shipped` knows of a host is kept: its prefix
/// and its dialect, which may be a newer one than the predecessor had.
///
/// # Errors
/// When the file says something else than hosts.
pub(super) fn upstreams(file: &Path, text: &str, shipped: &Config) -> Result<String, Failure> {
    let remedy = "It should read `hosts: [{host: NAME, sse_handler: anthropic, openai or none}]`.";
    let refuse = |what: String| Failure::new(format!("{}: {what}", file.display()), remedy);
    let hosts: Hosts =
        serde_saphyr::from_str(text).map_err(|error| refuse(first_line(&error.to_string())))?;
    if hosts.hosts.is_empty() {
        return Err(refuse("no host is listed".to_owned()));
    }
    let mut yaml = String::new();
    for Host { host, sse_handler } in hosts.hosts {
        let host = host.to_ascii_lowercase();
        let known = shipped.upstreams.iter().find(|upstream| upstream.host == host);
        let dialect = match sse_handler.as_deref().unwrap_or("none") {
            "none" => known.map_or("generic", |known| known.dialect.name),
            dialect @ ("anthropic" | "openai") => dialect,
            unknown => return Err(refuse(format!("unknown sse_handler {unknown:?} of {host}"))),
        };
        let prefix = known.map_or_else(|| format!("/{host}"), |known| known.prefix.clone());
        // Writing to a string cannot fail.
        let _ = write!(yaml, "  - host: {host}\n    dialect: {dialect}\n    prefix: {prefix}\n\n");
    }
    Ok(yaml)
}

/// Whether the predecessor's own configuration arms the kill switch; every other setting is told.
///
/// # Errors
/// When the file is no map.
pub(super) fn kill_switch(file: &Path, text: &str, notes: &mut Vec<Note>) -> Result<bool, Failure> {
    let settings: Option<BTreeMap<String, Value>> = serde_saphyr::from_str(text).map_err(|error| {
        let what = format!("{}: {}", file.display(), first_line(&error.to_string()));
        Failure::new(what, "Correct the YAML, or move the file away.")
    })?;
    let mut armed = false;
    for (key, value) in settings.unwrap_or_default() {
        let line = line_of(text, &key);
        if key != "kill_switch" {
            notes.push(Note::new(file, line, format!("`{key}` has no counterpart and is left behind")));
            continue;
        }
        armed = match value {
            Value::Bool(armed) => armed,
            Value::Null => false,
            // What it meant is not known, so nothing passes until someone has looked.
            _ => {
                let what = "`kill_switch` is neither true nor false: armed".to_owned();
                notes.push(Note::new(file, line, what));
                true
            }
        };
    }
    Ok(armed)
}

/// The line, from 1, on which a key of the top stands; 1 when it is written in a way of its own.
fn line_of(text: &str, key: &str) -> usize {
    let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    1 + text.lines().position(is_key).unwrap_or(0)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
