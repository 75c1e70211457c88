//! The door of both ports: which requests a program on this machine can have sent.
//!
//! A web page can reach a loopback port too. It cannot forge `Host` (so a rebound name shows) nor
//! `Origin`, which browsers add to every request that could do harm. `Sec-Fetch-Mode` says
//! nothing: Node's own `fetch` sends it.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;
use http::{HeaderMap, Uri, header};

/// One listening port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    listen: SocketAddr,
}

/// Why a request is turned away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stranger {
    /// `Host` does not name this machine: 421.
    Host,
    /// A page of another origin sent it: 403.
    Origin,
}

impl Door {
    /// The door of the port that listens on `listen`.
    pub(crate) fn new(listen: SocketAddr) -> Self {
        Self { listen }
    }

    /// Checks `Host`, `Origin` and `Sec-Fetch-Site`.
    pub(crate) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Stranger> {
        if !self.names_us(uri, headers) {
            return Err(Stranger::Host);
        }
        let mut sites = headers.get_all("sec-fetch-site").iter();
        // To browsers, every port of a host is the same site.
        if sites.any(|site| site != "none" && site != "same-origin") || headers.get_all(header::ORIGIN).iter().any(|it| !self.is_own_origin(it)) {
            return Err(Stranger::Origin);
        }
        Ok(())
    }

    /// Every name that the request gives for its target has to be ours.
    fn names_us(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let hosts = headers.get_all(header::HOST);
        let named = uri.authority().is_some() || hosts.iter().next().is_some();
        named
            && uri.authority().is_none_or(|authority| self.is_own_host(authority))
            && hosts
                .iter()
                .all(|host| Authority::try_from(host.as_bytes()).is_ok_and(|host| self.is_own_host(&host)))
    }

    fn is_own_host(&self, authority: &Authority) -> bool {
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        !authority.as_str().contains('@')
            && (host.eq_ignore_ascii_case("localhost")
                || bare
                    .parse::<IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback() || ip == self.listen.ip() && !ip.is_unspecified()))
    }

    fn is_own_origin(&self, origin: &http::HeaderValue) -> bool {
        let Some(authority) = origin.to_str().ok().and_then(|it| it.strip_prefix("http://")) else {
            return false;
        };
        authority.parse::<Authority>().is_ok_and(|authority| {
            self.is_own_host(&authority) && authority.port_u16().unwrap_or(80) == self.listen.port()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(headers: &[(&'static str, &str)]) -> Result<(), Stranger> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Door::new("127.0.0.1:8888".parse().unwrap()).admit(&Uri::from_static("/v1/models"), &map)
    }

    #[test]
    fn loopback_hosts_are_admitted() {
        for host in ["127.0.0.1:8888", "localhost", "LocalHost:1", "[::1]:8888", "127.1.2.3"] {
            assert_eq!(admit(&[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "10.0.0.1",
            "0.0.0.0:8888",
            "user@localhost",
            "localhost.",
            "",
        ] {
            assert_eq!(admit(&[("host", host)]), Err(Stranger::Host), "{host}");
        }
        assert_eq!(admit(&[]), Err(Stranger::Host));
        assert_eq!(admit(&[("host", "localhost"), ("host", "evil.test")]), Err(Stranger::Host));
    }

    #[test]
    fn authority_of_the_target_counts_too() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        let door = Door::new("127.0.0.1:8888".parse().unwrap());
        let foreign = Uri::from_static("http://example.com/v1/models");
        assert_eq!(door.admit(&foreign, &headers), Err(Stranger::Host));
        let own = Uri::from_static("http://127.0.0.1:8888/v1/models");
        assert_eq!(door.admit(&own, &headers), Ok(()));
    }

    #[test]
    fn only_our_own_pages_are_admitted() {
        let host = ("host", "localhost:8888");
        assert_eq!(admit(&[host, ("origin", "http://localhost:8888")]), Ok(()));
        for origin in [
            "https://example.com",
            "http://localhost:3000",
            "https://localhost:8888",
            "http://localhost",
            "null",
        ] {
            assert_eq!(admit(&[host, ("origin", origin)]), Err(Stranger::Origin), "{origin}");
        }
    }

    #[test]
    fn fetch_metadata() {
        let host = ("host", "localhost:8888");
        for site in ["cross-site", "same-site", ""] {
            assert_eq!(admit(&[host, ("sec-fetch-site", site)]), Err(Stranger::Origin), "{site}");
        }
        assert_eq!(admit(&[host, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(admit(&[host, ("sec-fetch-site", "none"), ("sec-fetch-mode", "cors")]), Ok(()));
    }
}
