//! Whom to trust: the configured CA and nobody else, or the system's CAs, or Mozilla's where the system has none.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_native_certs::{CertificateResult, load_native_certs};

use super::verifier::Roots;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::process::source::{Source, is_utf16, read_file};
use crate::process::{disk, logs};
use crate::shown::{path as shown_path, plain};

/// The private CAs of KMS instances, as Alibaba Cloud's own clients carry them. The file says where they come from.
pub(crate) const KMS_PRIVATE_CAS: &[u8] = include_bytes!("kms_private_cas.pem");

/// The roots for `ca`; if there is none the public ones, those in the file `more`, and those of KMS instances where it is
/// `of_instance`.
///
/// # Errors
/// [`Kind::Configuration`](crate::Kind::Configuration) with what is wrong with the configured CA.
pub(super) fn load(ca: Option<&Source>, more: Option<&Path>, of_instance: bool) -> Result<Roots> {
    match ca {
        None => {
            let mut roots = system()?;
            if let Some(more) = more {
                add(&mut roots, more);
            }
            if of_instance {
                roots.extend(CertificateDer::pem_slice_iter(KMS_PRIVATE_CAS).flatten());
            }
            Ok(roots)
        }
        Some(ca) => parse(&ca.read()?, &ca.name()),
    }
}

fn system() -> Result<Roots> {
    disk::in_time(|| load_native_certs().certs).map(public).ok_or_else(|| {
        Error::configuration(
            "the system's CA certificates cannot be read, as their disk does not answer: look whether its file system is there",
        )
    })
}

/// The system's CAs, or Mozilla's for a container that has none.
fn public(system: Vec<CertificateDer<'static>>) -> Roots {
    let mut roots = Roots::from_iter(system);
    if roots.is_empty() {
        roots.trust_without_end(webpki_roots::TLS_SERVER_ROOTS);
    }
    roots
}

/// What is wrong with the CAs that the environment names instead of the system's, if anything. Whoever trusts no configured
/// CA should know.
pub(crate) fn trouble_with_public_cas() -> Option<String> {
    let named: Vec<&str> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter(|name| std::env::var_os(name).is_some())
        .collect();
    if named.is_empty() {
        return None;
    }
    trouble(&disk::in_time(load_native_certs)?, &named.join(" and "))
}

fn trouble(loaded: &CertificateResult, variables: &str) -> Option<String> {
    let why = match loaded.errors.first() {
        Some(error) => plain(&error.to_string(), 250),
        None if loaded.certs.is_empty() => "no certificate is there".to_owned(),
        None => return None,
    };
    let instead =
        if loaded.certs.is_empty() { "Mozilla's CAs are trusted instead" } else { "the others are trusted" };
    Some(format!(
        "the CAs that the environment names in {variables} cannot all be read ({why}), and {instead}: correct or unset it"
    ))
}

/// Adds what is readable in the PEM file `more`, as whoever asks for it, in a variable for all programs, expects.
fn add(roots: &mut Roots, more: &Path) {
    match read_file(more) {
        Ok(pem) => {
            let before = roots.len();
            roots.extend(CertificateDer::pem_slice_iter(&pem).flatten());
            if roots.len() == before {
                logs::warn!("{} adds no CA to the public ones: it holds no certificate", shown_path(more));
            }
        }
        Err(error) => {
            logs::warn!("{} adds no CA to the public ones: {error}", shown_path(more));
        }
    }
}

fn parse(pem: &[u8], name: &str) -> Result<Roots> {
    let wrong = |what: &str| {
        Error::configuration(format!(
            "the CA in {name} {what}: download the CA certificate of the KMS instance from the KMS console"
        ))
    };
    if is_utf16(pem) {
        return Err(Error::configuration(format!("the CA in {name} is UTF-16: save it as UTF-8")));
    }
    if pem.trim_ascii().is_empty() {
        return Err(wrong("is empty"));
    }
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| wrong("is damaged PEM"))?;
    if certificates.is_empty() {
        return Err(wrong("holds no PEM certificate (-----BEGIN CERTIFICATE-----)"));
    }
    let mut roots = Roots::default();
    for certificate in certificates {
        let read =
            Certificate::of(&certificate).ok_or_else(|| wrong("holds a certificate that cannot be read"))?;
        // A server's own certificate may stand beside its CAs; to trust it would help nobody but a server that has signed it itself.
        if read.is_ca || read.is_self_issued {
            roots.add(certificate.clone()).map_err(|_| wrong("holds a certificate that cannot be read"))?;
        }
    }
    if roots.is_empty() {
        return Err(wrong("is a server's certificate, not that of a CA"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    fn ca() -> Vec<CertificateDer<'static>> {
        let pem = include_bytes!("../../../tests/vectors/ca.pem");
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_private_cas_of_kms_are_whole_and_last() {
        let store = load(None, None, true).unwrap();
        assert_eq!(store.len() - load(None, None, false).unwrap().len(), 27);
        let in_ten_years = 1_795_000_000 + 10 * 366 * 86_400;
        for der in CertificateDer::pem_slice_iter(KMS_PRIVATE_CAS) {
            let der = der.unwrap();
            let (_, certificate) = X509Certificate::from_der(&der).unwrap();
            let name = certificate.subject().to_string();
            assert!(certificate.is_ca(), "{name}");
            assert!(certificate.issuer().to_string().ends_with("CN=Private KMS Root CA"), "{name}");
            assert!(certificate.validity().not_after.timestamp() > in_ten_years, "{name}");
        }
    }

    #[test]
    fn the_systems_roots_are_taken_alone() {
        assert_eq!(public(ca()).len(), ca().len());
    }

    #[test]
    fn more_can_be_added_to_the_public_ones() {
        let before = load(None, None, false).expect("public ones").len();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/ca.pem");
        assert_eq!(load(None, Some(&file), false).expect("public ones").len(), before + ca().len());
        for nothing in ["nowhere.pem", "Cargo.toml"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(nothing);
            assert_eq!(load(None, Some(&file), false).expect("public ones").len(), before, "{nothing}");
        }
        let source = Source::File(file.clone());
        assert_eq!(load(Some(&source), Some(&file), false).expect("the configured one").len(), ca().len());
    }

    #[test]
    fn a_system_without_roots_gets_the_bundled_ones() {
        for nothing in [Vec::new(), vec![CertificateDer::from(b"no certificate".to_vec())]] {
            let roots = public(nothing);
            assert_eq!(roots.len(), webpki_roots::TLS_SERVER_ROOTS.len());
            assert!(roots.len() > 50);
        }
    }

    #[test]
    fn cas_that_the_environment_names_in_vain_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        let load = |file: &Path| rustls_native_certs::load_certs_from_paths(Some(file), None);
        let told = trouble(&load(&folder.path().join("missing.pem")), "SSL_CERT_FILE").unwrap();
        assert!(
            told.starts_with("the CAs that the environment names in SSL_CERT_FILE")
                && told.contains("missing.pem"),
            "{told}"
        );
        assert!(told.contains("Mozilla's CAs are trusted instead"), "{told}");
        assert!(trouble(&load(&empty), "SSL_CERT_FILE").unwrap().contains("no certificate is there"));
        let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/ca.pem");
        assert_eq!(trouble(&load(&good), "SSL_CERT_FILE"), None);
    }
}
