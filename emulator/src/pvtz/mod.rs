//! PrivateZone, version 2018-01-01.

mod records;
pub(crate) mod zone;

use serde_json::{Value, json};

use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;
use zone::{Zone, ZoneVpc};

const MOST_VPCS: usize = 150;

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "AddZone" => add,
        "CheckZoneName" => check_name,
        "DescribeZones" => list,
        "DescribeZoneInfo" => describe,
        "DeleteZone" => delete,
        "BindZoneVpc" => bind,
        "AddZoneRecord" => records::add,
        "UpdateZoneRecord" => records::update,
        "DeleteZoneRecord" => records::delete,
        "DescribeZoneRecords" => records::list,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let known = handler(request.action()).ok_or_else(no_such_action)?;
    request.authorize("pvtz")?;
    known(request)
}

fn refused(code: &str, message: &str) -> Refusal {
    Refusal::front(400, code, message)
}

fn invalid(name: &str) -> Refusal {
    refused("InvalidParameter", &format!("The parameter {name} is not valid."))
}

/// The place of the zone that a request names.
fn place(request: &Request<'_>) -> Result<usize, Refusal> {
    let id = request.mandatory("ZoneId")?;
    let there = request.state().zones.iter().position(|zone| zone.id == id);
    there.ok_or_else(|| refused("Zone.NotExists", "The zone does not exist."))
}

/// A domain name of two labels at least.
fn is_zone_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

fn page(request: &Request<'_>, items: Vec<Value>, list: [&str; 2]) -> Answer {
    let mut answer = request.numbered_page(items, list, 20, 100, invalid)?;
    // The same numbers by other names.
    let total = answer["TotalCount"].take().as_u64().unwrap_or(0);
    let size = answer["PageSize"].as_u64().unwrap_or(1);
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("TotalCount");
        fields.insert("TotalItems".to_owned(), json!(total));
        fields.insert("TotalPages".to_owned(), json!(total.div_ceil(size)));
    }
    Ok(answer)
}

/// How a list is searched: the whole word, or any part of it, upper case or lower.
fn found(request: &Request<'_>, text: &str, default_mode: &str) -> Result<bool, Refusal> {
    let Some(keyword) = request.given("Keyword") else { return Ok(true) };
    match request.given("SearchMode").unwrap_or(default_mode) {
        "LIKE" => Ok(text.to_lowercase().contains(&keyword.to_lowercase())),
        "EXACT" => Ok(text.eq_ignore_ascii_case(keyword)),
        _ => Err(invalid("SearchMode")),
    }
}

