//! The transport against real sockets and real TLS. Each server is a listener on loopback that does one thing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{HttpRequest, HttpResponse, HttpsTransport, Method, Transport as _};
use crate::error::{Error, Kind};
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::transport::TransportConfig;

/// Time-outs of the tests that wait for one; long enough elsewhere for a busy machine.
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(30);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

type Tls = StreamOwned<ServerConnection, TcpStream>;

struct Authority {
    pem: String,
    /// The same, but for its dates.
    expired_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let mut old = params.clone();
    old.not_before = rcgen::date_time_ymd(2010, 1, 1);
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let expired_pem = old.self_signed(&key).unwrap().pem();
    Authority { pem, expired_pem, issuer: Issuer::new(params, key) }
}

static CA: LazyLock<Authority> = LazyLock::new(|| authority("Private KMS Root CA"));
static OTHER_CA: LazyLock<Authority> = LazyLock::new(|| authority("Another CA"));

/// How a server's certificate is made; the default is a good one.
struct Certificate {
    name: &'static str,
    years: (i32, i32),
    versions: &'static [&'static rustls::SupportedProtocolVersion],
}

const GOOD: Certificate =
    Certificate { name: "localhost", years: (2020, 2090), versions: rustls::DEFAULT_VERSIONS };

fn server_config(certificate: &Certificate) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new(vec![certificate.name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(certificate.years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(certificate.years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, &CA.issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(certificate.versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key)
        .unwrap();
    Arc::new(config)
}

/// A listener whose connections are each handled by `handle` on a thread of their own.
fn listen(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    port
}

fn serve(certificate: &Certificate, handle: impl Fn(&mut Tls) + Send + Sync + 'static) -> u16 {
    let config = server_config(certificate);
    listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        handle(&mut StreamOwned::new(connection, stream));
    })
}

/// Reads one request; its head, or none when the peer has gone.
fn request(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    Some(head)
}

fn reply(answer: &'static [u8]) -> impl Fn(&mut Tls) + Send + Sync {
    move |stream| {
        while request(stream).is_some() {
            let _ = stream.write_all(answer).and_then(|()| stream.flush());
        }
    }
}

fn inline(pem: &str) -> Arc<Source> {
    Arc::new(Source::Inline { name: "ca".into(), bytes: ProtectedBytes::copy_from(pem.as_bytes()) })
}

fn config() -> TransportConfig {
    TransportConfig {
        ca: Some(inline(&CA.pem)),
        more_public_cas: None,
        of_instance: false,
        ignore_ssl_certs: false,
        connect_timeout: LONG,
        read_timeout: LONG,
        http_proxy: None,
        https_proxy: None,
        no_proxy: None,
    }
}

fn transport(config: &TransportConfig, url: &str) -> HttpsTransport {
    transport_in(config, url, |_| None)
}

fn transport_in(
    config: &TransportConfig,
    url: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> HttpsTransport {
    let authority = url.strip_prefix("https://").unwrap().trim_end_matches('/');
    HttpsTransport::with_environment(config, authority, "kmsak/test", environment).unwrap()
}

fn post(url: &str) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: url.to_owned(),
        headers: vec![("accept", "*/*".to_owned())],
        body: b"ask".to_vec(),
    }
}

/// Runs `count` requests one after the other, each over the same transport.
fn ask_often(transport: &HttpsTransport, url: &str, count: usize) -> Vec<Result<HttpResponse, Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answers = Vec::new();
        for _ in 0..count {
            answers.push(transport.send(post(url)).await);
        }
        answers
    })
}

fn ask(config: &TransportConfig, url: &str) -> Result<HttpResponse, Error> {
    ask_often(&transport(config, url), url, 1).remove(0)
}

fn local(port: u16) -> String {
    format!("https://localhost:{port}/")
}

