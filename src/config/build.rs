//! Turns the file format into the configuration, checking every value on the way.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::raw::{self, Maybe};
use super::{
    Audit, Config, Error, Forward, Fsync, KillSwitch, OtherHosts, RefusalStatus, Source, Surroundings,
    VaultLimits, redaction, upstream,
};

/// Ten years in seconds: longer than any sensible interval, short enough for every clock.
const LONGEST_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// An hour: no answer takes longer.
const LONGEST_DRAIN_SECONDS: u64 = 3600;

/// Vault entries are held in memory.
const LARGEST_VAULT: u64 = 100_000_000;

/// A log that is archived more often than this is mostly archives.
const SMALLEST_LOG: u64 = 64 << 10;

/// The file being checked and what its values are relative to.
pub(super) struct Context<'a> {
    pub(super) file: &'a Path,
    pub(super) surroundings: &'a Surroundings,
}

impl Context<'_> {
    /// Parses YAML into `T`. A file without any content stands for all defaults.
    pub(super) fn parse<T: serde::de::DeserializeOwned + Default>(&self, text: &str) -> Result<T, Error> {
        let parsed: Result<Option<T>, _> = serde_saphyr::from_str(text);
        match parsed {
            Ok(value) => Ok(value.unwrap_or_default()),
            Err(error) => Err(Error::from_yaml(self.file, &error)),
        }
    }

    pub(super) fn refuse(
        &self,
        place: Location,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        Error::at(self.file, place, what, remedy)
    }

    /// A path as written: `~/` is the home directory, a relative path starts at the file's own
    /// directory.
    pub(super) fn path(&self, written: &Spanned<String>) -> Result<PathBuf, Error> {
        if written.value.is_empty() {
            let remedy = "Write a path, or `null` for the default.";
            return Err(self.refuse(written.referenced, "the path is empty", remedy));
        }
        if let (Some(rest), Some(home)) = (written.value.strip_prefix("~/"), &self.surroundings.home) {
            return Ok(home.join(rest));
        }
        // Absolute, because paths are handed on: to agents by `waterwall env`, to whoever reads messages.
        let base = self.file.parent().filter(|base| !base.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(std::path::absolute(base).unwrap_or_else(|_| base.to_owned()).join(&written.value))
    }

    fn path_or(&self, written: Maybe<String>, default: PathBuf) -> Result<PathBuf, Error> {
        written.map_or(Ok(default), |written| self.path(&written))
    }

    fn address(&self, written: Maybe<String>, default: SocketAddr) -> Result<SocketAddr, Error> {
        let Some(written) = written else {
            return Ok(default);
        };
        written.value.parse().map_err(|_| {
            let what = "this is not an address and port";
            let remedy = format!("Write it like {default}.");
            self.refuse(written.referenced, what, remedy)
        })
    }

    /// A number from 1 to `largest`.
    pub(super) fn count(&self, written: Maybe<u64>, default: u64, largest: u64) -> Result<u64, Error> {
        let Some(written) = written else {
            return Ok(default);
        };
        if (1..=largest).contains(&written.value) {
            return Ok(written.value);
        }
        let what = format!("{} is out of range", written.value);
        let remedy = format!("Write a number from 1 to {largest}; the default is {default}.");
        Err(self.refuse(written.referenced, what, remedy))
    }
}

/// Checks `text`, which came from `source`.
pub(super) fn config(source: Source, text: &str, surroundings: &Surroundings) -> Result<Config, Error> {
    let name = source.name().to_owned();
    let context = Context { file: &name, surroundings };
    let raw: raw::Config = context.parse(text)?;
    let (listen, admin_listen) = addresses(&context, raw.listen, raw.admin.unwrap_or_default())?;
    let state_dir = state_dir(&context, raw.state_dir)?;
    let drain = context.count(raw.drain_seconds, 80, LONGEST_DRAIN_SECONDS)?;
    let redaction = redaction::check(&context, raw.redaction.unwrap_or_default(), &state_dir)?;
    Ok(Config {
        listen,
        admin_listen,
        drain: Duration::from_secs(drain),
        upstreams: upstream::all(&context, raw.upstreams)?,
        forward: forward(&context, raw.forward.unwrap_or_default(), &state_dir)?,
        redaction: redaction.section,
        vault: vault(&context, raw.vault.unwrap_or_default())?,
        audit: audit(&context, raw.audit.unwrap_or_default(), &state_dir)?,
        kill_switch: kill_switch(&context, raw.kill_switch.unwrap_or_default(), &state_dir)?,
        state_dir,
        read: redaction.read,
        warnings: redaction.warnings,
        source,
    })
}

fn addresses(
    context: &Context<'_>,
    listen: Maybe<String>,
    admin: raw::Admin,
) -> Result<(SocketAddr, SocketAddr), Error> {
    let admin_place = admin.listen.as_ref().map_or(Location::UNKNOWN, |at| at.referenced);
    let listen = context.address(listen, SocketAddr::from(([127, 0, 0, 1], 8888)))?;
    let admin = context.address(admin.listen, SocketAddr::from(([127, 0, 0, 1], 8889)))?;
    if !admin.ip().to_canonical().is_loopback() {
        let what = format!("the admin server may not listen on {}", admin.ip());
        let remedy = "Use a loopback address such as 127.0.0.1:8889.";
        return Err(context.refuse(admin_place, what, remedy));
    }
    // Port 0 asks the system for any free port, so two of these never clash.
    if admin.port() == listen.port() && admin.port() != 0 {
        let what = format!("agents and the admin server share port {}", admin.port());
        let remedy = "Give `listen` and `admin.listen` different ports.";
        return Err(context.refuse(admin_place, what, remedy));
    }
    Ok((listen, admin))
}

