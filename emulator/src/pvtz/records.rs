//! The records of zones.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::zone::Record;
use super::{found, invalid, page, place, refused};
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const TYPES: [&str; 7] = ["A", "AAAA", "CNAME", "TXT", "MX", "PTR", "SRV"];
const TTLS: [u32; 6] = [5, 30, 60, 3600, 43_200, 86_400];

/// Takes over what a request says of a record, and checks the whole.
fn read(request: &Request<'_>, record: &mut Record) -> Result<(), Refusal> {
    record.rr = request.mandatory("Rr")?.to_lowercase();
    record.kind = request.mandatory("Type")?.to_owned();
    record.value = request.mandatory("Value")?.to_owned();
    let right = match record.kind.as_str() {
        "A" => record.value.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => record.value.parse::<Ipv6Addr>().is_ok(),
        kind if TYPES.contains(&kind) => true,
        _ => return Err(refused("Record.Invalid.Type", "The type of the record is not valid.")),
    };
    if !right {
        return Err(refused("Record.Invalid.Value", "The value of the record is not valid."));
    }
    if let Some(text) = request.given("Ttl") {
        let ttl = text.parse().ok().filter(|ttl| TTLS.contains(ttl));
        record.ttl = ttl.ok_or_else(|| invalid("Ttl"))?;
    }
    if let Some(text) = request.given("Weight") {
        let weight = text.parse().ok().filter(|weight| (0..=100).contains(weight));
        record.weight = weight.ok_or_else(|| invalid("Weight"))?;
    }
    if let Some(text) = request.given("Priority") {
        record.priority = Some(text.parse().map_err(|_| invalid("Priority"))?);
    }
    if record.kind == "MX" && record.priority.is_none() {
        return Err(invalid("Priority"));
    }
    for (name, field) in [("Line", &mut record.line), ("Remark", &mut record.remark)] {
        if let Some(text) = request.given(name) {
            text.clone_into(field);
        }
    }
    Ok(())
}

fn same(one: &Record, other: &Record) -> bool {
    (&one.rr, &one.kind, &one.value, &one.line) == (&other.rr, &other.kind, &other.value, &other.line)
}

fn conflict() -> Refusal {
    refused("Record.Invalid.Conflict", "There is such a record already.")
}

pub(super) fn add(request: &mut Request<'_>) -> Answer {
    let place = place(request)?;
    let mut record = Record {
        id: random_text(b"123456789", 1).parse::<u64>().unwrap_or(1) * 1_000_000_000
            + u64::from(rand::random::<u32>() % 1_000_000_000),
        rr: String::new(),
        kind: String::new(),
        value: String::new(),
        ttl: 60,
        line: "default".to_owned(),
        weight: 1,
        priority: None,
        remark: String::new(),
        created: request.now,
    };
    read(request, &mut record)?;
    let records = &mut request.state_mut().zones[place].records;
    if records.iter().any(|one| same(one, &record)) {
        return Err(conflict());
    }
    let id = record.id;
    records.push(record);
    Ok(json!({"RecordId": id, "Success": true}))
}

/// The places of the zone and of the record that a request names.
fn asked(request: &Request<'_>) -> Result<(usize, usize), Refusal> {
    let id: u64 = request.mandatory("RecordId")?.parse().map_err(|_| invalid("RecordId"))?;
    let zones = request.state().zones.iter().enumerate();
    let mut places = zones
        .filter_map(|(place, zone)| Some((place, zone.records.iter().position(|record| record.id == id)?)));
    places.next().ok_or_else(|| refused("Record.Invalid.Id", "The record does not exist."))
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let (zone, place) = asked(request)?;
    let mut record = request.state().zones[zone].records[place].clone();
    read(request, &mut record)?;
    let records = &mut request.state_mut().zones[zone].records;
    if records.iter().enumerate().any(|(index, one)| index != place && same(one, &record)) {
        return Err(conflict());
    }
    let id = record.id;
    records[place] = record;
    Ok(json!({"RecordId": id}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let (zone, place) = asked(request)?;
    let record = request.state_mut().zones[zone].records.remove(place);
    Ok(json!({"RecordId": record.id}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let zone = &request.state().zones[place(request)?];
    let mut records: Vec<Value> = Vec::new();
    for record in &zone.records {
        if found(request, &record.rr, "EXACT")? {
            records.push(record.written(&zone.id));
        }
    }
    page(request, records, ["Records", "Record"])
}