#[track_caller]
fn fails(answer: Result<HttpResponse, Error>, kind: Kind, retryable: bool, sentence: &str) {
    let error = answer.err().expect("the request must fail");
    assert!(error.message().contains(sentence), "{error}");
    assert_eq!((error.kind(), error.retryable()), (kind, retryable), "{error}");
}

#[test]
fn an_answer_arrives_with_its_headers() {
    let answer = b"HTTP/1.1 429 Slow\r\ndate: Mon, 23 Nov 2026 12:34:44 GMT\r\nretry-after: 17\r\n\
        content-length: 4\r\n\r\nslow";
    static TLS12_ONLY: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];
    static TLS13_ONLY: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];
    for versions in [TLS12_ONLY, TLS13_ONLY] {
        let port = serve(&Certificate { versions, ..GOOD }, reply(answer));
        let response = ask(&config(), &local(port)).unwrap();
        assert_eq!((response.status, response.body.as_slice()), (429, &b"slow"[..]));
        assert_eq!(response.date, crate::date::parse_iso_date("2026-11-23T12:34:44Z"));
        assert_eq!(response.retry_after, Some(Duration::from_secs(17)));
    }
}

#[test]
fn retry_after_may_be_a_date_and_may_be_nonsense() {
    for (value, seconds) in [
        ("Mon, 23 Nov 2026 12:35:44 GMT", Some(60)),
        ("Mon, 23 Nov 2026 12:00:00 GMT", Some(0)),
        ("99999999999999999", Some(86_400)),
        ("-1", None),
        ("soon", None),
    ] {
        let answer = format!(
            "HTTP/1.1 503 x\r\ndate: Mon, 23 Nov 2026 12:34:44 GMT\r\nretry-after: {value}\r\n\
             content-length: 0\r\n\r\n"
        );
        let port = serve(&GOOD, reply(answer.leak().as_bytes()));
        let response = ask(&config(), &local(port)).unwrap();
        assert_eq!(response.retry_after, seconds.map(Duration::from_secs), "{value}");
    }
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    let port = serve(&GOOD, move |stream| {
        seen.fetch_add(1, Ordering::SeqCst);
        reply(OK)(stream);
    });
    for answer in ask_often(&transport(&config(), &local(port)), &local(port), 5) {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_redirect_is_not_followed() {
    let (told, heard) = mpsc::channel();
    let elsewhere = listen(move |_| told.send(()).unwrap());
    let answer =
        format!("HTTP/1.1 307 Go\r\nlocation: https://localhost:{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let port = serve(&GOOD, reply(answer.leak().as_bytes()));
    assert_eq!(ask(&config(), &local(port)).unwrap().status, 307);
    assert!(heard.try_recv().is_err());
}

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

#[test]
fn a_peer_that_does_not_take_part_is_given_up() {
    let hung = TransportConfig { connect_timeout: SHORT, ..config() };
    let silent = listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let started = Instant::now();
    fails(
        ask(&hung, &local(silent)),
        Kind::Network,
        true,
        "within 0.2 s: check the endpoint and the firewall",
    );
    assert!(started.elapsed() >= SHORT);
}

/// The connect time-out must play no part in the wait for an answer.
fn impatient() -> TransportConfig {
    TransportConfig { read_timeout: SHORT, ..config() }
}

#[test]
fn an_answer_that_does_not_come_is_given_up() {
    let silent = serve(&GOOD, |stream| while request(stream).is_some() {});
    fails(ask(&impatient(), &local(silent)), Kind::Network, true, "did not answer within 0.2 s: try again");
}

#[test]
fn an_answer_that_trickles_is_given_up() {
    let trickle = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    fails(ask(&impatient(), &local(trickle)), Kind::Network, true, "did not answer within 0.2 s: try again");
}

#[test]
fn an_answer_on_a_kept_connection_is_given_up_as_well() {
    let once = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(OK).and_then(|()| stream.flush());
        while request(stream).is_some() {}
    });
    let patient = TransportConfig { read_timeout: SHORT * 5, ..config() };
    let mut answers = ask_often(&transport(&patient, &local(once)), &local(once), 2);
    fails(answers.remove(1), Kind::Network, true, "did not answer within 1 s: try again");
    assert_eq!(answers.remove(0).unwrap().status, 200);
}

#[test]
fn the_wait_for_an_answer_begins_when_the_connection_is_open() {
    let wait = SHORT * 5;
    let config = server_config(&GOOD);
    let slow_to_shake_hands = listen(move |stream| {
        thread::sleep(wait + SHORT);
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        reply(OK)(&mut StreamOwned::new(connection, stream));
    });
    let patient = TransportConfig { read_timeout: wait, ..self::config() };
    assert_eq!(ask(&patient, &local(slow_to_shake_hands)).unwrap().status, 200);
}

#[test]
fn a_request_without_a_body_is_given_up_as_well() {
    let silent = serve(&GOOD, |stream| while request(stream).is_some() {});
    let url = local(silent);
    let transport = transport(&impatient(), &url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(transport.send(HttpRequest { body: Vec::new(), ..post(&url) }));
    fails(answer, Kind::Network, true, "did not answer within 0.2 s: try again");
}

#[test]
fn a_refused_connection_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = ask(&config(), &local(port)).err().unwrap();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("Connection refused"), "{source}");
    #[cfg(unix)]
    assert_eq!(error.os_code(), Some(libc::ECONNREFUSED));
    fails(Err(error), Kind::Network, true, "refused the connection: check the endpoint");
}

