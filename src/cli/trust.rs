//! The certificate bundle for clients that take one file of roots: the system's and our CA.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config::{Config, Surroundings};
use crate::failure::Failure;
use crate::state::{self, Files};

/// Where systems keep their roots: Debian, Fedora, SUSE, Alpine and macOS.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The bundle's file.
const NAME: &str = "ca-bundle.pem";

/// The bundle, and where its other roots came from.
pub(super) struct Bundle {
    /// The file.
    pub(super) path: PathBuf,
    /// The file of roots that went in; `None` when none was found, so that only hosts whose TLS
    /// is terminated here will be trusted.
    pub(super) roots: Option<PathBuf>,
}

/// Writes the bundle to the state directory, unless it is there and up to date; where that is not
/// this user's, as with the system's configuration, to the user's own. `chosen` is the user's
/// `$SSL_CERT_FILE`, which goes before the system's.
pub(super) fn write_bundle(config: &Config, chosen: Option<OsString>) -> Result<Bundle, Failure> {
    let ca = Files::of(config).ca_certificate();
    let authority = fs::read_to_string(&ca).map_err(|_| {
        let what = format!("there is no private CA at {}", ca.display());
        Failure::new(what, "Run `waterwall init`, or start the gateway once.")
    })?;
    let own = Surroundings::of_process().state_home.map(|home| home.join("waterwall").join(NAME));
    let path = config.state_dir.join(NAME);
    // A bundle of ours from an earlier call holds the CA of that time.
    let ours = |file: &PathBuf| *file == path || Some(file) == own.as_ref();
    let chosen = chosen.map(PathBuf::from).filter(|file| !ours(file));
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
    let path = match (replace(&path, &text), own) {
        (Err(error), Some(own)) if is_someone_elses(&error) && own != path => {
            write_own(&own, &text)?;
            own
        }
        (Err(error), _) => return Err(cannot_write(&path, &error)),
        (Ok(()), _) => path,
    };
    Ok(Bundle { path, roots })
}

/// The state directory belongs to the service's user, or the service alone may write there.
fn is_someone_elses(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn write_own(path: &Path, text: &str) -> Result<(), Failure> {
    path.parent().map_or(Ok(()), state::make_private_dir)?;
    replace(path, text).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::io("cannot write", path, error)
}

/// Puts `text` in place in one step, so that a client never reads half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    state::write_new(&fresh, 0o644, text.as_bytes()).and_then(|()| fs::rename(&fresh, path))
}
