//! The configuration: one YAML file, read once, turned into types that cannot be wrong.
//!
//! `raw` is the file format, `build` checks it section by section and `model` is the result;
//! nothing outside this module sees a string that still needs parsing or an option that should
//! have been set. A file that is named but missing, unparsable or has an unknown key is an
//! [`Error`] with its place in the file.

mod allow;
mod build;
mod change;
mod error;
mod gitleaks;
mod locate;
mod model;
mod patterns;
mod raw;
mod redaction;
mod surroundings;
mod template;
#[cfg(test)]
mod tests;
mod upstream;

use std::path::Path;

pub use allow::AllowList;
pub use error::Error;
pub use locate::{BUILT_IN, Source};
pub use model::{
    Audit, Config, Endpoint, Forward, Fsync, KillSwitch, OtherHosts, Redaction, RefusalStatus, Unscannable,
    Upstream, VaultLimits,
};
pub use patterns::policy_text;
pub use surroundings::Surroundings;
pub use template::Template;

impl Config {
    /// Finds, reads and checks the configuration; `named` is the `--config` option.
    ///
    /// # Errors
    /// When the file cannot be read or says anything that cannot be used.
    pub fn load(named: Option<&Path>, surroundings: &Surroundings) -> Result<Self, Error> {
        Self::from_source(Source::find(named, surroundings), surroundings)
    }

    /// Reads and checks one source: the way to load a running configuration again, since it keeps
    /// its own [`Source`].
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_source(source: Source, surroundings: &Surroundings) -> Result<Self, Error> {
        let text = source.read()?;
        build::config(source, &text, surroundings)
    }
}
