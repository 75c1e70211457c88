//! The certificate bundle for clients that take one file of roots: the system's and our CA.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::failure::Failure;
use crate::state::{self, Files};

/// Where systems keep their roots: Debian, Fedora, SUSE, Alpine and macOS.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The bundle, and where its other roots came from.
pub(super) struct Bundle {
    /// The file.
    pub(super) path: PathBuf,
    /// The file of roots that went in; `None` when none was found, so that only hosts whose TLS
    /// is terminated here will be trusted.
    pub(super) roots: Option<PathBuf>,
}

/// Writes the bundle beside the CA, unless it is there and up to date. `chosen` is the user's own
/// `$SSL_CERT_FILE`, which goes before the system's.
pub(super) fn write_bundle(config: &Config, chosen: Option<OsString>) -> Result<Bundle, Failure> {
    let ca = Files::of(config).ca_certificate();
    let authority = fs::read_to_string(&ca).map_err(|_| {
        let what = format!("there is no private CA at {}", ca.display());
        Failure::new(what, "Run `waterwall init`, or start the gateway once.")
    })?;
    let path = config.state_dir.join("ca-bundle.pem");
    let chosen = chosen.map(PathBuf::from).filter(|file| *file != path);
    let found = chosen
        .into_iter()
        .chain(SYSTEM_ROOTS.map(PathBuf::from))
        .find_map(|file| Some((fs::read_to_string(&file).ok()?, file)));
    let (mut text, roots) = match found {
        Some((text, file)) => (text, Some(file)),
        None => (String::new(), None),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&authority);
    replace(&path, &text)?;
    Ok(Bundle { path, roots })
}

/// Puts `text` in place in one step, so that a client never reads half of it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    state::write_new(&fresh, 0o644, text.as_bytes())
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|error| Failure::io("cannot write", path, &error))
}
