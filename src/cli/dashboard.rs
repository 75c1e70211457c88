//! `waterwall dashboard`: the gateway that runs, seen and steered from a terminal.

use super::{ConfigOption, ExitStatus, Stop};
use crate::dashboard;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
}

pub(super) fn run(args: &Args) -> Result<ExitStatus, Stop> {
    dashboard::run(args.config.load()?)?;
    Ok(ExitStatus::Success)
}
