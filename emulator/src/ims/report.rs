//! The credential report: every user of the account with age and last use of its AccessKeys, as CSV.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::invalid;
use crate::clock::iso8601;
use crate::ram::user::{AccessKey, AccessKeyStatus};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::state::State;

/// How long a report is being made.
const MAKING: Duration = Duration::seconds(1);
/// For so long there is no other.
const KEPT: Duration = Duration::hours(4);
/// The account itself and its users, at most.
const MOST_ROWS: usize = 3501;

const OF_USER: [&str; 8] = [
    "user",
    "user_creation_time",
    "user_last_logon",
    "password_exist",
    "password_active",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
];
const KEYS: [&str; 5] = [
    "access_key_1",
    "access_key_2",
    "additional_access_key_1",
    "additional_access_key_2",
    "additional_access_key_3",
];
const OF_KEY: [&str; 4] = ["exist", "active", "last_rotated", "last_used"];

/// A report that was asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CredentialReport {
    asked: OffsetDateTime,
    /// CSV without the first line.
    rows: Vec<String>,
}

fn header() -> String {
    let of_keys = KEYS.iter().flat_map(|key| OF_KEY.iter().map(move |part| format!("{key}_{part}")));
    OF_USER.iter().map(|one| (*one).to_owned()).chain(of_keys).collect::<Vec<_>>().join(",")
}

/// The row of a user, or of the account itself. Nobody has a password here.
fn row(state: &State, name: &str, created: Option<OffsetDateTime>, keys: &[AccessKey]) -> String {
    let mut cells = vec![name.to_owned(), created.map_or_else(|| "-".to_owned(), iso8601)];
    cells.extend(["-", "false", "N/A", "N/A", "N/A", "false"].map(str::to_owned));
    for index in 0..KEYS.len() {
        match keys.get(index) {
            Some(key) => {
                let used = state.last_used.get(&key.id);
                cells.push("true".to_owned());
                cells.push((key.status == AccessKeyStatus::Active).to_string());
                cells.push(iso8601(key.created));
                cells.push(used.map_or_else(|| "-".to_owned(), |used| iso8601(used.at)));
            }
            None => cells.extend(["false", "N/A", "N/A", "N/A"].map(str::to_owned)),
        }
    }
    cells.join(",")
}

fn rows(state: &State) -> Vec<String> {
    let root = row(state, "<root>", None, &state.root_access_keys);
    let users = state.users.values();
    let users = users.map(|user| row(state, &user.name, user.created, &user.access_keys));
    std::iter::once(root).chain(users).take(MOST_ROWS).collect()
}

pub(super) fn generate(request: &mut Request<'_>) -> Answer {
    let now = request.now;
    let current = request.state().credential_report.as_ref().map(|report| report.asked);
    let state = match current {
        Some(asked) if (asked..asked + MAKING).contains(&now) => "INPROGRESS",
        Some(asked) if (asked..asked + KEPT).contains(&now) => "COMPLETED",
        _ => {
            let rows = rows(request.state());
            request.state_mut().credential_report = Some(CredentialReport { asked: now, rows });
            "STARTED"
        }
    };
    Ok(json!({"State": state}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let report = request.state().credential_report.as_ref();
    let report = report.filter(|report| report.asked + MAKING <= request.now).ok_or_else(|| {
        Refusal::front(404, "EntityNotExist.CredentialReport", "The credential report does not exist.")
    })?;
    let size = request.count("MaxItems", MOST_ROWS, MOST_ROWS, invalid)?;
    let start: usize = match request.given("NextToken") {
        None => 0,
        Some(text) => text.parse().map_err(|_| invalid("NextToken"))?,
    };
    let end = start.saturating_add(size);
    let mut text = header();
    for row in report.rows.iter().skip(start).take(size) {
        text.push('\n');
        text.push_str(row);
    }
    let truncated = end < report.rows.len();
    let mut answer = json!({
        "Content": BASE64.encode(text),
        "GeneratedTime": iso8601(report.asked),
        // As text, not as a truth value.
        "IsTruncated": truncated.to_string(),
    });
    if truncated {
        answer["NextToken"] = json!(end.to_string());
    }
    Ok(answer)
}
