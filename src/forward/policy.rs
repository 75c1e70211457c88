//! What may happen to a CONNECT, by its host and port alone.

use crate::config::{self, OtherHosts};

use super::head::Target;

/// The port of HTTPS, always allowed.
const HTTPS: u16 = 443;

/// What happens to a CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its TLS is terminated here.
    Intercept,
    /// Its bytes pass unseen.
    Tunnel,
    /// It is answered with 403, and this.
    Refuse(&'static str),
}

/// Judges a CONNECT where `listed` are the configured hosts. Such a host is intercepted or refused,
/// never tunnelled: that would be a leak.
pub(super) fn judge<'a>(
    forward: &config::Forward,
    mut listed: impl Iterator<Item = &'a str>,
    target: &Target,
) -> Verdict {
    if target.port != HTTPS && !forward.tunnel_ports.contains(&target.port) {
        return Verdict::Refuse("this port is not in forward.tunnel_ports");
    }
    if listed.any(|host| host == target.host) {
        return match forward.intercept {
            true => Verdict::Intercept,
            false => Verdict::Refuse("forward.intercept is off, and a listed host is never tunnelled"),
        };
    }
    match forward.other_hosts {
        OtherHosts::Tunnel => Verdict::Tunnel,
        OtherHosts::Refuse => Verdict::Refuse("this host is not listed, and forward.other_hosts is refuse"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(intercept: bool, other_hosts: OtherHosts) -> config::Forward {
        config::Forward { intercept, ca_dir: "/nowhere".into(), other_hosts, tunnel_ports: vec![8443] }
    }

    fn judge(forward: &config::Forward, target: &str) -> Verdict {
        super::judge(forward, ["api.test"].into_iter(), &Target::parse(target).unwrap())
    }

    #[test]
    fn listed_hosts_are_never_tunnelled() {
        for others in [OtherHosts::Tunnel, OtherHosts::Refuse] {
            let on = forward(true, others);
            for target in ["api.test:443", "api.test:8443", "API.test.:443"] {
                assert_eq!(judge(&on, target), Verdict::Intercept, "{target}");
            }
            assert!(matches!(judge(&forward(false, others), "api.test:443"), Verdict::Refuse(_)));
        }
    }

    #[test]
    fn other_hosts_are_as_configured() {
        let tunnel = forward(true, OtherHosts::Tunnel);
        assert_eq!(judge(&tunnel, "other.test:443"), Verdict::Tunnel);
        assert_eq!(judge(&tunnel, "sub.api.test:443"), Verdict::Tunnel);
        assert_eq!(judge(&tunnel, "git.corp.test:8443"), Verdict::Tunnel);
        assert!(matches!(judge(&forward(true, OtherHosts::Refuse), "other.test:443"), Verdict::Refuse(_)));
    }

    #[test]
    fn other_ports_are_refused() {
        for target in ["other.test:80", "other.test:22", "api.test:80", "api.test:444"] {
            assert!(
                matches!(judge(&forward(true, OtherHosts::Tunnel), target), Verdict::Refuse(_)),
                "{target}"
            );
        }
    }
}
