//! `waterwall pre-launch-hook`: the health gate for an agent's session-start hook.
//!
//! The exit code is the contract. What stands on stdout is for the agent to read: the shape is that
//! of Claude Code's SessionStart hooks.

use std::env;
use std::io::Write;

use serde_json::json;

use super::gate::{self, Verdict};
use super::{ConfigOption, ExitStatus, Stop, terminal};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let named = env::var("WATERWALL_HEALTHZ_URL").ok().filter(|url| !url.is_empty());
    let verdict = match named {
        Some(url) => gate::check(&url),
        None => {
            args.config.load().and_then(|config| gate::check(&gate::health_url(None, config.admin_listen)))
        }
    };
    match verdict {
        Ok(Verdict::Well) => Ok(ExitStatus::Success),
        Ok(Verdict::Warn(reason)) => {
            terminal::gate_warning(&reason);
            tell(out, &format!("waterwall: {reason}"))?;
            Ok(ExitStatus::Success)
        }
        Err(failure) => {
            terminal::block(&failure);
            tell(out, &format!("waterwall: do not go on: {failure}. {}", failure.remedy()))?;
            Ok(ExitStatus::Failure)
        }
    }
}

fn tell(out: &mut dyn Write, text: &str) -> Result<(), Stop> {
    let output = json!({ "hookEventName": "SessionStart", "additionalContext": text });
    writeln!(out, "{}", json!({ "hookSpecificOutput": output }))?;
    Ok(())
}
