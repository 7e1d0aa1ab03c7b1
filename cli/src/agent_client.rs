//! How commands ask an agent that runs already: one GET, in the blocking way.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(3);
const LARGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// Where the agent listens.
pub(crate) enum Place {
    Unix(PathBuf),
    Tcp { host: String, port: u16, tls: Option<Arc<ClientConfig>> },
}

impl Place {
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        Place::Tcp { host: address.ip().to_string(), port: address.port(), tls: None }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Place::Unix(path) => path.display().to_string(),
            Place::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Tcp { host, port, .. } => format!("{host}:{port}"),
        }
    }

    /// Status and body. `header` is a line for the head, or nothing.
    pub(crate) fn get(&self, path: &str, header: &str) -> Result<(u16, String), Failure> {
        let host = match self {
            Place::Unix(_) => "localhost".to_owned(),
            Place::Tcp { .. } => self.name(),
        };
        let question = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n");
        let answer = self.ask(&question).map_err(|error| self.unreachable(&error))?;
        let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        status.zip(body).ok_or_else(|| Failure::new(format!("what answers on {} is no agent", self.name())))
    }

    fn ask(&self, question: &str) -> io::Result<String> {
        match self {
            Place::Unix(path) => talk_through(path, question),
            Place::Tcp { host, port, tls } => {
                let address = (host.as_str(), *port).to_socket_addrs()?.next();
                let address = address.ok_or_else(|| io::Error::from(ErrorKind::AddrNotAvailable))?;
                let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                let Some(config) = tls else { return talk(stream, question) };
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                talk(StreamOwned::new(connection, stream), question)
            }
        }
    }

    fn unreachable(&self, error: &io::Error) -> Failure {
        let remedy = match self {
            // So it treats whom it does not admit.
            Place::Unix(_) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                "admit this user with the agent's --allow-uid"
            }
            Place::Unix(_) => "start it, or give the --unix that it was started with",
            Place::Tcp { .. } if error.kind() == ErrorKind::InvalidData => of_tls(error),
            Place::Tcp { .. } => "start it, or give the address on which it listens",
        };
        Failure::new(format!("the agent does not answer on {} ({error}): {remedy}", self.name()))
    }
}

fn of_tls(error: &io::Error) -> &'static str {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    let known = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match known {
        Some(InvalidCertificate(Expired | ExpiredContext { .. })) => "renew its certificate",
        Some(InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
            "call it by a name that stands in its certificate"
        }
        Some(InvalidMessage(_)) => "it speaks no TLS there: say http://",
        _ => "give the certificate or the CA by which it is to be known",
    }
}

#[cfg(unix)]
fn talk_through(path: &Path, question: &str) -> io::Result<String> {
    let stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    talk(stream, question)
}

#[cfg(not(unix))]
fn talk_through(_: &Path, _: &str) -> io::Result<String> {
    Err(io::Error::new(ErrorKind::Unsupported, "agents have no Unix socket on this system"))
}

fn talk(mut stream: impl Read + Write, question: &str) -> io::Result<String> {
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    match stream.take(LARGEST_ANSWER).read_to_string(&mut answer) {
        // The agent may end a connection without TLS's goodbye.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !answer.is_empty() => Ok(answer),
        read => read.map(|_| answer),
    }
}

/// TLS with whoever shows just this certificate, whatever its names: for the probe, which stands beside the agent.
pub(crate) fn expecting(certificate: CertificateDer<'static>) -> Result<Arc<ClientConfig>, Failure> {
    let provider = rustls::crypto::ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(Failure::doing("TLS cannot be set up"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Expected { certificate, algorithms }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Expected {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Expected {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate than the one in --tls-cert".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
