//! AssumeRole: a token for who may have the role, and whom the role trusts.

use time::{Duration, OffsetDateTime};

use crate::authentication::{Caller, mandatory};
use crate::call::Call;
use crate::journal::What;
use crate::ram::condition::Context;
use crate::ram::policy::PolicyDocument;
use crate::ram::role::RamRole;
use crate::ram::trust::Principal;
use crate::refusal::Refusal;
use crate::request::{self as rpc, Fields};
use crate::rpc::not_authorized;
use crate::state::State;

const SHORTEST_SESSION: i64 = 900;
const DEFAULT_SESSION: i64 = 3600;
const LONGEST_POLICY: usize = 2048;

pub(super) fn act(request: &mut rpc::Request<'_>) -> Result<Fields, Refusal> {
    let call = request.call;
    let asked = Request::read(call)?;
    let external_id = external_id(call)?;
    let state = request.state();
    let account = &state.account_id;
    let arns = match &request.caller {
        Caller::Root => {
            return Err(Refusal::front(403, "NoPermission", "Roles may not be assumed by root accounts."));
        }
        Caller::User(name) => vec![format!("acs:ram::{account}:user/{name}")],
        Caller::Role(token) => vec![
            state.role_arn(&token.role),
            format!("acs:ram::{account}:assumed-role/{}/{}", token.role, token.session_name),
        ],
        Caller::ClientKey(_) => return Err(crate::authentication::unknown_access_key()),
    };
    let arn = format!("acs:ram::{}:role/{}", asked.account, asked.role);
    if !request.permits("sts:AssumeRole", &arn) {
        return Err(not_authorized());
    }
    // The role may be another account's.
    let place = request.cloud.account(&asked.account).ok_or_else(|| wrongly_formed("RoleArn"))?;
    let role = asked.existing_role(&request.cloud.accounts[place])?;
    let root = format!("acs:ram::{account}:root");
    let mut candidates = vec![Principal::Ram(&root)];
    candidates.extend(arns.iter().map(|arn| Principal::Ram(arn)));
    let mut context =
        Context::from_source(call.source).with("sts:RoleSessionName", asked.session_name.as_str());
    if let Some(external_id) = external_id {
        context = context.with("sts:ExternalId", external_id);
    }
    if !role.trust.trusts(&candidates, &context) {
        return Err(Refusal::front(
            403,
            "NoPermission",
            "No permission perform sts:AssumeRole on this Role. Maybe you are not authorized to perform sts:AssumeRole \
             or the specified role does not trust you",
        ));
    }
    // Who assumed a role gets no longer sessions than this from it, whatever the next role allows.
    let longest = match request.caller {
        Caller::Role(_) => DEFAULT_SESSION,
        _ => role.max_session_seconds,
    };
    asked.issue(&mut request.cloud.accounts[place], longest, request.now, request.happened)
}

/// The part of a request that both ways to assume a role have.
pub(super) struct Request {
    pub(super) account: String,
    pub(super) role: String,
    pub(super) session_name: String,
    seconds: i64,
    policy: Option<String>,
}

impl Request {
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        let (account, role) = mandatory(call, "RoleArn")?
            .strip_prefix("acs:ram::")
            .and_then(|rest| rest.split_once(":role/"))
            .filter(|(_, role)| !role.is_empty() && !role.contains('/'))
            .ok_or_else(|| wrongly_formed("RoleArn"))?;
        let (account, role) = (account.to_owned(), role.to_owned());
        let session_name = mandatory(call, "RoleSessionName")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
        if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(allowed) {
            return Err(wrongly_formed("RoleSessionName"));
        }
        let seconds = match call.parameter("DurationSeconds") {
            None | Some("") => DEFAULT_SESSION,
            Some(text) => text.parse().map_err(|_| wrong_duration(DEFAULT_SESSION))?,
        };
        if seconds < SHORTEST_SESSION {
            return Err(wrong_duration(DEFAULT_SESSION));
        }
        let policy = call.parameter("Policy").filter(|policy| !policy.is_empty());
        if let Some(policy) = policy {
            if policy.len() > LONGEST_POLICY {
                return Err(Refusal::front(
                    400,
                    "InvalidParameter.PolicySize",
                    format!("The size of Policy must be smaller than {LONGEST_POLICY} bytes."),
                ));
            }
            PolicyDocument::parse(policy).map_err(|_| {
                Refusal::front(
                    400,
                    "InvalidParameter.PolicyGrammar",
                    "The parameter Policy has not passed grammar check.",
                )
            })?;
        }
        Ok(Self {
            account,
            role,
            session_name: session_name.to_owned(),
            seconds,
            policy: policy.map(str::to_owned),
        })
    }

    pub(super) fn existing_role<'a>(&self, state: &'a State) -> Result<&'a RamRole, Refusal> {
        state.role_called(&self.role).ok_or_else(|| {
            Refusal::front(404, "EntityNotExist.Role", format!("The role not exists: {}.", self.role))
        })
    }

    /// Gives out the token, if it is not to last too long.
    pub(super) fn issue(
        &self,
        state: &mut State,
        longest: i64,
        now: OffsetDateTime,
        happened: &mut Vec<(OffsetDateTime, What)>,
    ) -> Result<Fields, Refusal> {
        if self.seconds > longest {
            return Err(wrong_duration(longest));
        }
        let duration = Duration::seconds(self.seconds);
        let token = state
            .issue_sts_token(&self.role, &self.session_name, self.policy.as_deref(), duration, now, happened)
            .map_err(|error| Refusal::front(500, "InternalError", error.to_string()))?;
        Ok(super::assumed(state, &token))
    }
}

fn external_id(call: &Call) -> Result<Option<&str>, Refusal> {
    let Some(id) = call.parameter("ExternalId").filter(|id| !id.is_empty()) else { return Ok(None) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if (2..=1224).contains(&id.len()) && id.chars().all(allowed) {
        Ok(Some(id))
    } else {
        Err(wrongly_formed("ExternalId"))
    }
}

pub(super) fn wrongly_formed(name: &str) -> Refusal {
    Refusal::front(
        400,
        &format!("InvalidParameter.{name}"),
        format!("The parameter {name} is wrongly formed."),
    )
}

fn wrong_duration(longest: i64) -> Refusal {
    Refusal::front(
        400,
        "InvalidParameter.DurationSeconds",
        format!("The Min/Max value of DurationSeconds is {SHORTEST_SESSION}/{longest}."),
    )
}
