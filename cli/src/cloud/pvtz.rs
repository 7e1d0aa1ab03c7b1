//! PrivateZone 2018-01-01.

use serde::Deserialize;
use serde_json::Value;

use super::Product::Pvtz;
use super::answers::{Done, listed, number, text};
use super::{Action, Request, actions};

actions! {
    DESCRIBE_ZONES = Action::read(Pvtz, "DescribeZones", &["Keyword*", "SearchMode*", "PageNumber*", "PageSize*"]);
    ADD_ZONE = Action::change(Pvtz, "AddZone", &["ZoneName*", "ProxyPattern*", "ClientToken*"]);
    DESCRIBE_ZONE = Action::read(Pvtz, "DescribeZoneInfo", &["ZoneId*"]);
    DELETE_ZONE = Action::change(Pvtz, "DeleteZone", &["ZoneId*", "ClientToken*"]);
    DESCRIBE_RECORDS = Action::read(Pvtz, "DescribeZoneRecords", &["ZoneId*", "PageNumber*", "PageSize*"]);
    ADD_RECORD = Action::change(Pvtz, "AddZoneRecord", &["ZoneId*", "Rr*", "Type*", "Value*", "Ttl*", "ClientToken*"]);
    DELETE_RECORD = Action::change(Pvtz, "DeleteZoneRecord", &["RecordId*", "ClientToken*"]);
    BIND_ZONE = Action::change(Pvtz, "BindZoneVpc", &["ZoneId*", "Vpcs.N.RegionId", "Vpcs.N.VpcId", "ClientToken*"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Zones {
    #[serde(default)]
    zones: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Zone {
    pub(crate) zone_id: String,
    #[serde(default)]
    pub(crate) zone_name: String,
}

impl Zones {
    pub(crate) fn all(&self) -> Vec<Zone> {
        listed(&self.zones)
    }
}

pub(crate) fn describe_zones(name: &str) -> Request<Zones> {
    Request::of(&DESCRIBE_ZONES)
        .with("Keyword", name)
        .with("SearchMode", "EXACT")
        .with("PageNumber", 1)
        .with("PageSize", 100)
}

/// Names that are not in the zone go on resolving as before.
pub(crate) fn add_zone(name: &str, token: &str) -> Request<Zone> {
    Request::of(&ADD_ZONE).with("ZoneName", name).with("ProxyPattern", "RECORD").with("ClientToken", token)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ZoneInfo {
    #[serde(default)]
    bind_vpcs: Value,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ZoneVpc {
    pub(crate) vpc_id: String,
    #[serde(default)]
    pub(crate) region_id: String,
}

impl ZoneInfo {
    pub(crate) fn vpcs(&self) -> Vec<ZoneVpc> {
        listed(&self.bind_vpcs)
    }
}

pub(crate) fn describe_zone(id: &str) -> Request<ZoneInfo> {
    Request::of(&DESCRIBE_ZONE).with("ZoneId", id)
}

pub(crate) fn delete_zone(id: &str, token: &str) -> Request<Done> {
    Request::of(&DELETE_ZONE).with("ZoneId", id).with("ClientToken", token)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Records {
    #[serde(default)]
    records: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Record {
    #[serde(default, deserialize_with = "text")]
    pub(crate) record_id: String,
    #[serde(default)]
    pub(crate) rr: String,
    #[serde(rename = "Type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) value: String,
    #[serde(default, deserialize_with = "number")]
    pub(crate) ttl: u64,
}

impl Records {
    pub(crate) fn all(&self) -> Vec<Record> {
        listed(&self.records)
    }
}

pub(crate) fn describe_records(zone: &str) -> Request<Records> {
    Request::of(&DESCRIBE_RECORDS).with("ZoneId", zone).with("PageNumber", 1).with("PageSize", 100)
}

/// For the zone's own name.
pub(crate) fn add_record(zone: &str, kind: &str, value: &str, token: &str) -> Request<Done> {
    Request::of(&ADD_RECORD)
        .with("ZoneId", zone)
        .with("Rr", "@")
        .with("Type", kind)
        .with("Value", value)
        .with("Ttl", 60)
        .with("ClientToken", token)
}

pub(crate) fn delete_record(id: &str, token: &str) -> Request<Done> {
    Request::of(&DELETE_RECORD).with("RecordId", id).with("ClientToken", token)
}

/// The whole list, which takes the place of the one before; none unbinds all.
pub(crate) fn bind_zone(zone: &str, vpcs: &[ZoneVpc], token: &str) -> Request<Done> {
    let regions: Vec<&str> = vpcs.iter().map(|vpc| vpc.region_id.as_str()).collect();
    let ids: Vec<&str> = vpcs.iter().map(|vpc| vpc.vpc_id.as_str()).collect();
    Request::of(&BIND_ZONE)
        .with("ZoneId", zone)
        .list("Vpcs", Some("RegionId"), &regions)
        .list("Vpcs", Some("VpcId"), &ids)
        .with("ClientToken", token)
}
