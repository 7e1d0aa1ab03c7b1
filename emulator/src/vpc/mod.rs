//! VPC, version 2016-04-28: VPCs and vSwitches, as far as KMS instances are bound to them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clock::iso8601;
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

const ADDRESSES: u32 = 252;

/// A VPC.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cidr: String,
    pub(crate) vswitches: Vec<VSwitch>,
}

/// A vSwitch: the part of a VPC that lies in a zone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct VSwitch {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) cidr: String,
}

impl Vpc {
    /// The VPC that each account has, with a vSwitch in each of two zones; its ids end in the account's first digits.
    pub(crate) fn at_start(account_id: &str, region: &str) -> Self {
        let number = &account_id[..4];
        let vswitch = |letter: char, third: u8| VSwitch {
            id: format!("vsw-hzz0000000000000{letter}{number}"),
            zone: format!("{region}-{letter}"),
            cidr: format!("172.16.{third}.0/24"),
        };
        Self {
            id: format!("vpc-hzz00000000000000{number}"),
            name: "default".to_owned(),
            cidr: "172.16.0.0/12".to_owned(),
            vswitches: vec![vswitch('h', 1), vswitch('i', 2)],
        }
    }
}

impl Cloud {
    /// Whether a vSwitch is the account's own, or shared with it.
    pub(crate) fn may_use_vswitch(&self, id: &str, account: usize, now: OffsetDateTime) -> bool {
        let account = &self.accounts[account];
        account.vpcs.iter().flat_map(|vpc| &vpc.vswitches).any(|vswitch| vswitch.id == id)
            || self.is_shared_with(id, &account.account_id, now)
    }
}

pub(crate) fn knows(action: &str) -> bool {
    ["DescribeVpcs", "DescribeVSwitches", "DescribeVSwitchAttributes"].contains(&action)
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    if !knows(request.action()) {
        return Err(no_such_action());
    }
    request.authorize("vpc")?;
    let region = request.mandatory("RegionId")?;
    if region != request.state().region {
        return Err(Refusal::front(
            404,
            "InvalidRegionId.NotFound",
            "The specified RegionId does not exist.",
        ));
    }
    match request.action() {
        "DescribeVpcs" => vpcs(request),
        "DescribeVSwitches" => vswitches(request),
        _ => attributes(request),
    }
}

fn vpcs(request: &Request<'_>) -> Answer {
    let owner = &request.state().account_id;
    let vpcs = request
        .state()
        .vpcs
        .iter()
        .filter(|vpc| request.given("VpcId").is_none_or(|id| id.split(',').any(|id| id == vpc.id)))
        .map(|vpc| {
            let vswitches: Vec<&str> = vpc.vswitches.iter().map(|one| one.id.as_str()).collect();
            json!({
                "VpcId": vpc.id,
                "VpcName": vpc.name,
                "CidrBlock": vpc.cidr,
                "RegionId": request.state().region,
                "Status": "Available",
                "OwnerId": owner.parse::<u64>().unwrap_or(0),
                "IsDefault": true,
                "VSwitchIds": {"VSwitchId": vswitches},
            })
        })
        .collect();
    request.numbered_page(vpcs, ["Vpcs", "Vpc"], 10, 50, wrong)
}

/// The vSwitches that the account has or sees, its own first.
fn visible(request: &Request<'_>) -> Vec<Value> {
    let mut seen = Vec::new();
    let accounts = &request.cloud.accounts;
    for (place, account) in accounts.iter().enumerate() {
        for (vpc, vswitch) in
            account.vpcs.iter().flat_map(|vpc| vpc.vswitches.iter().map(move |vswitch| (vpc, vswitch)))
        {
            let own = place == request.account;
            if !own && !request.cloud.may_use_vswitch(&vswitch.id, request.account, request.now) {
                continue;
            }
            seen.push((
                !own,
                json!({
                    "VSwitchId": vswitch.id,
                    "VSwitchName": vswitch.id,
                    "VpcId": vpc.id,
                    "ZoneId": vswitch.zone,
                    "CidrBlock": vswitch.cidr,
                    "Status": "Available",
                    "AvailableIpAddressCount": ADDRESSES,
                    "OwnerId": account.account_id.parse::<u64>().unwrap_or(0),
                    "ShareType": if own { "" } else { "Shared" },
                    "IsDefault": own,
                    "CreationTime": iso8601(OffsetDateTime::UNIX_EPOCH),
                }),
            ));
        }
    }
    seen.sort_by_key(|(foreign, _)| *foreign);
    seen.into_iter().map(|(_, fields)| fields).collect()
}

fn vswitches(request: &Request<'_>) -> Answer {
    let has = |fields: &Value, name: &str| {
        request.given(name).is_none_or(|value| fields[name].as_str() == Some(value))
    };
    let owner = request.given("VSwitchOwnerId").and_then(|id| id.parse::<u64>().ok());
    let listed = visible(request)
        .into_iter()
        .filter(|fields| ["VSwitchId", "VpcId", "ZoneId"].iter().all(|name| has(fields, name)))
        .filter(|fields| owner.is_none_or(|owner| fields["OwnerId"].as_u64() == Some(owner)))
        .collect();
    request.numbered_page(listed, ["VSwitches", "VSwitch"], 10, 50, wrong)
}

fn attributes(request: &Request<'_>) -> Answer {
    let id = request.mandatory("VSwitchId")?;
    visible(request).into_iter().find(|fields| fields["VSwitchId"] == id).ok_or_else(|| {
        Refusal::front(404, "InvalidVSwitchId.NotFound", "The specified VSwitch does not exist.")
    })
}

fn wrong(name: &str) -> Refusal {
    Refusal::front(400, "InvalidParameter", format!("The specified parameter {name} is not valid."))
}
