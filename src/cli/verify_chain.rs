//! `waterwall verify-chain`: does an audit log hold together, and is its end signed?

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use waterwall_audit::verify::{Expectation, Remembered};
use waterwall_audit::{PublicKey, Verdict, verify_logs};

use super::{ExitStatus, Stop, evidence_files, terminal};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The log; or its archives and the log, oldest first, to follow the links between them
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The public key that its checkpoints must be signed with, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
    /// Print the verdict as one line of JSON
    #[arg(long)]
    json: bool,
    /// Hold every log to all the rules; exit with 3 when it is sound but its last lines follow the
    /// last checkpoint
    #[arg(long)]
    strict: bool,
    /// Compare with how far the log had come before: a file from --save-head or --json, or a copy of
    /// the checkpoint note beside the log
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Write how far the log has come, when it is sound, for --head later on; keep it elsewhere
    #[arg(long, value_name = "FILE")]
    save_head: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::public_key(&args.pubkey)?;
    let remembered = args.head.as_deref().map(|file| read_head(file, &key)).transpose()?;
    let logs = args.logs.iter().map(|log| open(log)).collect::<Result<Vec<_>, _>>()?;
    let expectation = Expectation { strict: args.strict, remembered: remembered.as_ref() };
    let verdict = verify_logs(logs, &key, expectation)
        .map_err(|error| Failure::io("cannot read", &args.logs[0], &error))?;
    if let (Some(file), Some(head), true) = (&args.save_head, &verdict.head, verdict.is_ok()) {
        let text = head.to_value().to_canonical() + "\n";
        fs::write(file, text).map_err(|error| Failure::io("cannot write", file, &error))?;
    }
    let status = status(&verdict, args.strict);
    if args.json {
        writeln!(out, "{}", verdict.to_json())?;
        return Ok(status);
    }
    writeln!(out, "{verdict}")?;
    if status == ExitStatus::Uncovered {
        writeln!(out, "the last {} lines are not covered by a checkpoint", verdict.uncovered)?;
    }
    out.flush()?;
    verdict.notes.iter().for_each(|note| terminal::note(note));
    Ok(status)
}

fn status(verdict: &Verdict, strict: bool) -> ExitStatus {
    match verdict {
        Verdict { failure: Some(_), .. } => ExitStatus::Failure,
        Verdict { uncovered: 1.., .. } if strict => ExitStatus::Uncovered,
        Verdict { .. } => ExitStatus::Success,
    }
}

/// A directory can be opened too, but not read.
fn open(log: &Path) -> Result<File, Failure> {
    File::open(log).map_err(|error| Failure::io("cannot read", log, &error))
}

fn read_head(file: &Path, key: &PublicKey) -> Result<Remembered, Failure> {
    let text = evidence_files::text(file)?;
    Remembered::read(&text, key).map_err(|error| {
        let what = format!("{}: {error}", file.display());
        Failure::new(what, "Name a file from --save-head, or a copy of the log's .checkpoint note.")
    })
}
