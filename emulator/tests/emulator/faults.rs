use kmsak_emulator::{Emulator, Endpoint, Fault, WrongCertificate};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::*;

/// A correct request to any instance gateway, with a connection of its own.
fn ask(emulator: &Emulator, authority: &str) -> Result<u16, reqwest::Error> {
    let key = emulator.client_key().unwrap();
    let body = SecretRequest { name: SECRET.into(), ..SecretRequest::default() };
    let request = InstanceRequest::new(emulator, &key.key_id, &body).sign(&private_key(&key));
    let mut sending = https(emulator).post(format!("https://{authority}/")).body(request.body.clone());
    for (name, value) in &request.headers {
        sending = sending.header(name, value);
    }
    let answer = sending.send()?;
    let status = answer.status().as_u16();
    answer.bytes()?;
    Ok(status)
}

fn ask_shared(emulator: &Emulator) -> reqwest::Result<u16> {
    let key = emulator.client_key().unwrap();
    let request = Rpc::secret(emulator).for_client_key(&key).sign_rsa("POST", &private_key(&key));
    let url = format!("https://{}/?{}", emulator.shared_endpoint(), request.query());
    let answer = https(emulator).post(url).send()?;
    let status = answer.status().as_u16();
    answer.bytes()?;
    Ok(status)
}

#[test]
fn errors_strike_so_often_and_where_they_should() {
    let emulator = Emulator::builder().instance_gateways(2).start().unwrap();
    let client = https(&emulator);
    let endpoints = emulator.instance_endpoints();
    emulator.inject(Fault::error(500, "InternalFailure").on(Endpoint::Instance(0)).times(2)).unwrap();
    assert_eq!(ask(&emulator, &endpoints[1]).unwrap(), 200);
    assert_eq!(ask_shared(&emulator).unwrap(), 200);
    for _ in 0..2 {
        let error = simple_fetch(&emulator, &client, SECRET).unwrap_err();
        assert_eq!((error.0, error.1.as_str()), (500, "InternalFailure"));
    }
    assert_eq!(ask(&emulator, &endpoints[0]).unwrap(), 200);
    assert!(emulator.faults().is_empty());

    let id = emulator.inject(Fault::error(503, "ServiceUnavailableTemporary").secret("other")).unwrap();
    emulator.inject(Fault::error(503, "ServiceUnavailableTemporary").action("DescribeSecret")).unwrap();
    assert_eq!(ask(&emulator, &endpoints[0]).unwrap(), 200);
    assert_eq!(emulator.faults().len(), 2);
    assert!(emulator.clear_fault(id));
    assert!(!emulator.clear_fault(id));
    emulator.clear_faults();
    assert!(emulator.faults().is_empty());

    emulator.inject(Fault::error(503, "X").on(Endpoint::Shared(0)).retry_after(7).times(1)).unwrap();
    let key = emulator.client_key().unwrap();
    let request = Rpc::secret(&emulator).for_client_key(&key).sign_rsa("POST", &private_key(&key));
    let answer = request.post(&client, &format!("https://{}", emulator.shared_endpoint()));
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(refusal(answer), (503, "X".into()));
    assert!(emulator.inject(Fault::error(200, "OK")).is_err());
    let pointless = Fault::wrong_certificate(WrongCertificate::Expired).on(Endpoint::Sts);
    assert!(emulator.inject(pointless).is_err());
    assert!(emulator.inject(Fault::hang().on(Endpoint::Instance(5))).is_err());
}

#[test]
fn throttling_lets_so_many_through() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    emulator.inject(Fault::throttle(0).retry_after(3)).unwrap();
    let error = simple_fetch(&emulator, &client, SECRET).unwrap_err();
    assert_eq!(error, (429, "Rejected.Throttling".into(), "QPS Limit Exceeded".into()));
    emulator.clear_faults();
    emulator.inject(Fault::throttle(1)).unwrap();
    assert!(simple_fetch(&emulator, &client, SECRET).is_ok());
    // Two within one second.
    let end = Instant::now() + PATIENCE;
    let refused = loop {
        if let Err(error) = simple_fetch(&emulator, &client, SECRET) {
            break error;
        }
        assert!(Instant::now() < end, "nothing was refused");
    };
    assert_eq!(refused.0, 429);
}