#[test]
fn a_dropped_connection_is_told() {
    let at_once = listen(drop);
    fails(ask(&config(), &local(at_once)), Kind::Network, true, "broke off");
    let after_the_request = serve(&GOOD, |stream| drop(request(stream)));
    fails(ask(&config(), &local(after_the_request)), Kind::Network, true, "broke off");
    let within_the_body = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    });
    fails(ask(&config(), &local(within_the_body)), Kind::Network, true, "broke off");
    let no_http = serve(&GOOD, reply(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    fails(ask(&config(), &local(no_http)), Kind::Network, true, "broke off");
}

#[test]
fn an_answer_over_one_mebibyte_is_refused() {
    let announced = serve(&GOOD, reply(b"HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n"));
    fails(ask(&config(), &local(announced)), Kind::Server, true, "more than 1 MiB");
    let endless = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [&b"4000\r\n"[..], &[b'x'; 0x4000], b"\r\n"].concat();
        while stream.write_all(&chunk).is_ok() {}
    });
    fails(ask(&config(), &local(endless)), Kind::Server, true, "more than 1 MiB");
    let largest = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(&vec![b'x'; 1 << 20]);
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    assert_eq!(ask(&config(), &local(largest)).unwrap().body.len(), 1 << 20);
}

/// A proxy that reports each CONNECT it gets and then answers `verdict`, or leads to `port` when there is none.
fn proxy(port: u16, verdict: Option<&'static str>) -> (String, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    let own = listen(move |mut stream| {
        let head = request(&mut stream).unwrap_or_default();
        told.send(head).unwrap();
        if let Some(verdict) = verdict {
            let _ = stream.write_all(verdict.as_bytes());
            return;
        }
        let mut upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), upstream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let _ = std::io::copy(&mut upstream, &mut stream);
    });
    (format!("http://user:s3cr3t@localhost:{own}"), heard)
}

#[test]
fn a_configured_proxy_is_used_and_only_where_it_should_be() {
    let port = serve(&GOOD, reply(OK));
    let (url, heard) = proxy(port, None);
    let through = TransportConfig { https_proxy: Some(url.clone()), ..config() };
    assert_eq!(ask(&through, &local(port)).unwrap().status, 200);
    let head = heard.try_recv().unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
    // user:s3cr3t
    assert!(head.contains("Basic dXNlcjpzM2NyM3Q="), "{head}");
    let beside =
        TransportConfig { https_proxy: Some(url.clone()), no_proxy: Some("localhost".into()), ..config() };
    assert_eq!(ask(&beside, &local(port)).unwrap().status, 200);
    let plain = TransportConfig { http_proxy: Some(url), ..config() };
    assert_eq!(ask(&plain, &local(port)).unwrap().status, 200);
    assert!(heard.try_recv().is_err(), "the proxy was used where it should not be");
}

