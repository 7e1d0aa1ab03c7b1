//! The products whose RPC calls the emulator knows, told from each other by the version of their API.

use crate::call::Call;
use crate::endpoint::Endpoint;

/// A product of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Kms,
    Ram,
    Ims,
    Sts,
    ResourceSharing,
    ResourceDirectory,
    Vpc,
    Pvtz,
    Config,
    ActionTrail,
}

impl Product {
    const ALL: [Self; 10] = [
        Self::Kms,
        Self::Ram,
        Self::Ims,
        Self::Sts,
        Self::ResourceSharing,
        Self::ResourceDirectory,
        Self::Vpc,
        Self::Pvtz,
        Self::Config,
        Self::ActionTrail,
    ];

    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Kms => "2016-01-20",
            Self::Ram => "2015-05-01",
            Self::Ims => "2019-08-15",
            Self::Sts => "2015-04-01",
            Self::ResourceSharing => "2020-01-10",
            Self::ResourceDirectory => "2022-04-19",
            Self::Vpc => "2016-04-28",
            Self::Pvtz => "2018-01-01",
            Self::Config => "2020-09-07",
            Self::ActionTrail => "2020-07-06",
        }
    }

    /// As ActionTrail calls it.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Kms => "Kms",
            Self::Ram => "Ram",
            Self::Ims => "Ims",
            Self::Sts => "Sts",
            Self::ResourceSharing => "ResourceSharing",
            Self::ResourceDirectory => "ResourceDirectoryMaster",
            Self::Vpc => "Vpc",
            Self::Pvtz => "Pvtz",
            Self::Config => "Config",
            Self::ActionTrail => "Actiontrail",
        }
    }

    /// The product that a call in the OpenAPI's form is meant for: STS has endpoints of its own, an instance is KMS alone, and
    /// the shared gateway stands for the endpoints of all products.
    pub(crate) fn of(call: &Call) -> Self {
        match call.endpoint {
            Endpoint::Sts | Endpoint::StsHttps => Self::Sts,
            Endpoint::Shared(_) => {
                let version = call.parameter("Version").or_else(|| call.header("x-acs-version"));
                Self::ALL.into_iter().find(|one| version == Some(one.version())).unwrap_or(Self::Kms)
            }
            _ => Self::Kms,
        }
    }
}
