//! `waterwall rotate-chain`: closes and archives the audit log, or has the gateway that runs do it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use waterwall_audit::{ChainWriter, OpenError, SigningKey, WriterOptions};
use zeroize::Zeroizing;

use super::{ConfigOption, ExitStatus, Stop};
use crate::config::{Audit, Config};
use crate::failure::Failure;
use crate::plain_http;
use crate::state::Files;

/// How long a running gateway may take: it writes and syncs two files.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// The log [default: the configuration's]
    #[arg(long, value_name = "LOG")]
    chain_path: Option<PathBuf>,
    /// The private key that signs it, PEM [default: the configuration's]
    #[arg(long, value_name = "KEY")]
    signing_key: Option<PathBuf>,
    /// Ask the gateway that runs to do it: no request is lost, and it goes on
    #[arg(long, conflicts_with_all = ["chain_path", "signing_key"])]
    running: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    if args.running {
        let archive = ask(&config)?;
        return tell(out, &archive, &config.audit.chain);
    }
    let audit = config.audit;
    let chain = args.chain_path.as_deref().unwrap_or(&audit.chain);
    if !chain.exists() {
        writeln!(out, "warning: there is no log at {}: nothing to archive", chain.display())?;
        return Ok(ExitStatus::Success);
    }
    refuse_to_take_it_over(chain)?;
    let now = SystemTime::now();
    // Opening repairs a torn last line, so that a log with one can be archived too.
    let (writer, report) =
        ChainWriter::open(chain, options(args, chain, &audit)?, now).map_err(|error| cannot_open(&error))?;
    if let Some(torn) = &report.torn_moved_to {
        writeln!(out, "warning: the last line was torn; its bytes are in {torn} beside the log")?;
    }
    if report.uncovered > 0 {
        writeln!(
            out,
            "warning: no checkpoint covered the last {} lines; the log says so from here on",
            report.uncovered
        )?;
    }
    let archived = writer
        .rotate("rotate-chain", now)
        .and_then(|archived| writer.close(now).map(|()| archived))
        .map_err(|error| {
            Failure::new(
                format!("{}: {error}", chain.display()),
                "Check the disk and the directory; the log is as it was.",
            )
        })?;
    tell(out, &archived.path.display().to_string(), chain)
}

fn tell(out: &mut dyn Write, archive: &str, chain: &Path) -> Result<ExitStatus, Stop> {
    writeln!(out, "archived: {archive}")?;
    writeln!(out, "fresh chain at: {}", chain.display())?;
    writeln!(out, "The fresh chain names the archive and the hash of its last line: keep both.")?;
    Ok(ExitStatus::Success)
}

/// What root makes is root's: the gateway could not open its next log.
fn refuse_to_take_it_over(chain: &Path) -> Result<(), Failure> {
    let owner = fs::metadata(chain).map_err(|error| Failure::io("cannot look at", chain, &error))?.uid();
    if owner == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let what = format!("{} belongs to user {owner}, and this is root", chain.display());
    Err(Failure::new(what, format!("Run it as that user: sudo -u '#{owner}' waterwall rotate-chain")))
}

/// Has the gateway of this configuration rotate; returns the archive's name.
fn ask(config: &Config) -> Result<String, Failure> {
    let file = Files::of(config).admin_token();
    let token = fs::read_to_string(&file).map_err(|error| {
        let what = format!("cannot read {}: {error}", file.display());
        Failure::new(what, "Run this as the user that runs the gateway, with its configuration.")
    })?;
    let url = format!("http://{}/admin/rotate", config.admin_listen);
    let answer = plain_http::post(&url, token.trim(), "{}", PATIENCE).map_err(|error| {
        let what = format!("the gateway does not answer at {url}: {error}");
        Failure::new(what, "Without --running, the log of a gateway that is stopped is archived.")
    })?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    // It comes from another process: nothing of it may steer a terminal.
    let text = |key: &str| said[key].as_str().map(|text| text.replace(char::is_control, "?"));
    match (answer.status, text("archive")) {
        (200, Some(archive)) => Ok(archive),
        (status, _) => {
            let what = text("error").unwrap_or_else(|| format!("the answer from {url} has status {status}"));
            Err(Failure::new(what, "The log goes on as it was; the gateway's own messages may say more."))
        }
    }
}

fn options(args: &Args, chain: &Path, audit: &Audit) -> Result<WriterOptions, Failure> {
    let file = args.signing_key.clone().unwrap_or_else(|| key_of(chain, audit));
    let pem = fs::read_to_string(&file).map_err(|error| {
        let what = format!("cannot read the signing key {}: {error}", file.display());
        Failure::new(
            what,
            "Name the key that signs this log with --signing-key, or its configuration with --config.",
        )
    })?;
    let key = SigningKey::from_pem(&Zeroizing::new(pem)).map_err(|error| {
        Failure::new(format!("{}: {error}", file.display()), "Name the signing.key that belongs to the log.")
    })?;
    // Receipts that the log ends before are looked at where they are certain to be this log's.
    let receipts_dir = (chain == audit.chain).then(|| audit.receipts_dir.clone());
    Ok(WriterOptions { receipts_dir, tell_uncovered: true, ..WriterOptions::new(key) })
}

/// The configuration's key; for another log, the one that a STATE_DIR/audit/proxy.jsonl has at its
/// usual place. (A log tells whose it is, so the wrong key is refused when it is opened.)
fn key_of(chain: &Path, audit: &Audit) -> PathBuf {
    let usual = chain.parent().and_then(Path::parent).map(|state_dir| state_dir.join("signing.key"));
    match usual {
        Some(usual) if chain != audit.chain && usual.exists() => usual,
        _ => audit.signing_key.clone(),
    }
}

fn cannot_open(error: &OpenError) -> Failure {
    let remedy = match error {
        OpenError::Locked { .. } => "Stop the gateway first, or ask it to do it: --running.",
        OpenError::OtherKey { .. } => {
            "Name the right key with --signing-key, or its configuration with --config."
        }
        _ => "Check the log and its directory.",
    };
    Failure::new(error.to_string(), remedy)
}
