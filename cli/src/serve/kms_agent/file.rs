//! KMS Agent's own configuration file: TOML with `[Server]`, `[Cache]`, `[Kms]` and `[Log]`.
//!
//! Source: the page "KMS Agent overview" of Alibaba Cloud's documentation, and the console's form for an ECS instance. The keys
//! are read without regard to case. What has no meaning here is told and passed over, so that a file that KMS Agent takes is
//! taken.

use std::path::Path;
use std::time::Duration;

use kmsak::LogLevel;
use toml::{Table, Value};

use super::forms::Form;
use crate::failure::Failure;
use crate::log;

/// What KMS Agent does without a file.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
const CACHE_SIZE: u32 = 1000;

#[derive(Debug)]
pub(in crate::serve) struct File {
    pub(in crate::serve) port: u16,
    pub(in crate::serve) token_headers: Vec<String>,
    pub(in crate::serve) token_variables: Vec<String>,
    pub(in crate::serve) path_prefix: String,
    pub(in crate::serve) most_connections: u32,
    pub(in crate::serve) form: Form,
    pub(in crate::serve) ignore_transient_errors: bool,
    pub(in crate::serve) cache_size: u32,
    pub(in crate::serve) time_to_live: Duration,
    pub(in crate::serve) region: Option<String>,
    pub(in crate::serve) endpoint: Option<String>,
}

impl Default for File {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        File {
            port: 2025,
            token_headers: owned(&["X-KMS-Token", "X-Vault-Token"]),
            token_variables: owned(&["KMS_TOKEN", "KMS_SESSION_TOKEN", "KMS_CONTAINER_AUTHORIZATION_TOKEN"]),
            path_prefix: "/v1/".to_owned(),
            most_connections: 800,
            form: Form::Kms,
            ignore_transient_errors: true,
            cache_size: CACHE_SIZE,
            time_to_live: TIME_TO_LIVE,
            region: None,
            endpoint: None,
        }
    }
}

impl File {
    pub(in crate::serve) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::new(format!("{}: {why}", path.display())).with_code(3);
        let text = std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
        File::parse(&text).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            format!("line {line} is no TOML: {}", error.message())
        })?;
        let mut file = File::default();
        for (section, value) in &table {
            let Value::Table(keys) = value else {
                return Err(format!("{section} is no section: write [{section}] and keys below it"));
            };
            for (key, value) in keys {
                file.take(section, key, value)?;
            }
        }
        if file.endpoint.is_some() && file.region.is_none() {
            return Err(
                "[Kms] Endpoint is set without Region: add Region, such as \"cn-hangzhou\"".to_owned()
            );
        }
        Ok(file)
    }

    fn take(&mut self, section: &str, key: &str, value: &Value) -> Result<(), String> {
        let here = Place { section, key };
        match (section.to_ascii_lowercase().as_str(), key.to_ascii_lowercase().as_str()) {
            ("server", "httpport") => self.port = here.number(value, 1, u16::MAX.into())?,
            ("server", "ssrfheaders") => self.token_headers = here.names(value)?,
            ("server", "ssrfenvvariables") => self.token_variables = here.names(value)?,
            ("server", "pathprefix") => self.path_prefix = here.prefix(value)?,
            ("server", "maxconn") => self.most_connections = here.number(value, 1, 60_000)?,
            ("server", "responsetype") => {
                self.form = match here.number(value, 0, 2)? {
                    0_u8 => Form::Kms,
                    1 => Form::Aws,
                    _ => Form::Vault,
                };
            }
            ("server", "ignoretransienterrors") => self.ignore_transient_errors = here.truth(value)?,
            ("cache", "cachesize" | "maxsize" | "size") => {
                self.cache_size = here.number(value, 1, 1_000_000)?
            }
            ("cache", "ttlseconds" | "ttl") => {
                self.time_to_live = Duration::from_secs(here.number(value, 1, 31_622_400)?);
            }
            ("kms", "region" | "regionid") => self.region = Some(here.text(value)?),
            ("kms", "endpoint") => self.endpoint = Some(here.text(value)?),
            ("log", _) => passed_over(&format!(
                "[{section}] {key} has no effect: say --log-level and --log-format instead"
            )),
            ("server" | "cache" | "kms", _) => passed_over(&format!(
                "[{section}] {key} is not known, and has no effect: check its spelling against docs/agent.md"
            )),
            _ => passed_over(&format!(
                "there is no section [{section}], and {key} has no effect: the sections are [Server], [Cache], [Kms] and [Log]"
            )),
        }
        Ok(())
    }

    /// The lines of a properties file that come to the same, for what no other source says.
    pub(in crate::serve) fn as_properties(&self, with_gateway: bool) -> String {
        let milliseconds = self.time_to_live.as_millis();
        let mut lines = format!("rotation_interval={milliseconds}\njitter_interval={}\n", milliseconds / 10);
        if !self.ignore_transient_errors {
            lines.push_str(&format!("max_stale={milliseconds}\n"));
        }
        if let Some(region) = self.region.as_deref().filter(|_| with_gateway) {
            let mut gateway = serde_json::json!({ "regionId": region });
            if let Some(endpoint) = &self.endpoint {
                gateway["endpoint"] = endpoint.as_str().into();
            }
            lines.push_str(&format!("credentials_type=default\ncache_client_region_id=[{gateway}]\n"));
        }
        lines
    }
}

