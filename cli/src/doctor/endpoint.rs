//! One endpoint: its CA, its name, its address, its TLS and its clock.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, SystemTime};

use kmsak::{Config, EndpointDescription, Kind};
use x509_parser::pem::Pem;

use super::report::Report;
use super::{SOON_DAYS, counted};
use crate::failure::exit_code;

const TIMEOUT: Duration = Duration::from_secs(5);
/// KMS refuses what is further off.
const MOST_SKEW: u64 = 15 * 60;
/// The exit code for a network's failure.
const UNREACHABLE: u8 = 5;

/// Whether KMS could be spoken to there; if not, the exit code that this deserves.
pub(super) fn check(
    report: &mut Report,
    config: &Config,
    index: usize,
    endpoint: &EndpointDescription,
    authority: &str,
) -> Result<(), u8> {
    let private = authority.ends_with(".cryptoservice.kms.aliyuncs.com");
    let (host, port) = split(authority);
    if endpoint.ignore_ssl_certs {
        report.warning(
            "CA",
            &format!("{authority} is not verified, as ignoreSslCerts is true: remove it and set caFilePath"),
        );
    } else {
        ca(report, config, index, endpoint)?;
    }
    if endpoint.proxy {
        report.good("network", &format!("{authority} is reached through a proxy, which looks up its name"));
    } else {
        let addresses = resolve(report, host, port, private)?;
        connect(report, authority, &addresses)?;
    }
    talk(report, config, index, authority, endpoint.ignore_ssl_certs)
}

fn ca(report: &mut Report, config: &Config, index: usize, endpoint: &EndpointDescription) -> Result<(), u8> {
    let pem = config.read_ca(index).map_err(|error| {
        report.failed("CA", error.message());
        exit_code(error.kind())
    })?;
    let Some(pem) = pem else {
        report.good("CA", "the public CAs that this system trusts");
        return Ok(());
    };
    if endpoint.carried_ca {
        let count = Pem::iter_from_buffer(&pem).flatten().count();
        report.good(
            "CA",
            &format!(
                "the public CAs that this system trusts, and {} of KMS's private CAs that kmsak carries (of January 2026); \
                 caFilePath wins over them",
                counted(count, "certificate")
            ),
        );
        return Ok(());
    }
    let origin =
        endpoint.ca_file.as_ref().map_or_else(|| "inline".to_owned(), |path| path.display().to_string());
    // The library could read all of them.
    let ends: Vec<(String, i64)> = Pem::iter_from_buffer(&pem)
        .flatten()
        .filter_map(|block| {
            let certificate = block.parse_x509().ok()?;
            Some((certificate.subject().to_string(), certificate.validity().not_after.timestamp()))
        })
        .collect();
    let Some((name, end)) = ends.iter().min_by_key(|(_, end)| *end) else {
        report.good("CA", &origin);
        return Ok(());
    };
    let facts = format!("{} in {origin}", counted(ends.len(), "certificate"));
    match days_until(*end) {
        days if days < 0 => report.warning(
            "CA",
            &format!(
                "{facts}, and {name} has expired: download the CA certificate of the KMS instance again"
            ),
        ),
        days if days <= i64::from(SOON_DAYS) => report.warning(
            "CA",
            &format!(
                "{facts}, and {name} ends in {}: look for a newer CA certificate in the KMS console",
                counted(days as usize, "day")
            ),
        ),
        days => report.good("CA", &format!("{facts}, good for {}", counted(days as usize, "day"))),
    }
    Ok(())
}

fn split(authority: &str) -> (&str, u16) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && !port.contains(']') => {
            (host.trim_matches(['[', ']']), port.parse().unwrap_or(443))
        }
        _ => (authority.trim_matches(['[', ']']), 443),
    }
}

fn resolve(report: &mut Report, host: &str, port: u16, private: bool) -> Result<Vec<SocketAddr>, u8> {
    report.begin("DNS");
    let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) if private => {
            report.failed("DNS", &format!("{host} is not known ({error}): associate this VPC with the KMS instance, or add the record of the instance to PrivateZone"));
            return Err(UNREACHABLE);
        }
        Err(error) => {
            report.failed(
                "DNS",
                &format!("{host} is not known ({error}): check the spelling and this machine's DNS"),
            );
            return Err(UNREACHABLE);
        }
    };
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let shown = format!("{host} is {}", shown.join(", "));
    if private && !addresses.iter().any(|address| is_private(address.ip())) {
        report.warning("DNS", &format!("{shown}, which is not a private address: let PrivateZone resolve it to the instance's address in the VPC"));
    } else {
        report.good("DNS", &shown);
    }
    Ok(addresses)
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

fn connect(report: &mut Report, authority: &str, addresses: &[SocketAddr]) -> Result<(), u8> {
    report.begin("TCP");
    let mut why = "it has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(address, TIMEOUT) {
            Ok(_) => {
                report.good("TCP", &format!("{authority} takes connections"));
                return Ok(());
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
    Err(UNREACHABLE)
}

/// As the library does it: with the same roots, proxy and time-outs, and the same words for what fails.
fn talk(
    report: &mut Report,
    config: &Config,
    index: usize,
    authority: &str,
    unverified: bool,
) -> Result<(), u8> {
    report.begin("TLS");
    let shown = config.probe(index, authority).map_err(|error| {
        let check = if error.kind() == Kind::Network { "network" } else { "TLS" };
        report.failed(check, error.message());
        exit_code(error.kind())
    })?;
    let verified = if unverified { "answers" } else { "is verified" };
    match shown.certificate_not_after.map(|end| days_until(seconds(end))) {
        Some(days) if days < 15 && !unverified => report.warning(
            "TLS",
            &format!(
                "{authority} {verified}, but its certificate ends in {}",
                counted(days.max(0) as usize, "day")
            ),
        ),
        Some(days) if days >= 0 => report.good(
            "TLS",
            &format!("{authority} {verified}, its certificate is good for {}", counted(days as usize, "day")),
        ),
        Some(_) | None => report.good("TLS", &format!("{authority} {verified}")),
    }
    match shown.date {
        Some(server) => clock(report, server),
        None => report.warning("clock", "the server did not tell the time"),
    }
    Ok(())
}

fn seconds(at: SystemTime) -> i64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn days_until(end: i64) -> i64 {
    (end - seconds(SystemTime::now())).div_euclid(86_400)
}

fn clock(report: &mut Report, server: SystemTime) {
    let now = SystemTime::now();
    let off =
        now.duration_since(server).or_else(|_| server.duration_since(now)).unwrap_or_default().as_secs();
    let direction = if now > server { "ahead of" } else { "behind" };
    if off > MOST_SKEW {
        report.warning("clock", &format!("{off} s {direction} the server's, more than KMS allows: switch on NTP; until then kmsak signs with the server's time"));
    } else if off > 60 {
        report.warning("clock", &format!("{off} s {direction} the server's: switch on NTP"));
    } else {
        report.good("clock", &format!("within {} of the server's", counted(off as usize + 1, "second")));
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
