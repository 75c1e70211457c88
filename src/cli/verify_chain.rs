//! `waterwall verify-chain`: does an audit log hold together, and is its end signed?

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use waterwall_audit::{PublicKey, Verdict, verify_chain};

use super::{ExitStatus, Stop};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The log
    log: PathBuf,
    /// The public key that its checkpoints must be signed with, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
    /// Print the verdict as one line of JSON
    #[arg(long)]
    json: bool,
    /// Exit with 3 when the log is sound but its last lines follow the last checkpoint
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = read_key(&args.pubkey)?;
    let unreadable = |error| Failure::io("cannot read", &args.log, &error);
    let log = File::open(&args.log).map_err(unreadable)?;
    let verdict = verify_chain(BufReader::new(log), &key).map_err(unreadable)?;
    if args.json {
        writeln!(out, "{}", verdict.to_json())?;
    } else {
        writeln!(out, "{verdict}")?;
    }
    let status = status(&verdict, args.strict);
    if status == ExitStatus::Uncovered && !args.json {
        writeln!(out, "the last {} lines are not covered by a checkpoint", verdict.uncovered)?;
    }
    Ok(status)
}

fn status(verdict: &Verdict, strict: bool) -> ExitStatus {
    match verdict {
        Verdict { failure: Some(_), .. } => ExitStatus::Failure,
        Verdict { uncovered: 1.., .. } if strict => ExitStatus::Uncovered,
        Verdict { .. } => ExitStatus::Success,
    }
}

fn read_key(file: &Path) -> Result<PublicKey, Failure> {
    let pem = fs::read_to_string(file).map_err(|error| Failure::io("cannot read", file, &error))?;
    PublicKey::from_pem(&pem).map_err(|error| {
        let what = format!("{}: {error}", file.display());
        Failure::new(what, "Name the signing.pub that belongs to the log.")
    })
}
