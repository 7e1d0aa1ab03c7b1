//! Whom the transport trusts.

use super::*;

#[test]
fn a_certificate_that_does_not_fit_is_refused() {
    let tls = |answer, sentence| fails(answer, Kind::Tls, false, sentence);
    let good = serve(&GOOD, reply(OK));
    let foreign = TransportConfig { ca: Some(inline(&OTHER_CA.pem)), ..config() };
    tls(ask(&foreign, &local(good)), "was not issued by the CA in ca: download the CA certificate");
    let public = TransportConfig { ca: None, ..config() };
    tls(ask(&public, &local(good)), "was not issued by a public CA: set caFilePath");
    let other = serve(&Certificate { name: "kms.example", ..GOOD }, reply(OK));
    tls(ask(&config(), &local(other)), "is for another name");
    let expired = serve(&Certificate { years: (2020, 2021), ..GOOD }, reply(OK));
    tls(ask(&config(), &local(expired)), "has expired: check this machine's clock");
    let future = serve(&Certificate { years: (2080, 2090), ..GOOD }, reply(OK));
    tls(ask(&config(), &local(future)), "is not valid yet: set this machine's clock");
}

#[test]
fn a_ca_that_has_expired_is_no_longer_trusted() {
    let port = serve(&GOOD, reply(OK));
    let old = TransportConfig { ca: Some(inline(&CA.expired_pem)), ..config() };
    fails(ask(&old, &local(port)), Kind::Tls, false, "the CA in ca has expired: check this machine's clock");
    let beside =
        |other: &str| TransportConfig { ca: Some(inline(&format!("{}{other}", CA.expired_pem))), ..config() };
    assert_eq!(ask(&beside(&CA.pem), &local(port)).unwrap().status, 200, "its successor stands beside it");
    fails(ask(&beside(&OTHER_CA.pem), &local(port)), Kind::Tls, false, "was not issued by the CA in ca");
}

#[test]
fn verification_is_off_only_when_asked_for_in_so_many_words() {
    let port = serve(&Certificate { name: "kms.example", years: (2020, 2021), ..GOOD }, reply(OK));
    let unverified = TransportConfig { ca: Some(inline(&OTHER_CA.pem)), ignore_ssl_certs: true, ..config() };
    assert_eq!(ask(&unverified, &local(port)).unwrap().status, 200);
}

#[test]
fn a_peer_without_tls_is_told() {
    let port = listen(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    // A captive portal answers so, and goes away.
    fails(ask(&config(), &local(port)), Kind::Tls, true, "does not speak TLS: check the endpoint's port");
}

#[test]
fn a_ca_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        Source::File(path)
    };
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &CA.issuer).unwrap().pem();
    let cut: String = CA.pem.lines().take(4).collect::<Vec<_>>().join("\n");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (source, sentence) in [
        (file("empty", b""), "is empty: download the CA"),
        (file("utf16", b"-\0-\0"), "is UTF-16: save it as UTF-8"),
        (file("text", b"hello"), "holds no PEM certificate"),
        (file("cut", cut.as_bytes()), "is damaged PEM"),
        (file("garbage", garbage.as_bytes()), "cannot be read"),
        (file("leaf", leaf.as_bytes()), "is a server's certificate, not that of a CA"),
        (file("huge", &vec![b'#'; (1 << 20) + 1]), "is over 1 MiB"),
        (Source::File(folder.path().join("absent")), "there is no file"),
        (Source::File(folder.path().to_owned()), "is a folder"),
    ] {
        let config = TransportConfig { ca: Some(Arc::new(source)), ..config() };
        let error = HttpsTransport::new(&config, "localhost", "kmsak/test").err().expect(sentence);
        assert_eq!(error.kind(), Kind::Configuration, "{error}");
        assert!(error.message().contains(sentence), "{error}");
    }
    // A server's certificate beside its CA does no harm.
    let both = TransportConfig { ca: Some(inline(&format!("{leaf}{}", CA.pem))), ..config() };
    assert_eq!(ask(&both, &local(serve(&GOOD, reply(OK)))).unwrap().status, 200);
}

/// What a server with such a certificate, signed by its own key, is asked by whoever has it as its CA.
fn ask_self_signed(names: &[&str], is_ca: IsCa, pem: impl Fn(&str) -> String) -> Result<HttpResponse, Error> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.is_ca = is_ca;
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let port = serve_with(showing(&certificate, &key, rustls::DEFAULT_VERSIONS), reply(OK));
    let trusting = TransportConfig { ca: Some(inline(&pem(&certificate.pem()))), ..config() };
    ask(&trusting, &local(port))
}

#[test]
fn a_self_signed_certificate_is_trusted_where_it_is_a_servers() {
    let itself = |pem: &str| pem.to_owned();
    for none in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        assert_eq!(ask_self_signed(&["localhost"], none, itself).unwrap().status, 200);
    }
    let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
    let sentence = "is a CA's, as openssl req -x509 makes it";
    fails(ask_self_signed(&["localhost"], ca(), itself), Kind::Tls, false, sentence);
    let error = ask_self_signed(&["localhost"], ca(), |_| OTHER_CA.pem.clone()).err().unwrap();
    for part in [
        sentence,
        "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost",
        "put server.pem into ca too",
    ] {
        assert!(error.message().contains(part), "{error}");
    }
    let unnamed = ask_self_signed(&[], IsCa::ExplicitNoCa, itself);
    fails(unnamed, Kind::Tls, false, "names no host, for a common name does not count");
    let strangers = |_: &str| OTHER_CA.pem.clone();
    let stranger = ask_self_signed(&["localhost"], IsCa::ExplicitNoCa, strangers);
    fails(stranger, Kind::Tls, false, "was not issued by the CA in ca");
}

#[test]
fn a_self_signed_certificate_that_is_no_cas_is_trusted_for_itself_alone() {
    let mut params = CertificateParams::new(vec!["kms.example".to_owned()]).unwrap();
    params.is_ca = IsCa::ExplicitNoCa;
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let impostors = KeyPair::generate().unwrap();
    let impostor = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let impostor = impostor.signed_by(&impostors, &Issuer::new(params, key)).unwrap();
    let port = serve_with(showing(&impostor, &impostors, rustls::DEFAULT_VERSIONS), reply(OK));
    for trusted in [pem.clone(), format!("{pem}{}", CA.pem)] {
        let trusting = TransportConfig { ca: Some(inline(&trusted)), ..config() };
        fails(ask(&trusting, &local(port)), Kind::Tls, false, "was not issued by the CA in ca");
    }
}

#[test]
fn a_probe_tells_the_clock_and_the_certificates_end() {
    let answer = b"HTTP/1.1 405 No\r\ndate: Mon, 23 Nov 2026 12:34:44 GMT\r\ncontent-length: 0\r\n\r\n";
    let port = serve(&GOOD, reply(answer));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let probe =
        |config: &TransportConfig| runtime.block_on(transport(config, &local(port)).probe(&local(port)));
    let shown = probe(&config()).unwrap();
    assert_eq!(shown.date, crate::date::parse_iso_date("2026-11-23T12:34:44Z"));
    assert_eq!(shown.certificate_not_after, crate::date::parse_iso_date("2090-01-01T00:00:00Z"));
    let distrustful = TransportConfig { ca: Some(inline(&OTHER_CA.pem)), ..config() };
    assert_eq!(probe(&distrustful).unwrap_err().kind(), Kind::Tls);
}
