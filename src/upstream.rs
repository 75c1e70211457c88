//! Reaching an upstream: its addresses, its trusted roots, its connection settings.

mod roots;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http::HeaderValue;
use pingora_core::protocols::{ALPN, TcpKeepalive};
use pingora_core::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};

use crate::config::{Endpoint, Upstream};

use roots::Roots;

pub(crate) use roots::platform_repaired;

/// TCP and TLS each get this long, per address.
const CONNECT: Duration = Duration::from_secs(10);
/// Models think for ten minutes without a byte; this is the pause after which we give up.
const READ: Duration = Duration::from_secs(15 * 60);
const WRITE: Duration = Duration::from_secs(120);
/// Shorter than the idle limits that providers' front ends are known for, so that they rarely
/// close a connection which we are about to use.
const IDLE: Duration = Duration::from_secs(50);
/// Requests that share one HTTP/2 connection.
const STREAMS: usize = 64;
/// How long a resolved name is taken for granted.
const RESOLVED: Duration = Duration::from_secs(30);

/// One upstream, ready to be connected to.
pub(crate) struct Target {
    endpoint: Endpoint,
    /// The value of `Host`.
    authority: HeaderValue,
    /// The roots in `ca_file`, when there is one. They and the platform's are tried one after the other:
    /// Pingora makes a root store for each connection whose peer has roots, and the platform's
    /// hundred and more would take a millisecond and 80 KB every time.
    roots: Option<Arc<Roots>>,
    /// Whether it was the platform's roots that vouched for this upstream, in spite of `ca_file`.
    by_platform: AtomicBool,
    /// Keeps pooled connections apart: Pingora's pool key does not cover the roots.
    group: u64,
    /// The last answer of the resolver. The lock is held for a clone, never across an await.
    resolved: Mutex<Option<(Instant, Arc<[SocketAddr]>)>>,
}

impl Target {
    /// Prepares every upstream, in order. What is the same as in `before` is taken from there, with
    /// its connections; what names a `ca_file` never is, as that file may say something else now.
    ///
    /// # Errors
    /// When a `ca_file` cannot be read or holds no usable certificate.
    pub(crate) fn all(upstreams: &[Upstream], before: &[Arc<Self>]) -> Result<Vec<Arc<Self>>> {
        let prepare = |upstream: &Upstream| {
            let same = before
                .iter()
                .find(|it| it.roots.is_none() && upstream.ca_file.is_none() && it.endpoint == upstream.url);
            same.map_or_else(|| Self::new(upstream).map(Arc::new), |same| Ok(Arc::clone(same)))
        };
        upstreams.iter().map(prepare).collect()
    }

    fn new(upstream: &Upstream) -> Result<Self> {
        /// Never the same twice in a process: connections made under other roots are not used again.
        static GROUPS: AtomicU64 = AtomicU64::new(1);
        let endpoint = upstream.url.clone();
        let authority = HeaderValue::try_from(authority(&endpoint))
            .with_context(|| format!("upstream {}: its host is not a name", upstream.host))?;
        let roots = match &upstream.ca_file {
            Some(file) if endpoint.tls => Some(roots::load(file)?),
            _ => None,
        };
        Ok(Self {
            endpoint,
            authority,
            roots,
            by_platform: AtomicBool::new(false),
            group: GROUPS.fetch_add(1, Relaxed),
            resolved: Mutex::new(None),
        })
    }

    /// The value of `Host` for this upstream.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// The path put before each request's own path; empty or without a slash at its end.
    pub(crate) fn base_path(&self) -> &str {
        &self.endpoint.base_path
    }

    /// All addresses of the upstream, in the order to try them; never none.
    ///
    /// # Errors
    /// When the name does not resolve.
    pub(crate) async fn addresses(&self) -> io::Result<Arc<[SocketAddr]>> {
        if let Some((at, addresses)) = &*self.resolved()
            && at.elapsed() < RESOLVED
        {
            return Ok(Arc::clone(addresses));
        }
        let name = (self.endpoint.host.as_str(), self.endpoint.port);
        let addresses: Arc<[SocketAddr]> =
            tokio::time::timeout(CONNECT, tokio::net::lookup_host(name)).await??.collect();
        if addresses.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        *self.resolved() = Some((Instant::now(), Arc::clone(&addresses)));
        Ok(addresses)
    }

    /// After `peer` was not trusted: whether there are other roots to try, which later peers then
    /// have.
    pub(crate) fn turn_to_other_roots(&self, peer: &HttpPeer) -> bool {
        self.by_platform.store(peer.options.ca.is_some(), Relaxed);
        self.roots.is_some()
    }

    /// Forgets the addresses: none of them could be connected to.
    pub(crate) fn forget_addresses(&self) {
        *self.resolved() = None;
    }

    fn resolved(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Arc<[SocketAddr]>)>> {
        // Replaced whole, so a poisoned lock still guards a good value.
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer at one of [`Self::addresses`]. Certificates are always verified: the name sent
    /// as SNI is never empty, which would switch verification off.
    pub(crate) fn peer(&self, address: SocketAddr) -> HttpPeer {
        let tls = self.endpoint.tls;
        let mut peer = HttpPeer::new(address, tls, self.endpoint.host.clone());
        peer.group_key = self.group;
        let options = &mut peer.options;
        options.alpn = if tls { ALPN::H2H1 } else { ALPN::H1 };
        options.ca = self.roots.clone().filter(|_| !self.by_platform.load(Relaxed));
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
        options.read_timeout = Some(READ);
        options.write_timeout = Some(WRITE);
        options.idle_timeout = Some(IDLE);
        options.max_h2_streams = STREAMS;
        options.tcp_keepalive = Some(TcpKeepalive {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(10),
            count: 6,
            #[cfg(target_os = "linux")]
            user_timeout: Duration::ZERO,
        });
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        peer
    }
}

/// `host` or `host:port`, as it stands in `Host` and in URLs.
fn authority(endpoint: &Endpoint) -> String {
    let host = match endpoint.host.contains(':') {
        true => format!("[{}]", endpoint.host),
        false => endpoint.host.clone(),
    };
    match (endpoint.tls, endpoint.port) {
        (true, 443) | (false, 80) => host,
        (_, port) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        let of = |tls, host: &str, port| {
            let base_path = String::new();
            authority(&Endpoint { tls, host: host.into(), port, base_path })
        };
        assert_eq!(of(true, "api.anthropic.com", 443), "api.anthropic.com");
        assert_eq!(of(true, "localhost", 8443), "localhost:8443");
        assert_eq!(of(false, "127.0.0.1", 80), "127.0.0.1");
        assert_eq!(of(false, "::1", 9000), "[::1]:9000");
    }

    #[test]
    fn own_roots_and_the_platforms_take_turns() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        let root = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        std::fs::write(&file, root.pem()).unwrap();
        let target = |ca_file| {
            let base_path = String::new();
            let upstream = Upstream {
                host: "a.test".into(),
                dialect: waterwall_core::dialect::Dialect::by_name("generic").unwrap(),
                prefix: "/a".into(),
                url: Endpoint { tls: true, host: "a.test".into(), port: 443, base_path },
                ca_file,
            };
            Target::new(&upstream).unwrap()
        };
        let address = SocketAddr::from(([127, 0, 0, 1], 1));

        let private = target(Some(file));
        for own in [true, false, true] {
            let peer = private.peer(address);
            assert_eq!(peer.options.ca.is_some(), own);
            assert!(private.turn_to_other_roots(&peer));
        }
        let public = target(None);
        assert!(!public.turn_to_other_roots(&public.peer(address)));
    }
}
