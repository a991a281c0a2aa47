//! Whom a client believes to be who they say.

use super::error::ClientError;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::sync::Arc;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// Whether a server has to prove that it is the one that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// It has to, by a certificate for its name that somebody trusted has signed.
    #[default]
    Full,
    /// It has not: anybody on the way can read what is sent, secrets too. For tests. A client that is built so tells a
    /// fault.
    DangerouslyOff,
}

/// What TLS is set up with: a provider that is chosen here, so that none has to be chosen for the whole process.
pub(super) fn config(verification: Verification, extra: &[Vec<u8>]) -> Result<TlsConfig, ClientError> {
    let config = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    if verification == Verification::DangerouslyOff {
        return Ok(config.disable_verification(true).root_certs(RootCerts::new_with_certs(&[])).build());
    }
    let mut trusted: Vec<Certificate<'static>> = Vec::new();
    for pem in extra {
        trusted.extend(certificates(pem)?);
    }
    let of_the_system = rustls_native_certs::load_native_certs().certs;
    trusted.extend(of_the_system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()));
    if trusted.is_empty() {
        return Err(ClientError::new("the system trusts nobody: install its certificates, or give one"));
    }
    Ok(config.root_certs(RootCerts::new_with_certs(&trusted)).build())
}

/// The certificates of a PEM file, each of which has to be one that can be trusted.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, ClientError> {
    let unreadable = || ClientError::new("a root certificate cannot be read: it has to be PEM");
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| unreadable())?;
        certificates.push(Certificate::from_der(&certificate).to_owned());
        store.add(certificate).map_err(|_| unreadable())?;
    }
    if certificates.is_empty() { Err(unreadable()) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused_without_being_told() {
        let begun = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
        for pem in ["", "canary", begun, key, "-----BEGIN CERTIFICATE-----\n"] {
            let error = certificates(pem.as_bytes()).expect_err(pem);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
}
