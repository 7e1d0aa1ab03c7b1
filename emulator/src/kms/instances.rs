//! KMS instances, and the calls about them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::iso8601;
use crate::cloud::Cloud;
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::state::State;

/// How long an instance is connecting.
const CONNECTING: Duration = Duration::seconds(5);
/// What the instance that is there from the start has room for.
const ACCESS_QUOTA: usize = 5;
const KEY_QUOTA: usize = 1000;
const SECRET_QUOTA: usize = 1000;
const QPS: usize = 1000;

/// A VPC that reaches an instance.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoundVpc {
    pub(crate) vpc_id: String,
    pub(crate) vswitch_id: String,
    pub(crate) region_id: String,
    pub(crate) owner_id: String,
}

/// A KMS instance.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The account that bought it.
    pub(crate) owner: String,
    pub(crate) created: OffsetDateTime,
    /// When it is, or will be, connected; none before that was asked for.
    pub(crate) connected: Option<OffsetDateTime>,
    pub(crate) vpc_id: String,
    pub(crate) vswitch_ids: Vec<String>,
    pub(crate) zone_ids: Vec<String>,
    pub(crate) bound_vpcs: Vec<BoundVpc>,
    /// Bound VPCs and accounts that it is shared with, at most.
    pub(crate) access_quota: usize,
}

impl Instance {
    /// The instance whose gateways the emulator runs.
    pub(crate) fn at_start(owner: &State, now: OffsetDateTime) -> Self {
        let vpc = &owner.vpcs[0];
        Self {
            id: owner.instance_id.clone(),
            name: owner.instance_id.clone(),
            owner: owner.account_id.clone(),
            created: now,
            connected: Some(now),
            vpc_id: vpc.id.clone(),
            vswitch_ids: vec![vpc.vswitches[0].id.clone()],
            zone_ids: vpc.vswitches.iter().map(|vswitch| vswitch.zone.clone()).collect(),
            bound_vpcs: Vec::new(),
            access_quota: ACCESS_QUOTA,
        }
    }

    /// One that is not connected yet.
    pub(crate) fn bought(owner: &str, now: OffsetDateTime) -> Self {
        let id = format!("kst-hzz{}", random_text(b"0123456789abcdefghijklmnopqrstuvwxyz", 15));
        Self {
            name: id.clone(),
            id,
            owner: owner.to_owned(),
            created: now,
            connected: None,
            vpc_id: String::new(),
            vswitch_ids: Vec::new(),
            zone_ids: Vec::new(),
            bound_vpcs: Vec::new(),
            access_quota: ACCESS_QUOTA,
        }
    }

    pub(crate) fn status(&self, now: OffsetDateTime) -> &'static str {
        match self.connected {
            None => "Uninitialized",
            Some(at) if at > now => "Connecting",
            Some(_) => "Connected",
        }
    }
}

