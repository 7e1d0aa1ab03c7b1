//! What a SecretProviderClass asks for. Its author may be anybody with rights in one namespace, so that nothing in it may name a
//! file, a proxy's command or an identity of the node: what counts is listed here, and all else is refused.

use std::collections::HashSet;

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value};

/// The settings that may stand in `configuration`.
const SETTINGS: [&str; 14] = [
    "cache_client_region_id",
    "cache_client_dkms_config_info",
    "rotation_interval",
    "delay_interval",
    "jitter_interval",
    "connect_timeout",
    "read_timeout",
    "fetch_deadline",
    "max_stale",
    "renew_tokens",
    "renew_refill_interval",
    "renew_deadline",
    "rejection_codes",
    "sts_endpoint",
];
const GATEWAYS: [&str; 2] = ["cache_client_region_id", "cache_client_dkms_config_info"];
/// And in a gateway.
const GATEWAY_FIELDS: [&str; 8] =
    ["regionId", "endpoint", "vpc", "connectTimeout", "readTimeout", "ca", "caCert", "ignoreSslCerts"];

/// A SecretProviderClass's parameters, checked.
#[derive(Debug)]
pub struct Parameters {
    /// Keys and values of the configuration.
    pub settings: Vec<(String, String)>,
    /// What the volume holds.
    pub secrets: Vec<Wanted>,
    /// The role that the pod's service account assumes.
    pub role: Option<Role>,
    /// `namespace/name` of the pod's service account.
    pub service_account: String,
}

/// A RAM role and the OIDC provider that vouches for service accounts (RRSA).
#[derive(Debug)]
pub struct Role {
    /// `acs:ram::...:role/...`
    pub arn: String,
    /// `acs:ram::...:oidc-provider/...`
    pub oidc_provider_arn: String,
    /// The pod's token, which the driver asked for in its name.
    pub token: String,
}

/// A secret, and the files that it becomes.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// In KMS.
    pub name: String,
    /// Another stage than `ACSCurrent`.
    pub stage: Option<String>,
    /// At least one.
    pub files: Vec<WantedFile>,
}

/// A file.
#[derive(Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Below the volume's folder.
    pub path: String,
    /// Of the secret's JSON: a name, or a pointer that begins with a slash (RFC 6901). None for the whole value.
    pub field: Option<String>,
    /// Permission bits, unless they are the volume's.
    pub mode: Option<i32>,
}

/// The audience for which RAM takes a service account's token.
const AUDIENCE: &str = "sts.aliyuncs.com";

impl Parameters {
    /// Reads the attributes of a mount.
    ///
    /// # Errors
    /// One sentence that names the parameter.
    pub fn read(attributes: &str) -> Result<Self, String> {
        let attributes: Map<String, Value> =
            serde_json::from_str(attributes).map_err(|_| "the driver's attributes are no JSON object")?;
        let text =
            |name: &str| attributes.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        for name in attributes.keys() {
            let known = ["configuration", "secrets", "roleArn", "oidcProviderArn", "secretProviderClass"];
            if !known.contains(&name.as_str()) && !name.contains('/') {
                return Err(format!(
                    "parameters: {name} is unknown; expected configuration, secrets, roleArn, oidcProviderArn"
                ));
            }
        }
        let configuration = text("configuration")
            .ok_or("parameters: configuration is missing: say there which KMS is asked")?;
        let secrets =
            text("secrets").ok_or("parameters: secrets is missing: list there what the volume is to hold")?;
        let namespace = text("csi.storage.k8s.io/pod.namespace").unwrap_or_default();
        let account = text("csi.storage.k8s.io/serviceAccount.name").unwrap_or_default();
        let role = match (text("roleArn"), text("oidcProviderArn")) {
            (None, None) => None,
            (Some(arn), Some(oidc_provider_arn)) => Some(Role {
                arn: arn.to_owned(),
                oidc_provider_arn: oidc_provider_arn.to_owned(),
                token: token(text("csi.storage.k8s.io/serviceAccount.tokens"))?,
            }),
            _ => return Err("parameters: roleArn and oidcProviderArn belong together".to_owned()),
        };
        Ok(Parameters {
            settings: settings(configuration)?,
            secrets: wanted(secrets)?,
            role,
            service_account: format!("{namespace}/{account}"),
        })
    }
}

fn token(tokens: Option<&str>) -> Result<String, String> {
    let tokens: Option<Value> = tokens.and_then(|tokens| serde_json::from_str(tokens).ok());
    let token = tokens.as_ref().and_then(|tokens| tokens[AUDIENCE]["token"].as_str());
    token.map(str::to_owned).ok_or_else(|| {
        format!(
            "roleArn needs the pod's token: install the driver with tokenRequests for the audience {AUDIENCE}"
        )
    })
}

