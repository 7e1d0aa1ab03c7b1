//! Whom to trust: the configured CA and nobody else, or the system's CAs, or Mozilla's where the system has none.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

use crate::error::{Error, Result};
use crate::process::source::{Source, read_file};
use crate::process::{disk, logs};
use crate::shown::path as shown_path;

/// The roots for `ca`; the public ones and those in the file `more` if there is none.
///
/// # Errors
/// [`Kind::Configuration`](crate::Kind::Configuration) with what is wrong with the configured CA.
pub(super) fn load(ca: Option<&Source>, more: Option<&Path>) -> Result<RootCertStore> {
    match ca {
        None => {
            let mut roots = system()?;
            if let Some(more) = more {
                add(&mut roots, more);
            }
            Ok(roots)
        }
        Some(ca) => parse(&ca.read()?, &ca.name()),
    }
}

fn system() -> Result<RootCertStore> {
    disk::in_time(|| rustls_native_certs::load_native_certs().certs).map(public).ok_or_else(|| {
        Error::configuration(
            "the system's CA certificates cannot be read, as their disk does not answer: look whether its file system is there",
        )
    })
}

/// The system's CAs, or Mozilla's for a container that has none.
fn public(system: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(system);
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}

/// Adds what is readable in the PEM file `more`, as whoever asks for it, in a variable for all programs, expects.
fn add(roots: &mut RootCertStore, more: &Path) {
    match read_file(more) {
        Ok(pem) => {
            let certificates = CertificateDer::pem_slice_iter(&pem);
            let (added, _) = roots.add_parsable_certificates(certificates.flatten());
            if added == 0 {
                logs::warn!("{} adds no CA to the public ones: it holds no certificate", shown_path(more));
            }
        }
        Err(error) => {
            logs::warn!("{} adds no CA to the public ones: {error}", shown_path(more));
        }
    }
}

fn parse(pem: &[u8], name: &str) -> Result<RootCertStore> {
    let wrong = |what: &str| {
        Error::configuration(format!(
            "the CA in {name} {what}: download the CA certificate of the KMS instance from the KMS console"
        ))
    };
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| wrong("is damaged PEM"))?;
    if certificates.is_empty() {
        return Err(wrong("holds no PEM certificate (-----BEGIN CERTIFICATE-----)"));
    }
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|_| wrong("holds a certificate that cannot be read"))?;
        // A server's own certificate may stand beside its CAs; to trust it would help nobody.
        if is_ca(&parsed) {
            store.add(certificate.clone()).map_err(|_| wrong("holds a certificate that cannot be read"))?;
        }
    }
    if store.is_empty() {
        return Err(wrong("is a server's certificate, not that of a CA"));
    }
    Ok(store)
}

/// Certificates before version 3 cannot say whether they are a CA's.
fn is_ca(certificate: &X509Certificate<'_>) -> bool {
    certificate.version() != X509Version::V3 || certificate.is_ca()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ca() -> Vec<CertificateDer<'static>> {
        let pem = include_bytes!("../../../tests/vectors/ca.pem");
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_systems_roots_are_taken_alone() {
        assert_eq!(public(ca()).len(), ca().len());
    }

    #[test]
    fn more_can_be_added_to_the_public_ones() {
        let before = load(None, None).expect("public ones").len();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/ca.pem");
        assert_eq!(load(None, Some(&file)).expect("public ones").len(), before + ca().len());
        for nothing in ["nowhere.pem", "Cargo.toml"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(nothing);
            assert_eq!(load(None, Some(&file)).expect("public ones").len(), before, "{nothing}");
        }
        let source = Source::File(file.clone());
        assert_eq!(load(Some(&source), Some(&file)).expect("the configured one").len(), ca().len());
    }

    #[test]
    fn a_system_without_roots_gets_the_bundled_ones() {
        for nothing in [Vec::new(), vec![CertificateDer::from(b"no certificate".to_vec())]] {
            let store = public(nothing);
            assert_eq!(store.len(), webpki_roots::TLS_SERVER_ROOTS.len());
            assert!(store.len() > 50);
        }
    }
}
