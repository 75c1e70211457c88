//! The configuration as the rest of the program sees it: complete, checked and free of options
//! that merely were not filled in.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use waterwall_core::detect::Detectors;
use waterwall_core::dialect::Dialect;

use super::{AllowList, Source};
use crate::known_values::Listed;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where it came from.
    pub source: Source,
    /// Where agents connect: base URLs and CONNECT on one port.
    pub listen: SocketAddr,
    /// Where the admin server listens; always a loopback address.
    pub admin_listen: SocketAddr,
    /// The directory of keys, tokens and (by default) logs.
    pub state_dir: PathBuf,
    /// How long exchanges in flight may take to finish once the gateway is told to stop.
    pub drain: Duration,
    /// The providers, in the order of the file; hosts and prefixes are unique.
    pub upstreams: Vec<Upstream>,
    /// What CONNECT may reach.
    pub forward: Forward,
    /// What is scanned and how.
    pub redaction: Redaction,
    /// How much the vault may remember.
    pub vault: VaultLimits,
    /// The audit log.
    pub audit: Audit,
    /// The kill switch.
    pub kill_switch: KillSwitch,
    /// What the operator should know, though it can be used; a line each, and no secret in any.
    pub warnings: Vec<String>,
    /// The files, besides the configuration's own, that a section above was made from.
    pub(super) read: Vec<PathBuf>,
}

/// One provider.
#[derive(Clone)]
pub struct Upstream {
    /// Its name in lower case: what a CONNECT names, and the certificate's name.
    pub host: String,
    /// Its wire format.
    pub dialect: &'static Dialect,
    /// The path prefix agents use, e.g. `/anthropic`; starts with a slash, ends without one.
    pub prefix: String,
    /// Where its requests go.
    pub url: Endpoint,
    /// A PEM file of extra roots for this upstream.
    pub ca_file: Option<PathBuf>,
}

/// The address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// True for `https`.
    pub tls: bool,
    /// Host name or address; an IPv6 address stands without its brackets.
    pub host: String,
    /// The port; 443 or 80 when the URL names none.
    pub port: u16,
    /// The path put before each request's own path: empty, or `/…` without a slash at the end.
    pub base_path: String,
}

/// What CONNECT may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Whether TLS to a listed host is terminated with the private CA.
    pub intercept: bool,
    /// Where the private CA lies: `ca.pem` and `ca.key`.
    pub ca_dir: PathBuf,
    /// What happens to a CONNECT to a host that is not listed.
    pub other_hosts: OtherHosts,
    /// Ports that CONNECT may name besides 443.
    pub tunnel_ports: Vec<u16>,
}

/// What happens to a CONNECT to a host that is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherHosts {
    /// Bytes go through unseen.
    Tunnel,
    /// The CONNECT is answered with 403.
    Refuse,
}

/// What is scanned and how.
#[derive(Clone)]
pub struct Redaction {
    /// The built-in set, the user's own patterns, and the known values.
    pub detectors: Detectors,
    /// What is no secret; `detectors` know of it what counts everywhere.
    pub allow: AllowList,
    /// Where known values came from, and what became of each.
    pub known: Vec<Listed>,
    /// The least number of bytes of a known value that is not forced.
    pub known_min_length: usize,
    /// The largest request body in bytes; a larger one is refused.
    pub max_body_bytes: usize,
    /// What happens to a body that cannot be scanned.
    pub unscannable: Unscannable,
    /// Whether the model is told what placeholders are, by a sentence in the system prompt.
    pub explain_placeholders: bool,
}

/// What happens to a body that cannot be scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unscannable {
    /// The request is refused.
    Refuse,
    /// The request passes unscanned and this is logged.
    Pass,
}

/// How much the vault may remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultLimits {
    /// The number of secrets; at least one.
    pub capacity: usize,
    /// How long an unused secret stays.
    pub ttl: Duration,
}

/// The audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The hash-chained log file.
    pub chain: PathBuf,
    /// Where receipts go.
    pub receipts_dir: PathBuf,
    /// Where session manifests go.
    pub manifests_dir: PathBuf,
    /// The Ed25519 key that signs, PEM PKCS#8.
    pub signing_key: PathBuf,
    /// A checkpoint is due after this many lines; at least one.
    pub checkpoint_lines: u64,
    /// A checkpoint is due after this many seconds; at least one.
    pub checkpoint_seconds: u64,
    /// A session ends after this many seconds without a request; at least one.
    pub session_idle_seconds: u64,
    /// When lines are made safe against a power cut.
    pub fsync: Fsync,
    /// The log is archived and begun anew when it has grown to this many bytes; `None`: never by
    /// itself.
    pub rotate_bytes: Option<u64>,
}

/// When lines of the log are made safe against a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// With each checkpoint.
    Checkpoint,
    /// Before a request goes on its way.
    EveryCommit,
}

/// The kill switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillSwitch {
    /// Armed by the configuration itself.
    pub armed: bool,
    /// While this file exists the switch is armed.
    pub sentinel: PathBuf,
    /// What refused requests are answered with.
    pub refusal_status: RefusalStatus,
}

/// What requests are answered with while the kill switch is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalStatus {
    /// 502.
    BadGateway,
    /// 403, for agents that retry any 5xx in spite of `x-should-retry: false`.
    Forbidden,
    /// 400, for agents that retry a 403 too.
    BadRequest,
}

/// By the dialect's name: a dialect is a table of functions, with nothing in it worth printing.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("host", &self.host)
            .field("dialect", &self.dialect.name)
            .field("prefix", &self.prefix)
            .field("url", &self.url)
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

/// Dialects are compared by name, which is unique in `DIALECTS`.
impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host
            && self.dialect.name == other.dialect.name
            && self.prefix == other.prefix
            && self.url == other.url
            && self.ca_file == other.ca_file
    }
}

impl Eq for Upstream {}

impl Redaction {
    /// The detectors for the text of one file: what its path allows is left alone.
    #[must_use]
    pub fn detectors_in(&self, file: &Path) -> Detectors {
        let by_path = self.allow.asks_for_path();
        if !by_path && !self.detectors.ask_for_path() {
            return self.detectors.clone();
        }
        let path = self.allow.path_of(file);
        let detectors = self.detectors.for_file(&path);
        if by_path { detectors.allowing(self.allow.in_file(&path)) } else { detectors }
    }
}

/// Detectors are told by the hash that names them on the audit log.
impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("detectors", &self.detectors.policy_hash())
            .field("allow", &self.allow)
            .field("known", &self.known)
            .field("known_min_length", &self.known_min_length)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("unscannable", &self.unscannable)
            .field("explain_placeholders", &self.explain_placeholders)
            .finish()
    }
}

impl PartialEq for Redaction {
    fn eq(&self, other: &Self) -> bool {
        self.detectors.is_same(&other.detectors)
            && self.allow == other.allow
            && self.known == other.known
            && self.known_min_length == other.known_min_length
            && self.max_body_bytes == other.max_body_bytes
            && self.unscannable == other.unscannable
            && self.explain_placeholders == other.explain_placeholders
    }
}

impl Eq for Redaction {}
