//! A volume's files.

use std::sync::Arc;

use kmsak::{Error, Kind, Provider, Secret};
use serde_json::Value;

use crate::grpc::{Code, Status};
use crate::messages::{File, MountRequest, MountResponse, ObjectVersion};
use crate::parameters::{Parameters, Wanted};
use crate::providers::Providers;

/// Answers a mount, the first one of a pod or one of the driver's polling. What is cached is answered from there.
///
/// # Errors
/// With the sentence that the pod's events will show.
pub(crate) async fn mount(
    providers: &Arc<Providers>,
    request: MountRequest,
) -> Result<MountResponse, Status> {
    let invalid = |why: String| Status::new(Code::InvalidArgument, why);
    let parameters = Parameters::read(&request.attributes).map_err(invalid)?;
    let mode =
        serde_json::from_str::<i32>(&request.permission).ok().filter(|mode| (0..=0o777).contains(mode));
    let mode = mode.ok_or_else(|| invalid(format!("{:?} is no permission", request.permission)))?;
    let providers = Arc::clone(providers);
    let opened = tokio::task::spawn_blocking(move || {
        let provider = providers.of(&parameters, &request.secrets);
        provider.map(|provider| (provider, parameters.secrets))
    });
    let opened = opened.await.map_err(|_| Status::new(Code::Internal, "the provider failed"))?;
    let (provider, secrets) = opened.map_err(|why| Status::new(Code::FailedPrecondition, why))?;
    let pending: Vec<_> = secrets.iter().map(|wanted| begin(&provider, wanted)).collect();
    let mut response = MountResponse::default();
    for (wanted, pending) in secrets.iter().zip(pending) {
        let secret = pending.await.map_err(|error| failed(&error))?;
        let id = match &wanted.stage {
            Some(stage) => format!("{}@{stage}", wanted.name),
            None => wanted.name.clone(),
        };
        response.object_version.push(ObjectVersion { id, version: secret.version_id().to_owned() });
        for file in &wanted.files {
            let contents = match &file.field {
                None => secret.as_bytes().to_vec(),
                Some(field) => {
                    field_of(&secret, field).map_err(|why| Status::new(Code::FailedPrecondition, why))?
                }
            };
            response.files.push(File { path: file.path.clone(), mode: file.mode.unwrap_or(mode), contents });
        }
    }
    Ok(response)
}

fn begin(provider: &Provider, wanted: &Wanted) -> kmsak::Pending<Arc<Secret>> {
    match &wanted.stage {
        Some(stage) => provider.begin_secret_at_stage(&wanted.name, stage),
        None => provider.begin_secret(&wanted.name),
    }
}

/// A text without its quotes, anything else as JSON.
fn field_of(secret: &Secret, field: &str) -> Result<Vec<u8>, String> {
    let json: Value = serde_json::from_slice(secret.as_bytes())
        .map_err(|_| format!("{} is no JSON, and has no field {field}", secret.name()))?;
    let value = if field.starts_with('/') { json.pointer(field) } else { json.get(field) };
    match value {
        Some(Value::String(text)) => Ok(text.clone().into_bytes()),
        Some(other) => Ok(other.to_string().into_bytes()),
        None => Err(format!("{} has no field {field}", secret.name())),
    }
}

fn failed(error: &Error) -> Status {
    let code = match error.kind() {
        Kind::Configuration | Kind::ClientKey => Code::FailedPrecondition,
        Kind::Denied => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Throttled => Code::ResourceExhausted,
        Kind::Network | Kind::Tls | Kind::Server | Kind::Closed => Code::Unavailable,
        _ => Code::Internal,
    };
    Status::new(code, error.message())
}
