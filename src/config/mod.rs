//! The configuration: one YAML file, read once, turned into types that cannot be wrong.
//!
//! `raw` is the file format and `build` checks it; nothing outside this module sees a string that
//! still needs parsing or an option that should have been set.

mod model;

pub use model::{
    Audit, Config, Endpoint, ExtraPattern, Forward, KillSwitch, OtherHosts, Redaction, Unscannable,
    Upstream, VaultLimits,
};
