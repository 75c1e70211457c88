//! `waterwall launch`: passes the gate, then becomes the agent.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::variables::{self, Mode};
use super::{ConfigOption, ExitStatus, Stop, gate, terminal, trust};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// How the agent reaches the gateway
    #[arg(long, value_enum, default_value = "base-url")]
    mode: Mode,
    /// The agent and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "AGENT")]
    agent: Vec<OsString>,
}

/// Returns only when the agent could not be started.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    let url = gate::health_url(env::var("WATERWALL_HEALTHZ_URL").ok(), config.admin_listen);
    match gate::check(&url) {
        Ok(gate::Verdict::Well) => {}
        Ok(gate::Verdict::Warn(reason)) => terminal::gate_warning(&reason),
        Err(failure) => {
            terminal::block(&failure);
            return Ok(ExitStatus::Failure);
        }
    }
    let variables = match args.mode {
        Mode::BaseUrl => variables::base_url(&config),
        Mode::Proxy => {
            let bundle = trust::write_bundle(&config, env::var_os("SSL_CERT_FILE"))?;
            variables::proxy(&config, &bundle.path)
        }
    };
    let [agent, arguments @ ..] = args.agent.as_slice() else {
        unreachable!("clap requires an agent");
    };
    let mut command = Command::new(agent);
    if args.mode == Mode::Proxy {
        for name in variables::round_the_proxy() {
            command.env_remove(name);
        }
    }
    let error = command.args(arguments).envs(variables).exec();
    let what = format!("{} cannot be started: {error}", agent.display());
    Err(Failure::new(what, "Check its name and that it is on your PATH.").into())
}