fn not_found() -> Refusal {
    Refusal::service(403, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found.")
}

fn wrong_state() -> Refusal {
    Refusal::service(403, "Forbidden.DKMSInstanceStateInvalid", "The DKMS instance state is invalid.")
}

impl Cloud {
    /// The instance with this id, if the account owns it or it is shared with the account.
    pub(crate) fn instance(
        &self,
        id: &str,
        account: usize,
        now: OffsetDateTime,
    ) -> Result<&Instance, Refusal> {
        self.instances
            .iter()
            .find(|one| one.id == id && self.may_use_instance(one, account, now))
            .ok_or_else(not_found)
    }

    /// The same, if keys and secrets can be put in it.
    pub(crate) fn usable_instance(
        &self,
        id: &str,
        account: usize,
        now: OffsetDateTime,
    ) -> Result<&Instance, Refusal> {
        let instance = self.instance(id, account, now)?;
        if instance.status(now) == "Connected" { Ok(instance) } else { Err(wrong_state()) }
    }

    fn may_use_instance(&self, instance: &Instance, account: usize, now: OffsetDateTime) -> bool {
        let account = &self.accounts[account].account_id;
        instance.owner == *account || self.is_shared_with(&instance.id, account, now)
    }

    /// Bound VPCs and accounts that it is shared with, or will be in a moment.
    pub(crate) fn access_used(&self, instance: &Instance, now: OffsetDateTime) -> usize {
        instance.bound_vpcs.len() + self.accounts_shared_with(&instance.id, now).len()
    }

    fn owned_instance(&mut self, id: &str, account: usize) -> Result<&mut Instance, Refusal> {
        let owner = &self.accounts[account].account_id;
        self.instances.iter_mut().find(|one| one.id == id && one.owner == *owner).ok_or_else(not_found)
    }
}

fn instance_arn(request: &Request<'_>, instance: &Instance) -> String {
    format!("acs:kms:{}:{}:keystore/{}", request.state().region, instance.owner, instance.id)
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.permit("keystore/*")?;
    let cloud = &request.cloud;
    let instances = cloud
        .instances
        .iter()
        .filter(|one| cloud.may_use_instance(one, request.account, request.now))
        .map(|one| json!({"KmsInstanceId": one.id, "KmsInstanceArn": instance_arn(request, one)}))
        .collect();
    request.page(20, instances, ["KmsInstances", "KmsInstance"])
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KmsInstanceId")?;
    request.permit(&format!("keystore/{id}"))?;
    let instance = request.cloud.instance(id, request.account, request.now)?;
    let bound: Vec<Value> = instance
        .bound_vpcs
        .iter()
        .map(|vpc| {
            json!({
                "VpcId": vpc.vpc_id,
                "VSwitchId": vpc.vswitch_id,
                "RegionId": vpc.region_id,
                "VpcOwnerId": vpc.owner_id,
            })
        })
        .collect();
    let mut fields = json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "Status": instance.status(request.now),
        "BindVpcs": {"BindVpc": bound},
        "Spec": QPS,
        "KeyNum": KEY_QUOTA,
        "SecretNum": SECRET_QUOTA.to_string(),
        "VpcNum": instance.access_quota,
        "Log": 0,
        "LogStorage": 0,
        "ProductVersion": "3",
        "ProductType": "kms_ddi_public_cn",
        "ChargeType": if instance.id == request.state().instance_id { "PREPAY" } else { "POSTPAY" },
        "CreateTime": iso8601(instance.created),
        "StartDate": iso8601(instance.created),
        "EndDate": iso8601(instance.created + Duration::days(365)),
        "DeletionProtection": false,
    });
    if instance.connected.is_some() {
        fields["VpcId"] = json!(instance.vpc_id);
        fields["VswitchIds"] = json!(instance.vswitch_ids);
        fields["ZoneIds"] = json!(instance.zone_ids);
        // With the line ends that KMS gives it.
        fields["CaCertificateChainPem"] =
            json!(request.cloud.authority.pem().replace("\r\n", "\n").replace('\n', "\r\n"));
    }
    Ok(json!({"KmsInstance": fields}))
}

pub(super) fn get_default(request: &mut Request<'_>) -> Answer {
    request.permit("*")?;
    let cloud = &request.cloud;
    let first = cloud.instances.iter().find(|one| cloud.may_use_instance(one, request.account, request.now));
    Ok(json!({"DefaultKmsInstanceId": first.map(|one| one.id.clone()).unwrap_or_default()}))
}

pub(super) fn quota(request: &mut Request<'_>) -> Answer {
    let id = request.given("KmsInstanceId").unwrap_or("");
    request.permit(&format!("keystore/{}", if id.is_empty() { "*" } else { id }))?;
    let instance = if id.is_empty() {
        request
            .cloud
            .instances
            .iter()
            .find(|one| request.cloud.may_use_instance(one, request.account, request.now))
    } else {
        Some(request.cloud.instance(id, request.account, request.now)?)
    };
    let instance = instance.ok_or_else(not_found)?;
    let accounts = &request.cloud.accounts;
    let here = |of: &Option<String>| of.as_ref() == Some(&instance.id);
    let keys = accounts.iter().flat_map(|one| &one.keys).filter(|key| here(&key.instance)).count();
    let secrets =
        accounts.iter().flat_map(|one| one.secrets.values()).filter(|one| here(&one.instance)).count();
    let all = [
        ("key", KEY_QUOTA, keys),
        ("secret", SECRET_QUOTA, secrets),
        ("qps", QPS, 0),
        ("vpc", instance.access_quota, request.cloud.access_used(instance, request.now)),
    ];
    let asked = request.given("ResourceType");
    if asked.is_some_and(|asked| !all.iter().any(|(kind, _, _)| *kind == asked)) {
        return Err(Refusal::invalid_parameter("ResourceType"));
    }
    let infos: Vec<Value> = all
        .into_iter()
        .filter(|(kind, _, _)| asked.is_none_or(|asked| asked == *kind))
        .map(
            |(kind, quota, used)| json!({"ResourceType": kind, "ResourceQuota": quota, "UsedQuantity": used}),
        )
        .collect();
    Ok(json!({"KmsInstanceId": instance.id, "KmsInstanceQuotaInfos": infos}))
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KmsInstanceId")?;
    request.permit(&format!("keystore/{id}"))?;
    let name = request.text("InstanceName", 128)?;
    let instance = request.cloud.owned_instance(id, request.account)?;
    if let Some(name) = name {
        name.clone_into(&mut instance.name);
    }
    Ok(json!({}))
}