fn passed_over(what: &str) {
    log::write(LogLevel::Warn, &format!("KMS Agent's configuration: {what}"));
}

struct Place<'a> {
    section: &'a str,
    key: &'a str,
}

impl Place<'_> {
    fn wrong(&self, expected: &str) -> String {
        format!("[{}] {}: expected {expected}", self.section, self.key)
    }

    fn number<T: TryFrom<i64>>(&self, value: &Value, least: i64, most: i64) -> Result<T, String> {
        let number = value.as_integer().filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.wrong(&format!("a whole number from {least} to {most}")))
    }

    fn truth(&self, value: &Value) -> Result<bool, String> {
        value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        let text = value.as_str().filter(|text| !text.is_empty() && !text.contains(char::is_control));
        text.map(str::to_owned).ok_or_else(|| self.wrong("a text in quotes"))
    }

    fn prefix(&self, value: &Value) -> Result<String, String> {
        let prefix = self.text(value)?;
        let good = prefix.starts_with('/') && prefix.ends_with('/');
        good.then_some(prefix)
            .ok_or_else(|| self.wrong("a path that begins and ends with /, such as \"/v1/\""))
    }

    fn names(&self, value: &Value) -> Result<Vec<String>, String> {
        let wrong = || self.wrong("a list of names, such as [\"X-KMS-Token\"]");
        let names = value.as_array().filter(|names| !names.is_empty()).ok_or_else(wrong)?;
        let plain = |name: &&str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        names.iter().map(|name| name.as_str().filter(plain).map(str::to_owned).ok_or_else(wrong)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_pages_file_is_read() {
        let file = File::parse(
            r#"
            [Server]
            HttpPort = 2026
            SSRFHeaders = ["X-KMS-Token"]
            SSRFEnvVariables = ["KMS_TOKEN"]
            PathPrefix = "/v1/secret/data/"
            MaxConn = 900
            ResponseType = 2
            IgnoreTransientErrors = false
            [Cache]
            CacheType = "InMemory"
            CacheSize = 10
            TtlSeconds = 60
            [Kms]
            Region = "cn-hangzhou"
            Endpoint = "kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com"
            [Log]
            LogLevel = "Debug"
            "#,
        )
        .unwrap();
        assert_eq!((file.port, file.most_connections, file.cache_size), (2026, 900, 10));
        assert_eq!(
            (file.token_headers[0].as_str(), file.token_variables[0].as_str()),
            ("X-KMS-Token", "KMS_TOKEN")
        );
        assert_eq!((file.path_prefix.as_str(), file.form), ("/v1/secret/data/", Form::Vault));
        let lines = file.as_properties(true);
        assert!(
            lines.starts_with("rotation_interval=60000\njitter_interval=6000\nmax_stale=60000\n"),
            "{lines}"
        );
        assert!(
            lines.contains("credentials_type=default\n") && lines.contains(r#""regionId":"cn-hangzhou""#)
        );
        assert!(!file.as_properties(false).contains("region"));
    }

    #[test]
    fn bad_files_are_told_with_their_place() {
        for (text, sentence) in [
            ("[Server]\nHttpPort = 70000", "[Server] HttpPort: expected a whole number from 1 to 65535"),
            ("[Server]\nHttpPort = \"2025\"", "[Server] HttpPort: expected a whole number from 1 to 65535"),
            ("[Server]\nResponseType = 3", "[Server] ResponseType: expected a whole number from 0 to 2"),
            ("[Server]\nSSRFHeaders = []", "[Server] SSRFHeaders: expected a list of names"),
            ("[Server]\nSSRFHeaders = [\"X KMS\"]", "[Server] SSRFHeaders: expected a list of names"),
            (
                "[Server]\nPathPrefix = \"v1\"",
                "[Server] PathPrefix: expected a path that begins and ends with /",
            ),
            ("[Server]\nIgnoreTransientErrors = 1", "[Server] IgnoreTransientErrors: expected true or false"),
            ("[Cache]\nTtlSeconds = 0", "[Cache] TtlSeconds: expected a whole number from 1"),
            ("[Kms]\nEndpoint = \"kms.cn-hangzhou.aliyuncs.com\"", "[Kms] Endpoint is set without Region"),
            ("[Kms]\nRegion = \"\"", "[Kms] Region: expected a text in quotes"),
            ("HttpPort = 2025", "HttpPort is no section: write [HttpPort]"),
            ("[Server\nHttpPort = 2025", "line 1 is no TOML"),
        ] {
            let said = File::parse(text).unwrap_err();
            assert!(said.starts_with(sentence), "{text}: {said}");
        }
    }
}
