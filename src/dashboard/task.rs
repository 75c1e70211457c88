//! What is done at a key's bidding, away from the screen.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use time::OffsetDateTime;

use super::gateway::Gateway;
use crate::config::{Config, Surroundings};
use crate::failure::Failure;
use crate::install::{self, Check};
use crate::state::Files;
use crate::{config, evidence};

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Have the gateway read its configuration.
    Reload,
    /// Arm or disarm the kill switch's HTTP source.
    Switch { arm: bool },
    /// The checks of `verify-install --runtime`.
    Verify,
    /// Write a bundle.
    Export,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Done {
    Reloaded(Result<(), Trouble>),
    Switched {
        arm: bool,
        outcome: Result<(), Trouble>,
    },
    Verified(Result<Vec<Check>, Trouble>),
    /// What to say of the bundle: where it is, what is in it, how it is checked.
    Exported(Result<Vec<String>, Trouble>),
}

/// A failure, in two lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { what: failure.to_string(), remedy: failure.remedy().to_owned() }
    }
}

impl From<config::Error> for Trouble {
    fn from(error: config::Error) -> Self {
        Failure::from(error).into()
    }
}

impl Task {
    /// Does it; may take a while.
    pub(super) fn perform(self, gateway: &Gateway, config: &Config) -> Done {
        match self {
            Self::Reload => Done::Reloaded(gateway.reload()),
            Self::Switch { arm } => Done::Switched { arm, outcome: gateway.switch(arm) },
            Self::Verify => Done::Verified(verify(gateway, config)),
            Self::Export => Done::Exported(export(config)),
        }
    }
}

/// The result is kept for the admin server to tell, as that of the verb is.
fn verify(gateway: &Gateway, config: &Config) -> Result<Vec<Check>, Trouble> {
    let config = again(config)?;
    let checks = install::while_running(&config, &gateway.state()?);
    install::remember(&config, &checks);
    Ok(checks)
}

fn export(config: &Config) -> Result<Vec<String>, Trouble> {
    let config = again(config)?;
    let bundle = bundle_of(&config, SystemTime::now());
    let exported = evidence::write_all(&config, &bundle)?;
    let bundle = bundle.display();
    let mut lines = vec![
        format!("written: {bundle}"),
        format!(
            "{} lines, {} receipts, {} session manifests",
            exported.lines, exported.receipts, exported.manifests
        ),
    ];
    lines.extend(exported.notes);
    let key = Files::of(&config).signing_public();
    lines.push(format!("To check it: waterwall verify-evidence {bundle} --pubkey {}", key.display()));
    Ok(lines)
}

/// The configuration as it is now: detectors and CA may have changed since the dashboard began.
fn again(config: &Config) -> Result<Config, Trouble> {
    Ok(Config::from_source(config.source.clone(), &Surroundings::of_process())?)
}

/// `STATE_DIR/evidence-20261124T124410Z.tar.gz`.
fn bundle_of(config: &Config, now: SystemTime) -> PathBuf {
    let now = OffsetDateTime::from(now);
    let ((year, month, day), (hour, minute, second)) = (now.to_calendar_date(), now.to_hms());
    let month = u8::from(month);
    let name = format!("evidence-{year}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z.tar.gz");
    config.state_dir.join(name)
}
