//! The kinds of Kubernetes objects in `examples/deploy`, as far as they are used there: a field that the API does not know
//! under this name, or of another type, does not parse.

// Fields stand here for their names and types; only some of them are read.
#![allow(dead_code)]

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Yaml};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The only object in `text`.
pub(crate) fn object<T: DeserializeOwned>(text: &str) -> T {
    let [object] = <[T; 1]>::try_from(objects(text)).unwrap_or_else(|_| panic!("expected one object"));
    object
}

pub(crate) fn objects<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let documents = Yaml::load_from_str(text).unwrap();
    let parse = |document: &Yaml<'_>| {
        serde_json::from_value(json(document)).unwrap_or_else(|error| panic!("{error} in {document:?}"))
    };
    documents.iter().map(parse).collect()
}

fn json(yaml: &Yaml<'_>) -> Value {
    if let Some(fields) = yaml.as_mapping() {
        let fields = fields.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), json(value)));
        return Value::Object(fields.collect::<Map<_, _>>());
    }
    if let Some(items) = yaml.as_sequence() {
        return items.iter().map(json).collect();
    }
    if let Some(number) = yaml.as_integer() {
        return number.into();
    }
    if let Some(truth) = yaml.as_bool() {
        return truth.into();
    }
    yaml.as_str().unwrap_or_else(|| panic!("what is {yaml:?}?")).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfigMap {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) data: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Secret {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) r#type: String,
    pub(crate) string_data: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Deployment {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: DeploymentSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeploymentSpec {
    pub(crate) replicas: u32,
    pub(crate) selector: Selector,
    pub(crate) template: Template,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    pub(crate) match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) metadata: Labels,
    pub(crate) spec: Pod,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labels {
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Pod {
    pub(crate) automount_service_account_token: bool,
    pub(crate) security_context: PodSecurity,
    #[serde(default)]
    pub(crate) init_containers: Vec<Container>,
    pub(crate) containers: Vec<Container>,
    pub(crate) volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodSecurity {
    pub(crate) run_as_non_root: bool,
    pub(crate) run_as_user: u32,
    pub(crate) run_as_group: u32,
    pub(crate) fs_group: u32,
    pub(crate) seccomp_profile: Seccomp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seccomp {
    pub(crate) r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) restart_policy: Option<String>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: Vec<Variable>,
    pub(crate) startup_probe: Option<Probe>,
    pub(crate) security_context: Option<ContainerSecurity>,
    pub(crate) resources: Option<Resources>,
    #[serde(default)]
    pub(crate) volume_mounts: Vec<Mount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) value_from: Option<ValueFrom>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ValueFrom {
    pub(crate) secret_key_ref: SecretKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretKey {
    pub(crate) name: String,
    pub(crate) key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Probe {
    pub(crate) exec: ExecAction,
    pub(crate) period_seconds: u32,
    pub(crate) failure_threshold: u32,
    pub(crate) timeout_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecAction {
    pub(crate) command: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContainerSecurity {
    pub(crate) allow_privilege_escalation: bool,
    pub(crate) read_only_root_filesystem: bool,
    pub(crate) capabilities: Capabilities,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) drop: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resources {
    pub(crate) requests: BTreeMap<String, String>,
    pub(crate) limits: BTreeMap<String, String>,
}

/// `subPath` is not among the fields: what is mounted so is never renewed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mount {
    pub(crate) name: String,
    pub(crate) mount_path: String,
    pub(crate) read_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Volume {
    pub(crate) name: String,
    pub(crate) secret: Option<SecretVolume>,
    pub(crate) config_map: Option<Metadata>,
    pub(crate) host_path: Option<HostPath>,
    pub(crate) csi: Option<CsiVolume>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostPath {
    pub(crate) path: String,
    pub(crate) r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CsiVolume {
    pub(crate) driver: String,
    pub(crate) read_only: bool,
    pub(crate) volume_attributes: BTreeMap<String, String>,
    pub(crate) node_publish_secret_ref: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SecretVolume {
    pub(crate) secret_name: String,
    pub(crate) default_mode: u32,
}
