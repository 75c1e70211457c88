//! Minting leaves: one certificate per host, made when first asked for and kept.
//!
//! All leaves share one key, which is made anew at each start and never leaves memory. A leaf is
//! short-lived and renewed when half of its time is over, so a gateway that runs for months never
//! shows an old one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

use super::Unusable;

/// How long a leaf is valid.
const LIFETIME: Duration = Duration::days(7);
/// How long before its end it is replaced.
const RENEWAL: Duration = Duration::hours(84);
/// Clients whose clock is a little behind must accept it too.
const CLOCK_SKEW: Duration = Duration::days(1);
/// The longest common name that X.509 allows.
const MAX_COMMON_NAME: usize = 64;

/// An authority with its key, ready to sign.
pub(crate) struct Minter {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    not_after: OffsetDateTime,
    leaf_key: KeyPair,
    /// At most one per listed host. The lock is held for a look or an insertion, never to sign.
    minted: RwLock<HashMap<String, Minted>>,
}

/// TLS settings with a leaf in them.
#[derive(Clone)]
struct Minted {
    config: Arc<ServerConfig>,
    not_after: OffsetDateTime,
}

impl Minter {
    /// Reads an authority from its two PEM files' contents.
    ///
    /// # Errors
    /// When either cannot be parsed, they do not belong together, or the certificate has expired.
    pub(crate) fn new(certificate: &str, key: &str, now: OffsetDateTime) -> Result<Self, Unusable> {
        let certificate =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| Unusable::Certificate)?;
        let key = KeyPair::from_pem(key).map_err(|_| Unusable::Key)?;
        let (_, parsed) =
            x509_parser::parse_x509_certificate(&certificate).map_err(|_| Unusable::Certificate)?;
        if parsed.public_key().subject_public_key.data.as_ref() != public_bits(&key) {
            return Err(Unusable::Mismatch);
        }
        let not_after = parsed.validity().not_after.to_datetime();
        if not_after <= now {
            return Err(Unusable::Expired(not_after));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|_| Unusable::Certificate)?;
        let leaf_key =
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(|_| Unusable::Randomness)?;
        Ok(Self { issuer, certificate, not_after, leaf_key, minted: RwLock::default() })
    }

    /// The TLS settings to show `host`'s leaf with, which is minted if there is none that will
    /// last.
    ///
    /// # Errors
    /// When no leaf can be signed.
    pub(crate) fn tls_for(&self, host: &str, now: OffsetDateTime) -> Result<Arc<ServerConfig>, MintError> {
        let minted = self.minted.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
        if let Some(minted) = minted.filter(|minted| self.lasts(minted.not_after, now)) {
            return Ok(minted.config);
        }
        let minted = self.mint(host, now)?;
        let config = Arc::clone(&minted.config);
        self.minted.write().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), minted);
        Ok(config)
    }

    /// Whether a leaf needs no renewal yet: one that ends with the authority itself could not be
    /// made any better.
    fn lasts(&self, not_after: OffsetDateTime, now: OffsetDateTime) -> bool {
        not_after - now > RENEWAL || not_after == self.not_after
    }

    fn mint(&self, host: &str, now: OffsetDateTime) -> Result<Minted, MintError> {
        let not_after = self.not_after.min(now + LIFETIME);
        let leaf = leaf(host, now - CLOCK_SKEW, not_after)?.signed_by(&self.leaf_key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::try_from(self.leaf_key.serialize_der()).map_err(|_| MintError::Key)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Minted { config: Arc::new(config), not_after })
    }
}

/// What a leaf says: one DNS name, a TLS server and nothing else.
fn leaf(
    host: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, MintError> {
    let mut leaf = CertificateParams::default();
    leaf.not_before = not_before;
    leaf.not_after = not_after;
    leaf.distinguished_name = DistinguishedName::new();
    leaf.distinguished_name.push(DnType::OrganizationName, "Waterwall");
    if host.len() <= MAX_COMMON_NAME {
        leaf.distinguished_name.push(DnType::CommonName, host);
    }
    leaf.subject_alt_names = vec![SanType::DnsName(host.try_into()?)];
    // Explicit, so that the subject's key identifier is written too.
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.serial_number = Some(serial()?);
    Ok(leaf)
}

/// Random: by default it would follow from the key, which all leaves share, and some clients refuse
/// two certificates of one issuer with the same serial.
fn serial() -> Result<SerialNumber, MintError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| MintError::Randomness)?;
    // Positive and without leading zeros.
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn public_bits(key: &KeyPair) -> &[u8] {
    rcgen::PublicKeyData::der_bytes(key)
}

