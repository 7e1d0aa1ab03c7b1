//! PrivateZone 2018-01-01.

use serde::Deserialize;

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
    BIND_ZONE = Action::change(Pvtz, "BindZoneVpc", &[
        "ZoneId*", "Vpcs.N.RegionId", "Vpcs.N.VpcId", "Vpcs.N.VpcType", "ClientToken*",
    ]).of_a_whole_list();
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Zones {
    #[serde(default, deserialize_with = "listed")]
    zones: Vec<Zone>,
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
        self.zones.clone()
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
    #[serde(default, deserialize_with = "listed")]
    bind_vpcs: Vec<ZoneVpc>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ZoneVpc {
    pub(crate) vpc_id: String,
    #[serde(default)]
    pub(crate) region_id: String,
    /// `STANDARD` or `EDS`; none of one that is to be bound.
    #[serde(default)]
    pub(crate) vpc_type: Option<String>,
}

impl ZoneInfo {
    pub(crate) fn vpcs(&self) -> Vec<ZoneVpc> {
        self.bind_vpcs.clone()
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
    #[serde(default, deserialize_with = "listed")]
    records: Vec<Record>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_items: u64,
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
        self.records.clone()
    }
}

pub(crate) fn describe_records(zone: &str, page: usize) -> Request<Records> {
    Request::of(&DESCRIBE_RECORDS).with("ZoneId", zone).with("PageNumber", page).with("PageSize", 100)
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
    let types = vpcs.iter().enumerate().filter_map(|(index, vpc)| Some((index, vpc.vpc_type.as_deref()?)));
    let request = Request::of(&BIND_ZONE)
        .with("ZoneId", zone)
        .list("Vpcs", Some("RegionId"), &regions)
        .list("Vpcs", Some("VpcId"), &ids)
        .with("ClientToken", token);
    types.fold(request, |request, (index, kind)| request.with(&format!("Vpcs.{}.VpcType", index + 1), kind))
}
