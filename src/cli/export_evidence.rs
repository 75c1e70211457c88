//! `waterwall export-evidence`: a signed bundle for an auditor.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use time::OffsetDateTime;
use waterwall_audit::evidence::{ExportError, Exported, Source, Window, export};

use super::{ExitStatus, Stop, evidence_files, terminal};
use crate::config;
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The log
    #[arg(long, value_name = "LOG")]
    chain: PathBuf,
    /// The policy file: the extra patterns that were in force, or any file that states the policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The public key of the log, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
    /// The private key of the log, PEM; it signs the bundle's list
    #[arg(long, value_name = "KEY")]
    signing_key: PathBuf,
    /// Where to write the bundle, .tar.gz
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Directory of receipts [default: `receipts` beside the log, if it is there]
    #[arg(long, value_name = "DIR")]
    receipts_dir: Option<PathBuf>,
    /// Directory of session manifests [default: `manifests` beside the log, if it is there]
    #[arg(long, value_name = "DIR")]
    manifests_dir: Option<PathBuf>,
    /// Receipts and manifests from this time on (ISO 8601; UTC without an offset)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<OffsetDateTime>,
    /// Receipts and manifests before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<OffsetDateTime>,
    /// Where receipts are gone, say so in the bundle instead of refusing
    #[arg(long)]
    declare_missing: bool,
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    Window::moment(text).ok_or_else(|| "not a time like 2026-05-09 or 2026-05-09T07:29:33Z".to_owned())
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::signing_key(&args.signing_key)?;
    let pem = evidence_files::bytes(&args.pubkey)?;
    let policy = evidence_files::bytes(&args.policy)?;
    let text = config::policy_text(&args.policy);
    let receipts = args.receipts_dir.clone().or_else(|| beside(&args.chain, "receipts"));
    let manifests = args.manifests_dir.clone().or_else(|| beside(&args.chain, "manifests"));
    let source = Source {
        chain: &args.chain,
        policy: &policy,
        policy_text: text.as_deref(),
        pem: &pem,
        receipts: receipts.as_deref(),
        manifests: manifests.as_deref(),
        window: Window { since: args.since, until: args.until },
        archives: &archives_of(&args.chain),
        declare_missing: args.declare_missing,
    };
    let unwritable = |error: io::Error| Failure::io("cannot write", &args.out, &error);
    let directory = args.out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut bundle =
        tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(unwritable)?;
    let exported = export(&source, &key, SystemTime::now(), BufWriter::new(&mut bundle)).map_err(refusal)?;
    bundle.as_file().sync_all().map_err(unwritable)?;
    bundle.persist(&args.out).map_err(|error| unwritable(error.error))?;
    writeln!(out, "OK: bundle written to {}", args.out.display())?;
    out.flush()?;
    tell(&exported);
    Ok(ExitStatus::Success)
}

fn tell(exported: &Exported) {
    let Exported { lines, receipts, manifests, notes } = exported;
    terminal::note(&format!("{lines} lines, {receipts} receipts, {manifests} session manifests"));
    notes.iter().for_each(|note| terminal::note(note));
}

/// A directory beside the log, if it is there.
fn beside(chain: &Path, name: &str) -> Option<PathBuf> {
    Some(chain.with_file_name(name)).filter(|directory| directory.is_dir())
}

/// The archives of the log that lie beside it.
fn archives_of(chain: &Path) -> Vec<PathBuf> {
    let Some(name) = chain.file_name().map(|name| format!("{}.v", name.to_string_lossy())) else {
        return Vec::new();
    };
    let directory = chain.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = fs::read_dir(directory.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let archive = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        file.starts_with(&name) && file.contains("-archived-") && !file.ends_with(".checkpoint")
    };
    entries.map(|entry| entry.path()).filter(archive).collect()
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
            "Restore it or name its directory; --declare-missing exports and says so in the bundle."
        }
    };
    Failure::new(error.to_string(), remedy)
}
