//! The metadata service of an ECS instance, as far as it gives out tokens for the instance's RAM role.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::call::{Call, Outcome, Success};
use crate::clock::iso8601;
use crate::error::Error;
use crate::journal::What;
use crate::ram::condition::Context;
use crate::ram::sts_token::StsToken;
use crate::ram::trust::Principal;
use crate::random_text;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) const TOKEN: &str = "token";
pub(crate) const ROLE: &str = "role";
pub(crate) const CREDENTIALS: &str = "credentials";

const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/ram/security-credentials/";
const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";

/// Six hours, both of metadata tokens at most and of the role's.
const LONGEST: Duration = Duration::hours(6);
/// The role's next token is there this long before the old one ends.
const AHEAD: Duration = Duration::minutes(30);
/// A client that asks for a token with each request must not fill the memory.
const MOST_TOKENS: usize = 1000;

/// How the metadata service lets itself be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataMode {
    /// With a metadata token (v2) or without one (v1).
    #[default]
    V1AndV2,
    /// Only with a metadata token: the "security hardening mode".
    V2Only,
    /// Without metadata tokens, as a service of before there were any.
    V1Only,
}

/// The metadata service's settings and what it has given out.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Metadata {
    /// The role that is bound to the instance.
    pub(crate) role: Option<String>,
    pub(crate) mode: MetadataMode,
    /// How long the tokens of the role are valid, in seconds.
    pub(crate) session_seconds: i64,
    /// The token of the role that is given out now.
    current: Option<String>,
    /// Metadata tokens and when they end.
    tokens: Vec<(String, i64)>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            role: None,
            mode: MetadataMode::default(),
            session_seconds: LONGEST.whole_seconds(),
            current: None,
            tokens: Vec::new(),
        }
    }
}

/// What a request asks for; empty if that is not here.
pub(crate) fn action(method: &str, path: &str) -> &'static str {
    match (method, path.strip_prefix(ROLE_PATH)) {
        ("PUT", None) if path == TOKEN_PATH => TOKEN,
        ("GET", Some("")) => ROLE,
        ("GET", Some(_)) => CREDENTIALS,
        _ => "",
    }
}

pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Outcome {
    let result = act(state, call, now, happened).map(|body| Success {
        content_type: "text/plain",
        body: body.into_bytes(),
        version_id: None,
    });
    Outcome { access_key_id: None, result }
}

/// The service speaks to people, not to programs, when it refuses.
pub(crate) fn write_refusal(refusal: &Refusal) -> (&'static str, Vec<u8>) {
    let title = format!("{} - {}", refusal.status, refusal.message);
    let page = format!(
        "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    ("text/html", page.into_bytes())
}

fn act(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Result<String, Refusal> {
    match action(&call.method, &call.path) {
        TOKEN => metadata_token(&mut state.metadata, call, now),
        ROLE => {
            check_access(&state.metadata, call, now)?;
            state.bound_role().map(str::to_owned).ok_or_else(not_found)
        }
        CREDENTIALS => {
            check_access(&state.metadata, call, now)?;
            let asked = call.path.strip_prefix(ROLE_PATH).unwrap_or("");
            if state.bound_role() != Some(asked) {
                return Err(not_found());
            }
            let token = state.instance_token(asked.to_owned().as_str(), now, happened)?;
            let answer = json!({
                "AccessKeyId": token.access_key_id,
                "AccessKeySecret": token.access_key_secret,
                "Expiration": iso8601(token.expiration),
                "SecurityToken": token.security_token,
                "LastUpdated": iso8601(token.issued),
                "Code": "Success",
            });
            Ok(format!("{answer:#}\n"))
        }
        _ if call.method == "GET" || call.path == TOKEN_PATH => Err(not_found()),
        _ => Err(Refusal::service(405, "405", "Method Not Allowed")),
    }
}

fn metadata_token(metadata: &mut Metadata, call: &Call, now: OffsetDateTime) -> Result<String, Refusal> {
    if metadata.mode == MetadataMode::V1Only {
        return Err(not_found());
    }
    // Who forwards requests of others must not fetch tokens for them.
    if call.header("x-forwarded-for").is_some() {
        return Err(Refusal::service(403, "403", "Forbidden"));
    }
    let seconds = call
        .header(TTL)
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|seconds| (1..=LONGEST.whole_seconds()).contains(seconds))
        .ok_or_else(|| Refusal::service(400, "400", "Bad Request"))?;
    let token = random_text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 56);
    let now = now.unix_timestamp();
    metadata.tokens.retain(|(_, end)| *end > now);
    if metadata.tokens.len() >= MOST_TOKENS {
        metadata.tokens.remove(0);
    }
    metadata.tokens.push((token.clone(), now + seconds));
    Ok(token)
}

