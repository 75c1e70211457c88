//! `waterwall regen-ca`: a new private CA for the configured hosts, in the place of the old one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::{ConfigOption, ExitStatus, Stop, trust};
use crate::ca::{self, Authority, Blueprint};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// Where ca.pem and ca.key go [default: `forward.ca_dir`]
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// A list of hosts to take instead of the configured ones (the predecessor's
    /// permitted_hosts.yaml)
    #[arg(long, value_name = "FILE")]
    hosts_file: Option<PathBuf>,
    /// How many days it is valid
    #[arg(long, value_name = "DAYS", default_value_t = ca::DAYS,
          value_parser = clap::value_parser!(u32).range(1..=7300))]
    days: u32,
    /// Its name, as certificate viewers show it
    #[arg(long, value_name = "NAME", default_value = ca::COMMON_NAME)]
    common_name: String,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    let hosts = match &args.hosts_file {
        Some(file) => hosts_in(file)?,
        None => config.upstreams.iter().map(|upstream| upstream.host.clone()).collect(),
    };
    let now = OffsetDateTime::now_utc();
    let authority = make(args, &hosts, now)?;
    let directory = args.out_dir.as_deref().unwrap_or(&config.forward.ca_dir);
    let stamp = now
        .format(format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z"))
        .map_err(|error| Failure::new(format!("the time cannot be written: {error}"), "Check the clock."))?;
    let swapped = ca::swap(directory, &authority, &stamp)
        .map_err(|error| Failure::io("the private CA is as it was: cannot write to", directory, &error))?;
    for backup in &swapped.backups {
        writeln!(out, "backup  {}", backup.display())?;
    }
    for file in [&swapped.certificate, &swapped.key] {
        writeln!(out, "created {}", file.display())?;
    }
    writeln!(out, "hosts   {}", hosts.join(", "))?;
    if directory != config.forward.ca_dir {
        writeln!(out, "It is used where `forward.ca_dir` names that directory.")?;
        return Ok(ExitStatus::Success);
    }
    if config.state_dir.exists() {
        let bundle = trust::write_bundle(&config, std::env::var_os("SSL_CERT_FILE"))?;
        writeln!(out, "bundle  {}", bundle.path.display())?;
    }
    writeln!(
        out,
        "A running gateway uses it from the next connection on; restart agents, for they hold the old one."
    )?;
    Ok(ExitStatus::Success)
}

/// Makes the authority and makes sure that it is what was asked for.
fn make(args: &Args, hosts: &[String], now: OffsetDateTime) -> Result<Authority, Failure> {
    let blueprint = Blueprint { common_name: &args.common_name, days: args.days };
    let names = || hosts.iter().map(String::as_str);
    let failed =
        |what: String| Failure::new(format!("the private CA cannot be made: {what}"), "Check the hosts.");
    let authority = Authority::by(blueprint, names(), now).map_err(|error| failed(error.to_string()))?;
    match ca::check(&authority.certificate, names(), now).into_iter().find(|it| !is_about_time(it)) {
        Some(finding) => Err(failed(finding.to_string())),
        None => Ok(authority),
    }
}

/// A CA for a few days only is what was asked for.
fn is_about_time(finding: &ca::Finding) -> bool {
    matches!(finding, ca::Finding::ExpiresSoon { .. })
}

/// The predecessor's list: `hosts: [{host: …}]`, other keys ignored; plain names do as well.
#[derive(Deserialize)]
struct HostsFile {
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Host {
    Entry { host: String },
    Name(String),
}

fn hosts_in(file: &Path) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::io("cannot read", file, &error))?;
    let unusable = |what: &str| {
        let remedy = "Write `hosts:` and below it one `- host: NAME` for each host.";
        Failure::new(format!("{}: {what}", file.display()), remedy)
    };
    let parsed: HostsFile = serde_saphyr::from_str(&text).map_err(|_| unusable("not a list of hosts"))?;
    let names = parsed.hosts.into_iter().map(|host| match host {
        Host::Entry { host } | Host::Name(host) => host.to_ascii_lowercase(),
    });
    let hosts: Vec<String> = names.collect();
    match hosts.iter().find(|host| !is_host_name(host)) {
        _ if hosts.is_empty() => Err(unusable("no host is listed")),
        Some(wrong) => Err(unusable(&format!("{wrong:?} is not a host name"))),
        None => Ok(hosts),
    }
}

/// RFC 1123, and not an address, which could not be vouched for.
fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.len() <= 253 && host.split('.').all(label) && host.parse::<std::net::IpAddr>().is_err()
}
