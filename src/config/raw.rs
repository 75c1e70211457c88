//! The file format: one struct per section of the YAML, every key optional unless it has no
//! sensible default, unknown keys refused. Values keep their place in the file so that a check
//! that fails later can still name the line.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A key that may be absent or `null`.
pub(super) type Maybe<T> = Option<Spanned<T>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) listen: Maybe<String>,
    pub(super) admin: Option<Admin>,
    pub(super) state_dir: Maybe<String>,
    pub(super) drain_seconds: Maybe<u64>,
    pub(super) upstreams: Maybe<Vec<Upstream>>,
    pub(super) forward: Option<Forward>,
    pub(super) redaction: Option<Redaction>,
    pub(super) vault: Option<Vault>,
    pub(super) audit: Option<Audit>,
    pub(super) kill_switch: Option<KillSwitch>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    pub(super) listen: Maybe<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) host: Spanned<String>,
    pub(super) dialect: Spanned<String>,
    pub(super) prefix: Spanned<String>,
    pub(super) url: Maybe<String>,
    pub(super) ca_file: Maybe<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forward {
    pub(super) intercept: Option<bool>,
    pub(super) ca_dir: Maybe<String>,
    pub(super) other_hosts: Option<OtherHosts>,
    pub(super) tunnel_ports: Option<Vec<Spanned<u64>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OtherHosts {
    Tunnel,
    Refuse,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redaction {
    /// Only ever `builtin`: the built-in set cannot be turned off.
    #[serde(rename = "detectors")]
    pub(super) _detectors: Option<DetectorSet>,
    pub(super) extra_detectors: Maybe<String>,
    pub(super) known_values: Option<KnownValues>,
    pub(super) allow: Option<Vec<Allow>>,
    pub(super) max_body_bytes: Maybe<u64>,
    pub(super) unscannable: Option<Unscannable>,
    pub(super) explain_placeholders: Option<bool>,
}

/// Where values come from that are secret wherever they stand.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownValues {
    pub(super) env_files: Option<Vec<Spanned<String>>>,
    pub(super) files: Option<Vec<Spanned<String>>>,
    pub(super) env: Option<Vec<Spanned<String>>>,
    pub(super) min_length: Maybe<u64>,
    pub(super) force: Option<Vec<String>>,
    pub(super) ignore: Option<Vec<String>>,
}

/// What is no secret, if all that it says is true.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allow {
    pub(super) sha256: Maybe<String>,
    #[serde(rename = "type")]
    pub(super) kind: Maybe<String>,
    pub(super) path: Maybe<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DetectorSet {
    Builtin,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unscannable {
    Refuse,
    Pass,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    pub(super) capacity: Maybe<u64>,
    pub(super) ttl_seconds: Maybe<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) chain: Maybe<String>,
    pub(super) receipts_dir: Maybe<String>,
    pub(super) manifests_dir: Maybe<String>,
    pub(super) signing_key: Maybe<String>,
    pub(super) checkpoint_lines: Maybe<u64>,
    pub(super) checkpoint_seconds: Maybe<u64>,
    pub(super) session_idle_seconds: Maybe<u64>,
    pub(super) fsync: Option<Fsync>,
    pub(super) rotate_bytes: Maybe<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fsync {
    Checkpoint,
    EveryCommit,
}

#[derive(Default)]
pub(super) struct KillSwitch {
    pub(super) armed: bool,
    pub(super) sentinel: Maybe<String>,
    pub(super) refusal_status: Maybe<u64>,
}

/// `kill_switch: true` is short for `kill_switch: { armed: true }`.
impl<'de> Deserialize<'de> for KillSwitch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Map {
            armed: Option<bool>,
            sentinel: Maybe<String>,
            refusal_status: Maybe<u64>,
        }

        struct BoolOrMap;

        impl<'de> Visitor<'de> for BoolOrMap {
            type Value = KillSwitch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a map of `armed`, `sentinel` and `refusal_status`")
            }

            fn visit_bool<E: de::Error>(self, armed: bool) -> Result<KillSwitch, E> {
                Ok(KillSwitch { armed, ..KillSwitch::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KillSwitch, A::Error> {
                let map = Map::deserialize(MapAccessDeserializer::new(map))?;
                Ok(KillSwitch {
                    armed: map.armed.unwrap_or(false),
                    sentinel: map.sentinel,
                    refusal_status: map.refusal_status,
                })
            }
        }

        deserializer.deserialize_any(BoolOrMap)
    }
}

/// The file of extra patterns.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patterns {
    pub(super) patterns: Vec<Pattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pattern {
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) regex: Spanned<String>,
}
