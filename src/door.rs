//! The door of both ports: which requests a program on this machine can have sent.
//!
//! A web page can reach a loopback port too. It cannot forge `Host` (so a rebound name shows) nor
//! `Origin`, which browsers add to every request that could do harm. `Sec-Fetch-Mode` says
//! nothing: Node's own `fetch` sends it.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri, header};

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
        check_origin(headers, |origin| self.is_own_origin(origin))
    }

    /// Checks a CONNECT to `host`, whose `Host` names its target (as it should) or us.
    pub(crate) fn admit_connect(&self, host: &str, headers: &HeaderMap) -> Result<(), Stranger> {
        let names_it = |named: &HeaderValue| {
            Authority::try_from(named.as_bytes()).is_ok_and(|named| {
                let bare = named.host().trim_matches(['[', ']']);
                let same = match bare.parse::<IpAddr>() {
                    Ok(address) => address.to_string() == host,
                    Err(_) => bare.strip_suffix('.').unwrap_or(bare).eq_ignore_ascii_case(host),
                };
                same || self.is_own_host(&named)
            })
        };
        if !headers.get_all(header::HOST).iter().all(names_it) {
            return Err(Stranger::Host);
        }
        check_origin(headers, |_| false)
    }

    /// Checks a request to `host` that came through us: its own pages may send it, no others. Its
    /// `Host` means nothing, for it is not routed by that.
    pub(crate) fn admit_named(&self, scheme: &str, host: &str, headers: &HeaderMap) -> Result<(), Stranger> {
        let own = format!("{scheme}://{host}");
        check_origin(headers, |origin| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()))
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

    fn is_own_origin(&self, origin: &HeaderValue) -> bool {
        let Some(authority) = origin.to_str().ok().and_then(|it| it.strip_prefix("http://")) else {
            return false;
        };
        authority.parse::<Authority>().is_ok_and(|authority| {
            self.is_own_host(&authority) && authority.port_u16().unwrap_or(80) == self.listen.port()
        })
    }
}

/// Every `Origin` has to be an own one, and the request not a cross-site one.
fn check_origin(headers: &HeaderMap, is_own: impl Fn(&HeaderValue) -> bool) -> Result<(), Stranger> {
    // To browsers, every port of a host is the same site.
    let mut sites = headers.get_all("sec-fetch-site").iter();
    let foreign = sites.any(|site| site != "none" && site != "same-origin");
    match foreign || headers.get_all(header::ORIGIN).iter().any(|origin| !is_own(origin)) {
        true => Err(Stranger::Origin),
        false => Ok(()),
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
    fn a_connect_names_its_target_or_us() {
        let door = Door::new("127.0.0.1:8888".parse().unwrap());
        let connect = |target: &str, headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            door.admit_connect(target, &headers.collect())
        };
        for host in ["api.test:443", "API.test", "api.test.:443", "127.0.0.1:8888", "localhost"] {
            assert_eq!(connect("api.test", &[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(connect("2001:db8::1", &[("host", "[2001:DB8:0::1]:443")]), Ok(()));
        assert_eq!(connect("api.test", &[]), Ok(()));
        assert_eq!(connect("api.test", &[("host", "other.test")]), Err(Stranger::Host));
        let origin = ("origin", "https://api.test");
        assert_eq!(connect("api.test", &[origin]), Err(Stranger::Origin));
        assert_eq!(connect("api.test", &[("sec-fetch-site", "cross-site")]), Err(Stranger::Origin));
    }

    #[test]
    fn a_named_hosts_own_pages_are_admitted() {
        let door = Door::new("127.0.0.1:8888".parse().unwrap());
        let from = |origin: &str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())]);
            door.admit_named("https", "api.test", &headers)
        };
        assert_eq!(from("https://api.test"), Ok(()));
        assert_eq!(from("http://api.test"), Err(Stranger::Origin));
        assert_eq!(from("https://evil.test"), Err(Stranger::Origin));
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
