//! The three forms of an answer: KMS's own, AWS Secrets Manager's and HashiCorp Vault's.

use std::time::SystemTime;

use kmsak::Secret;
use serde_json::{Value, json};

use crate::secret_json::{self, moment, value};

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
    pub(in crate::serve) fn answer(self, secret: &Secret, engine: Engine) -> Value {
        match self {
            Form::Kms => kms(secret),
            Form::Aws => aws(secret),
            Form::Vault => vault(secret, engine),
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
fn kms(secret: &Secret) -> Value {
    let mut fields = secret_json::about(secret);
    fields.insert("RequestId".to_owned(), secret.request_id().into());
    secret_json::put_value(secret, &mut fields);
    fields.insert("VersionStages".to_owned(), json!({ "VersionStage": secret.version_stages() }));
    Value::Object(fields)
}

/// `GetSecretValue` of AWS Secrets Manager, version 2017-10-17. Its ARN has KMS's form; region and account are not in KMS's answer.
fn aws(secret: &Secret) -> Value {
    let (data, kind) = value(secret);
    let name = if kind == "text" { "SecretString" } else { "SecretBinary" };
    let mut answer = json!({
        "ARN": format!("acs:kms:::secret/{}", secret.name()),
        "Name": secret.name(),
        "VersionId": secret.version_id(),
        "VersionStages": secret.version_stages(),
    });
    answer[name] = data.into();
    if let Some(created) = created(secret) {
        answer["CreatedDate"] = seconds(created).into();
    }
    answer
}

/// What Vault answers to a read of version 1 or 2 of the engine for keys and values. A value that is no JSON object stands
/// under `value`.
fn vault(secret: &Secret, engine: Engine) -> Value {
    let object = serde_json::from_slice::<Value>(secret.as_bytes()).ok().filter(Value::is_object);
    let fields = object.unwrap_or_else(|| json!({ "value": value(secret).0 }));
    let data = match engine {
        Engine::Kv1 => fields,
        Engine::Kv2 => json!({
            "data": fields,
            "metadata": {
                "created_time": moment(created(secret).unwrap_or(SystemTime::UNIX_EPOCH)),
                "custom_metadata": { "version_id": secret.version_id(), "secret_type": secret.secret_type() },
                "deletion_time": "",
                "destroyed": false,
                "version": version_number(secret),
            },
        }),
    };
    json!({
        "request_id": secret.request_id(),
        "lease_id": "",
        "renewable": false,
        "lease_duration": 0,
        "data": data,
        "wrap_info": null,
        "warnings": null,
        "auth": null,
    })
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
