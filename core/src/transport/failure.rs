//! Why an exchange failed, and what to do about it. The cause is found by type in the chain of sources.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{CertificateError, InvalidMessage};
use url::Url;

use super::verifier::{CaAsServer, ExpiredCas};
use crate::error::{Error, Kind};

/// What the sentences need to know about the way to the peer.
#[derive(Debug)]
pub(super) struct Peer {
    /// The configured CA's file or name.
    pub(super) ca: Option<String>,
    /// `host:port`, without a login.
    pub(super) proxy: Option<String>,
    /// Why a configured proxy is not on the way.
    pub(super) passed_over: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
}

/// Which kind of endpoint a host is, by Alibaba Cloud's names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Instance,
    SharedVpc,
    SharedPublic,
    Other,
}

impl Peer {
    /// The error for `error`, which befell a request to `url`.
    pub(super) fn explain(&self, url: &str, error: &reqwest::Error) -> Error {
        let told = self.told(url, error);
        match innermost(error) {
            Some(words) => told.with_source(words, os_code(error)),
            None => told,
        }
    }

    fn told(&self, url: &str, error: &reqwest::Error) -> Error {
        let host = host(url);
        if let Some(tls) = find::<rustls::Error>(error) {
            return self.tls(&host, tls);
        }
        if error.is_dns() {
            return network(self.unresolved(&host) + &self.passed_over_hint());
        }
        if error.is_timeout() {
            return if error.is_connect() {
                network(self.connect_timed_out(&host))
            } else {
                self.silent(url, self.connect_timeout + self.read_timeout)
            };
        }
        if error.is_connect() && self.proxy.is_some() && cause(error).contains("proxy authorization required")
        {
            return Error::new(
                Kind::Network,
                format!(
                    "the proxy {} wants a login: write httpsProxy as http://user:password@host:port",
                    self.proxy.as_deref().unwrap_or_default()
                ),
            );
        }
        match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => network(format!(
                "{} refused the connection: check the endpoint and its port{}",
                self.target(&host),
                self.proxy_hint()
            )),
            Some(
                io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown,
            ) => network(format!(
                "there is no route to {}: check the network, and that this machine is in the VPC if the \
                     endpoint is inside one{}",
                self.target(&host),
                self.proxy_hint()
            )),
            Some(io::ErrorKind::TimedOut) => network(self.connect_timed_out(&host)),
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
            ) => network(format!(
                "{} broke off the connection: try again, and look for a firewall on the way that closes \
                 connections{}",
                self.target(&host),
                self.proxy_hint()
            )),
            _ if error.is_connect() && self.proxy.is_some() => network(format!(
                "the proxy {} does not connect to {host} ({}): allow {host} on the proxy, or add it to noProxy",
                self.proxy.as_deref().unwrap_or_default(),
                cause(error)
            )),
            _ => network(format!(
                "the exchange with {host} broke off ({}): try again, and look for a proxy or a firewall on the \
                 way that cuts connections",
                cause(error)
            )),
        }
    }

    /// The error for an answer that is not whole after `waited`.
    pub(super) fn silent(&self, url: &str, waited: Duration) -> Error {
        network(format!(
            "{} did not answer within {}: try again, and raise readTimeout if the network is slow",
            host(url),
            seconds(waited)
        ))
    }

    /// The error for an answer that was refused for its size.
    pub(super) fn too_large(&self, url: &str) -> Error {
        Error::new(
            Kind::Server,
            format!(
                "{} answered with more than 1 MiB, which KMS never does: check that the endpoint is a KMS \
                 gateway",
                host(url)
            ),
        )
        .with_retryable(true)
    }

    pub(super) fn unresolved(&self, host: &str) -> String {
        if let Some(proxy) = &self.proxy {
            return format!(
                "the name of the proxy {proxy} or of {host} cannot be resolved: check httpsProxy, the \
                 environment's HTTPS_PROXY, and DNS"
            );
        }
        match door(host) {
            Door::Instance => format!(
                "no such host {host}: the VPC is not associated with the KMS instance, or PrivateZone lacks the \
                 record; associate the VPC in the KMS console, and check the instance id"
            ),
            Door::SharedVpc => format!(
                "no such host {host}: the name exists only inside a VPC of that region; check regionId, or leave \
                 vpc out to go over the Internet"
            ),
            Door::SharedPublic => format!(
                "no such host {host}: check regionId for a region that Alibaba Cloud has, and that this machine \
                 can resolve names on the Internet"
            ),
            Door::Other => {
                format!("no such host {host}: check the endpoint's spelling and this machine's DNS")
            }
        }
    }

    fn connect_timed_out(&self, host: &str) -> String {
        let way = match (&self.proxy, door(host)) {
            (Some(_), _) => "check that the proxy is right and reaches the endpoint",
            (None, _) if self.passed_over.is_some() => "check the way to the endpoint",
            (None, Door::Instance | Door::SharedVpc) => {
                "check that this machine is in a VPC that reaches the endpoint, and its security group"
            }
            (None, _) => {
                "check the endpoint and the firewall, or set httpsProxy if the Internet is behind a proxy"
            }
        };
        let hint = self.passed_over_hint();
        format!(
            "no connection to {} within {}: {way}{hint}",
            self.target(host),
            seconds(self.connect_timeout)
        )
    }

    fn tls(&self, host: &str, error: &rustls::Error) -> Error {
        let message = match error {
            rustls::Error::InvalidCertificate(error) => self.certificate(host, error),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => format!(
                "{host} does not speak TLS: check the endpoint's port (KMS listens on 443) and that no proxy \
                 answers in its place"
            ),
            rustls::Error::AlertReceived(alert) => format!(
                "{host} refused the TLS handshake ({alert:?}): check that the endpoint is a KMS gateway and that \
                 no device on the way inspects TLS"
            ),
            rustls::Error::PeerIncompatible(_) => format!(
                "{host} shares no TLS version or cipher with kmsak, which speaks TLS 1.2 and 1.3: check that the \
                 endpoint is a KMS gateway"
            ),
            _ => format!(
                "TLS with {host} failed ({error}): check that the endpoint is a KMS gateway and that no device \
                 on the way inspects TLS"
            ),
        };
        // A certificate does not change by itself, while a captive portal or a gateway that is being restarted goes away.
        let lasts =
            matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::PeerIncompatible(_));
        Error::new(Kind::Tls, message).with_retryable(!lasts)
    }

    fn certificate(&self, host: &str, error: &CertificateError) -> String {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                match (&self.ca, door(host)) {
                    (Some(ca), _) => format!(
                        "the certificate of {host} was not issued by the CA in {ca}: download the CA certificate \
                     (PrivateKmsCA_<instance>.pem) of this very KMS instance from the KMS console and put it there"
                    ),
                    (None, Door::Instance) => format!(
                        "the certificate of {host} was issued by none of KMS's private CAs that kmsak carries: download the \
                     CA certificate (PrivateKmsCA_<instance>.pem) from the KMS console and set caFilePath to it"
                    ),
                    (None, _) => format!(
                        "the certificate of {host} was not issued by a public CA: set caFilePath if the endpoint has a \
                     private CA, and look for a proxy on the way that inspects TLS"
                    ),
                }
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
                "the certificate of {host} has expired: check this machine's clock, and if it is right, report it \
                 to whoever runs the endpoint"
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!(
                "the certificate of {host} is not valid yet: set this machine's clock, and keep it right with NTP"
            ),
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => format!(
                "the certificate of {host} names no host, for a common name does not count: have it issued anew with \
                 subjectAltName={}",
                alternative_name(host)
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
                "the certificate that answered for {host} is for another name: write the endpoint as KMS gives it, \
                 and look for a DNS record or a proxy that leads elsewhere"
            ),
            CertificateError::Other(other) if other.0.is::<ExpiredCas>() => format!(
                "the CA in {} has expired: check this machine's clock, and if it is right, download the CA certificate of the \
                 KMS instance anew",
                self.ca.as_deref().unwrap_or("the system's store")
            ),
            CertificateError::Other(other) if other.0.is::<CaAsServer>() => format!(
                "the certificate of {host} is a CA's, as openssl req -x509 makes it, or older than version 3, as openssl x509 -req \
                 makes it, and a server's may be neither: make it anew with {}, and {}",
                self_signing(host),
                match &self.ca {
                    Some(ca) => format!("put server.pem into {ca} too"),
                    None => "set caFilePath to server.pem".to_owned(),
                }
            ),
            CertificateError::Revoked => {
                format!("the certificate of {host} was revoked: report it to whoever runs the endpoint")
            }
            _ => format!(
                "the certificate of {host} cannot be accepted ({error}): check that the endpoint is a KMS gateway"
            ),
        }
    }

    /// Who is at the other end of the TCP connection.
    fn target(&self, host: &str) -> String {
        match &self.proxy {
            Some(proxy) => format!("{host} by way of the proxy {proxy}"),
            None => host.to_owned(),
        }
    }

    fn proxy_hint(&self) -> String {
        if self.proxy.is_some() {
            ", and httpsProxy or the environment's HTTPS_PROXY".to_owned()
        } else {
            self.passed_over_hint()
        }
    }

    fn passed_over_hint(&self) -> String {
        self.passed_over.as_ref().map(|why| format!("; {why}")).unwrap_or_default()
    }
}

