//! What the services of the emulator saw of AccessKeys.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::call::{Call, Outcome};
use crate::clock::iso8601;
use crate::state::State;

/// A client in a loop must not fill the memory, nor the state file.
const KEPT: usize = 1000;

/// A call that was signed with an AccessKey.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) access_key_id: String,
    /// The RAM user or role; none for the account itself.
    pub(crate) user: Option<String>,
    /// The product, as ActionTrail calls it.
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) source_ip: String,
    pub(crate) user_agent: String,
    pub(crate) request_id: String,
    pub(crate) error_code: Option<String>,
    /// What the call is about: type and name.
    pub(crate) resource: Option<(String, String)>,
}

impl Event {
    pub(crate) fn is_read(&self) -> bool {
        ["Get", "List", "Describe", "BatchGet", "Check", "Lookup"]
            .iter()
            .any(|verb| self.name.starts_with(verb))
    }

    /// As ActionTrail hands it out.
    pub(crate) fn written(&self, account: &str, region: &str) -> Value {
        let kind = match &self.user {
            None => "root-account",
            Some(_) if self.access_key_id.starts_with("STS.") => "assumed-role",
            Some(_) => "ram-user",
        };
        let mut fields = json!({
            "eventId": self.id,
            "eventVersion": "1",
            "eventTime": iso8601(self.at),
            "eventName": self.name,
            "eventSource": format!("{}.aliyuncs.com", self.service.to_lowercase()),
            "eventType": "ApiCall",
            "eventRW": if self.is_read() { "Read" } else { "Write" },
            "eventCategory": "Management",
            "serviceName": self.service,
            "acsRegion": region,
            "recipientAccountId": account,
            "requestId": self.request_id,
            "sourceIpAddress": self.source_ip,
            "userAgent": self.user_agent,
            "userIdentity": {
                "type": kind,
                "accountId": account,
                "principalId": account,
                "accessKeyId": self.access_key_id,
                "userName": self.user.as_deref().unwrap_or("root"),
            },
        });
        if let Some(code) = &self.error_code {
            fields["errorCode"] = json!(code);
        }
        if let Some((kind, name)) = &self.resource {
            fields["resourceType"] = json!(kind);
            fields["resourceName"] = json!(name);
        }
        fields
    }
}

/// The latest events of an account, oldest first.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Trail {
    pub(crate) events: VecDeque<Event>,
    /// The event of the call that is being answered.
    #[serde(skip)]
    pending: Option<Event>,
}

impl State {
    /// Notes that a call was signed with an AccessKey, before it is known what becomes of it.
    pub(crate) fn note_use(&mut self, access_key_id: &str, call: &Call, service: &str, now: OffsetDateTime) {
        let user = match (self.access_key_owners.get(access_key_id), self.sts_tokens.get(access_key_id)) {
            (Some(user), _) => Some(user.clone()),
            (None, Some(token)) => Some(token.role.clone()),
            (None, None) if self.root_access_keys.iter().any(|key| key.id == access_key_id) => None,
            // ClientKeys are no AccessKeys.
            (None, None) => return,
        };
        let named =
            |kind: &str, name: Option<&str>| Some((format!("ACS::{service}::{kind}"), name?.to_owned()));
        let resource = named("Secret", call.secret.as_deref())
            .or_else(|| named("User", call.parameter("UserName")))
            .or_else(|| named("Role", call.parameter("RoleName")));
        self.trail.pending = Some(Event {
            id: uuid::Uuid::new_v4().to_string(),
            at: now,
            access_key_id: access_key_id.to_owned(),
            user,
            service: service.to_owned(),
            name: call.action.clone(),
            source_ip: call.source.to_string(),
            user_agent: call.header("user-agent").unwrap_or("").to_owned(),
            request_id: String::new(),
            error_code: None,
            resource,
        });
    }

    /// Writes down what became of the call that was noted.
    pub(crate) fn finish_event(&mut self, request_id: &str, outcome: &Outcome) {
        let Some(mut event) = self.trail.pending.take() else { return };
        request_id.clone_into(&mut event.request_id);
        event.error_code = outcome.result.as_ref().err().map(|refusal| refusal.code.clone());
        let used = crate::ram::last_use::LastUse { at: event.at, service: event.service.clone() };
        self.last_used.insert(event.access_key_id.clone(), used);
        if self.trail.events.len() == KEPT {
            self.trail.events.pop_front();
        }
        self.trail.events.push_back(event);
    }
}
