//! The interface of KMS Agent, Alibaba Cloud's own agent: `GET /v1/SECRET` and `GET /secretsmanager/get?secretId=SECRET`.
//!
//! Source: "Use KMS Agent to retrieve secrets" and "KMS Agent overview" in Alibaba Cloud's documentation.

mod file;
mod forms;
mod version;

use hyper::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

pub(super) use self::file::File;
pub(super) use self::forms::{Engine, Form};
pub(super) use self::version::find;

/// Where AWS's own clients send each call.
const AWS_PATH: &str = "/";
const BY_QUERY: &str = "/secretsmanager/get";

pub(super) struct Interface {
    prefix: String,
    pub(super) form: Form,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Question {
    Secret(Wanted),
    /// What clients of Vault ask beside secrets, answered without looking.
    Vault(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The secret's name; of several the first that is handed out.
    pub(super) names: Vec<String>,
    pub(super) stage: Option<String>,
    pub(super) version: Option<String>,
    /// A version by the number that Vault would count.
    pub(super) number: Option<u64>,
    pub(super) engine: Engine,
}

impl Interface {
    pub(super) fn new(file: &File) -> Self {
        Interface { prefix: file.path_prefix.clone(), form: file.form }
    }

    /// Whether a request belongs to this interface, so that its failures are told in its form.
    pub(super) fn is_for(&self, method: &Method, path: &str) -> bool {
        path == BY_QUERY || path.starts_with(&self.prefix) || self.takes_body(method, path)
    }

    /// Whether it is a call of AWS's clients.
    pub(super) fn takes_body(&self, method: &Method, path: &str) -> bool {
        self.form == Form::Aws && method == Method::POST && path == AWS_PATH
    }

    /// None for a path of somebody else's, or without a secret's name.
    pub(super) fn question(&self, path: &str, query: Option<&str>) -> Option<Question> {
        let parameters = Parameters(query.unwrap_or_default());
        let stage = parameters.get("versionStage");
        let version = parameters.get("versionId");
        if path == BY_QUERY {
            let names = vec![parameters.get("secretId")?];
            return Some(Question::Secret(Wanted {
                names,
                stage,
                version,
                number: None,
                engine: self.engine(),
            }));
        }
        let rest = path.strip_prefix(&self.prefix).filter(|rest| !rest.is_empty())?;
        let name = decoded(rest);
        if self.form != Form::Vault {
            let (names, engine) = (vec![name], Engine::Kv1);
            return Some(Question::Secret(Wanted { names, stage, version, number: None, engine }));
        }
        match name.as_str() {
            "auth/token/lookup-self" => return Some(Question::Vault("auth/token/lookup-self")),
            "sys/health" => return Some(Question::Vault("sys/health")),
            _ => {}
        }
        // A mount of version 2 has /data/ behind its name; that of version 1 is mostly called secret.
        let mounted = name.split_once('/');
        let (inner, engine) = match mounted.map(|(mount, rest)| (mount, rest, rest.strip_prefix("data/"))) {
            Some((_, _, Some(inner))) => (Some(inner.to_owned()), Engine::Kv2),
            Some(("secret", rest, None)) => (Some(rest.to_owned()), Engine::Kv1),
            _ => (None, self.engine()),
        };
        let number = parameters.get("version").and_then(|number| number.parse().ok());
        let number = number.filter(|number| *number != 0);
        let names = inner.into_iter().filter(|inner| !inner.is_empty()).chain([name]).collect();
        Some(Question::Secret(Wanted { names, stage, version, number, engine }))
    }

    /// What is asked for in the body of a call as boto3 makes it, or why it cannot be answered.
    pub(super) fn aws_call(target: Option<&str>, body: &[u8]) -> Result<Wanted, &'static str> {
        if target != Some("secretsmanager.GetSecretValue") {
            return Err("The agent answers GetSecretValue alone");
        }
        let body: Value = serde_json::from_slice(body).map_err(|_| "The body is no JSON")?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("SecretId").ok_or("SecretId is missing")?;
        let name = name.strip_prefix("acs:kms:::secret/").map(str::to_owned).unwrap_or(name);
        let (stage, version) = (text("VersionStage"), text("VersionId"));
        Ok(Wanted { names: vec![name], stage, version, number: None, engine: Engine::Kv1 })
    }

    /// The engine that a client of this prefix expects where the path does not say.
    fn engine(&self) -> Engine {
        if self.prefix.ends_with("/data/") { Engine::Kv2 } else { Engine::Kv1 }
    }
}

/// KMS's name for a stage that may be called as AWS calls it.
fn stage(given: &str) -> &str {
    match given {
        "AWSCURRENT" => "ACSCurrent",
        "AWSPREVIOUS" => "ACSPrevious",
        other => other,
    }
}

/// What Vault would say of itself and of the token.
pub(super) fn vault_says(path: &str) -> Value {
    match path {
        "sys/health" => {
            json!({ "initialized": true, "sealed": false, "standby": false, "version": "1.15.0" })
        }
        _ => json!({
            "request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0,
            "data": {
                "accessor": "", "creation_time": 0, "creation_ttl": 0, "display_name": "token", "entity_id": "",
                "expire_time": null, "explicit_max_ttl": 0, "id": "", "meta": null, "num_uses": 0, "orphan": true,
                "path": "auth/token/create", "policies": ["default"], "renewable": false, "ttl": 0, "type": "service",
            },
            "wrap_info": null, "warnings": null, "auth": null,
        }),
    }
}

struct Parameters<'a>(&'a str);

