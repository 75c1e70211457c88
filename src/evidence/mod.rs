//! Evidence for an auditor: writes a signed bundle of a log and what belongs to it.
//!
//! The bundle appears under its name only when it is complete.

pub(crate) mod files;
pub(crate) mod policies;

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use waterwall_audit::SigningKey;
use waterwall_audit::evidence::{ExportError, Exported, Source, Window, export};

use crate::config::Config;
use crate::failure::Failure;
use crate::state::Files;

/// What to export, and where to.
pub(crate) struct Order<'a> {
    /// The log.
    pub(crate) chain: &'a Path,
    /// Its key, which signs the bundle's list.
    pub(crate) key: &'a SigningKey,
    /// The file of its public key, byte for byte.
    pub(crate) pem: &'a [u8],
    /// What states the policy.
    pub(crate) policy: &'a [u8],
    /// The text under the log's policy hash, if it is known.
    pub(crate) policy_text: Option<&'a str>,
    /// Where the receipts are; `None`: beside the log, if they are there.
    pub(crate) receipts_dir: Option<&'a Path>,
    /// Where the session manifests are; likewise.
    pub(crate) manifests_dir: Option<&'a Path>,
    /// Receipts and manifests of which time.
    pub(crate) window: Window,
    /// Where receipts are gone, say so in the bundle instead of refusing.
    pub(crate) declare_missing: bool,
    /// The bundle, `.tar.gz`.
    pub(crate) out: &'a Path,
}

/// Writes the bundle.
///
/// # Errors
/// When something cannot be read or written, or does not verify or fit; there is no bundle then.
pub(crate) fn write(order: &Order<'_>) -> Result<Exported, Failure> {
    let receipts = order.receipts_dir.map(Path::to_owned).or_else(|| beside(order.chain, "receipts"));
    let manifests = order.manifests_dir.map(Path::to_owned).or_else(|| beside(order.chain, "manifests"));
    let policies = beside(order.chain, "policies");
    let source = Source {
        chain: order.chain,
        policy: order.policy,
        policy_text: order.policy_text,
        policies: policies.as_deref(),
        pem: order.pem,
        receipts: receipts.as_deref(),
        manifests: manifests.as_deref(),
        window: order.window,
        declare_missing: order.declare_missing,
    };
    let unwritable = |error: io::Error| Failure::io("cannot write", order.out, &error);
    let directory = order.out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut bundle =
        tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(unwritable)?;
    let exported =
        export(&source, order.key, SystemTime::now(), BufWriter::new(&mut bundle)).map_err(refusal)?;
    bundle.as_file().sync_all().map_err(unwritable)?;
    bundle.persist(order.out).map_err(|error| unwritable(error.error))?;
    Ok(exported)
}

/// Writes all that a gateway of this configuration has, and as its policy the detectors in force.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_all(config: &Config, out: &Path) -> Result<Exported, Failure> {
    let own = Files::of(config);
    let policy = config.redaction.detectors.policy_text();
    write(&Order {
        chain: &config.audit.chain,
        key: &files::signing_key(own.signing_key())?,
        pem: &files::bytes(&own.signing_public())?,
        policy: policy.as_bytes(),
        policy_text: Some(&policy),
        receipts_dir: existing(&config.audit.receipts_dir),
        manifests_dir: existing(&config.audit.manifests_dir),
        window: Window::default(),
        declare_missing: false,
        out,
    })
}

/// There is none before the first receipt or manifest.
fn existing(directory: &Path) -> Option<&Path> {
    Some(directory).filter(|directory| directory.is_dir())
}

/// A directory beside the log, if it is there.
fn beside(chain: &Path, name: &str) -> Option<PathBuf> {
    Some(chain.with_file_name(name)).filter(|directory| directory.is_dir())
}

fn refusal(error: ExportError) -> Failure {
    let remedy = match &error {
        ExportError::Io { .. } => "Check the paths and that there is room.",
        ExportError::Key => "Name the signing.pub that belongs to the log.",
        ExportError::Pair => "Name the two halves of one key pair.",
        ExportError::Chain(_) => "Run `waterwall verify-chain` on it; what does not verify is not exported.",
        ExportError::Document { .. } => {
            "Move it elsewhere if it is of another log; if not, find out who changed it."
        }
        ExportError::Missing { .. } => {
            "Restore it or name its directory; `export-evidence --declare-missing` exports and says so in the bundle."
        }
    };
    Failure::new(error.to_string(), remedy)
}