pub(super) fn connect(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KmsInstanceId")?;
    request.permit(&format!("keystore/{id}"))?;
    let vpc_id = request.needed("VpcId")?;
    let vswitch_id = request.needed("VSwitchIds")?;
    let zones: Vec<&str> = request.needed("ZoneIds")?.split(',').collect();
    if request.given("KMProvider").is_some_and(|provider| provider != "Aliyun") {
        return Err(Refusal::invalid_parameter("KMProvider"));
    }
    if zones.len() != 2 || zones[0] == zones[1] {
        return Err(Refusal::invalid_parameter("ZoneIds"));
    }
    let vpc = request.state().vpcs.iter().find(|vpc| vpc.id == vpc_id);
    let vpc = vpc.ok_or_else(|| Refusal::invalid_parameter("VpcId"))?;
    let in_zone = |zone: &&str| vpc.vswitches.iter().any(|one| one.zone == **zone);
    if !zones.iter().all(in_zone) {
        return Err(Refusal::invalid_parameter("ZoneIds"));
    }
    if !vpc.vswitches.iter().any(|one| one.id == vswitch_id) {
        return Err(Refusal::invalid_parameter("VSwitchIds"));
    }
    let ready = request.now + CONNECTING;
    let instance = request.cloud.owned_instance(id, request.account)?;
    if instance.connected.is_some() {
        return Err(wrong_state());
    }
    instance.connected = Some(ready);
    vpc_id.clone_into(&mut instance.vpc_id);
    instance.vswitch_ids = vec![vswitch_id.to_owned()];
    instance.zone_ids = zones.into_iter().map(str::to_owned).collect();
    Ok(json!({}))
}

/// Only what was bought to be paid as it is used can be given back: all but the instance that is there from the start.
pub(super) fn release(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KmsInstanceId")?;
    request.permit(&format!("keystore/{id}"))?;
    request.flag("ForceDeleteWithoutBackup")?;
    let account = request.account;
    let instance = request.cloud.owned_instance(id, account)?.clone();
    if id == request.state().instance_id {
        return Err(Refusal::service(
            400,
            "UnsupportedOperation",
            "An instance that was paid in advance cannot be released.",
        ));
    }
    let here = |of: &Option<String>| of.as_ref() == Some(&instance.id);
    let used = request.cloud.accounts.iter().any(|account| {
        account.keys.iter().any(|key| here(&key.instance))
            || account.secrets.values().any(|secret| here(&secret.instance))
    });
    if used || request.cloud.access_used(&instance, request.now) > 0 {
        return Err(Refusal::resource_in_use());
    }
    request.cloud.instances.retain(|one| one.id != instance.id);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedVpc {
    #[serde(rename = "VpcId")]
    vpc_id: String,
    #[serde(rename = "VSwitchId")]
    vswitch_id: String,
    #[serde(rename = "RegionId")]
    region_id: String,
    /// A number in the request, a text in answers.
    #[serde(rename = "VpcOwnerId")]
    owner_id: u64,
}

/// The whole list: a VPC that is not in it is unbound.
pub(super) fn bind_vpcs(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KmsInstanceId")?;
    request.permit(&format!("keystore/{id}"))?;
    request.needed("BindVpcs")?;
    let asked: Vec<AskedVpc> = request.json("BindVpcs")?.unwrap_or_default();
    let wrong = || Refusal::invalid_parameter("BindVpcs");
    let mut bound: Vec<BoundVpc> = Vec::new();
    for one in asked {
        let owner_id = one.owner_id.to_string();
        let owner = request.cloud.account(&owner_id).ok_or_else(wrong)?;
        let vpc = request.cloud.accounts[owner].vpcs.iter().find(|vpc| vpc.id == one.vpc_id);
        let vswitch = vpc.and_then(|vpc| vpc.vswitches.iter().find(|vswitch| vswitch.id == one.vswitch_id));
        let usable = vswitch.is_some()
            && one.region_id == request.state().region
            && request.cloud.may_use_vswitch(&one.vswitch_id, request.account, request.now);
        if !usable || bound.iter().any(|other| other.vpc_id == one.vpc_id) {
            return Err(wrong());
        }
        bound.push(BoundVpc {
            vpc_id: one.vpc_id,
            vswitch_id: one.vswitch_id,
            region_id: one.region_id,
            owner_id,
        });
    }
    let used = {
        let instance = request.cloud.owned_instance(id, request.account)?.clone();
        let shared = request.cloud.access_used(&instance, request.now) - instance.bound_vpcs.len();
        (shared + bound.len(), instance.access_quota, instance.status(request.now))
    };
    let (wanted, quota, status) = used;
    if status != "Connected" {
        return Err(wrong_state());
    }
    if wanted > quota {
        return Err(Refusal::service(
            400,
            "Rejected.LimitExceeded",
            "The quota of access management of the instance is exceeded.",
        ));
    }
    request.cloud.owned_instance(id, request.account)?.bound_vpcs = bound;
    Ok(json!({}))
}
