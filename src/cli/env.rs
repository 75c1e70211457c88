//! `waterwall env`: the exports an agent needs, for `eval "$(waterwall env)"`.

use std::io::Write;

use super::shell::Shell;
use super::variables::{self, Mode};
use super::{ConfigOption, ExitStatus, Stop, trust};
use crate::config::Config;
use crate::failure::Failure;
use crate::state::Files;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// How agents reach the gateway
    #[arg(long, value_enum, default_value = "base-url")]
    mode: Mode,
    /// The syntax to print
    #[arg(long, value_enum, default_value = "sh")]
    shell: Shell,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    let (variables, remarks) = match args.mode {
        Mode::BaseUrl => (variables::base_url(&config), base_url_remarks()),
        Mode::Proxy => {
            make_authority(&config)?;
            let bundle = trust::write_bundle(&config, std::env::var_os("SSL_CERT_FILE"))?;
            let variables = variables::proxy(&config, &bundle.path);
            (variables, proxy_remarks(&bundle))
        }
    };
    for remark in remarks {
        writeln!(out, "{}", args.shell.comment(&remark))?;
    }
    for (name, value) in variables {
        writeln!(out, "{}", args.shell.export(name, &value))?;
    }
    Ok(ExitStatus::Success)
}

/// Makes the private CA, with all else that the gateway makes at its first start, where there is none yet.
fn make_authority(config: &Config) -> Result<(), Failure> {
    let files = Files::of(config);
    if !files.ca_certificate().exists() {
        files.check_private()?;
        files.ensure()?;
    }
    Ok(())
}

fn base_url_remarks() -> Vec<String> {
    vec!["If HTTPS_PROXY is set, unset it for the agent: some send even 127.0.0.1 there.".to_owned()]
}

fn proxy_remarks(bundle: &trust::Bundle) -> Vec<String> {
    let made_of = match &bundle.roots {
        Some(roots) => format!("the roots of {} and", roots.display()),
        None => "no system roots, for none were found, but only".to_owned(),
    };
    vec![
        format!("SSL_CERT_FILE and REQUESTS_CA_BUNDLE name a file of {made_of} Waterwall's CA."),
        "Unset ANTHROPIC_BASE_URL, OPENAI_BASE_URL and the like: they would go round the proxy.".to_owned(),
    ]
}
