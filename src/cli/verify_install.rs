//! `waterwall verify-install`: the health checks, as JSON.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{ConfigOption, ExitStatus, Stop};
use crate::config::Config;
use crate::failure::Failure;
use crate::install::{self, Check, Reach};
use crate::plain_http;

/// How long a running gateway may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// Check the gateway that runs, instead of what a start needs
    #[arg(long)]
    runtime: bool,
    /// Don't try to reach the upstreams
    #[arg(long, conflicts_with = "runtime")]
    offline: bool,
}

/// The report, its fields in the order in which people read them.
#[derive(Serialize)]
struct Report {
    ok: bool,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rest {
    Checked { checks: Vec<Line> },
    NotChecked { error: String, help: String },
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    ok: bool,
    detail: String,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let checks = args.config.load().and_then(|config| {
        let checks = checks(args, &config)?;
        install::remember(&config, &checks);
        Ok(checks)
    });
    let checks = match checks {
        Ok(checks) => checks,
        Err(failure) => {
            let rest = Rest::NotChecked { error: failure.to_string(), help: failure.remedy().to_owned() };
            print(out, &Report { ok: false, rest })?;
            return Ok(ExitStatus::Failure);
        }
    };
    let ok = checks.iter().all(|check| check.ok);
    let line = |Check { name, ok, detail }| Line { name, ok, detail };
    let rest = Rest::Checked { checks: checks.into_iter().map(line).collect() };
    print(out, &Report { ok, rest })?;
    Ok(if ok { ExitStatus::Success } else { ExitStatus::Failure })
}

fn checks(args: &Args, config: &Config) -> Result<Vec<Check>, Failure> {
    if !args.runtime {
        let reach = if args.offline { Reach::Skip } else { Reach::Try };
        return Ok(install::before_start(config, reach));
    }
    let url = format!("http://{}/admin/state", config.admin_listen);
    let state = plain_http::get(&url, LIMIT).map_err(|error| {
        let what = format!("the gateway does not answer at {url}: {error}");
        Failure::new(what, "Start it with `waterwall run`.")
    })?;
    let state: Value = serde_json::from_slice(&state.body).map_err(|_| {
        let what = format!("the answer from {url} is not JSON");
        Failure::new(what, "Check that it is a waterwall gateway that listens there.")
    })?;
    Ok(install::while_running(config, &state))
}

fn print(out: &mut dyn Write, report: &Report) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(report).map_err(io::Error::from)?;
    writeln!(out, "{text}")?;
    Ok(())
}
