//! Whether to take a proxy, and which. What the configuration says comes first; where it is silent, the environment
//! variables that curl and the official clients honour: `HTTPS_PROXY` or `https_proxy`, then `ALL_PROXY` or `all_proxy`,
//! with `NO_PROXY` or `no_proxy`; these never lead to this machine itself. `httpProxy` is for plain HTTP, which KMS does
//! not speak and kmsak never sends.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::TransportConfig;
use super::url::{parse_proxy, parse_url};
use crate::error::{Error, Result};

const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// A proxy to reach a KMS endpoint through.
#[derive(Debug)]
pub(super) struct Choice {
    /// May hold a user and a password: not for logs.
    pub(super) url: Url,
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

/// The proxy to `authority` by `config`, or by the environment; none where the way leads past it.
///
/// # Errors
/// [`Kind::Configuration`](crate::Kind::Configuration) for a URL that is no proxy's, and for a proxy that would be
/// verified as if it were KMS.
pub(super) fn choose(
    config: &TransportConfig,
    authority: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Choice>> {
    let configured = config.https_proxy.clone().filter(|url| !url.trim().is_empty());
    let Some((origin, text)) = configured
        .map(|url| ("httpsProxy", url))
        .or_else(|| first(["HTTPS_PROXY", "https_proxy"], &environment))
        .or_else(|| first(["ALL_PROXY", "all_proxy"], &environment))
    else {
        return Ok(None);
    };
    let except = config.no_proxy.clone().or_else(|| no_proxy(environment).map(|(_, value)| value));
    if (origin != "httpsProxy" && spares(LOOPBACK, authority))
        || except.is_some_and(|except| spares(&except, authority))
    {
        return Ok(None);
    }
    let url = parse_proxy(text.trim()).ok_or_else(|| {
        Error::configuration(format!(
            "{origin} is not the URL of a proxy: write http://host:port, https://host:port or socks5h://host:port, \
             with user:password@ before the host if the proxy wants a login"
        ))
    })?;
    // One TLS configuration serves both hops.
    if url.scheme() == "https" && (config.ca.is_some() || config.ignore_ssl_certs) {
        return Err(Error::configuration(format!(
            "{origin} is an https:// proxy, whose certificate would be verified as that of {authority} is, by {}: \
             write http://, since TLS with KMS runs through the proxy all the same, or add the host to noProxy",
            if config.ignore_ssl_certs { "nothing (ignoreSslCerts)" } else { "the CA in caFilePath alone" }
        )));
    }
    Ok(Some(Choice { url }))
}

/// The sentence to say where the environment keeps requests to `authority` from the proxy that `config` names.
pub(super) fn passed_over(
    config: &TransportConfig,
    authority: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    config.https_proxy.as_deref().filter(|url| !url.trim().is_empty() && config.no_proxy.is_none())?;
    let (name, except) = no_proxy(environment)?;
    spares(&except, authority).then(|| {
        format!(
            "httpsProxy is not used for {authority}, which the environment variable {name} names: take the name out there, \
             or set noProxy, which counts instead"
        )
    })
}

/// The first of these variables that is set, with its value.
fn first(
    names: [&'static str; 2],
    environment: impl Fn(&str) -> Option<String>,
) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| {
        environment(name).filter(|value| !value.trim().is_empty()).map(|value| (name, value))
    })
}

fn no_proxy(environment: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    first(["NO_PROXY", "no_proxy"], environment)
}

/// Whether `list`, of hosts, domains and networks with commas between, names the host of `authority`; `*` names all.
fn spares(list: &str, authority: &str) -> bool {
    let url = format!("https://{authority}/");
    let Some(parsed) = parse_url(&url) else { return false };
    let port = parsed.port_or_known_default();
    let hosts: Vec<&str> = list.split(',').filter_map(|entry| host_of(entry, port)).collect();
    // The matcher takes `*` for all names, and for no address.
    if hosts.contains(&"*") {
        return true;
    }
    let Ok(destination) = url.parse() else { return false };
    Matcher::builder().https("http://proxy").no(hosts.join(",")).build().intercept(&destination).is_none()
}

/// An entry as the matcher wants it, `*.example.com` being `.example.com` there; none for one of another port.
fn host_of(entry: &str, port: Option<u16>) -> Option<&str> {
    let entry = entry.trim();
    let (host, its_port) = match entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        // A second colon makes it an IPv6 address.
        None => match entry.split_once(':') {
            Some((host, its_port)) if !its_port.contains(':') => (host, Some(its_port)),
            _ => (entry, None),
        },
    };
    if its_port.is_some_and(|its_port| its_port.parse().ok() != port) {
        return None;
    }
    Some(host.strip_prefix('*').filter(|domain| domain.starts_with('.')).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn config(https_proxy: Option<&str>, no_proxy: Option<&str>) -> TransportConfig {
        TransportConfig {
            ca: None,
            more_public_cas: None,
            of_instance: false,
            ignore_ssl_certs: false,
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(10),
            http_proxy: Some("http://plain.example".to_owned()),
            https_proxy: https_proxy.map(str::to_owned),
            no_proxy: no_proxy.map(str::to_owned),
        }
    }

    const KMS: &str = "kms.cn-hangzhou.aliyuncs.com";

    fn chosen_for(
        authority: &str,
        config: &TransportConfig,
        environment: &[(&str, &str)],
    ) -> Result<Option<String>> {
        let find = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Ok(choose(config, authority, find)?.map(|choice| choice.authority()))
    }

    fn chosen(config: &TransportConfig, environment: &[(&str, &str)]) -> Option<String> {
        chosen_for(KMS, config, environment).unwrap()
    }

    #[test]
    fn the_configuration_wins_over_the_environment() {
        let environment = [("HTTPS_PROXY", "http://env.example:1"), ("NO_PROXY", KMS)];
        let elsewhere = [("HTTPS_PROXY", "http://env.example:1"), ("NO_PROXY", "a.example")];
        let silent = config(None, None);
        assert_eq!(chosen(&silent, &environment), None);
        assert_eq!(chosen(&silent, &elsewhere), Some("env.example:1".into()));
        let told = config(Some("http://user:pass@conf.example:2"), None);
        assert_eq!(chosen(&told, &environment), None);
        assert_eq!(chosen(&told, &elsewhere), Some("conf.example:2".into()));
        let told = config(Some("conf.example:2"), Some("b.example"));
        assert_eq!(chosen(&told, &environment), Some("conf.example:2".into()));
    }

    #[test]
    fn no_proxy_is_taken_unless_one_is_named() {
        let silent = config(None, None);
        assert_eq!(chosen(&silent, &[]), None);
        assert_eq!(chosen(&silent, &[("HTTPS_PROXY", " "), ("HTTP_PROXY", "http://p:1")]), None);
        let all = chosen(&silent, &[("all_proxy", "socks5h://p.example:1080")]).unwrap();
        assert_eq!(all, "p.example:1080");
    }

    #[test]
    fn a_variable_that_beats_the_configuration_is_told() {
        let told = config(Some("http://user:s3cr3t@conf.example:2"), None);
        let over = |config: &TransportConfig, environment: &[(&str, &str)]| {
            passed_over(config, KMS, |name| {
                environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        for (name, value) in [("NO_PROXY", ".aliyuncs.com"), ("no_proxy", "a.example, *")] {
            assert_eq!(
                over(&told, &[(name, value)]).unwrap(),
                format!(
                    "httpsProxy is not used for {KMS}, which the environment variable {name} names: take the name out there, \
                     or set noProxy, which counts instead"
                )
            );
        }
        assert_eq!(over(&told, &[("NO_PROXY", "a.example")]), None);
        assert_eq!(over(&told, &[]), None);
        assert_eq!(over(&config(None, None), &[("NO_PROXY", "*")]), None, "nothing was configured");
        assert_eq!(over(&config(Some("p:1"), Some("*")), &[("NO_PROXY", "*")]), None, "both were configured");
    }

    #[test]
    fn only_a_proxy_of_the_configuration_leads_to_this_machine() {
        for here in ["localhost:1", "127.0.0.1", "[::1]:8443"] {
            let environment = [("HTTPS_PROXY", "http://p.example:1")];
            assert_eq!(chosen_for(here, &config(None, None), &environment).unwrap(), None, "{here}");
            let told = config(Some("http://p.example:1"), None);
            assert!(chosen_for(here, &told, &[]).unwrap().is_some(), "{here}");
            assert_eq!(chosen_for(here, &told, &[("no_proxy", "*")]).unwrap(), None, "{here}");
        }
    }

    #[test]
    fn a_list_names_hosts_domains_networks_and_ports() {
        let instance = "kst-1.cryptoservice.kms.aliyuncs.com";
        let with_port = "kst-1.cryptoservice.kms.aliyuncs.com:8443";
        for (list, authority, spared) in [
            (instance, instance, true),
            ("a.example, .aliyuncs.com", instance, true),
            ("aliyuncs.com", instance, true),
            ("*.aliyuncs.com", instance, true),
            ("*.cryptoservice.kms.aliyuncs.com:443", instance, true),
            ("*", instance, true),
            ("*", "127.0.0.1:8443", true),
            ("*", "[::1]:8443", true),
            ("a.example, *", "10.1.2.3", true),
            ("*:8443", "10.1.2.3:8443", true),
            ("*:8443", "10.1.2.3", false),
            ("yuncs.com", instance, false),
            ("*yuncs.com", instance, false),
            ("aliyuncs.com:8443", instance, false),
            ("aliyuncs.com:8443", with_port, true),
            ("aliyuncs.com", with_port, true),
            ("", instance, false),
            ("10.0.0.0/8", "10.1.2.3:8443", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("::1", "[::1]:8443", true),
            ("[::1]", "[::1]:8443", true),
            ("[::1]:8443", "[::1]:8443", true),
            ("[::1]:443", "[::1]:8443", false),
            ("fd00::/8", "[fd00::1]", true),
        ] {
            assert_eq!(spares(list, authority), spared, "{list} for {authority}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_showing_its_login() {
        for text in ["ftp://p.example", "http://", "http://user:s3cr3t@:1", "://", "http://p:99999"] {
            let error = choose(&config(Some(text), None), KMS, |_| None).unwrap_err();
            assert!(error.message().starts_with("httpsProxy is not the URL of a proxy"), "{error}");
            assert!(!error.message().contains("s3cr3t"));
        }
    }

    #[test]
    fn a_proxy_behind_tls_is_never_verified_as_if_it_were_kms() {
        use crate::process::protected::ProtectedBytes;
        use crate::process::source::Source;

        let ca =
            std::sync::Arc::new(Source::Inline { name: "ca".into(), bytes: ProtectedBytes::copy_from(b"") });
        let public = config(Some("https://user:s3cr3t@p.example"), None);
        assert_eq!(chosen(&public, &[]), Some("p.example:443".into()));
        let private = TransportConfig { ca: Some(ca.clone()), ..public.clone() };
        let unverified = TransportConfig { ignore_ssl_certs: true, ..public.clone() };
        for (config, by) in [(&private, "the CA in caFilePath alone"), (&unverified, "nothing")] {
            let error = chosen_for(KMS, config, &[]).unwrap_err();
            assert!(error.message().starts_with("httpsProxy is an https:// proxy"), "{error}");
            assert!(error.message().contains(by), "{error}");
            assert!(!error.message().contains("s3cr3t"), "{error}");
        }
        let spared = TransportConfig { no_proxy: Some("aliyuncs.com".into()), ..private };
        assert_eq!(chosen(&spared, &[]), None);
        let plain = TransportConfig { ca: Some(ca), ..config(Some("p.example:3128"), None) };
        assert_eq!(chosen(&plain, &[]), Some("p.example:3128".into()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = choose(&config(Some(&text), None), KMS, |_| None);
        }

        #[test]
        fn no_list_and_no_host_make_it_panic(list in "\\PC{0,40}", authority in "\\PC{0,40}") {
            let _ = spares(&list, &authority);
        }
    }
}
