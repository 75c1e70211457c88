//! Making an authority: what its certificate says, and what it may never be good for.
//!
//! Whoever steals its key should gain as little as possible, so the certificate is good for nothing
//! but the listed hosts: critical name constraints permit exactly those DNS names (and what is
//! below them) and exclude every IP address. Excluding addresses matters: with DNS names alone,
//! clients accept a leaf for any IP address.
//!
//! The key is ECDSA P-256: the fastest to sign with among those that every client takes (Ed25519
//! is refused by browsers, Go's and Node's older TLS and many Java stacks; RSA signs forty times
//! slower).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use time::{Duration, OffsetDateTime};

/// How many days an authority is valid unless told otherwise.
pub const DAYS: u32 = 3650;
/// Its name unless told otherwise.
pub const COMMON_NAME: &str = "Waterwall private CA";

/// Clients whose clock is a little behind must accept it too.
const CLOCK_SKEW: Duration = Duration::days(1);

/// A fresh authority, PEM.
pub struct Authority {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS#8.
    pub key: String,
}

/// How an authority is to be.
#[derive(Clone, Copy, Debug)]
pub struct Blueprint<'a> {
    /// Its name, as certificate viewers show it.
    pub common_name: &'a str,
    /// How many days it is valid.
    pub days: u32,
}

impl Default for Blueprint<'_> {
    fn default() -> Self {
        Self { common_name: COMMON_NAME, days: DAYS }
    }
}

impl Authority {
    /// Makes an ECDSA P-256 authority for these DNS names, valid from `now`.
    ///
    /// # Errors
    /// When a name is not ASCII or the random generator fails.
    pub fn generate<'a>(
        hosts: impl IntoIterator<Item = &'a str>,
        now: OffsetDateTime,
    ) -> Result<Self, rcgen::Error> {
        Self::by(Blueprint::default(), hosts, now)
    }

    /// Makes one that is as `blueprint` says.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn by<'a>(
        blueprint: Blueprint<'_>,
        hosts: impl IntoIterator<Item = &'a str>,
        now: OffsetDateTime,
    ) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let certificate = parameters(blueprint, hosts, now).self_signed(&key)?;
        Ok(Self { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

fn parameters<'a>(
    blueprint: Blueprint<'_>,
    hosts: impl IntoIterator<Item = &'a str>,
    now: OffsetDateTime,
) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.not_before = now - CLOCK_SKEW;
    parameters.not_after = now + Duration::days(blueprint.days.into());
    let name = &mut parameters.distinguished_name;
    *name = rcgen::DistinguishedName::new();
    name.push(DnType::OrganizationName, "Waterwall");
    name.push(DnType::CommonName, blueprint.common_name);
    // Path length 0: it signs leaves only.
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.name_constraints = Some(constraints(hosts));
    // Strict verifiers (OpenSSL's -x509_strict, Python 3.13's default) want both identifiers; the
    // subject's own comes with every CA certificate.
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn constraints<'a>(hosts: impl IntoIterator<Item = &'a str>) -> NameConstraints {
    let name = |host: &str| GeneralSubtree::DnsName(host.to_owned());
    let every = |address| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 0));
    NameConstraints {
        permitted_subtrees: hosts.into_iter().map(name).collect(),
        excluded_subtrees: vec![
            every(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            every(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::pem::parse_x509_pem;
    use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate};

    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-05-01 12:00 UTC);

    fn check(look: impl FnOnce(&X509Certificate<'_>)) {
        let hosts = ["api.anthropic.com", "api.openai.com"];
        let authority = Authority::generate(hosts, NOW).expect("generated");
        let (_, pem) = parse_x509_pem(authority.certificate.as_bytes()).expect("PEM");
        look(&pem.parse_x509().expect("a certificate"));
    }

    #[test]
    fn it_is_good_for_the_listed_hosts_and_no_address() {
        check(|certificate| {
            let extension = certificate.name_constraints().expect("not twice").expect("there");
            assert!(extension.critical);
            let permitted = extension.value.permitted_subtrees.as_deref().unwrap_or_default();
            let names: Vec<_> = permitted.iter().map(|tree| &tree.base).collect();
            assert_eq!(
                names,
                [&GeneralName::DNSName("api.anthropic.com"), &GeneralName::DNSName("api.openai.com"),]
            );
            let excluded = extension.value.excluded_subtrees.as_deref().unwrap_or_default();
            let addresses: Vec<_> = excluded.iter().map(|tree| &tree.base).collect();
            // Address and mask, all zeros: everything.
            let every = [GeneralName::IPAddress(&[0; 8]), GeneralName::IPAddress(&[0; 32])];
            assert_eq!(addresses, every.iter().collect::<Vec<_>>());
        });
    }

    #[test]
    fn it_signs_leaves_only() {
        check(|certificate| {
            let constraints = certificate.basic_constraints().expect("not twice").expect("there");
            assert!(constraints.critical && constraints.value.ca);
            assert_eq!(constraints.value.path_len_constraint, Some(0));
            let usage = certificate.key_usage().expect("not twice").expect("there");
            assert!(usage.critical && usage.value.key_cert_sign());
            assert!(!usage.value.digital_signature());
        });
    }

    #[test]
    fn strict_clients_find_both_key_identifiers() {
        check(|certificate| {
            let mut subject = None;
            let mut authority = None;
            for extension in certificate.extensions() {
                match extension.parsed_extension() {
                    ParsedExtension::SubjectKeyIdentifier(id) => subject = Some(id.0),
                    ParsedExtension::AuthorityKeyIdentifier(id) => {
                        authority = id.key_identifier.as_ref().map(|id| id.0);
                    }
                    _ => {}
                }
            }
            assert!(subject.is_some());
            assert_eq!(subject, authority);
        });
    }

    #[test]
    fn it_is_valid_from_a_little_before_now() {
        check(|certificate| {
            let validity = certificate.validity();
            assert_eq!(validity.not_before.to_datetime(), NOW - CLOCK_SKEW);
            assert_eq!(validity.not_after.to_datetime(), NOW + Duration::days(DAYS.into()));
        });
    }
}