/// Neither keys nor certificates are worth printing.
impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// Why no leaf could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    /// The certificate could not be signed.
    #[error("the leaf cannot be signed: {0}")]
    Sign(#[from] rcgen::Error),
    /// rustls does not take it.
    #[error("the leaf cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The leaf key cannot be handed to rustls.
    #[error("the leaf key cannot be used")]
    Key,
    /// No random serial number.
    #[error("the system has no random numbers")]
    Randomness,
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{GeneralName, ParsedExtension};

    use super::*;
    use crate::ca::Authority;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-05-01 12:00 UTC);

    fn minter() -> Minter {
        let authority = Authority::generate(["api.anthropic.com"], NOW).expect("made");
        Minter::new(&authority.certificate, &authority.key, NOW).expect("usable")
    }

    #[test]
    fn a_leaf_is_for_one_host_and_a_server() {
        let minter = minter();
        let parameters = leaf("api.anthropic.com", NOW, NOW + LIFETIME).expect("made");
        let signed = parameters.signed_by(&minter.leaf_key, &minter.issuer).expect("signed");
        let (_, leaf) = x509_parser::parse_x509_certificate(signed.der()).expect("parses");
        let names = leaf.subject_alternative_name().expect("once").expect("there");
        assert_eq!(names.value.general_names, [GeneralName::DNSName("api.anthropic.com")]);
        let usage = leaf.extended_key_usage().expect("once").expect("there").value;
        assert!(usage.server_auth && !usage.client_auth && !usage.any);
        assert!(leaf.key_usage().expect("once").expect("there").value.digital_signature());
        assert!(!leaf.is_ca());
        let identifiers = leaf.extensions().iter().filter(|it| {
            matches!(
                it.parsed_extension(),
                ParsedExtension::SubjectKeyIdentifier(_) | ParsedExtension::AuthorityKeyIdentifier(_)
            )
        });
        assert_eq!(identifiers.count(), 2);
    }

    #[test]
    fn a_leaf_is_kept_until_half_its_time_is_over() {
        let minter = minter();
        let first = minter.tls_for("api.anthropic.com", NOW).expect("minted");
        let again = minter.tls_for("api.anthropic.com", NOW + Duration::days(3)).expect("kept");
        assert!(Arc::ptr_eq(&first, &again));
        let renewed = minter.tls_for("api.anthropic.com", NOW + Duration::days(4)).expect("minted");
        assert!(!Arc::ptr_eq(&first, &renewed));
    }

    #[test]
    fn a_key_of_another_certificate_is_told() {
        let one = Authority::generate(["a.test"], NOW).expect("made");
        let other = Authority::generate(["a.test"], NOW).expect("made");
        let mixed = Minter::new(&one.certificate, &other.key, NOW).expect_err("refused");
        assert!(matches!(mixed, Unusable::Mismatch));
        let rubbish = Minter::new("no certificate", &other.key, NOW).expect_err("refused");
        assert!(matches!(rubbish, Unusable::Certificate));
    }

    #[test]
    fn rustls_refuses_what_a_thief_of_the_key_could_sign() {
        let minter = minter();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(minter.certificate.clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().expect("a verifier");
        let takes = |names: &[SanType], asked: &str| {
            let mut parameters = leaf("api.anthropic.com", NOW, NOW + LIFETIME).expect("made");
            parameters.subject_alt_names = names.to_vec();
            let leaf = parameters.signed_by(&minter.leaf_key, &minter.issuer).expect("signed");
            let now = std::time::Duration::from_secs(NOW.unix_timestamp().unsigned_abs());
            let now = rustls::pki_types::UnixTime::since_unix_epoch(now);
            let asked = asked.to_owned().try_into().expect("a name");
            rustls::client::danger::ServerCertVerifier::verify_server_cert(
                &*verifier,
                leaf.der(),
                &[],
                &asked,
                &[],
                now,
            )
            .is_ok()
        };
        let name = |name: &str| SanType::DnsName(name.try_into().expect("ASCII"));
        let address = SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
        let (good, foreign) = (name("api.anthropic.com"), name("example.com"));
        assert!(takes(std::slice::from_ref(&good), "api.anthropic.com"));
        assert!(takes(&[name("sub.api.anthropic.com")], "sub.api.anthropic.com"));
        assert!(!takes(std::slice::from_ref(&foreign), "example.com"));
        assert!(!takes(std::slice::from_ref(&address), "127.0.0.1"));
        assert!(!takes(&[good.clone(), foreign], "api.anthropic.com"));
        assert!(!takes(&[good, address], "api.anthropic.com"));
    }

    #[test]
    fn an_expired_authority_signs_nothing() {
        let authority = Authority::generate(["a.test"], NOW).expect("made");
        let late = NOW + Duration::days(3651);
        let expired = Minter::new(&authority.certificate, &authority.key, late).expect_err("refused");
        assert!(matches!(expired, Unusable::Expired(_)));
    }
}
