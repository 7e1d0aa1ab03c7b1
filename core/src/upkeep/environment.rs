//! What the core takes from the world outside, so that a test can drive a year in a millisecond.

use std::sync::Arc;

use crate::config::EndpointConfig;
use crate::error::Result;
use crate::kms::instance::InstanceGateway;
use crate::kms::shared::SharedGateway;
use crate::kms::{Gateway, GatewayKind};
use crate::process::clock_and_chance::{Clock, Random, SystemRandom, WallClock};
use crate::transport::{HttpsTransport, Transport};

/// A way to one endpoint: what to say, and how to send it.
pub(crate) struct Door {
    pub(crate) gateway: Box<dyn Gateway>,
    pub(crate) transport: Arc<dyn Transport>,
}

/// Opens the way to endpoints.
pub(crate) trait Doors: Send + Sync {
    fn open(&self, endpoint: &EndpointConfig, authority: &str, user_agent: &str) -> Result<Door>;
}

/// Time, chance and network.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) doors: Arc<dyn Doors>,
}

impl Environment {
    /// The real ones.
    pub(crate) fn real() -> Self {
        Environment {
            clock: Arc::new(WallClock),
            random: Arc::new(SystemRandom),
            doors: Arc::new(NetworkDoors),
        }
    }
}

struct NetworkDoors;

impl Doors for NetworkDoors {
    fn open(&self, endpoint: &EndpointConfig, authority: &str, user_agent: &str) -> Result<Door> {
        let gateway: Box<dyn Gateway> = match endpoint.gateway {
            GatewayKind::Instance => Box::new(InstanceGateway::new(authority, user_agent)),
            GatewayKind::Shared => Box::new(SharedGateway::new(
                authority,
                endpoint.region_id.as_deref().unwrap_or_default(),
                user_agent,
            )),
        };
        let transport = Arc::new(HttpsTransport::new(&endpoint.transport, authority, user_agent)?);
        Ok(Door { gateway, transport })
    }
}
