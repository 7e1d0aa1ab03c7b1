//! Private zones and their records.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A record of a zone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) rr: String,
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) ttl: u32,
    pub(crate) line: String,
    pub(crate) weight: u32,
    pub(crate) priority: Option<u32>,
    pub(crate) remark: String,
    pub(crate) created: OffsetDateTime,
}

impl Record {
    pub(super) fn written(&self, zone: &str) -> Value {
        let mut fields = json!({
            "RecordId": self.id,
            "ZoneId": zone,
            "Rr": self.rr,
            "Type": self.kind,
            "Value": self.value,
            "Ttl": self.ttl,
            "Line": self.line,
            "Weight": self.weight,
            "Remark": self.remark,
            "Status": "ENABLE",
            "CreateTime": minutes(self.created),
            "CreateTimestamp": timestamp(self.created),
        });
        if let Some(priority) = self.priority {
            fields["Priority"] = json!(priority);
        }
        fields
    }
}

/// A VPC in which a zone holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ZoneVpc {
    pub(crate) region_id: String,
    pub(crate) vpc_id: String,
    pub(crate) kind: String,
}

/// A private zone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) dns_group: String,
    pub(crate) proxy_pattern: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) records: Vec<Record>,
    pub(crate) vpcs: Vec<ZoneVpc>,
}

impl Zone {
    pub(super) fn written(&self) -> Value {
        json!({
            "ZoneId": self.id,
            "ZoneName": self.name,
            "ZoneType": "AUTH_ZONE",
            "ProxyPattern": self.proxy_pattern,
            "DnsGroup": self.dns_group,
            "RecordCount": self.records.len(),
            "IsPtr": false,
            "Remark": "",
            "CreateTime": minutes(self.created),
            "CreateTimestamp": timestamp(self.created),
            "UpdateTime": minutes(self.created),
            "UpdateTimestamp": timestamp(self.created),
        })
    }
}

/// `2026-01-31T23:59Z`
fn minutes(at: OffsetDateTime) -> String {
    let text = crate::clock::iso8601(at);
    format!("{}Z", &text[..16])
}

fn timestamp(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1000
}
