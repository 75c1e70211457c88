//! `waterwall run`: the gateway in the foreground.

use std::io::{self, Write};

use super::{ConfigOption, ExitStatus, Stop, log, variables};
use crate::config::Config;
use crate::failure::Failure;
use crate::gateway::{self, Start};
use crate::state::Files;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// Take over from the gateway that runs, without dropping a connection
    #[arg(long)]
    upgrade: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    log::start();
    config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let files = Files::of(&config);
    files.check_private()?;
    for piece in files.ensure()? {
        if piece.created {
            tracing::info!(file = %piece.path.display(), "created");
        }
    }
    let ready = |config: &Config| {
        // Whoever reads this may be gone; the gateway serves all the same.
        let _ = announce(config, out);
    };
    let start = if args.upgrade { Start::AsHeir } else { Start::Afresh };
    gateway::run(config, start, ready).map_err(Failure::from)?;
    Ok(ExitStatus::Success)
}

/// Six lines: where it listens, what to export, where the log is, how to verify, how to stop.
fn announce(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let gateway = variables::gateway_url(config.listen);
    writeln!(out, "waterwall {version} listens on {gateway} (admin: http://{})", config.admin_listen)?;
    let variables = variables::base_url(config);
    for name in ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"] {
        match variables.iter().find(|(known, _)| *known == name) {
            Some((_, url)) => writeln!(out, "agents:  export {name}={url}")?,
            None => writeln!(out, "agents:  no upstream for {name} is configured")?,
        }
    }
    let log = config.audit.chain.display();
    let public_key = Files::of(config).signing_public();
    writeln!(out, "log:     {log}")?;
    writeln!(out, "verify:  waterwall verify-chain {log} --pubkey {}", public_key.display())?;
    let sentinel = config.kill_switch.sentinel.display();
    writeln!(out, "stop:    touch {sentinel} (every request is refused while it exists)")?;
    out.flush()
}
