use kmsak_emulator::{Emulator, Endpoint};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::client::*;

const ENDPOINTS: [Endpoint; 7] = [
    Endpoint::Instance(0),
    Endpoint::Shared(0),
    Endpoint::Sts,
    Endpoint::StsHttps,
    Endpoint::Oss,
    Endpoint::OssHttps,
    Endpoint::Metadata,
];

/// Sends bytes as they are, over TLS where the endpoint has it, and gives what comes back.
fn send(emulator: &Emulator, endpoint: Endpoint, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(emulator.authority(endpoint)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    if matches!(endpoint, Endpoint::Sts | Endpoint::Oss | Endpoint::Metadata) {
        socket.write_all(bytes).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = socket.read_to_end(&mut answer);
        return answer;
    }
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(emulator.ca_pem().as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::Stream::new(&mut tls, &mut socket);
    // The server may hang up in the middle, which is its right.
    let _ = stream.write_all(bytes);
    stream.conn.send_close_notify();
    let _ = stream.flush();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn what_a_client_calls_things_does_not_fill_the_memory() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let long = "x".repeat(5000);
    for number in 0..20 {
        let url = format!("http://{}/?Action=Odd{number}{long}&AccessKeyId={long}", emulator.sts_endpoint());
        client.get(url).header("user-agent", &long).send().unwrap();
    }
    let counters = emulator.counters();
    assert_eq!(counters.requests.len(), 1, "{counters:?}");
    assert_eq!((counters.requests[0].action.as_str(), counters.requests[0].count), ("<other>", 20));
    for event in emulator.events_since(0) {
        let record = event.request().unwrap();
        let texts = [Some(&record.action), record.access_key_id.as_ref(), record.user_agent.as_ref()];
        assert!(texts.iter().all(|text| text.unwrap().len() == 256));
    }
}

#[test]
fn garbage_is_refused_and_harms_nobody() {
    let emulator = Emulator::start().unwrap();
    let heads = [
        "GET /?Signature=%zz&%=%&&=&Action=GetCallerIdentity&Action=x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: ACS3-HMAC-SHA256 Credential=,SignedHeaders=;;,Signature=zz\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: ACS3-\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: OSS :\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: OSS4-HMAC-SHA256 Credential=////,Signature=0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nDate: Thu, 01 Jan 1600 00:00:00 GMT\r\nAuthorization: OSS a:AAAA\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ];
    for endpoint in ENDPOINTS {
        for head in heads {
            let answer = send(&emulator, endpoint, head.as_bytes());
            assert!(!answer.starts_with(b"HTTP/1.1 2"), "{endpoint}: {head}");
            assert!(!answer.starts_with(b"HTTP/1.1 5"), "{endpoint}: {head}");
        }
        let not_text = b"GET / HTTP/1.1\r\nHost: \xff\r\nAuthorization: \xff\xfe\r\nx-acs-date: \xff\r\n\r\n";
        assert!(!send(&emulator, endpoint, not_text).starts_with(b"HTTP/1.1 2"));
    }
    simple_fetch(&emulator, &https(&emulator), SECRET).unwrap();
}
