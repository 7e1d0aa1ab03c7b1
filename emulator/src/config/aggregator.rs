//! Account groups: accounts of the resource directory whose rules are looked after together.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::refused;
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const MOST: usize = 5;

/// An account group.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Aggregator {
    pub(crate) id: String,
    name: String,
    description: String,
    /// `RD`, `FOLDER` or `CUSTOM`.
    kind: String,
    folder: Option<String>,
    /// The accounts of a group of one's own choice.
    accounts: Vec<String>,
    created: OffsetDateTime,
}

impl Aggregator {
    /// The accounts in it now, by their places; the one that manages it is always among them.
    pub(crate) fn places(&self, request: &Request<'_>) -> Vec<usize> {
        let directory = &request.cloud.directory;
        let mut ids: Vec<&str> = match (self.kind.as_str(), &self.folder) {
            ("RD", _) => directory.member_ids().collect(),
            (_, Some(folder)) => directory.accounts_of(folder).unwrap_or_default(),
            _ => self.accounts.iter().map(String::as_str).collect(),
        };
        ids.push(&directory.manager);
        (0..request.cloud.accounts.len())
            .filter(|place| ids.contains(&request.cloud.accounts[*place].account_id.as_str()))
            .collect()
    }

    fn written(&self, request: &Request<'_>) -> Value {
        json!({
            "AggregatorId": self.id,
            "AggregatorName": self.name,
            "AggregatorType": self.kind,
            "AggregatorStatus": 1,
            "AggregatorAccountCount": self.places(request).len(),
            "AggregatorCreateTimestamp": self.created.unix_timestamp() * 1000,
            "Description": self.description,
            "FolderId": self.folder,
            "AccountId": request.state().account_id.parse::<u64>().unwrap_or(0),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    account_id: Value,
}

fn accounts(request: &Request<'_>) -> Result<Vec<String>, Refusal> {
    let wrong = || refused(400, "Invalid.AggregatorAccounts.Value");
    let Some(text) = request.given("AggregatorAccounts") else {
        return Err(refused(400, "Invalid.AggregatorAccounts.Empty"));
    };
    let accounts: Vec<Account> = serde_json::from_str(text).map_err(|_| wrong())?;
    let ids: Vec<String> = accounts
        .into_iter()
        .map(|one| one.account_id.as_str().map_or_else(|| one.account_id.to_string(), str::to_owned))
        .collect();
    if ids.is_empty() {
        return Err(refused(400, "Invalid.AggregatorAccounts.Empty"));
    }
    if ids.iter().all(|id| request.cloud.directory.has_account(id)) { Ok(ids) } else { Err(wrong()) }
}

/// Only the account that manages the resource directory has account groups.
fn check_manager(request: &Request<'_>) -> Result<(), Refusal> {
    if request.state().account_id == request.cloud.directory.manager {
        Ok(())
    } else {
        Err(refused(403, "NoPermissionCreateAggregator"))
    }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    check_manager(request)?;
    let name = request.mandatory("AggregatorName")?;
    let description = request.given("Description").unwrap_or("");
    let kind = request.given("AggregatorType").unwrap_or("CUSTOM");
    let folder = request.given("FolderId");
    let listed = match kind {
        "RD" => Vec::new(),
        "FOLDER" => {
            let known = folder.is_some_and(|id| request.cloud.directory.accounts_of(id).is_some());
            if !known {
                return Err(refused(400, "Invalid.FolderId.Value"));
            }
            Vec::new()
        }
        "CUSTOM" => accounts(request)?,
        _ => return Err(refused(400, "Invalid.AggregatorType.Value")),
    };
    let there = &request.state().aggregators;
    if there.iter().any(|one| one.name == name) {
        return Err(refused(400, "AggregatorNameDuplicated"));
    }
    if there.len() >= MOST {
        return Err(refused(400, "AggregatorExceedMaxCount"));
    }
    let aggregator = Aggregator {
        id: format!("ca-{}", random_text(b"0123456789abcdef", 20)),
        name: name.to_owned(),
        description: description.to_owned(),
        kind: kind.to_owned(),
        folder: folder.filter(|_| kind == "FOLDER").map(str::to_owned),
        accounts: listed,
        created: request.now,
    };
    let id = aggregator.id.clone();
    request.state_mut().aggregators.push(aggregator);
    Ok(json!({"AggregatorId": id}))
}

/// The id of the account group that a request names.
pub(super) fn asked<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let id = request.mandatory("AggregatorId")?;
    let there = request.state().aggregators.iter().any(|one| one.id == id);
    if there { Ok(id) } else { Err(refused(400, "Invalid.AggregatorId.Value")) }
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let all = request.state().aggregators.iter().map(|one| one.written(request)).collect();
    let size = request.count("MaxResults", 10, 100, super::invalid)?;
    let (shown, next) = request.after_token(all, size, super::invalid)?;
    Ok(json!({"AggregatorsResult": {"Aggregators": shown, "NextToken": next.unwrap_or_default()}}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let id = asked(request)?;
    let Some(aggregator) = request.state().aggregators.iter().find(|one| one.id == id) else {
        return Err(refused(400, "Invalid.AggregatorId.Value"));
    };
    let mut fields = aggregator.written(request);
    let accounts: Vec<Value> = aggregator
        .places(request)
        .into_iter()
        .map(|place| {
            let id = &request.cloud.accounts[place].account_id;
            json!({
                "AccountId": id.parse::<u64>().unwrap_or(0),
                "AccountName": id,
                "AccountType": "ResourceDirectory",
                "RecorderStatus": "REGISTERED",
            })
        })
        .collect();
    fields["AggregatorAccounts"] = json!(accounts);
    fields["AggregatorCreateTimestamp"] = json!(fields["AggregatorCreateTimestamp"].to_string());
    Ok(json!({"Aggregator": fields}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let ids: Vec<&str> = request.mandatory("AggregatorIds")?.split(',').collect();
    let results: Vec<Value> = ids
        .iter()
        .map(|id| {
            let aggregators = &mut request.state_mut().aggregators;
            let before = aggregators.len();
            aggregators.retain(|one| one.id != *id);
            let gone = aggregators.len() < before;
            let code = if gone { "" } else { "Invalid.AggregatorId.Value" };
            json!({"AggregatorId": id, "Success": gone, "ErrorCode": code})
        })
        .collect();
    request.state_mut().config_rules.retain(|rule| !rule.is_of(&ids));
    Ok(json!({"OperateAggregatorsResult": {"OperateAggregators": results}}))
}