#[test]
fn a_proxy_of_the_environment_is_used_but_never_for_this_machine() {
    let port = serve(&Certificate { name: "kms.example", ..GOOD }, reply(OK));
    let (url, heard) = proxy(port, None);
    let environment = |name: &str| (name == "HTTPS_PROXY").then(|| url.clone());
    let ask = |url: &str| ask_often(&transport_in(&config(), url, environment), url, 1).remove(0);
    assert_eq!(ask("https://kms.example/").unwrap().status, 200);
    assert!(heard.try_recv().unwrap().starts_with("CONNECT kms.example:443 "));
    for url in [local(port), format!("https://127.0.0.1:{port}/")] {
        fails(ask(&url), Kind::Tls, false, "is for another name");
    }
    assert!(heard.try_recv().is_err(), "the proxy was used for loopback");
}

#[test]
fn a_proxy_that_does_not_lead_there_is_told_without_its_login() {
    for (verdict, retryable, sentence) in [
        ("HTTP/1.1 407 Login\r\ncontent-length: 0\r\n\r\n", false, "wants a login: write httpsProxy as"),
        ("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", true, "does not connect to kms.example"),
    ] {
        let (url, _heard) = proxy(0, Some(verdict));
        let through = TransportConfig { https_proxy: Some(url), ..config() };
        let answer = ask(&through, "https://kms.example/");
        assert!(!format!("{:?}", answer.as_ref().err()).contains("s3cr3t"));
        fails(answer, Kind::Network, retryable, sentence);
    }
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let through = TransportConfig { https_proxy: Some(format!("u:s3cr3t@127.0.0.1:{refusing}")), ..config() };
    let answer = ask(&through, "https://kms.example/");
    assert!(!format!("{:?}", answer.as_ref().err()).contains("s3cr3t"));
    fails(answer, Kind::Network, true, "by way of the proxy 127.0.0.1:");
}

#[test]
fn a_proxy_that_is_passed_by_is_not_blamed() {
    let environment = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://proxy.invalid:3128".to_owned()),
        "NO_PROXY" => Some("kms.invalid".to_owned()),
        _ => None,
    };
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, sentence) in [
        ("https://kms.invalid/".to_owned(), "no such host kms.invalid: check the endpoint"),
        (local(refusing), "refused the connection: check the endpoint and its port"),
    ] {
        let answer = ask_often(&transport_in(&config(), &url, environment), &url, 1).remove(0);
        assert!(!format!("{:?}", answer.as_ref().err()).contains("roxy"), "{:?}", answer.err());
        fails(answer, Kind::Network, true, sentence);
    }
}

#[test]
fn no_such_host_says_what_each_kind_of_endpoint_needs() {
    // RFC 6761 keeps `.invalid` from ever resolving; the others are told apart by name alone.
    fails(
        ask(&config(), "https://kms.invalid/"),
        Kind::Network,
        true,
        "no such host kms.invalid: check the endpoint",
    );
    let peer = super::failure::Peer {
        ca: None,
        proxy: None,
        passed_over: None,
        connect_timeout: LONG,
        read_timeout: LONG,
    };
    for (host, sentence) in [
        (
            "kst-hzz000.cryptoservice.kms.aliyuncs.com",
            "the VPC is not associated with the KMS instance, or PrivateZone",
        ),
        ("kms-vpc.cn-hangzhou.aliyuncs.com", "exists only inside a VPC of that region"),
        ("kms.cn-nowhere.aliyuncs.com", "check regionId for a region that Alibaba Cloud has"),
    ] {
        assert!(peer.unresolved(host).contains(sentence), "{host}: {}", peer.unresolved(host));
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