fn check_access(metadata: &Metadata, call: &Call, now: OffsetDateTime) -> Result<(), Refusal> {
    match (metadata.mode, call.header(TOKEN_HEADER)) {
        (MetadataMode::V1Only, _) | (MetadataMode::V1AndV2, None) => Ok(()),
        (MetadataMode::V2Only, None) => Err(Refusal::service(403, "403", "Forbidden")),
        (_, Some(token)) => {
            let now = now.unix_timestamp();
            let valid = metadata.tokens.iter().any(|(one, end)| one == token && *end > now);
            valid.then_some(()).ok_or_else(|| Refusal::service(401, "401", "Unauthorized"))
        }
    }
}

fn not_found() -> Refusal {
    Refusal::service(404, "404", "Not Found")
}

impl State {
    /// The role of the instance, if it is there and trusts ECS.
    fn bound_role(&self) -> Option<&str> {
        let role = self.roles.get(self.metadata.role.as_deref()?)?;
        let ecs = [Principal::Service("ecs.aliyuncs.com")];
        role.trust.trusts(&ecs, &Context::default()).then_some(role.name.as_str())
    }

    pub(crate) fn bind_instance_role(&mut self, name: Option<&str>) -> Result<(), Error> {
        if let Some(name) = name
            && !self.roles.contains_key(name)
        {
            return Err(Error::not_found("RAM role", name));
        }
        let before = self.metadata.role.take();
        self.metadata.role = name.map(str::to_owned);
        if let Some(name) = name
            && self.bound_role().is_none()
        {
            self.metadata.role = before;
            return Err(Error::new(format!(
                "the RAM role {name:?} does not trust ecs.aliyuncs.com: no ECS instance can have it"
            )));
        }
        Ok(())
    }

    pub(crate) fn set_instance_session(&mut self, duration: std::time::Duration) -> Result<(), Error> {
        let seconds = duration.as_secs().cast_signed();
        if !(1..=LONGEST.whole_seconds()).contains(&seconds) {
            return Err(Error::new("the tokens of an instance's role are valid for 1 to 21600 seconds"));
        }
        self.metadata.session_seconds = seconds;
        self.metadata.current = None;
        Ok(())
    }

    /// The same token for all who ask, until it is near its end.
    fn instance_token(
        &mut self,
        role: &str,
        now: OffsetDateTime,
        happened: &mut Vec<(OffsetDateTime, What)>,
    ) -> Result<StsToken, Refusal> {
        let session = Duration::seconds(self.metadata.session_seconds);
        let ahead = AHEAD.min(session / 2);
        let current = self.metadata.current.as_ref().and_then(|id| self.sts_tokens.get(id));
        if let Some(token) = current
            && token.role == role
            && token.expiration - ahead > now
        {
            return Ok(token.clone());
        }
        let token = self
            .issue_sts_token(role, "i-hzz0000000000000000", None, session, now, happened)
            .map_err(|error| Refusal::service(500, "500", error.to_string()))?;
        self.metadata.current = Some(token.access_key_id.clone());
        Ok(token)
    }
}
