//! The transport against real sockets and real TLS. Each server is a listener on loopback that does one thing.

mod proxies;
mod time_outs;
mod verification;

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
    showing(&signed, &key, certificate.versions)
}

/// A server that shows `signed`, the certificate of `key`.
fn showing(
    signed: &rcgen::Certificate,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
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
    serve_with(server_config(certificate), handle)
}

fn serve_with(config: Arc<ServerConfig>, handle: impl Fn(&mut Tls) + Send + Sync + 'static) -> u16 {
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
fn a_refused_connection_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = ask(&config(), &local(port)).err().unwrap();
    let source = std::error::Error::source(&error).unwrap().to_string();
    // Windows has its own words, in the language of its user.
    #[cfg(unix)]
    assert!(source.starts_with("Connection refused"), "{source}");
    #[cfg(unix)]
    const REFUSED: i32 = libc::ECONNREFUSED;
    #[cfg(windows)]
    const REFUSED: i32 = 10_061;
    assert_eq!(error.os_code(), Some(REFUSED), "{source}");
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
