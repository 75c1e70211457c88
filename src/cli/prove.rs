//! `waterwall prove`: shows that a line is in the log of a note, or that one log goes on from another.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use waterwall_audit::PublicKey;
use waterwall_audit::canonical::Value;
use waterwall_audit::evidence::{Receipt, signed};
use waterwall_audit::transparency::proof::{Leaves, ProveError, verifier_key};
use waterwall_audit::transparency::{Note, note_path};

use super::{ExitStatus, Stop, evidence_files};
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(super) struct Args {
    /// The log
    log: PathBuf,
    /// The public key of the log, PEM
    #[arg(long, value_name = "PUB")]
    pubkey: PathBuf,
    /// Prove that the line with this `seq` is in the log
    #[arg(long, value_name = "SEQ", group = "what")]
    line: Option<u64>,
    /// Prove that the line of this receipt is in the log
    #[arg(long, value_name = "FILE", group = "what")]
    receipt: Option<PathBuf>,
    /// Prove that the log goes on from its first lines: an older note, or their number
    #[arg(long, value_name = "NOTE or LINES", group = "what")]
    since: Option<String>,
    /// Print the key as tools for checkpoint notes take it (Go's note.NewVerifier)
    #[arg(long, group = "what")]
    verifier_key: bool,
    /// The note to prove against [default: the one beside the log, LOG.checkpoint]
    #[arg(long, value_name = "NOTE")]
    note: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let key = evidence_files::public_key(&args.pubkey)?;
    let log = File::open(&args.log).map_err(|error| Failure::io("cannot read", &args.log, &error))?;
    let leaves =
        Leaves::read(BufReader::with_capacity(1 << 17, log)).map_err(|error| cannot(&args.log, &error))?;
    if args.verifier_key {
        writeln!(out, "{}", verifier_key(&leaves.origin, &key))?;
        return Ok(ExitStatus::Success);
    }
    let file = args.note.clone().unwrap_or_else(|| note_path(&args.log));
    let (text, note) = read_note(&file, &key)?;
    let proof = match (&args.receipt, args.line, &args.since) {
        (Some(receipt), _, _) => {
            let bytes = evidence_files::bytes(receipt)?;
            let seq = Receipt::open(&bytes, &key).map_err(|error| of_receipt(receipt, &error))?.chain_seq;
            let object = signed::open(&bytes, &key).map_err(|error| of_receipt(receipt, &error))?;
            let line = line_of(&args.log, &leaves, seq)?;
            leaves.inclusion(seq, &line, Some(object), &note, &text)
        }
        (_, Some(seq), _) => leaves.inclusion(seq, &line_of(&args.log, &leaves, seq)?, None, &note, &text),
        (_, _, Some(since)) => since_proof(&leaves, since, &key, &note, &text)?,
        // One of them is required.
        _ => return Ok(ExitStatus::Failure),
    };
    let proof: Value = proof.map_err(|error| cannot(&args.log, &error))?;
    writeln!(out, "{}", proof.to_canonical())?;
    Ok(ExitStatus::Success)
}

fn since_proof(
    leaves: &Leaves,
    since: &str,
    key: &PublicKey,
    note: &Note,
    text: &str,
) -> Result<Result<Value, ProveError>, Failure> {
    if let Ok(lines) = since.parse() {
        return Ok(leaves.consistency(lines, None, note, text));
    }
    let (old_text, old) = read_note(Path::new(since), key)?;
    Ok(leaves.consistency(old.size, Some((&old, &old_text)), note, text))
}

fn read_note(file: &Path, key: &PublicKey) -> Result<(String, Note), Failure> {
    let text = evidence_files::text(file)?;
    let note = Note::open(&text, key).map_err(|error| {
        let what = format!("{}: {error}", file.display());
        Failure::new(what, "Name the log's checkpoint note; the gateway writes it at each checkpoint.")
    })?;
    Ok((text, note))
}

/// The text of the line with this `seq`.
fn line_of(log: &Path, leaves: &Leaves, seq: u64) -> Result<String, Failure> {
    let unreadable = |error| Failure::io("cannot read", log, &error);
    let file = File::open(log).map_err(unreadable)?;
    let line = leaves.line(seq, BufReader::new(file)).map_err(unreadable)?;
    line.ok_or_else(|| cannot(log, &ProveError::NoSuchLine(seq)))
}

fn of_receipt(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("{}: {error}", file.display()), "Name a receipt of this log, and the log's own key.")
}

fn cannot(log: &Path, error: &ProveError) -> Failure {
    let remedy = match error {
        ProveError::NoSuchLine(_) => "Wait for the next checkpoint, or look in the log's archives.",
        ProveError::Note(_) => "The log was cut or rewritten, or the note is of one of its archives.",
        _ => "Run `waterwall verify-chain` on it.",
    };
    Failure::new(format!("{}: {error}", log.display()), remedy)
}
