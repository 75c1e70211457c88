//! Trusted roots: the platform's, and those that an upstream adds to them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pingora_core::utils::tls::{WrappedX509, parse_x509};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Certificates in the form that Pingora takes per peer.
pub(super) type Roots = [WrappedX509];

/// The roots in `file`.
///
/// # Errors
/// When `file` cannot be read, or not all of it can be used.
pub(super) fn load(file: &Path) -> Result<Arc<Roots>> {
    let own = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the roots in {}", file.display()))?;
    if own.is_empty() {
        bail!("{} holds no certificate", file.display());
    }
    if !own.iter().all(is_usable) {
        bail!("{} holds a certificate that cannot be a root", file.display());
    }
    Ok(own.into_iter().map(wrap).collect())
}

/// The platform's usable roots in PEM, when some are not usable. Pingora loads the platform's roots
/// itself, and panics on the first that it cannot use. `None` when it will not.
pub(crate) fn platform_repaired() -> Option<String> {
    match rustls_native_certs::load_native_certs() {
        Ok(all) if all.iter().all(is_usable) => None,
        Ok(all) => Some(all.iter().filter(|root| is_usable(root)).map(pem).collect()),
        Err(_) => Some(String::new()),
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Whether both parsers take the certificate: rustls for trust, x509-parser for Pingora, which
/// would panic.
fn is_usable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
        && x509_parser::parse_x509_certificate(certificate).is_ok()
}

fn wrap(certificate: CertificateDer<'static>) -> WrappedX509 {
    WrappedX509::new(certificate.to_vec(), parse_x509)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::default().self_signed(&key).unwrap()
    }

    #[test]
    fn roots_must_be_certificates() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        assert!(load(&file).is_err());
        std::fs::write(&file, "no certificate here").unwrap();
        assert!(load(&file).is_err());
        std::fs::write(&file, root().pem()).unwrap();
        assert!(!load(&file).unwrap().is_empty());
    }

    #[test]
    fn our_pem_is_read_back() {
        let root = root();
        let read = CertificateDer::from_pem_slice(pem(root.der()).as_bytes()).unwrap();
        assert_eq!(read, *root.der());
    }

    #[test]
    fn rubbish_is_not_usable() {
        assert!(!is_usable(&CertificateDer::from(vec![1, 2, 3])));
    }
}