/// Simpler than a properties file, so that there is no second way to write a key.
fn settings(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut settings = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) =
            line.split_once('=').ok_or_else(|| format!("configuration: expected key=value in {line:?}"))?;
        let (key, value) = (key.trim(), value.trim());
        if !SETTINGS.contains(&key) {
            return Err(format!(
                "configuration: {key:?} may not be set here; expected one of {}",
                SETTINGS.join(", ")
            ));
        }
        if GATEWAYS.contains(&key) {
            check_gateways(key, value)?;
        }
        settings.push((key.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

fn check_gateways(key: &str, value: &str) -> Result<(), String> {
    let gateways: Vec<Map<String, Value>> = serde_json::from_str(value)
        .map_err(|_| format!("configuration: {key} is no JSON array of objects on one line"))?;
    for (field, value) in gateways.iter().flatten() {
        if !GATEWAY_FIELDS.contains(&field.as_str()) {
            return Err(format!(
                "configuration: {field} in {key} may not be set here; expected some of {} (the ClientKey comes from nodePublishSecretRef)",
                GATEWAY_FIELDS.join(", ")
            ));
        }
        let is_pem = value.as_str().is_some_and(|text| text.trim_start().starts_with("-----BEGIN"));
        if field.starts_with("ca") && !is_pem {
            return Err(format!("configuration: {field} in {key} takes PEM text, and no path"));
        }
    }
    Ok(())
}

fn wanted(text: &str) -> Result<Vec<Wanted>, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| format!("secrets: no YAML: {error}"))?;
    let list = documents.first().and_then(Yaml::as_sequence).filter(|list| !list.is_empty());
    let list = list.ok_or("secrets: expected a list of objects with name")?;
    let mut paths = HashSet::new();
    let mut all = Vec::new();
    for entry in list {
        let wanted = one(entry)?;
        for file in &wanted.files {
            check_path(&file.path)?;
            if !paths.insert(file.path.clone()) {
                return Err(format!("secrets: two files are called {:?}", file.path));
            }
        }
        all.push(wanted);
    }
    Ok(all)
}

fn one(entry: &Yaml<'_>) -> Result<Wanted, String> {
    let fields = entry.as_mapping().ok_or("secrets: expected an object with name")?;
    let (mut name, mut stage, mut file, mut mode, mut by_field) = (None, None, None, None, Vec::new());
    for (key, value) in fields {
        let key = key.as_str().unwrap_or_default();
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("secrets: {key} is no text"));
        match key {
            "name" => name = Some(text()?),
            "stage" => stage = Some(text()?),
            "file" => file = Some(text()?),
            "mode" => mode = Some(octal(value)?),
            "fields" => by_field = field_files(value)?,
            _ => {
                return Err(format!("secrets: {key:?} is unknown; expected name, stage, file, mode, fields"));
            }
        }
    }
    let name = name.filter(|name| !name.is_empty()).ok_or("secrets: an entry has no name")?;
    let mut files: Vec<WantedFile> =
        by_field.into_iter().map(|(field, path)| WantedFile { path, field: Some(field), mode }).collect();
    if files.is_empty() || file.is_some() {
        let path = file.unwrap_or_else(|| name.replace('/', "_"));
        files.insert(0, WantedFile { path, field: None, mode });
    }
    Ok(Wanted { stage: stage.filter(|stage| stage != "ACSCurrent"), name, files })
}

fn field_files(value: &Yaml<'_>) -> Result<Vec<(String, String)>, String> {
    let wrong = "secrets: fields is no object of field: file";
    let fields = value.as_mapping().filter(|fields| !fields.is_empty()).ok_or(wrong)?;
    let pair =
        |(field, file): (&Yaml<'_>, &Yaml<'_>)| Some((field.as_str()?.to_owned(), file.as_str()?.to_owned()));
    fields.iter().map(|entry| pair(entry).ok_or_else(|| wrong.to_owned())).collect()
}

/// `"0400"`: what YAML makes of 0400 without quotes depends on who reads it.
fn octal(value: &Yaml<'_>) -> Result<i32, String> {
    let digits = value.as_str().filter(|digits| (3..=4).contains(&digits.len()));
    let mode = digits
        .and_then(|digits| i32::from_str_radix(digits, 8).ok())
        .filter(|mode| (0..=0o777).contains(mode));
    mode.ok_or_else(|| "secrets: mode is octal and in quotes, such as \"0400\"".to_owned())
}

