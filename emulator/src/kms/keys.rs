//! KMS keys, and the calls about them. They encrypt secrets; nothing else can be encrypted with them here.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::iso8601;
use crate::error::Error;
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::state::State;

const SYMMETRIC: [&str; 4] = ["Aliyun_AES_256", "Aliyun_SM4", "Aliyun_AES_128", "Aliyun_AES_192"];
const ASYMMETRIC: [&str; 6] = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K", "EC_SM2"];

/// Whether a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum KeyState {
    #[default]
    Enabled,
    Disabled,
    PendingDeletion,
}

/// A KMS key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KmsKey {
    pub(crate) id: String,
    /// None for the account's default key.
    pub(crate) instance: Option<String>,
    pub(crate) state: KeyState,
    pub(crate) spec: String,
    pub(crate) usage: String,
    pub(crate) description: String,
    pub(crate) created: Option<OffsetDateTime>,
    pub(crate) rotation_interval: Option<i64>,
    pub(crate) delete_at: Option<OffsetDateTime>,
    /// Why it is protected against deletion, if it is.
    pub(crate) protection: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
}

/// A key in the state file, in which once only ids were kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Id(String),
    Whole(KmsKey),
}

/// The keys of a state file.
pub(crate) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<KmsKey>, D::Error> {
    let keys = Vec::<Stored>::deserialize(deserializer)?.into_iter().map(|stored| match stored {
        Stored::Id(id) => KmsKey::new(id, None, None),
        Stored::Whole(key) => key,
    });
    Ok(keys.collect())
}

impl KmsKey {
    /// A symmetric key for encryption.
    pub(crate) fn new(id: String, instance: Option<String>, created: Option<OffsetDateTime>) -> Self {
        Self {
            id,
            instance,
            state: KeyState::Enabled,
            spec: SYMMETRIC[0].to_owned(),
            usage: "ENCRYPT/DECRYPT".to_owned(),
            description: String::new(),
            created,
            rotation_interval: None,
            delete_at: None,
            protection: None,
            tags: Vec::new(),
        }
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        SYMMETRIC.contains(&self.spec.as_str())
    }

    /// Refuses the use of a key that is disabled or about to be deleted.
    pub(crate) fn check_usable(&self) -> Result<(), Refusal> {
        let (code, message) = match self.state {
            KeyState::Enabled => return Ok(()),
            KeyState::Disabled => {
                ("Rejected.Disabled", "The request was rejected because the key is Disabled.")
            }
            KeyState::PendingDeletion => {
                ("Rejected.PendingDeletion", "The request was rejected because the key is PendingDeletion.")
            }
        };
        Err(Refusal::service(409, code, message))
    }
}

pub(crate) fn new_key_id() -> String {
    format!("key-hzz{}", random_text(b"0123456789abcdefghijklmnopqrstuvwxyz", 19))
}

impl State {
    /// The key with this id or ARN.
    pub(crate) fn key(&self, id: &str) -> Option<&KmsKey> {
        let prefix = self.kms_arn("key/");
        let id = id.strip_prefix(&prefix).unwrap_or(id);
        self.keys.iter().find(|key| key.id == id)
    }

    pub(crate) fn key_mut(&mut self, id: &str) -> Option<&mut KmsKey> {
        let prefix = self.kms_arn("key/");
        let id = id.strip_prefix(&prefix).unwrap_or(id);
        self.keys.iter_mut().find(|key| key.id == id)
    }

    /// Makes a KMS key in the instance; gives its id.
    pub(crate) fn create_key(&mut self, now: OffsetDateTime) -> String {
        let id = new_key_id();
        self.keys.push(KmsKey::new(id.clone(), Some(self.instance_id.clone()), Some(now)));
        id
    }

    pub(crate) fn key_or_default(&self, id: Option<&str>) -> Result<String, Error> {
        match id {
            None => Ok(crate::state::DEFAULT_KEY.to_owned()),
            Some(id) => self.key(id).map(|key| key.id.clone()).ok_or_else(|| Error::not_found("key", id)),
        }
    }
}