fn network(message: String) -> Error {
    Error::new(Kind::Network, message).with_retryable(true)
}

/// `host`, or `host:port` if the port is not HTTPS's own.
fn host(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return "the endpoint".to_owned();
    };
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// How a certificate calls `host`, which may have a port.
fn alternative_name(host: &str) -> String {
    match Url::parse(&format!("https://{host}")).ok().as_ref().and_then(Url::host) {
        Some(url::Host::Ipv4(address)) => format!("IP:{address}"),
        Some(url::Host::Ipv6(address)) => format!("IP:{address}"),
        Some(url::Host::Domain(name)) => format!("DNS:{name}"),
        None => format!("DNS:{host}"),
    }
}

/// What makes a certificate that a server for `host` may show, and its clients trust.
fn self_signing(host: &str) -> String {
    format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=kms -addext basicConstraints=critical,CA:FALSE -addext \
         subjectAltName={} -keyout server.key -out server.pem",
        alternative_name(host)
    )
}

fn door(host: &str) -> Door {
    let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if name.ends_with(".cryptoservice.kms.aliyuncs.com") {
        Door::Instance
    } else if !name.ends_with(".aliyuncs.com") {
        Door::Other
    } else if name.starts_with("kms-vpc.") {
        Door::SharedVpc
    } else if name.starts_with("kms.") {
        Door::SharedPublic
    } else {
        Door::Other
    }
}

/// `error` and what is below it. An [`io::Error`] that wraps another hides it from `source`.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|error| error as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

/// The first `T` among the causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref::<T>())
}

fn os_code(error: &reqwest::Error) -> Option<i32> {
    chain(error).find_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error())
}

fn cause(error: &reqwest::Error) -> String {
    innermost(error).unwrap_or_else(|| "no cause given".to_owned())
}

/// What the innermost cause says. Never more than words about the connection.
fn innermost(error: &reqwest::Error) -> Option<String> {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    (!innermost.is::<reqwest::Error>()).then(|| crate::shown::plain(&innermost.to_string(), 120))
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
