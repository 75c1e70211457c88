//! SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), for code-scanning services and editors.
//!
//! No snippets and no fingerprints: both would carry the secret or something to guess it by.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Finding, Report};
use crate::failure::Failure;

#[derive(Default)]
pub(super) struct Sarif {
    /// The types found, and their place among the rules.
    rules: BTreeMap<&'static str, usize>,
    results: Vec<Value>,
    /// What could not be read.
    notifications: Vec<Value>,
}

impl Sarif {
    fn result(&mut self, file: &str, finding: &Finding) -> Value {
        let label = finding.kind.label();
        let next = self.rules.len();
        let rule = *self.rules.entry(label).or_insert(next);
        json!({
            "ruleId": label,
            "ruleIndex": rule,
            "level": "error",
            "message": { "text": format!("{label}: a credential stands here.") },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": region(finding),
            }}],
        })
    }

    fn rules(&self) -> Vec<Value> {
        let mut labels: Vec<_> = self.rules.iter().collect();
        labels.sort_unstable_by_key(|&(_, &index)| index);
        labels.into_iter().map(|(label, _)| rule(label)).collect()
    }
}

impl Report for Sarif {
    fn add(&mut self, file: &str, findings: &[Finding], _: &mut dyn Write) -> io::Result<()> {
        for finding in findings {
            let result = self.result(file, finding);
            self.results.push(result);
        }
        Ok(())
    }

    fn fail(&mut self, failure: &Failure) {
        self.notifications.push(json!({ "level": "error", "message": { "text": failure.to_string() } }));
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "waterwall",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": self.rules(),
                }},
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": self.notifications.is_empty(),
                    "toolExecutionNotifications": self.notifications,
                }],
                "results": self.results,
            }],
        });
        writeln!(out, "{log:#}")
    }
}

fn rule(label: &str) -> Value {
    let help = "Revoke it with whoever issued it, and take it out of the file and its history.";
    json!({
        "id": label,
        "shortDescription": { "text": format!("A credential of type {label}") },
        "help": { "text": help },
        "defaultConfiguration": { "level": "error" },
    })
}

fn region(finding: &Finding) -> Value {
    json!({
        "startLine": finding.first.line,
        "startColumn": finding.first.character,
        "endLine": finding.last.line,
        "endColumn": finding.last.character,
    })
}

/// A path as a URI reference (RFC 3986): relative paths stay relative, to wherever the scan ran.
fn uri(file: &str) -> String {
    let mut uri = String::from(if file.starts_with('/') { "file://" } else { "" });
    let path = file.strip_prefix("./").unwrap_or(file);
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        for (path, expected) in
            [("./a/b.txt", "a/b.txt"), ("/a b.txt", "file:///a%20b.txt"), ("C:é%.txt", "C%3A%C3%A9%25.txt")]
        {
            assert_eq!(uri(path), expected);
        }
    }
}
