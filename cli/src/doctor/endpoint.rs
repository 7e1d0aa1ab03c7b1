//! One endpoint: its name, its address, its TLS and its clock.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kmsak::{Config, EndpointDescription};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use time::PrimitiveDateTime;
use time::macros::format_description;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::report::Report;

const TIMEOUT: Duration = Duration::from_secs(5);
/// KMS refuses what is further off.
const MOST_SKEW: u64 = 15 * 60;

/// Answers whether KMS could be spoken to there.
pub(super) fn check(
    report: &mut Report,
    config: &Config,
    index: usize,
    endpoint: &EndpointDescription,
    authority: &str,
) -> bool {
    let private = authority.ends_with(".cryptoservice.kms.aliyuncs.com");
    let (host, port) = split(authority);
    if endpoint.ignore_ssl_certs {
        report.warning(
            "TLS",
            &format!("{authority} is not verified, as ignoreSslCerts is true: remove it and set caFilePath"),
        );
    }
    if endpoint.proxy {
        report.warning(
            "network",
            &format!("{authority} is reached through a proxy: only the secret itself can be checked"),
        );
        return true;
    }
    let Some(addresses) = resolve(report, host, port, private) else { return false };
    let Some(stream) = connect(report, authority, &addresses) else { return false };
    let roots = match roots(config, index) {
        Ok(roots) => roots,
        Err(message) => {
            report.failed("CA", &message);
            return false;
        }
    };
    if endpoint.ignore_ssl_certs {
        return true;
    }
    talk(report, authority, host, stream, roots)
}

fn split(authority: &str) -> (&str, u16) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && !port.contains(']') => {
            (host.trim_matches(['[', ']']), port.parse().unwrap_or(443))
        }
        _ => (authority.trim_matches(['[', ']']), 443),
    }
}

fn resolve(report: &mut Report, host: &str, port: u16, private: bool) -> Option<Vec<SocketAddr>> {
    report.begin("DNS");
    let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) if private => {
            report.failed("DNS", &format!("{host} is not known ({error}): associate this VPC with the KMS instance, or add the record of the instance to PrivateZone"));
            return None;
        }
        Err(error) => {
            report.failed(
                "DNS",
                &format!("{host} is not known ({error}): check the spelling and this machine's DNS"),
            );
            return None;
        }
    };
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let shown = format!("{host} is {}", shown.join(", "));
    if private && !addresses.iter().any(|address| is_private(address.ip())) {
        report.warning("DNS", &format!("{shown}, which is not a private address: let PrivateZone resolve it to the instance's address in the VPC"));
    } else {
        report.good("DNS", &shown);
    }
    Some(addresses)
}

/// What a VPC hands out, 100.64.0.0/10 for cloud services included.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback(),
    }
}

fn connect(report: &mut Report, authority: &str, addresses: &[SocketAddr]) -> Option<TcpStream> {
    report.begin("TCP");
    let mut why = "it has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(address, TIMEOUT) {
            Ok(stream) => {
                report.good("TCP", &format!("{authority} takes connections"));
                return Some(stream);
            }
            Err(error) => why = error.to_string(),
        }
    }
    report.failed(
        "TCP",
        &format!(
            "{authority} takes no connection ({why}): check the security group, the firewall and the route"
        ),
    );
    None
}

fn roots(config: &Config, index: usize) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match config.read_ca(index).map_err(|error| error.message().to_owned())? {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate
                    .map_err(|_| "the CA file is damaged PEM: download it from the KMS console")?;
                roots.add(certificate).map_err(|_| "the CA file holds a certificate that cannot be read: download it from the KMS console")?;
            }
            if roots.is_empty() {
                return Err("the CA file holds no certificate: download it from the KMS console".to_owned());
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    Ok(roots)
}

fn talk(report: &mut Report, authority: &str, host: &str, stream: TcpStream, roots: RootCertStore) -> bool {
    report.begin("TLS");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from(host.to_owned());
    let (Ok(config), Ok(name)) = (made, name) else {
        report.failed("TLS", &format!("{host} cannot be the name of a server"));
        return false;
    };
    let connection = match ClientConnection::new(Arc::new(config), name) {
        Ok(connection) => connection,
        Err(error) => {
            report.failed("TLS", &format!("cannot begin: {error}"));
            return false;
        }
    };
    let timed = stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(TIMEOUT)));
    let mut stream = StreamOwned::new(connection, stream);
    let question = format!(
        "HEAD / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: kmsak-doctor\r\nConnection: close\r\n\r\n"
    );
    let sent = timed.and_then(|()| stream.write_all(question.as_bytes())).and_then(|()| stream.flush());
    if let Err(error) = sent {
        report.failed("TLS", &format!("{authority} cannot be verified ({error}): check that caFilePath is the CA of this KMS instance and that endpoint is spelt as in its certificate"));
        return false;
    }
    let days = stream.conn.peer_certificates().and_then(|chain| days_left(chain.first()?));
    let version = stream
        .conn
        .protocol_version()
        .and_then(|version| version.as_str().map(str::to_owned))
        .unwrap_or_default();
    match days {
        Some(days) if days < 15 => report.warning(
            "TLS",
            &format!("{authority} is verified ({version}), but its certificate ends in {days} days"),
        ),
        Some(days) => report.good(
            "TLS",
            &format!("{authority} is verified ({version}), its certificate is good for {days} days"),
        ),
        None => report.good("TLS", &format!("{authority} is verified ({version})")),
    }
    clock(report, &mut stream);
    true
}

fn days_left(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some((parsed.validity().not_after.timestamp() - i64::try_from(now).ok()?) / 86_400)
}

fn clock(report: &mut Report, stream: &mut impl Read) {
    report.begin("clock");
    let mut answer = Vec::new();
    // A server that ends the connection without saying so in TLS has answered all the same.
    let _ = stream.take(64 * 1024).read_to_end(&mut answer);
    let head = String::from_utf8_lossy(&answer);
    let date = head
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("date"))
        .and_then(|(_, value)| {
            let form = format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
            );
            PrimitiveDateTime::parse(value.trim(), form).ok()
        });
    let Some(date) = date else {
        report.warning("clock", "the server did not tell the time");
        return;
    };
    let server = SystemTime::from(date.assume_utc());
    let now = SystemTime::now();
    let off =
        now.duration_since(server).or_else(|_| server.duration_since(now)).unwrap_or_default().as_secs();
    let direction = if now > server { "ahead of" } else { "behind" };
    if off > MOST_SKEW {
        report.warning("clock", &format!("{off} s {direction} the server's, more than KMS allows: switch on NTP; until then kmsak signs with the server's time"));
    } else if off > 60 {
        report.warning("clock", &format!("{off} s {direction} the server's: switch on NTP"));
    } else {
        report
            .good("clock", &format!("within {} of the server's", super::counted(off as usize + 1, "second")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        assert_eq!(split("kms.cn-hangzhou.aliyuncs.com"), ("kms.cn-hangzhou.aliyuncs.com", 443));
        assert_eq!(split("127.0.0.1:8443"), ("127.0.0.1", 8443));
        assert_eq!(split("[::1]:8443"), ("::1", 8443));
        assert_eq!(split("[::1]"), ("::1", 443));
    }

    #[test]
    fn addresses_of_a_vpc() {
        for private in ["10.1.2.3", "172.16.0.1", "192.168.0.1", "100.100.0.1", "127.0.0.1", "fd00::1"] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "100.128.0.1", "2001:4860::8888"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
