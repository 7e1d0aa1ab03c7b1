//! Reading addresses.

use url::Url;

/// A host and port without a scheme is an HTTP proxy, as everywhere.
pub(crate) fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

/// A proxy's address, with or without its scheme.
pub(crate) fn parse_proxy(text: &str) -> Option<Url> {
    parse_url(&with_scheme(text)).filter(|url| {
        matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|host| !host.is_empty())
    })
}

/// Only ASCII: Unicode's tables for host names in other scripts are not shipped (see deny.toml).
pub(crate) fn parse_url(text: &str) -> Option<Url> {
    text.is_ascii().then(|| Url::parse(text).ok())?
}