/// As the driver wants it.
fn check_path(path: &str) -> Result<(), String> {
    let plain =
        |part: &str| !part.is_empty() && part != "." && !part.starts_with("..") && !part.contains('\0');
    if path.split('/').all(plain) {
        return Ok(());
    }
    Err(format!(
        "secrets: {path:?} cannot be a file's path: expected one below the volume's folder, without .."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(configuration: &str, secrets: &str) -> Result<Parameters, String> {
        Parameters::read(
            &serde_json::json!({ "configuration": configuration, "secrets": secrets }).to_string(),
        )
    }

    const GATEWAY: &str = r#"cache_client_region_id=[{"regionId":"cn-hangzhou"}]"#;

    #[test]
    fn secrets_become_files() {
        let parameters = read(
            GATEWAY,
            "- name: acs/ram/user/app\n- name: db\n  file: db/all.json\n  stage: ACSPrevious\n  mode: \"0440\"\n  fields: {user: db/user, /a/b: nested}\n",
        )
        .unwrap();
        let file = |path: &str, field: Option<&str>, mode| WantedFile {
            path: path.to_owned(),
            field: field.map(str::to_owned),
            mode,
        };
        assert_eq!(parameters.secrets[0].files, [file("acs_ram_user_app", None, None)]);
        assert_eq!(parameters.secrets[1].stage.as_deref(), Some("ACSPrevious"));
        assert_eq!(
            parameters.secrets[1].files,
            [
                file("db/all.json", None, Some(0o440)),
                file("db/user", Some("user"), Some(0o440)),
                file("nested", Some("/a/b"), Some(0o440))
            ]
        );
    }

    #[test]
    fn what_reaches_beyond_the_namespace_is_refused() {
        for (configuration, sentence) in [
            (
                "client_key_private_key_path=/etc/other/clientKey.json",
                "\"client_key_private_key_path\" may not be set here",
            ),
            ("credentials_type=ecs_ram_role", "\"credentials_type\" may not be set here"),
            ("client\\_key_content=x", "may not be set here"),
            ("cache_file=/tmp/x", "\"cache_file\" may not be set here"),
            ("https_proxy=http://proxy", "\"https_proxy\" may not be set here"),
            (
                r#"cache_client_dkms_config_info=[{"clientKeyFile":"/etc/x"}]"#,
                "clientKeyFile in cache_client_dkms_config_info",
            ),
            (r#"cache_client_dkms_config_info=[{"ca":"/etc/shadow"}]"#, "takes PEM text, and no path"),
            (r#"cache_client_dkms_config_info=[{'regionId':'x'}]"#, "is no JSON array"),
            ("rotation_interval", "expected key=value"),
        ] {
            let said = read(configuration, "- name: a").unwrap_err();
            assert!(said.contains(sentence), "{configuration}: {said}");
        }
    }

    #[test]
    fn bad_lists_are_told() {
        for (secrets, sentence) in [
            ("name: a", "expected a list"),
            ("[]", "expected a list"),
            ("- a", "expected an object with name"),
            ("- file: a", "an entry has no name"),
            ("- {name: a, fiel: b}", "\"fiel\" is unknown"),
            ("- {name: a, file: ../b}", "\"../b\" cannot be a file's path"),
            ("- {name: a, file: /b}", "\"/b\" cannot be a file's path"),
            ("- {name: a, file: b/../../c}", "cannot be a file's path"),
            ("- {name: a, file: b}\n- {name: c, file: b}", "two files are called \"b\""),
            ("- {name: a, mode: 400}", "mode is octal and in quotes"),
            ("- {name: a, mode: \"1777\"}", "mode is octal and in quotes"),
            ("- {name: a, fields: []}", "fields is no object"),
            ("- [", "no YAML"),
        ] {
            let said = read(GATEWAY, secrets).unwrap_err();
            assert!(said.contains(sentence), "{secrets}: {said}");
        }
        assert!(read("", "- name: a").unwrap_err().contains("configuration is missing"));
        assert!(read(GATEWAY, "").unwrap_err().contains("secrets is missing"));
        let said = Parameters::read(r#"{"objects": "x"}"#).unwrap_err();
        assert!(said.contains("objects is unknown"), "{said}");
        let attributes =
            |more: &str| format!(r#"{{"configuration": "max_stale=1", "secrets": "- name: a"{more}}}"#);
        let said = Parameters::read(&attributes(r#", "roleArn": "r""#)).unwrap_err();
        assert!(said.contains("belong together"), "{said}");
        let said = Parameters::read(&attributes(r#", "roleArn": "r", "oidcProviderArn": "o""#)).unwrap_err();
        assert!(said.contains("tokenRequests for the audience sts.aliyuncs.com"), "{said}");
    }
}