#[test]
fn latency_delays_an_answer() {
    let emulator = Emulator::start().unwrap();
    emulator.inject(Fault::latency(Duration::from_millis(120)).times(1)).unwrap();
    let begun = Instant::now();
    assert_eq!(ask(&emulator, &emulator.instance_endpoint()).unwrap(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    let events = emulator.events_since(0);
    assert_eq!(events.last().unwrap().request().unwrap().fault, Some("latency"));
    // An answer that came late is a success like any other.
    assert_eq!(emulator.counters().secret_values_of(SECRET), 1);
}

#[test]
fn dropped_and_refused_connections_and_truncated_answers() {
    let emulator = Emulator::start().unwrap();
    let instance = emulator.instance_endpoint();
    for fault in [Fault::drop_connection(), Fault::refuse(), Fault::truncated_body()] {
        for endpoint in [Endpoint::Instance(0), Endpoint::Shared(0)] {
            let fault = fault.clone().on(endpoint);
            emulator.reset_counters();
            let id = emulator.inject(fault.clone()).unwrap();
            let result = match endpoint {
                Endpoint::Instance(_) => ask(&emulator, &instance),
                _ => ask_shared(&emulator),
            };
            assert!(result.is_err(), "{fault:?}: {result:?}");
            assert_eq!(emulator.counters().secret_values_of(SECRET), 0, "{fault:?}");
            assert!(emulator.clear_fault(id));
            assert_eq!(ask(&emulator, &instance).unwrap(), 200);
        }
    }
    let truncated = emulator
        .events_since(0)
        .into_iter()
        .find_map(|event| event.request().filter(|one| one.fault == Some("truncated_body")).cloned());
    assert_eq!(truncated.unwrap().status, 200);
}

#[test]
fn a_truncated_answer_begins_before_it_breaks_off() {
    let emulator = Emulator::start().unwrap();
    let key = emulator.access_key_of(SECRET).unwrap();
    emulator.inject(Fault::truncated_body().on(Endpoint::Sts)).unwrap();
    let request = Rpc::identity(&emulator, "JSON").for_access_key(&key).sign_hmac("GET", &key);
    let mut stream = std::net::TcpStream::connect(emulator.sts_endpoint()).unwrap();
    use std::io::{Read as _, Write as _};
    write!(stream, "GET /?{} HTTP/1.1\r\nHost: {}\r\n\r\n", request.query(), emulator.sts_endpoint())
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .unwrap()
        .parse()
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    assert_eq!(body.len(), length / 2);
}

#[test]
fn a_hung_request_ends_when_the_fault_is_cleared() {
    let emulator = Emulator::start().unwrap();
    let mark = emulator.mark();
    let id = emulator.inject(Fault::hang().times(1)).unwrap();
    let instance = emulator.instance_endpoint();
    std::thread::scope(|scope| {
        let hung = scope.spawn(|| ask(&emulator, &instance));
        let seen = emulator
            .wait_for(mark, PATIENCE, |event| event.request().is_some_and(|one| one.fault == Some("hang")));
        assert_eq!(seen.unwrap().request().unwrap().status, 0);
        // Others are served meanwhile.
        assert_eq!(ask(&emulator, &instance).unwrap(), 200);
        assert!(!hung.is_finished());
        assert!(emulator.clear_fault(id));
        assert!(hung.join().unwrap().is_err());
    });
}

#[test]
fn wrong_certificates_are_wrong_in_their_own_way() {
    let emulator = Emulator::start().unwrap();
    for (wrong, says) in [
        (WrongCertificate::SelfSigned, "UnknownIssuer"),
        (WrongCertificate::SelfSignedCa, "CaUsedAsEndEntity"),
        (WrongCertificate::OtherCa, "UnknownIssuer"),
        (WrongCertificate::Expired, "Expired"),
        (WrongCertificate::WrongName, "not valid for name"),
    ] {
        let id = emulator.inject(Fault::wrong_certificate(wrong)).unwrap();
        for result in [ask(&emulator, &emulator.instance_endpoint()), ask_shared(&emulator)] {
            let error = format!("{:?}", result.unwrap_err());
            let fits = error.contains(says) || error.contains("NotValidForName");
            assert!(fits, "{wrong:?}: {error}");
        }
        emulator.clear_fault(id);
        assert_eq!(ask(&emulator, &emulator.instance_endpoint()).unwrap(), 200);
    }
    let counters = emulator.counters();
    assert_eq!(counters.connections[&Endpoint::Instance(0)], 10);
    assert_eq!(counters.tls_connections[&Endpoint::Instance(0)], 5);
}

#[test]
fn connections_and_requests_are_counted() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    for _ in 0..3 {
        simple_fetch(&emulator, &client, SECRET).unwrap();
    }
    simple_fetch(&emulator, &client, "none").unwrap_err();
    let counters = emulator.counters();
    // One client keeps one connection alive.
    assert_eq!(counters.tls_connections[&Endpoint::Instance(0)], 1);
    assert_eq!(counters.secret_values_of(SECRET), 3);
    assert_eq!(counters.requests_where(|one| one.outcome == "OK"), 3);
    assert_eq!(counters.requests_where(|one| one.outcome == "Forbidden.ResourceNotFound"), 1);
    emulator.reset_counters();
    assert_eq!(emulator.counters().secret_values_of(SECRET), 0);
}

#[test]
fn gateways_speak_the_protocols_of_the_real_ones() {
    let emulator = Emulator::start().unwrap();
    let agreed = |authority: String| {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(emulator.ca_pem().as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = "localhost".try_into().unwrap();
        let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut socket = std::net::TcpStream::connect(authority).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).unwrap();
        }
        tls.alpn_protocol().map(<[u8]>::to_vec)
    };
    assert_eq!(agreed(emulator.instance_endpoint()).unwrap(), b"http/1.1");
    assert_eq!(agreed(emulator.shared_endpoint()).unwrap(), b"h2");
}
