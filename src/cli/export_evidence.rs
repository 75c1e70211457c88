//! `waterwall export-evidence`: a signed bundle for an auditor.

use std::io::Write;
use std::path::PathBuf;

use time::OffsetDateTime;
use waterwall_audit::evidence::{Exported, Window};

use super::{ExitStatus, Stop, evidence_files, terminal};
use crate::config;
use crate::evidence::{self, Order};

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
    let exported = evidence::write(&Order {
        chain: &args.chain,
        key: &evidence_files::signing_key(&args.signing_key)?,
        pem: &evidence_files::bytes(&args.pubkey)?,
        policy: &evidence_files::bytes(&args.policy)?,
        policy_text: config::policy_text(&args.policy).as_deref(),
        receipts_dir: args.receipts_dir.as_deref(),
        manifests_dir: args.manifests_dir.as_deref(),
        window: Window { since: args.since, until: args.until },
        declare_missing: args.declare_missing,
        out: &args.out,
    })?;
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
