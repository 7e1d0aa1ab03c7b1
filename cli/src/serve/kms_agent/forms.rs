//! The three forms of an answer: KMS's own, AWS Secrets Manager's and HashiCorp Vault's.

use std::borrow::Cow;
use std::time::SystemTime;

use kmsak::Secret;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::secret_json::{About, Moment, value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Form {
    Kms,
    Aws,
    Vault,
}

/// Which of Vault's engines for keys and values the client takes the agent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Engine {
    Kv1,
    Kv2,
}

impl Form {
    /// The JSON of `secret`.
    pub(in crate::serve) fn answer(self, secret: &Secret, engine: Engine) -> Vec<u8> {
        match self {
            Form::Kms => written(secret, &Kms::of(secret)),
            Form::Aws => written(secret, &Aws::of(secret)),
            Form::Vault => written(secret, &Vault::of(secret, engine)),
        }
    }

    /// The JSON of a failure as clients of this form look for it.
    pub(in crate::serve) fn failure(self, status: u16, code: &str, message: &str) -> Value {
        match self {
            Form::Kms => json!({ "Code": code, "Message": message }),
            Form::Aws => json!({ "__type": aws_type(status), "Message": format!("{message} [{code}]") }),
            Form::Vault => json!({ "errors": [message] }),
        }
    }
}

/// The names by which boto3 makes exceptions.
fn aws_type(status: u16) -> &'static str {
    match status {
        401 => "UnrecognizedClientException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        400 => "InvalidParameterException",
        402..=499 => "InvalidRequestException",
        _ => "InternalServiceError",
    }
}

/// `GetSecretValue` of the OpenAPI, version 2016-01-20.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Kms<'a> {
    #[serde(flatten)]
    about: About<'a>,
    request_id: &'a str,
    secret_data: Cow<'a, str>,
    secret_data_type: &'static str,
    version_stages: KmsStages<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KmsStages<'a> {
    version_stage: &'a [String],
}

impl<'a> Kms<'a> {
    fn of(secret: &'a Secret) -> Self {
        let (secret_data, secret_data_type) = value(secret);
        Kms {
            about: About::of(secret),
            request_id: secret.request_id(),
            secret_data,
            secret_data_type,
            version_stages: KmsStages { version_stage: secret.version_stages() },
        }
    }
}

/// `GetSecretValue` of AWS Secrets Manager, version 2017-10-17. Its ARN has KMS's form; region and account are not in KMS's answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Aws<'a> {
    #[serde(rename = "ARN")]
    arn: String,
    name: &'a str,
    version_id: &'a str,
    version_stages: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_string: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_date: Option<u64>,
}

impl<'a> Aws<'a> {
    fn of(secret: &'a Secret) -> Self {
        let (data, kind) = value(secret);
        let (text, binary) = if kind == "text" { (Some(data), None) } else { (None, Some(data)) };
        Aws {
            arn: format!("acs:kms:::secret/{}", secret.name()),
            name: secret.name(),
            version_id: secret.version_id(),
            version_stages: secret.version_stages(),
            secret_string: text,
            secret_binary: binary,
            created_date: created(secret).map(seconds),
        }
    }
}

/// What Vault answers to a read of version 1 or 2 of the engine for keys and values.
#[derive(Serialize)]
struct Vault<'a> {
    request_id: &'a str,
    lease_id: &'static str,
    renewable: bool,
    lease_duration: u32,
    data: VaultData<'a>,
    wrap_info: (),
    warnings: (),
    auth: (),
}

#[derive(Serialize)]
#[serde(untagged)]
enum VaultData<'a> {
    Kv1(Fields<'a>),
    Kv2 { data: Fields<'a>, metadata: VaultMetadata<'a> },
}

/// A value that is no JSON object stands under `value`.
#[derive(Serialize)]
#[serde(untagged)]
enum Fields<'a> {
    Object(&'a RawValue),
    Other { value: Cow<'a, str> },
}

#[derive(Serialize)]
struct VaultMetadata<'a> {
    created_time: Moment,
    custom_metadata: CustomMetadata<'a>,
    deletion_time: &'static str,
    destroyed: bool,
    version: u64,
}

#[derive(Serialize)]
struct CustomMetadata<'a> {
    version_id: &'a str,
    secret_type: &'a str,
}

impl<'a> Vault<'a> {
    fn of(secret: &'a Secret, engine: Engine) -> Self {
        let json = serde_json::from_slice::<&RawValue>(secret.as_bytes()).ok();
        let object = json.filter(|json| json.get().starts_with('{'));
        let fields = object.map_or_else(|| Fields::Other { value: value(secret).0 }, Fields::Object);
        let data = match engine {
            Engine::Kv1 => VaultData::Kv1(fields),
            Engine::Kv2 => VaultData::Kv2 {
                data: fields,
                metadata: VaultMetadata {
                    created_time: Moment(created(secret).unwrap_or(SystemTime::UNIX_EPOCH)),
                    custom_metadata: CustomMetadata {
                        version_id: secret.version_id(),
                        secret_type: secret.secret_type(),
                    },
                    deletion_time: "",
                    destroyed: false,
                    version: version_number(secret),
                },
            },
        };
        Vault {
            request_id: secret.request_id(),
            lease_id: "",
            renewable: false,
            lease_duration: 0,
            data,
            wrap_info: (),
            warnings: (),
            auth: (),
        }
    }
}

/// Written straight from the secret: no copy of its parts is made on the way.
fn written(secret: &Secret, form: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(secret.as_bytes().len() + 1024);
    serde_json::to_writer(&mut json, form).expect("a vector takes all");
    json
}

/// Vault counts versions; KMS names them. Where the name is no number, the time at which the version was made grows as well.
pub(super) fn version_number(secret: &Secret) -> u64 {
    let number = secret.version_id().parse::<u32>().ok().map(u64::from);
    number.or_else(|| created(secret).map(seconds)).unwrap_or(0).max(1)
}

fn created(secret: &Secret) -> Option<SystemTime> {
    kmsak::parse_date(secret.create_time()?)
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
