//! The command line: one file per verb, and the list of them.
//!
//! A verb writes its answer to the writer it is given and returns an `ExitStatus`; what goes
//! wrong is a `Stop`, shown here and nowhere else: one line what, one line what to do.

mod completions;
mod dashboard;
mod demo;
mod env;
mod evidence_files;
mod export_evidence;
mod gate;
mod init;
mod launch;
mod log;
mod pre_launch_hook;
mod prove;
mod reference;
mod regen_ca;
mod rotate_chain;
mod run;
mod scan;
mod secrets;
mod shell;
mod status;
mod terminal;
mod trust;
mod usage;
mod variables;
mod verify_chain;
mod verify_evidence;
mod verify_install;
mod verify_proof;
mod verify_receipt;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, Surroundings};
use crate::failure::Failure;

use status::{ExitStatus, Stop};

/// A local gateway that keeps secrets out of what coding agents send to AI providers.
#[derive(Parser)]
#[command(name = "waterwall", version, propagate_version = true)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a verb: run.
    #[command(flatten)]
    run: run::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Start the gateway in the foreground (also without any verb)
    Run(run::Args),
    /// Write a commented configuration, the signing key pair and the private CA
    Init(init::Args),
    /// Print the variables that point agents at the gateway
    Env(env::Args),
    /// Check that the gateway is healthy, then become the agent
    Launch(launch::Args),
    /// Check that the gateway is healthy: for an agent's session-start hook
    PreLaunchHook(pre_launch_hook::Args),
    /// Check the installation, or with --runtime the gateway that runs
    VerifyInstall(verify_install::Args),
    /// Watch the gateway that runs, and stop it: a dashboard in the terminal
    Dashboard(dashboard::Args),
    /// Show one exchange from all sides, without network or key
    Demo,
    /// Show which secrets a text holds, by type and place
    Scan(scan::Args),
    /// Add, list and remove values that are replaced wherever they stand
    Secrets(secrets::Args),
    /// Make a new private CA for the configured hosts
    RegenCa(regen_ca::Args),
    /// Check an audit log
    VerifyChain(verify_chain::Args),
    /// Check a receipt
    VerifyReceipt(verify_receipt::Args),
    /// Write a signed bundle of the log, its receipts and manifests for an auditor
    ExportEvidence(export_evidence::Args),
    /// Check a bundle
    VerifyEvidence(verify_evidence::Args),
    /// Prove that a line or a receipt is in the log, or that the log goes on from an older one
    Prove(prove::Args),
    /// Check such a proof
    VerifyProof(verify_proof::Args),
    /// Close and archive the audit log; that of a running gateway with --running
    RotateChain(rotate_chain::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print this command line as a page of the documentation
    #[command(hide = true)]
    CliReference,
}

impl Command {
    fn run(self, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
        match self {
            Self::Run(args) => run::run(&args, out),
            Self::Init(args) => init::run(&args, out),
            Self::Env(args) => env::run(&args, out),
            Self::Launch(args) => launch::run(&args),
            Self::PreLaunchHook(args) => pre_launch_hook::run(&args, out),
            Self::VerifyInstall(args) => verify_install::run(&args, out),
            Self::Dashboard(args) => dashboard::run(&args),
            Self::Demo => demo::run(out),
            Self::Scan(args) => scan::run(&args, out),
            Self::Secrets(args) => secrets::run(&args, out),
            Self::RegenCa(args) => regen_ca::run(&args, out),
            Self::VerifyChain(args) => verify_chain::run(&args, out),
            Self::VerifyReceipt(args) => verify_receipt::run(&args, out),
            Self::ExportEvidence(args) => export_evidence::run(&args, out),
            Self::VerifyEvidence(args) => verify_evidence::run(&args, out),
            Self::Prove(args) => prove::run(&args, out),
            Self::VerifyProof(args) => verify_proof::run(&args, out),
            Self::RotateChain(args) => rotate_chain::run(&args, out),
            Self::Completions(args) => completions::run(&args, out),
            Self::CliReference => {
                reference::write(Cli::command(), out)?;
                Ok(ExitStatus::Success)
            }
        }
    }

    /// Whether the work is done by what is printed. The gateway serves whether or not somebody reads
    /// its announcement.
    fn prints_its_answer(&self) -> bool {
        !matches!(self, Self::Run(_))
    }

    /// The status when the verb could not do its work. Checkers keep 1 for "the answer is no".
    fn status_of_failure(&self) -> ExitStatus {
        match self {
            Self::Scan(_)
            | Self::VerifyChain(_)
            | Self::RotateChain(_)
            | Self::VerifyReceipt(_)
            | Self::VerifyEvidence(_)
            | Self::VerifyProof(_) => ExitStatus::Unusable,
            _ => ExitStatus::Failure,
        }
    }
}

/// `--config`, for the verbs that need the configuration.
#[derive(clap::Args)]
struct ConfigOption {
    /// Configuration file [default: $WATERWALL_CONFIG, ./waterwall.yaml, the user's, the system's,
    /// the built-in one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigOption {
    fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.config.as_deref(), &Surroundings::of_process())?)
    }
}

/// Shows what was asked for in place of a verb, or what is wrong with the command line.
fn not_understood(error: &clap::Error) -> ExitCode {
    match usage::failure(error) {
        Some(failure) => {
            terminal::show(&failure);
            ExitStatus::Unusable.into()
        }
        // Nobody is left to tell that the page cannot be written.
        None => {
            let _ = error.print();
            ExitStatus::Success.into()
        }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let command = cli.command.unwrap_or(Command::Run(cli.run));
    let status_of_failure = command.status_of_failure();
    let prints_its_answer = command.prints_its_answer();
    let mut out = io::stdout().lock();
    let result = command.run(&mut out).and_then(|status| match out.flush() {
        Err(error) if prints_its_answer => Err(error.into()),
        _ => Ok(status),
    });
    let status = result.unwrap_or_else(|stop| {
        if let Stop::Failed(failure) = stop {
            terminal::show(&failure);
        }
        status_of_failure
    });
    status.into()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
