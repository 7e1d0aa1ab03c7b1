//! Checks on what names a gateway.

use url::Url;

use crate::shown::quoted;
use crate::transport::url::{parse_proxy, with_scheme};

/// `host` or `host:port` out of what a user writes for an endpoint; the error says what is wrong with it, without
/// the subject.
pub(super) fn authority(given: &str) -> Result<String, String> {
    const EXPECTED: &str = "expected a host name such as kms.cn-hangzhou.aliyuncs.com, with :port if need be";

    let trimmed = given.trim();
    // A user name may come with a password, so such text is not shown.
    if trimmed.contains('@') {
        return Err(format!("holds a user name: {EXPECTED}"));
    }
    let wrong = || format!("is {}: {EXPECTED}", quoted(given));
    let host = match trimmed.split_once("://") {
        Some((scheme, host)) if scheme.eq_ignore_ascii_case("https") => {
            host.strip_suffix('/').unwrap_or(host)
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => {
            return Err(format!(
                "is {}: KMS is spoken to over TLS only, so leave http:// away and write the host name",
                quoted(given)
            ));
        }
        Some(_) => return Err(wrong()),
        None => trimmed,
    };
    if let Some((bare, path)) = host.split_once('/').filter(|(bare, _)| !bare.is_empty()) {
        let path = quoted(&format!("/{path}"));
        return Err(format!("is {}: leave {path} away and write {}", quoted(given), quoted(bare)));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(wrong());
    }
    let url = Url::parse(&format!("https://{host}/")).map_err(|_| wrong())?;
    let parsed = url.host_str().ok_or_else(wrong)?;
    match url.port_or_known_default() {
        None | Some(0) => Err(wrong()),
        Some(443) => Ok(parsed.to_owned()),
        Some(port) => Ok(format!("{parsed}:{port}")),
    }
}

/// A region id such as `cn-hangzhou`; the error says what is wrong with it, without the subject.
pub(super) fn region_id(given: &str) -> Result<String, String> {
    let trimmed = given.trim();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // It becomes part of a host name.
    if trimmed.len() < 2
        || trimmed.len() > 50
        || !trimmed.bytes().all(allowed)
        || !trimmed.starts_with(|c: char| c.is_ascii_lowercase())
        || trimmed.ends_with('-')
    {
        return Err(format!("is {}: expected a region id such as cn-hangzhou", quoted(given)));
    }
    Ok(trimmed.to_owned())
}

/// The region in `kms.<region>.aliyuncs.com` and `kms-vpc.<region>.aliyuncs.com`.
pub(super) fn region_of(authority: &str) -> Option<String> {
    let host = authority.split(':').next()?;
    let region =
        host.strip_prefix("kms.").or_else(|| host.strip_prefix("kms-vpc."))?.strip_suffix(".aliyuncs.com")?;
    region_id(region).ok()
}

/// Whether the host is a KMS instance's, whatever the list that it stands in.
pub(super) fn is_instance(authority: &str) -> bool {
    authority.split(':').next().is_some_and(|host| host.ends_with(".cryptoservice.kms.aliyuncs.com"))
}

/// A proxy's address. It may hold a password, so the error never shows it.
pub(super) fn proxy(given: &str) -> Result<String, String> {
    let full = with_scheme(given.trim());
    if parse_proxy(&full).is_some() {
        return Ok(full);
    }
    Err("is not the address of a proxy (not shown, as it may hold a password): expected \
         http://host:port, https://host:port or socks5h://host:port"
        .to_owned())
}
