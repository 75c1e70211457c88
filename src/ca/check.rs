//! Looking an authority over: does it fit the configured hosts, and how long will it last?

use std::collections::BTreeSet;
use std::fmt;

use time::{Duration, OffsetDateTime};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{GeneralName, GeneralSubtree, X509Certificate};

/// A warning is due this long before the end.
const WARNING: Duration = Duration::days(30);

/// Something about an authority that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is no PEM certificate of an authority.
    NotAnAuthority,
    /// Its time is over; nobody accepts what it signs.
    Expired {
        /// When it ended.
        at: OffsetDateTime,
    },
    /// It ends within 30 days.
    ExpiresSoon {
        /// When it ends.
        at: OffsetDateTime,
        /// Whole days until then.
        days: i64,
    },
    /// Its time has not begun: a clock is wrong.
    NotYetValid {
        /// When it begins.
        at: OffsetDateTime,
    },
    /// It is good for any host: it has no critical name constraints.
    Unconstrained,
    /// It could vouch for IP addresses.
    AddressesAllowed,
    /// Configured hosts that it cannot vouch for.
    Missing(Vec<String>),
    /// Names that it could vouch for and that are not configured.
    Surplus(Vec<String>),
}

impl Finding {
    /// True when agents would refuse every connection, so that there is no point in starting.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::NotAnAuthority | Self::Expired { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAuthority => write!(f, "the private CA is not a PEM certificate of an authority"),
            Self::Expired { at } => write!(f, "the private CA has expired on {}", at.date()),
            Self::ExpiresSoon { at, days } => {
                write!(f, "the private CA expires in {days} days, on {}", at.date())
            }
            Self::NotYetValid { at } => write!(f, "the private CA is not valid before {}", at.date()),
            Self::Unconstrained => write!(f, "the private CA has no critical name constraints"),
            Self::AddressesAllowed => write!(f, "the private CA does not exclude IP addresses"),
            Self::Missing(hosts) => write!(f, "the private CA does not cover {}", hosts.join(", ")),
            Self::Surplus(names) => {
                write!(f, "the private CA covers names that are not configured: {}", names.join(", "))
            }
        }
    }
}

/// Compares the authority in `pem` with the configured `hosts` (in lower case). Nothing found means
/// that it is as it should be.
#[must_use]
pub fn check<'a>(pem: &str, hosts: impl IntoIterator<Item = &'a str>, now: OffsetDateTime) -> Vec<Finding> {
    let Ok((_, pem)) = parse_x509_pem(pem.as_bytes()) else {
        return vec![Finding::NotAnAuthority];
    };
    match pem.parse_x509() {
        Ok(certificate) if certificate.is_ca() => {
            let mut findings = validity(&certificate, now);
            findings.extend(constraints(&certificate, hosts.into_iter().map(str::to_owned).collect()));
            findings
        }
        _ => vec![Finding::NotAnAuthority],
    }
}

fn validity(certificate: &X509Certificate<'_>, now: OffsetDateTime) -> Vec<Finding> {
    let begin = certificate.validity().not_before.to_datetime();
    let end = certificate.validity().not_after.to_datetime();
    let mut findings = Vec::new();
    if begin > now {
        findings.push(Finding::NotYetValid { at: begin });
    }
    if end <= now {
        findings.push(Finding::Expired { at: end });
    } else if end - now < WARNING {
        findings.push(Finding::ExpiresSoon { at: end, days: (end - now).whole_days() });
    }
    findings
}

fn constraints(certificate: &X509Certificate<'_>, hosts: BTreeSet<String>) -> Vec<Finding> {
    let extension = match certificate.name_constraints() {
        Ok(Some(extension)) if extension.critical => extension.value,
        _ => return vec![Finding::Unconstrained],
    };
    let permitted = extension.permitted_subtrees.as_deref().unwrap_or_default();
    if permitted.is_empty() {
        return vec![Finding::Unconstrained];
    }
    let mut findings = Vec::new();
    if !excludes_addresses(extension.excluded_subtrees.as_deref().unwrap_or_default()) {
        findings.push(Finding::AddressesAllowed);
    }
    let names: BTreeSet<String> = permitted.iter().map(|tree| spelled(&tree.base)).collect();
    let difference = |of: &BTreeSet<String>, and| of.difference(and).cloned().collect::<Vec<_>>();
    let (missing, surplus) = (difference(&hosts, &names), difference(&names, &hosts));
    if !missing.is_empty() {
        findings.push(Finding::Missing(missing));
    }
    if !surplus.is_empty() {
        findings.push(Finding::Surplus(surplus));
    }
    findings
}

/// Address and mask all zeros, for both families.
fn excludes_addresses(excluded: &[GeneralSubtree<'_>]) -> bool {
    let excludes = |length: usize| {
        excluded.iter().any(|tree| {
            matches!(tree.base, GeneralName::IPAddress(net) if net.len() == length && net.iter().all(|it| *it == 0))
        })
    };
    excludes(8) && excludes(32)
}

fn spelled(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => name.to_ascii_lowercase(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;
    use crate::ca::{Authority, Blueprint};

    const NOW: OffsetDateTime = time::macros::datetime!(2026-05-01 12:00 UTC);

    fn authority(days: u32) -> String {
        let blueprint = Blueprint { days, ..Blueprint::default() };
        Authority::by(blueprint, ["a.test", "b.test"], NOW).expect("made").certificate
    }

    #[test]
    fn one_that_fits_gives_nothing_to_report() {
        assert_eq!(check(&authority(365), ["b.test", "a.test"], NOW), []);
    }

    #[test]
    fn a_changed_host_list_is_found_both_ways() {
        let findings = check(&authority(365), ["a.test", "c.test"], NOW);
        let expected = [Finding::Missing(vec!["c.test".into()]), Finding::Surplus(vec!["b.test".into()])];
        assert_eq!(findings, expected);
        assert!(findings.iter().all(|finding| !finding.is_fatal()));
    }

    #[test]
    fn its_end_is_told_thirty_days_before() {
        let hosts = ["a.test", "b.test"];
        let pem = authority(365);
        assert_eq!(check(&pem, hosts, NOW + Duration::days(334)), []);
        let soon = check(&pem, hosts, NOW + Duration::days(336));
        assert!(matches!(soon[..], [Finding::ExpiresSoon { days: 29, .. }]), "{soon:?}");
        let over = check(&pem, hosts, NOW + Duration::days(365));
        assert!(matches!(over[..], [Finding::Expired { .. }]) && over[0].is_fatal(), "{over:?}");
    }

    #[test]
    fn one_without_constraints_is_told() {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("signed").pem();
        assert_eq!(check(&pem, ["a.test"], NOW), [Finding::Unconstrained]);
        parameters.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("a.test".into())],
            excluded_subtrees: Vec::new(),
        });
        let pem = parameters.self_signed(&key).expect("signed").pem();
        assert_eq!(check(&pem, ["a.test"], NOW), [Finding::AddressesAllowed]);
    }

    #[test]
    fn what_is_no_authority_is_told() {
        assert_eq!(check("nothing", ["a.test"], NOW), [Finding::NotAnAuthority]);
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::default().self_signed(&key).expect("signed").pem();
        assert_eq!(check(&leaf, ["a.test"], NOW), [Finding::NotAnAuthority]);
    }
}
