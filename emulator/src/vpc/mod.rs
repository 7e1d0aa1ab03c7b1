//! VPCs and vSwitches, as far as KMS instances are bound to them.

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;

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
    /// Whether a vSwitch is the account's own.
    pub(crate) fn may_use_vswitch(&self, id: &str, account: usize) -> bool {
        self.accounts[account].vpcs.iter().flat_map(|vpc| &vpc.vswitches).any(|vswitch| vswitch.id == id)
    }
}
