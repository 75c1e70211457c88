//! `waterwall verify-proof`: does a proof from `waterwall prove` hold?

use std::io::Write;
use std::path::PathBuf;

use waterwall_audit::canonical::Value;
use waterwall_audit::transparency::proof;

use super::{ExitStatus, Stop, evidence_files};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The proof
    proof: PathBuf,
    /// The public key of the log, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::public_key(&args.pubkey)?;
    let text = evidence_files::text(&args.proof)?;
    let checked = proof::check(&text, &key);
    let status = if checked.is_ok() { ExitStatus::Success } else { ExitStatus::Failure };
    let ok = Value::Bool(checked.is_ok());
    let reason = checked.unwrap_or_else(|error| error.to_string());
    let reason = waterwall_audit::shown(&reason).into_owned();
    let proof = args.proof.to_string_lossy().into_owned();
    evidence_files::answer(
        out,
        &[("ok", ok), ("proof", Value::String(proof)), ("reason", Value::String(reason))],
    )?;
    Ok(status)
}