fn written(request: &Request<'_>, key: &KmsKey) -> Value {
    let mut fields = json!({
        "KeyId": key.id,
        "Arn": request.arn(&format!("key/{}", key.id)),
        "KeyState": format!("{:?}", key.state),
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        "Origin": "Aliyun_KMS",
        "ProtectionLevel": "SOFTWARE",
        "CreationDate": iso8601(key.created.unwrap_or(OffsetDateTime::UNIX_EPOCH)),
        "Creator": request.state().account_id,
        "Description": key.description,
        "AutomaticRotation": match (key.rotation_interval, key.state) {
            (None, _) => "Disabled",
            (Some(_), KeyState::Enabled) => "Enabled",
            (Some(_), _) => "Suspended",
        },
        "DeletionProtection": if key.protection.is_some() { "Enabled" } else { "Disabled" },
        "DeletionProtectionDescription": key.protection.as_deref().unwrap_or(""),
    });
    if let Some(instance) = &key.instance {
        fields["DKMSInstanceId"] = json!(instance);
    }
    if let Some(interval) = key.rotation_interval {
        fields["RotationInterval"] = json!(format!("{interval}s"));
        if let Some(created) = key.created {
            fields["NextRotationDate"] = json!(iso8601(created + Duration::seconds(interval)));
        }
    }
    if let Some(at) = key.delete_at {
        fields["DeleteDate"] = json!(iso8601(at));
    }
    json!({"KeyMetadata": fields})
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    request.permit("key").map_err(|refusal| Refusal { status: 400, ..refusal })?;
    let spec = request.given("KeySpec").unwrap_or(SYMMETRIC[0]);
    let symmetric = SYMMETRIC.contains(&spec);
    if !symmetric && !ASYMMETRIC.contains(&spec) {
        return Err(Refusal::invalid_parameter("KeySpec"));
    }
    let usage = request.given("KeyUsage").unwrap_or("ENCRYPT/DECRYPT");
    if !["ENCRYPT/DECRYPT", "SIGN/VERIFY"].contains(&usage) || (symmetric && usage == "SIGN/VERIFY") {
        return Err(Refusal::invalid_parameter("KeyUsage"));
    }
    if request.given("Origin").is_some_and(|origin| origin != "Aliyun_KMS") {
        return Err(Refusal::service(
            400,
            "UnsupportedOperation",
            "The emulator makes its keys itself: key material cannot be imported.",
        ));
    }
    let instance = request.given("DKMSInstanceId");
    if let Some(id) = instance {
        request.cloud.usable_instance(id, request.account, request.now)?;
    }
    let rotates = request.flag("EnableAutomaticRotation")?.unwrap_or(false);
    let (least, most) = if instance.is_some() { (7, 365) } else { (365, 365) };
    let interval = request.interval(Duration::days(least), Duration::days(most))?;
    if rotates && interval.is_none() {
        return Err(super::parameters::missing("RotationInterval"));
    }
    let mut key = KmsKey::new(new_key_id(), instance.map(str::to_owned), Some(request.now));
    spec.clone_into(&mut key.spec);
    usage.clone_into(&mut key.usage);
    request.text("Description", 8192)?.unwrap_or("").clone_into(&mut key.description);
    key.rotation_interval = interval.filter(|_| rotates).map(Duration::whole_seconds);
    key.tags = super::tags::read(request)?;
    let answer = written(request, &key);
    request.state_mut().keys.push(key);
    Ok(answer)
}

fn asked<'a>(request: &'a Request<'_>) -> Result<&'a KmsKey, Refusal> {
    let id = request.needed("KeyId")?;
    let key = request.state().key(id);
    let name = key.map_or(id, |key| key.id.as_str());
    request.permit(&format!("key/{name}"))?;
    key.ok_or_else(Refusal::no_such_key)
}