impl Parameters<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.into_iter().find(|(given, _)| *given == name)?;
        Some(decoded(&found.1.replace('+', " "))).filter(|value| !value.is_empty())
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(interface: &Interface, path: &str, query: Option<&str>) -> Wanted {
        match interface.question(path, query) {
            Some(Question::Secret(wanted)) => wanted,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn a_secret_is_named_by_path_or_query() {
        let interface = Interface::new(&File::default());
        for (path, query) in [
            ("/v1/acs/ram/user/app", None),
            ("/v1/acs%2Fram%2Fuser%2Fapp", None),
            ("/secretsmanager/get", Some("secretId=acs/ram/user/app")),
            ("/secretsmanager/get", Some("secretId=acs%2Fram%2Fuser%2Fapp")),
        ] {
            assert_eq!(wanted(&interface, path, query).names, ["acs/ram/user/app"], "{path}");
        }
        let one = wanted(
            &interface,
            "/secretsmanager/get",
            Some("secretId=a&versionStage=ACSPrevious&versionId=v1"),
        );
        assert_eq!((one.stage.as_deref(), one.version.as_deref()), (Some("ACSPrevious"), Some("v1")));
        for (path, query) in
            [("/v1/", None), ("/secretsmanager/get", None), ("/v2/a", None), ("/", Some("secretId=a"))]
        {
            assert_eq!(interface.question(path, query), None, "{path}");
        }
    }

    #[test]
    fn mounts_of_vault_are_taken_off() {
        let interface = Interface::new(&File { form: Form::Vault, ..File::default() });
        for (path, names, engine) in [
            (
                "/v1/secret/data/acs/ram/user/app",
                vec!["acs/ram/user/app", "secret/data/acs/ram/user/app"],
                Engine::Kv2,
            ),
            ("/v1/kv/data/a", vec!["a", "kv/data/a"], Engine::Kv2),
            ("/v1/secret/a/b", vec!["a/b", "secret/a/b"], Engine::Kv1),
            ("/v1/acs/ram/user/app", vec!["acs/ram/user/app"], Engine::Kv1),
            ("/v1/a", vec!["a"], Engine::Kv1),
        ] {
            let one = wanted(&interface, path, None);
            assert_eq!(
                (one.names, one.engine),
                (names.into_iter().map(str::to_owned).collect(), engine),
                "{path}"
            );
        }
        let prefix = "/v1/secret/data/".to_owned();
        let interface = Interface::new(&File { form: Form::Vault, path_prefix: prefix, ..File::default() });
        assert_eq!(wanted(&interface, "/v1/secret/data/a", None).engine, Engine::Kv2);
    }
}
