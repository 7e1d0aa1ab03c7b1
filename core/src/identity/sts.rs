//! STS (2015-04-01), which gives out AccessKeys of roles: where it is, how it is asked, and what its refusals mean.

use std::time::SystemTime;

use super::acs3::{self, Call};
use super::{AccessKey, Variables, World, answer};
use crate::error::{Error, Kind, Result, Scope};
use crate::process::logs;
use crate::shown::{plain, told};
use crate::transport::text_error::{self, ErrorBody};
use crate::transport::{HttpRequest, HttpResponse, HttpsTransport, Method, Transport as _, TransportConfig};

const VERSION: &str = "2015-04-01";

/// Where STS is.
#[derive(Clone, Debug)]
pub(crate) struct StsPlace {
    /// `host` or `host:port`; wins over the rest.
    pub(crate) endpoint: Option<String>,
    pub(crate) region_id: Option<String>,
    /// Whether it is reached inside a VPC, where a region is known.
    pub(crate) vpc: bool,
    pub(crate) transport: TransportConfig,
}

impl PartialEq for StsPlace {
    fn eq(&self, other: &Self) -> bool {
        (&self.endpoint, &self.region_id, self.vpc) == (&other.endpoint, &other.region_id, other.vpc)
    }
}

impl StsPlace {
    /// Its host, by the environment where the configuration says nothing.
    pub(super) fn authority(&self, variables: &Variables) -> String {
        let variable = |name: &str| variables(name).and_then(|value| value.into_string().ok());
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        let region = self.region_id.clone().or_else(|| variable("ALIBABA_CLOUD_STS_REGION"));
        let vpc = self.vpc || is_true(variable("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"));
        match region.filter(|region| is_host_part(region)) {
            Some(region) if vpc => format!("sts-vpc.{region}.aliyuncs.com"),
            Some(region) => format!("sts.{region}.aliyuncs.com"),
            None => "sts.aliyuncs.com".to_owned(),
        }
    }
}

/// `true`, in whatever case.
pub(super) fn is_true(variable: Option<String>) -> bool {
    variable.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

fn is_host_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Who wants which role.
pub(super) struct Wanted<'a> {
    pub(super) role_arn: &'a str,
    /// Who asks, for sentences: `the AccessKey LTAI...`.
    pub(super) by: &'a str,
}

/// Asks for a role with an AccessKey.
pub(super) async fn assume_role(
    place: &StsPlace,
    variables: &Variables,
    world: &World,
    key: &AccessKey,
    parameters: &[(&str, &str)],
    wanted: &Wanted<'_>,
) -> Result<AccessKey> {
    let authority = place.authority(variables);
    let request = |now| {
        let call = Call {
            authority: &authority,
            action: "AssumeRole",
            version: VERSION,
            method: Method::Post,
            parameters,
            form: &[],
            user_agent: &world.user_agent,
        };
        acs3::sign(&call, key, now, &world.random.nonce())
    };
    exchange(place, &authority, world, wanted, &request).await
}

/// Asks for a role with a token of an OIDC provider. Nothing is signed.
pub(super) async fn assume_role_with_oidc(
    place: &StsPlace,
    variables: &Variables,
    world: &World,
    parameters: &[(&str, &str)],
    wanted: &Wanted<'_>,
) -> Result<AccessKey> {
    let authority = place.authority(variables);
    let request = |now| {
        let timestamp = crate::date::iso_date(now);
        let nonce = world.random.nonce();
        let common = [
            ("Action", "AssumeRoleWithOIDC"),
            ("Format", "JSON"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &timestamp),
            ("Version", VERSION),
        ];
        HttpRequest {
            method: Method::Post,
            url: format!("https://{authority}/?{}", acs3::encode_pairs(&common)),
            headers: vec![
                ("accept", "application/json".to_owned()),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("user-agent", world.user_agent.to_string()),
            ],
            // The body, not the query: access logs keep URLs, and this is a token.
            body: acs3::encode_pairs(parameters).into_bytes(),
        }
    };
    exchange(place, &authority, world, wanted, &request).await
}