fn state_dir(context: &Context<'_>, written: Maybe<String>) -> Result<PathBuf, Error> {
    if let Some(written) = written {
        return context.path(&written);
    }
    let surroundings = context.surroundings;
    let user = || surroundings.state_home.as_ref().map(|home| home.join("waterwall"));
    surroundings.state_directory.clone().or_else(user).ok_or_else(|| {
        let what =
            "no state directory: none of state_dir, $STATE_DIRECTORY, $XDG_STATE_HOME and $HOME is set";
        Error::in_file(context.file, what, "Set `state_dir` in the configuration.")
    })
}

fn forward(context: &Context<'_>, raw: raw::Forward, state_dir: &Path) -> Result<Forward, Error> {
    let ports = raw.tunnel_ports.unwrap_or_default();
    Ok(Forward {
        intercept: raw.intercept.unwrap_or(true),
        ca_dir: context.path_or(raw.ca_dir, state_dir.to_owned())?,
        other_hosts: match raw.other_hosts {
            Some(raw::OtherHosts::Refuse) => OtherHosts::Refuse,
            Some(raw::OtherHosts::Tunnel) | None => OtherHosts::Tunnel,
        },
        tunnel_ports: ports.iter().map(|written| port(context, written)).collect::<Result<_, _>>()?,
    })
}

fn port(context: &Context<'_>, written: &Spanned<u64>) -> Result<u16, Error> {
    u16::try_from(written.value).ok().filter(|port| *port != 0).ok_or_else(|| {
        let what = format!("{} is not a port", written.value);
        context.refuse(written.referenced, what, "Write a number from 1 to 65535; 443 is always allowed.")
    })
}

fn vault(context: &Context<'_>, raw: raw::Vault) -> Result<VaultLimits, Error> {
    let capacity = context.count(raw.capacity, 10_000, LARGEST_VAULT)?;
    let ttl = context.count(raw.ttl_seconds, 14_400, LONGEST_SECONDS)?;
    Ok(VaultLimits {
        capacity: usize::try_from(capacity).unwrap_or(usize::MAX),
        ttl: Duration::from_secs(ttl),
    })
}

fn audit(context: &Context<'_>, raw: raw::Audit, state_dir: &Path) -> Result<Audit, Error> {
    let logs = state_dir.join("audit");
    Ok(Audit {
        chain: context.path_or(raw.chain, logs.join("proxy.jsonl"))?,
        receipts_dir: context.path_or(raw.receipts_dir, logs.join("receipts"))?,
        manifests_dir: context.path_or(raw.manifests_dir, logs.join("manifests"))?,
        signing_key: context.path_or(raw.signing_key, state_dir.join("signing.key"))?,
        checkpoint_lines: context.count(raw.checkpoint_lines, 100, 1_000_000)?,
        checkpoint_seconds: context.count(raw.checkpoint_seconds, 300, LONGEST_SECONDS)?,
        session_idle_seconds: context.count(raw.session_idle_seconds, 1800, LONGEST_SECONDS)?,
        fsync: match raw.fsync {
            Some(raw::Fsync::EveryCommit) => Fsync::EveryCommit,
            Some(raw::Fsync::Checkpoint) | None => Fsync::Checkpoint,
        },
        rotate_bytes: rotate_bytes(context, raw.rotate_bytes)?,
    })
}

fn rotate_bytes(context: &Context<'_>, written: Maybe<u64>) -> Result<Option<u64>, Error> {
    match written {
        Some(written) if written.value < SMALLEST_LOG => {
            let what = format!("{} bytes are too few for a log", written.value);
            let remedy = format!("Write at least {SMALLEST_LOG}, or `null` for no limit.");
            Err(context.refuse(written.referenced, what, remedy))
        }
        written => Ok(written.map(|written| written.value)),
    }
}

fn kill_switch(context: &Context<'_>, raw: raw::KillSwitch, state_dir: &Path) -> Result<KillSwitch, Error> {
    let shared = context.surroundings.runtime_directory.as_deref();
    let default = shared.unwrap_or(state_dir).join("kill");
    Ok(KillSwitch {
        armed: raw.armed,
        sentinel: context.path_or(raw.sentinel, default)?,
        refusal_status: refusal_status(context, raw.refusal_status)?,
    })
}

fn refusal_status(context: &Context<'_>, written: Maybe<u64>) -> Result<RefusalStatus, Error> {
    match written {
        None => Ok(RefusalStatus::BadGateway),
        Some(written) if written.value == 502 => Ok(RefusalStatus::BadGateway),
        Some(written) if written.value == 403 => Ok(RefusalStatus::Forbidden),
        Some(written) if written.value == 400 => Ok(RefusalStatus::BadRequest),
        Some(written) => {
            let what = format!("{} cannot be the refusal status", written.value);
            Err(context.refuse(written.referenced, what, "Write 502, 403 or 400; the default is 502."))
        }
    }
}
