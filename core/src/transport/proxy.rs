//! Which proxy to take. What the configuration says comes first; where it is silent, the environment variables that
//! curl and the official clients honour: `HTTPS_PROXY` or `https_proxy`, then `ALL_PROXY` or `all_proxy`, with
//! `NO_PROXY` or `no_proxy`; these never lead to this machine itself. `httpProxy` is for plain HTTP, which KMS does not speak and kmsak never sends.

use url::Url;

use crate::config::TransportConfig;
use crate::error::{Error, Result};

const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// A proxy to reach a KMS endpoint through.
#[derive(Debug)]
pub(super) struct Choice {
    /// May hold a user and a password: not for logs.
    pub(super) url: Url,
    /// Comma separated hosts, domains and networks to reach without it; `*` for all.
    pub(super) except: Option<String>,
}

impl Choice {
    /// What errors call it: no user, no password.
    pub(super) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// The proxy of `config`, or that of the environment.
///
/// # Errors
/// [`Kind::Configuration`](crate::Kind::Configuration) for a URL that is no proxy's.
pub(super) fn choose(
    config: &TransportConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Choice>> {
    let first = |names: [&'static str; 2]| {
        names.into_iter().find_map(|name| {
            environment(name).filter(|value| !value.trim().is_empty()).map(|value| (name, value))
        })
    };
    let configured = config.https_proxy.clone().filter(|url| !url.trim().is_empty());
    let Some((origin, text)) = configured
        .map(|url| ("httpsProxy", url))
        .or_else(|| first(["HTTPS_PROXY", "https_proxy"]))
        .or_else(|| first(["ALL_PROXY", "all_proxy"]))
    else {
        return Ok(None);
    };
    let url = parse(text.trim()).ok_or_else(|| {
        Error::configuration(format!(
            "{origin} is not the URL of a proxy: write http://host:port, https://host:port or socks5h://host:port, \
             with user:password@ before the host if the proxy wants a login"
        ))
    })?;
    let except = config.no_proxy.clone().or_else(|| first(["NO_PROXY", "no_proxy"]).map(|(_, value)| value));
    let except = match except {
        except if origin == "httpsProxy" => except,
        Some(except) => Some(format!("{LOOPBACK},{except}")),
        None => Some(LOOPBACK.to_owned()),
    };
    Ok(Some(Choice { url, except }))
}

/// A host and port without a scheme is an HTTP proxy, as everywhere.
fn parse(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(|url| {
        matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn config(https_proxy: Option<&str>, no_proxy: Option<&str>) -> TransportConfig {
        TransportConfig {
            ca: None,
            ignore_ssl_certs: false,
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(10),
            http_proxy: Some("http://plain.example".to_owned()),
            https_proxy: https_proxy.map(str::to_owned),
            no_proxy: no_proxy.map(str::to_owned),
        }
    }

    fn chosen(config: &TransportConfig, environment: &[(&str, &str)]) -> Option<(String, Option<String>)> {
        let find = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        choose(config, find).unwrap().map(|choice| (choice.authority(), choice.except))
    }

    #[test]
    fn the_configuration_wins_over_the_environment() {
        let environment = [("HTTPS_PROXY", "http://env.example:1"), ("NO_PROXY", "a.example")];
        let silent = config(None, None);
        let beside_loopback = Some(format!("{LOOPBACK},a.example"));
        assert_eq!(chosen(&silent, &environment), Some(("env.example:1".into(), beside_loopback)));
        let told = config(Some("http://user:pass@conf.example:2"), None);
        assert_eq!(chosen(&told, &environment), Some(("conf.example:2".into(), Some("a.example".into()))));
        let told = config(Some("conf.example:2"), Some("b.example"));
        assert_eq!(chosen(&told, &environment), Some(("conf.example:2".into(), Some("b.example".into()))));
    }

    #[test]
    fn no_proxy_is_taken_unless_one_is_named() {
        let silent = config(None, None);
        assert_eq!(chosen(&silent, &[]), None);
        assert_eq!(chosen(&silent, &[("HTTPS_PROXY", " "), ("HTTP_PROXY", "http://p:1")]), None);
        let all = chosen(&silent, &[("all_proxy", "socks5h://p.example:1080")]).unwrap();
        assert_eq!(all, ("p.example:1080".to_owned(), Some(LOOPBACK.to_owned())));
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_showing_its_login() {
        for text in ["ftp://p.example", "http://", "http://user:s3cr3t@:1", "://", "http://p:99999"] {
            let error = choose(&config(Some(text), None), |_| None).unwrap_err();
            assert!(error.message().starts_with("httpsProxy is not the URL of a proxy"), "{error}");
            assert!(!error.message().contains("s3cr3t"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = choose(&config(Some(&text), None), |_| None);
        }
    }
}