fn one_of<'a>(request: &Request<'a>, name: &str, known: [&'a str; 2]) -> Result<&'a str, Refusal> {
    match request.given(name) {
        None => Ok(known[0]),
        Some(value) if known.contains(&value) => Ok(value),
        Some(_) => Err(invalid(name)),
    }
}

fn add(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("ZoneName")?;
    if !is_zone_name(name) {
        return Err(refused("Zone.Invalid.Name", "The name of the zone is not valid."));
    }
    let zone = Zone {
        id: random_text(b"0123456789abcdef", 32),
        name: name.to_lowercase(),
        dns_group: one_of(request, "DnsGroup", ["NORMAL_ZONE", "FAST_ZONE"])?.to_owned(),
        proxy_pattern: one_of(request, "ProxyPattern", ["ZONE", "RECORD"])?.to_owned(),
        created: request.now,
        records: Vec::new(),
        vpcs: Vec::new(),
    };
    let answer = json!({"ZoneId": zone.id, "ZoneName": zone.name, "Success": true});
    request.state_mut().zones.push(zone);
    Ok(answer)
}

fn check_name(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("ZoneName")?;
    Ok(json!({"Check": is_zone_name(name), "Success": true}))
}

fn list(request: &mut Request<'_>) -> Answer {
    let mut zones = Vec::new();
    for zone in &request.state().zones {
        let bound = |vpc: &ZoneVpc| {
            request.given("QueryVpcId").is_none_or(|id| vpc.vpc_id == id)
                && request.given("QueryRegionId").is_none_or(|id| vpc.region_id == id)
        };
        let asks_for_vpc = request.given("QueryVpcId").or(request.given("QueryRegionId")).is_some();
        if found(request, &zone.name, "LIKE")?
            && (!asks_for_vpc || zone.vpcs.iter().any(bound))
            && request.given("ZoneType").is_none_or(|kind| kind == "AUTH_ZONE")
        {
            zones.push(zone.written());
        }
    }
    page(request, zones, ["Zones", "Zone"])
}

fn describe(request: &mut Request<'_>) -> Answer {
    let zone = &request.state().zones[place(request)?];
    let mut fields = zone.written();
    let owner: u64 = request.state().account_id.parse().unwrap_or(0);
    let vpcs: Vec<Value> = zone
        .vpcs
        .iter()
        .map(|vpc| {
            let named = request.state().vpcs.iter().find(|one| one.id == vpc.vpc_id);
            json!({
                "VpcId": vpc.vpc_id,
                "VpcName": named.map_or("", |one| one.name.as_str()),
                "RegionId": vpc.region_id,
                "RegionName": vpc.region_id,
                "VpcUserId": owner,
                "VpcType": vpc.kind,
            })
        })
        .collect();
    fields["BindVpcs"] = json!({"Vpc": vpcs});
    fields["SlaveDns"] = json!(false);
    Ok(fields)
}

fn delete(request: &mut Request<'_>) -> Answer {
    let place = place(request)?;
    if !request.state().zones[place].vpcs.is_empty() {
        return Err(refused("Zone.VpcExists", "The zone is bound to a VPC still."));
    }
    let zone = request.state_mut().zones.remove(place);
    Ok(json!({"ZoneId": zone.id}))
}

/// The whole list: a VPC that is not in it is unbound.
fn bind(request: &mut Request<'_>) -> Answer {
    let place = place(request)?;
    let asked = request.repeated_objects("Vpcs", ["RegionId", "VpcId", "VpcType"]);
    if asked.len() > MOST_VPCS {
        return Err(invalid("Vpcs"));
    }
    let mut vpcs: Vec<ZoneVpc> = Vec::new();
    for [region, id, kind] in asked {
        let (Some(region), Some(id)) = (region, id) else { return Err(invalid("Vpcs")) };
        let kind = kind.unwrap_or("STANDARD");
        if !["STANDARD", "EDS"].contains(&kind) {
            return Err(invalid("Vpcs"));
        }
        let has = |account: &crate::state::State| {
            account.region == region && account.vpcs.iter().any(|vpc| vpc.id == id)
        };
        if !has(request.state()) {
            return Err(if request.cloud.accounts.iter().any(has) {
                refused("ZoneVpc.Auth.NotExists", "The VPC's account has not let yours bind zones to it.")
            } else {
                refused("ZoneVpc.NotExists.VpcId", "The VPC does not exist.")
            });
        }
        let zones = &request.state().zones;
        let elsewhere = zones.iter().enumerate().any(|(index, zone)| {
            index != place && zone.name == zones[place].name && zone.vpcs.iter().any(|vpc| vpc.vpc_id == id)
        });
        if elsewhere || vpcs.iter().any(|vpc| vpc.vpc_id == id) {
            return Err(refused("ZoneVpc.Zone.Repeated", "The VPC has a zone of this name already."));
        }
        vpcs.push(ZoneVpc { region_id: region.to_owned(), vpc_id: id.to_owned(), kind: kind.to_owned() });
    }
    request.state_mut().zones[place].vpcs = vpcs;
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::is_zone_name;

    #[test]
    fn zone_names_are_told_from_other_text() {
        for name in ["a.b", "kst-hzz1.cryptoservice.kms.aliyuncs.com"] {
            assert!(is_zone_name(name), "{name}");
        }
        for other in ["", "a", ".a", "a.", "a..b", "-a.b", "a-.b", "a b.c", "a/b.c"] {
            assert!(!is_zone_name(other), "{other}");
        }
    }
}
