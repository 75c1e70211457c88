//! `waterwall verify-receipt`: is a receipt what the gateway signed?

use std::io::Write;
use std::path::PathBuf;

use waterwall_audit::canonical::Value;
use waterwall_audit::evidence::Receipt;

use super::{ExitStatus, Stop, evidence_files};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The receipt
    receipt: PathBuf,
    /// The public key that it must be signed with, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::public_key(&args.pubkey)?;
    let bytes = evidence_files::bytes(&args.receipt)?;
    let ok = Receipt::open(&bytes, &key).is_ok();
    let reason = if ok { "signature valid" } else { "signature invalid or receipt malformed" };
    let receipt = args.receipt.to_string_lossy().into_owned();
    evidence_files::answer(
        out,
        &[
            ("ok", Value::Bool(ok)),
            ("receipt", Value::String(receipt)),
            ("reason", Value::String(reason.to_owned())),
        ],
    )?;
    Ok(if ok { ExitStatus::Success } else { ExitStatus::Failure })
}