/// Asks once, and once more where STS complains of the clock.
async fn exchange(
    place: &StsPlace,
    authority: &str,
    world: &World,
    wanted: &Wanted<'_>,
    request: &(dyn Fn(SystemTime) -> HttpRequest + Sync),
) -> Result<AccessKey> {
    let transport = super::aside({
        let (config, authority, user_agent) =
            (place.transport.clone(), authority.to_owned(), world.user_agent.clone());
        // The CAs are read from files.
        move || HttpsTransport::new(&config, &authority, &user_agent)
    })
    .await?;
    let mut clock_mended = false;
    loop {
        let response =
            transport.send(request(world.now())).await.map_err(|error| unreachable(&error, wanted))?;
        let error = match read(&response, wanted) {
            Ok(key) => return Ok(key),
            Err(error) => error,
        };
        if !clock_mended
            && error
                .code()
                .is_some_and(|code| code.starts_with("InvalidTimeStamp") || code == "IllegalTimestamp")
            && let Some(server) = response.date
        {
            clock_mended = true;
            world.skew.learn(world.clock.now(), server);
            logs::warn!(
                "this machine's clock differs from STS's by {} s; requests are signed with STS's time",
                world.skew.milliseconds() / 1000
            );
            continue;
        }
        return Err(error);
    }
}

fn read(response: &HttpResponse, wanted: &Wanted<'_>) -> Result<AccessKey> {
    if response.status == 200 {
        return answer::access_key(&response.body, "STS");
    }
    let body = text_error::read(&response.body).unwrap_or_default();
    Err(refused(response, &body, wanted))
}

fn unreachable(error: &Error, wanted: &Wanted<'_>) -> Error {
    let message = format!("no AccessKey for the role {}: {}", plain(wanted.role_arn, 200), error.message());
    Error::new(error.kind(), message).with_scope(Scope::Identity).with_retryable(error.retryable())
}

/// What STS's codes mean, as its API reference has them.
fn refused(response: &HttpResponse, body: &ErrorBody, wanted: &Wanted<'_>) -> Error {
    let (code, status) = (body.code.as_str(), response.status);
    let role = plain(wanted.role_arn, 200);
    let by = wanted.by;
    let says = match told(&body.message, 200) {
        message if message.is_empty() => String::new(),
        message => format!("; STS says: \"{message}\""),
    };
    let throttled = code.starts_with("Throttling") || status == 429;
    let failed = status >= 500 || code == "InternalError" || code.starts_with("ServiceUnavailable");
    let (kind, message) = match code {
        _ if throttled => (
            Kind::Throttled,
            format!("STS throttled the request for the role {role}: it is asked again in a while"),
        ),
        _ if failed => (
            Kind::Server,
            format!("STS failed (HTTP {status}) when asked for the role {role}: try again{says}"),
        ),
        "NoPermission" => (
            Kind::Denied,
            format!(
                "STS refused the role {role} to {by}: let the role's trust policy name it, and allow it sts:AssumeRole on the role{says}"
            ),
        ),
        "EntityNotExist.Role" => (
            Kind::Denied,
            format!(
                "there is no role {role}: check the ARN, acs:ram::<account id>:role/<name>, and that the role was not deleted"
            ),
        ),
        "AuthenticationFail.OIDCToken.Expired" => (
            Kind::Denied,
            format!(
                "the OIDC token for the role {role} has expired: whoever writes the token file has to write a new one; in ACK, check the pod's service account and ack-pod-identity-webhook"
            ),
        ),
        _ if code.starts_with("AuthenticationFail") => (
            Kind::Denied,
            format!(
                "STS does not accept the OIDC token for the role {role} ({code}): check the OIDC provider's issuer, client ids and fingerprints in RAM, and the role's trust policy{says}"
            ),
        ),
        _ if code.starts_with("InvalidAccessKeyId")
            || code.starts_with("SignatureDoesNotMatch")
            || code.starts_with("InvalidSecurityToken") =>
        {
            (
                Kind::Denied,
                format!(
                    "STS does not accept {by} ({code}), which is to assume the role {role}: check its AccessKey id and secret, and that it is enabled"
                ),
            )
        }
        "" => (
            Kind::Server,
            format!(
                "the endpoint of STS answered HTTP {status} with something that STS does not write: check sts_endpoint, and look for a proxy on the way"
            ),
        ),
        _ => (
            Kind::Denied,
            format!(
                "STS refused the request for the role {role} ({}): check the credentials_ settings{says}",
                plain(code, 80)
            ),
        ),
    };
    let error = Error::new(kind, message)
        .with_scope(Scope::Identity)
        .with_http_status(status)
        .with_request_id(body.request_id.as_deref().map(|id| plain(id, 80)))
        .with_retry_after(response.retry_after)
        .with_retryable(throttled || failed || code.is_empty());
    if code.is_empty() { error } else { error.with_code(plain(code, 80)) }
}
