//! Looking the private CA over at start and after a reload: does it fit the configured hosts?

use std::fs;

use time::OffsetDateTime;

use crate::ca::{self, Finding};
use crate::config::Config;
use crate::failure::Failure;
use crate::state::Files;

/// Warns of everything about the private CA that keeps agents from trusting what is signed with it.
/// Says nothing when nothing is intercepted.
///
/// # Errors
/// When no agent would trust it: it has expired, or is no authority at all.
pub(crate) fn examine(config: &Config) -> Result<(), Failure> {
    if !config.forward.intercept {
        return Ok(());
    }
    let now = OffsetDateTime::now_utc();
    let files = Files::of(config);
    let (certificate, key) = (files.ca_certificate(), files.ca_key());
    let pem = fs::read_to_string(&certificate);
    let pem = pem.map_err(|error| Failure::io("cannot read the private CA", &certificate, &error))?;
    for finding in ca::check(&pem, config.upstreams.iter().map(|it| it.host.as_str()), now) {
        if finding.is_fatal() {
            return Err(refusal(&finding, &certificate.display().to_string()));
        }
        let file = certificate.display();
        tracing::warn!(%file, "{finding}; make a new one with `waterwall regen-ca`");
    }
    // Its key may be kept elsewhere on purpose, so this is no reason not to start.
    if let Err(error) = ca::load(&certificate, &key, now) {
        tracing::warn!(%error, "a CONNECT to a listed host will be refused: there is no usable private CA");
    }
    Ok(())
}

fn refusal(finding: &Finding, file: &str) -> Failure {
    let remedy = "Make a new one with `waterwall regen-ca`, or set `forward.intercept: false`.";
    Failure::new(format!("{file}: {finding}"), remedy)
}
