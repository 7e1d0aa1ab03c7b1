//! KMS 2016-01-20: instances, and the keys in them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Product::Kms;
use super::answers::{Done, listed, number, text};
use super::kms::PAGE;
use super::{Action, Request, actions};

actions! {
    LIST_INSTANCES = Action::read(Kms, "ListKmsInstances", &["PageNumber*", "PageSize*"]);
    GET_INSTANCE = Action::read(Kms, "GetKmsInstance", &["KmsInstanceId*"]);
    BIND_VPCS = Action::change(Kms, "UpdateKmsInstanceBindVpc", &["KmsInstanceId*", "BindVpcs*"]).of_a_whole_list();
    CREATE_KEY = Action::change(Kms, "CreateKey", &["DKMSInstanceId*", "KeySpec*", "KeyUsage*", "Description*"]);
    LIST_KEYS = Action::read(Kms, "ListKeys", &["Filters*", "PageNumber*", "PageSize*"]);
    DESCRIBE_KEY = Action::read(Kms, "DescribeKey", &["KeyId*"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Instances {
    #[serde(default, deserialize_with = "listed")]
    kms_instances: Vec<InstanceName>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_count: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceName {
    pub(crate) kms_instance_id: String,
    #[serde(default)]
    pub(crate) kms_instance_arn: String,
}

impl Instances {
    pub(crate) fn all(&self) -> Vec<InstanceName> {
        self.kms_instances.clone()
    }
}

pub(crate) fn list_instances(page: usize) -> Request<Instances> {
    Request::of(&LIST_INSTANCES).with("PageNumber", page).with("PageSize", PAGE)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceAnswer {
    pub(crate) kms_instance: Instance,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Instance {
    pub(crate) instance_id: String,
    #[serde(default)]
    pub(crate) instance_name: Option<String>,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) ca_certificate_chain_pem: Option<String>,
    #[serde(default, deserialize_with = "listed")]
    bind_vpcs: Vec<BoundVpc>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) vpc_num: u64,
    #[serde(default, deserialize_with = "number")]
    pub(crate) key_num: u64,
    #[serde(default, deserialize_with = "number")]
    pub(crate) secret_num: u64,
    #[serde(default)]
    pub(crate) end_date: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BoundVpc {
    pub(crate) vpc_id: String,
    #[serde(rename = "VSwitchId", default)]
    pub(crate) v_switch_id: String,
    #[serde(default)]
    pub(crate) region_id: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) vpc_owner_id: String,
}

impl Instance {
    pub(crate) fn bound_vpcs(&self) -> Vec<BoundVpc> {
        self.bind_vpcs.clone()
    }
}

pub(crate) fn get_instance(id: &str) -> Request<InstanceAnswer> {
    Request::of(&GET_INSTANCE).with("KmsInstanceId", id)
}

/// The whole list, which takes the place of the one before.
pub(crate) fn bind_vpcs(instance: &str, vpcs: &[BoundVpc]) -> Request<Done> {
    let vpcs: Vec<Value> = vpcs
        .iter()
        .map(|vpc| {
            // A number in the request, text in the answer.
            let owner = vpc.vpc_owner_id.parse::<u64>().map_or(json!(vpc.vpc_owner_id), Value::from);
            json!({"VpcId": vpc.vpc_id, "VSwitchId": vpc.v_switch_id, "RegionId": vpc.region_id, "VpcOwnerId": owner})
        })
        .collect();
    Request::of(&BIND_VPCS).with("KmsInstanceId", instance).with("BindVpcs", Value::Array(vpcs))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyAnswer {
    pub(crate) key_metadata: Key,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Key {
    pub(crate) key_id: String,
    #[serde(default)]
    pub(crate) key_state: String,
    #[serde(default)]
    pub(crate) key_usage: String,
    #[serde(default)]
    pub(crate) key_spec: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

impl Key {
    /// Whether it can encrypt a secret.
    pub(crate) fn encrypts(&self) -> bool {
        self.key_state == "Enabled"
            && matches!(self.key_usage.as_str(), "" | "ENCRYPT/DECRYPT")
            && matches!(self.key_spec.as_str(), "" | "Aliyun_AES_256" | "Aliyun_SM4")
    }
}

pub(crate) fn create_key(instance: &str, description: &str) -> Request<KeyAnswer> {
    Request::of(&CREATE_KEY)
        .with("DKMSInstanceId", instance)
        .with("KeySpec", "Aliyun_AES_256")
        .with("KeyUsage", "ENCRYPT/DECRYPT")
        .with("Description", description)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Keys {
    #[serde(default, deserialize_with = "listed")]
    keys: Vec<Key>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_count: u64,
}

impl Keys {
    pub(crate) fn ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.key_id.clone()).collect()
    }
}

/// Those that can encrypt, of one instance.
pub(crate) fn list_keys(instance: &str, page: usize) -> Request<Keys> {
    let filters = json!([
        {"Key": "DKMSInstanceId", "Values": [instance]},
        {"Key": "KeyState", "Values": ["Enabled"]},
        {"Key": "KeyUsage", "Values": ["ENCRYPT/DECRYPT"]},
    ]);
    Request::of(&LIST_KEYS).with("Filters", filters).with("PageNumber", page).with("PageSize", PAGE)
}

pub(crate) fn describe_key(id: &str) -> Request<KeyAnswer> {
    Request::of(&DESCRIBE_KEY).with("KeyId", id)
}
