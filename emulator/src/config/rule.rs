//! Managed rules about the AccessKeys of RAM users, and what they find.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::ram::user::{AccessKey, AccessKeyStatus, User};
use crate::state::State;

/// How long an evaluation takes.
const EVALUATING: Duration = Duration::seconds(1);

/// A rule that Cloud Config knows by an identifier.
pub(crate) struct ManagedRule {
    pub(crate) identifier: &'static str,
    pub(crate) name: &'static str,
    pub(crate) risk: u8,
    pub(crate) trigger: &'static str,
    /// The default of the input `days`.
    pub(crate) days: Option<i64>,
    verdict: fn(&State, &User, i64, OffsetDateTime) -> Option<Value>,
}

pub(crate) const MANAGED: [ManagedRule; 5] = [
    ManagedRule {
        identifier: "ram-user-ak-used-expired-check",
        name: "RAM users' AccessKeys are not idle",
        risk: 3,
        trigger: "ScheduledNotification",
        days: Some(90),
        verdict: idle,
    },
    ManagedRule {
        identifier: "ram-user-ak-create-date-expired-check",
        name: "RAM users' AccessKeys are rotated in time",
        risk: 1,
        trigger: "ScheduledNotification",
        days: Some(90),
        verdict: unrotated,
    },
    ManagedRule {
        identifier: "ram-user-ak-create-date-expired-check-v2",
        name: "RAM users' AccessKeys are rotated in time",
        risk: 1,
        trigger: "ConfigurationItemChangeNotification,ScheduledNotification",
        days: Some(90),
        verdict: unrotated,
    },
    ManagedRule {
        identifier: "ram-user-activated-ak-quantity-check",
        name: "RAM users have one active AccessKey at most",
        risk: 2,
        trigger: "ConfigurationItemChangeNotification",
        days: None,
        verdict: two_active,
    },
    ManagedRule {
        identifier: "ram-user-invalid-ak-check",
        name: "RAM users have no disabled AccessKeys",
        risk: 3,
        trigger: "ConfigurationItemChangeNotification",
        days: None,
        verdict: disabled,
    },
];

pub(crate) fn managed(identifier: &str) -> Option<&'static ManagedRule> {
    MANAGED.iter().find(|one| one.identifier == identifier)
}

/// The id, the date and the reason of the first active AccessKey that is too old by `date`.
fn too_old(
    user: &User,
    days: i64,
    now: OffsetDateTime,
    property: &str,
    date: impl Fn(&AccessKey) -> OffsetDateTime,
) -> Option<Value> {
    let active = user.access_keys.iter().filter(|key| key.status == AccessKeyStatus::Active);
    let key = active.into_iter().find(|key| now - date(key) > Duration::days(days))?;
    Some(json!({
        "configuration": format!("{{\"AccessKeyId\":\"{}\"}}", key.id),
        "desiredValue": days.to_string(),
        "operator": "LessOrEquals",
        "property": property,
        "reason": format!("{} days", (now - date(key)).whole_days()),
    }))
}

fn idle(state: &State, user: &User, days: i64, now: OffsetDateTime) -> Option<Value> {
    too_old(user, days, now, "$.AccessKeys[*].LastUsedDate", |key| {
        state.last_used.get(&key.id).map_or(key.created, |used| used.at)
    })
}

fn unrotated(_: &State, user: &User, days: i64, now: OffsetDateTime) -> Option<Value> {
    too_old(user, days, now, "$.AccessKeys[*].CreateDate", |key| key.created)
}

fn two_active(_: &State, user: &User, _: i64, _: OffsetDateTime) -> Option<Value> {
    let active = user.access_keys.iter().filter(|key| key.status == AccessKeyStatus::Active).count();
    (active > 1).then(|| {
        json!({
            "configuration": active.to_string(),
            "desiredValue": "1",
            "operator": "LessOrEquals",
            "property": "$.AccessKeys.length()",
            "reason": "more than one active AccessKey",
        })
    })
}

fn disabled(_: &State, user: &User, _: i64, _: OffsetDateTime) -> Option<Value> {
    let key = user.access_keys.iter().find(|key| key.status == AccessKeyStatus::Inactive)?;
    Some(json!({
        "configuration": format!("{{\"AccessKeyId\":\"{}\"}}", key.id),
        "desiredValue": "Active",
        "operator": "Equals",
        "property": "$.AccessKeys[*].Status",
        "reason": "a disabled AccessKey",
    }))
}

/// What a rule found out about a user.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) account: String,
    pub(crate) user_id: String,
    pub(crate) user_name: String,
    /// What is wrong, if something is.
    pub(crate) annotation: Option<String>,
}

/// A rule of an account, or of an account group.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) aggregator: Option<String>,
    pub(crate) identifier: String,
    pub(crate) risk: u8,
    pub(crate) triggers: String,
    pub(crate) frequency: String,
    pub(crate) days: Option<i64>,
    pub(crate) stopped: bool,
    pub(crate) created: OffsetDateTime,
    pub(crate) evaluated: OffsetDateTime,
    pub(crate) findings: Vec<Finding>,
}

impl Rule {
    pub(crate) fn is_of(&self, aggregators: &[&str]) -> bool {
        self.aggregator.as_deref().is_some_and(|id| aggregators.contains(&id))
    }

    pub(crate) fn state(&self, now: OffsetDateTime) -> &'static str {
        if self.stopped {
            "INACTIVE"
        } else if now < self.evaluated + EVALUATING {
            "EVALUATING"
        } else {
            "ACTIVE"
        }
    }

    /// Whether the latest evaluation is over.
    pub(crate) fn has_results(&self, now: OffsetDateTime) -> bool {
        now >= self.evaluated + EVALUATING
    }

    /// Looks at all users of these accounts.
    pub(crate) fn evaluate<'a>(&mut self, accounts: impl Iterator<Item = &'a State>, now: OffsetDateTime) {
        let Some(managed) = managed(&self.identifier) else { return };
        let days = self.days.or(managed.days).unwrap_or(0);
        self.evaluated = now;
        self.findings = accounts
            .flat_map(|account| {
                account.users.values().map(move |user| Finding {
                    account: account.account_id.clone(),
                    user_id: user.id.clone(),
                    user_name: user.name.clone(),
                    annotation: (managed.verdict)(account, user, days, now).map(|one| one.to_string()),
                })
            })
            .collect();
    }
}