fn change(request: &mut Request<'_>, change: impl FnOnce(&mut KmsKey) -> Result<(), Refusal>) -> Answer {
    let id = asked(request)?.id.clone();
    change(request.state_mut().key_mut(&id).ok_or_else(Refusal::no_such_key)?)?;
    request.state_mut().update_next_due();
    Ok(json!({}))
}

pub(super) fn describe(request: &mut Request<'_>) -> Answer {
    Ok(written(request, asked(request)?))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.permit("key")?;
    let filters = request.filters(&[
        "KeyState",
        "KeySpec",
        "KeyUsage",
        "ProtectionLevel",
        "CreatorType",
        "DKMSInstanceId",
    ])?;
    let has = |key: &KmsKey, kind: &str, value: &str| match kind {
        "KeyState" => format!("{:?}", key.state) == value,
        "KeySpec" => key.spec == value,
        "KeyUsage" => key.usage == value,
        "ProtectionLevel" => value == "SOFTWARE",
        "CreatorType" => value == "User",
        _ => key.instance.as_deref() == Some(value),
    };
    let state = request.state();
    let keys = state
        .keys
        .iter()
        .filter(|key| filters.iter().all(|one| one.values.iter().any(|value| has(key, &one.key, value))))
        .map(|key| json!({"KeyId": key.id, "KeyArn": state.kms_arn(&format!("key/{}", key.id))}))
        .collect();
    request.page(10, keys, ["Keys", "Key"])
}

pub(super) fn enable(request: &mut Request<'_>) -> Answer {
    change(request, |key| match key.state {
        KeyState::PendingDeletion => key.check_usable(),
        _ => {
            key.state = KeyState::Enabled;
            Ok(())
        }
    })
}

pub(super) fn disable(request: &mut Request<'_>) -> Answer {
    change(request, |key| match key.state {
        KeyState::PendingDeletion => key.check_usable(),
        _ => {
            key.state = KeyState::Disabled;
            Ok(())
        }
    })
}

pub(super) fn schedule_deletion(request: &mut Request<'_>) -> Answer {
    let days = request.needed("PendingWindowInDays")?;
    let days = days.parse().ok().filter(|days| (7..=366).contains(days));
    let days: i64 = days.ok_or_else(|| Refusal::invalid_parameter("PendingWindowInDays"))?;
    let at = request.now + Duration::days(days);
    change(request, |key| {
        if key.protection.is_some() {
            return Err(Refusal::service(
                409,
                "Rejected.DeletionProtection",
                "The key is protected against deletion.",
            ));
        }
        if key.state == KeyState::PendingDeletion {
            return key.check_usable();
        }
        key.state = KeyState::PendingDeletion;
        key.delete_at = Some(at);
        Ok(())
    })
}

pub(super) fn cancel_deletion(request: &mut Request<'_>) -> Answer {
    change(request, |key| {
        if key.state != KeyState::PendingDeletion {
            return Err(Refusal::service(
                409,
                "Rejected.StateModifiedFailed",
                "The key is not about to be deleted.",
            ));
        }
        key.state = KeyState::Enabled;
        key.delete_at = None;
        Ok(())
    })
}

pub(super) fn protect(request: &mut Request<'_>) -> Answer {
    let on = request
        .flag("EnableDeletionProtection")?
        .ok_or_else(|| super::parameters::missing("EnableDeletionProtection"))?;
    let description = request.text("DeletionProtectionDescription", 8192)?.unwrap_or("").to_owned();
    let asked = request.given("ProtectedResourceArn").or_else(|| request.given("KeyId"));
    let asked = asked.ok_or_else(|| super::parameters::missing("ProtectedResourceArn"))?;
    let key = request.state().key(asked);
    request.permit(&format!("key/{}", key.map_or(asked, |key| key.id.as_str())))?;
    let key = request.state_mut().key_mut(asked).ok_or_else(Refusal::no_such_key)?;
    key.protection = on.then_some(description);
    Ok(json!({}))
}
