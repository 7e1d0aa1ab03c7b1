//! What no fetch can do without, by the same libraries and without kmsak: a TLS handshake and an RSA-2048 signature.

use std::hint::black_box;
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use criterion::Criterion;
use kmsak_benches::Stage;
use p12_keystore::Pkcs12Archive;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");

pub(crate) fn limits(criterion: &mut Criterion) {
    let stage = Stage::set();
    let mut group = criterion.benchmark_group("limit");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&stage.ca).expect("a CA") {
        roots.add(certificate.expect("a certificate")).expect("a usable certificate");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    group.bench_function("TLS handshake", |bencher| {
        bencher.iter(|| {
            // A configuration of its own for each, or the session would be resumed.
            let config = Arc::new(config.clone().with_no_client_auth());
            let mut socket = TcpStream::connect(stage.address).expect("a connection");
            let name = ServerName::IpAddress(stage.address.ip().into());
            let mut tls = ClientConnection::new(config, name).expect("a client");
            while tls.is_handshaking() {
                tls.complete_io(&mut socket).expect("a handshake");
            }
        });
    });
    let key = key();
    let mut signature = vec![0; key.public().modulus_len()];
    group.bench_function("RSA-2048 signature", |bencher| {
        bencher.iter(|| {
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), black_box(b"message"), &mut signature)
                .expect("a signature");
        });
    });
    group.finish();
}

fn key() -> RsaKeyPair {
    let json = std::fs::read(format!("{VECTORS}/clientKey.json")).expect("a ClientKey");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let archive = STANDARD.decode(json["PrivateKeyData"].as_str().expect("text")).expect("base64");
    let password = std::fs::read_to_string(format!("{VECTORS}/clientKey_Password.txt")).expect("a password");
    let archive = Pkcs12Archive::from_pkcs12(&archive, password.trim_end()).expect("PKCS#12");
    RsaKeyPair::from_pkcs8(archive.keys[0].key.as_der()).expect("an RSA key")
}
