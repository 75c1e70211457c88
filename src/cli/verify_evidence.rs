//! `waterwall verify-evidence`: is a bundle whole, signed and true to its chain?

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use waterwall_audit::canonical::Value;
use waterwall_audit::evidence::verify_evidence;

use super::{ExitStatus, Stop, evidence_files, terminal};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The bundle, .tar.gz
    bundle: PathBuf,
    /// The public key that it must be signed with, PEM; got from elsewhere, not from the bundle
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::public_key(&args.pubkey)?;
    let pem = evidence_files::bytes(&args.pubkey)?;
    let unreadable = |error| Failure::io("cannot read", &args.bundle, &error);
    let bundle = File::open(&args.bundle).map_err(unreadable)?;
    if bundle.metadata().map_err(unreadable)?.is_dir() {
        let what = format!("{} is a directory", args.bundle.display());
        return Err(Failure::new(what, "Name the bundle itself, a .tar.gz.").into());
    }
    let verdict = verify_evidence(bundle, &key, &pem);
    let mut members = vec![
        ("ok", Value::Bool(verdict.failure.is_none())),
        ("bundle", Value::String(args.bundle.to_string_lossy().into_owned())),
    ];
    let status = match verdict.failure {
        None => ExitStatus::Success,
        Some(reason) => {
            members.push(("failure_reason", Value::String(reason)));
            ExitStatus::Failure
        }
    };
    evidence_files::answer(out, &members)?;
    out.flush()?;
    verdict.notes.iter().for_each(|note| terminal::note(note));
    Ok(status)
}
