//! What the core takes from the world outside, so that a test can drive a year in a millisecond.

use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{EndpointConfig, GatewayKind};
use crate::error::Result;
use crate::gateway::Gateway;
use crate::gateway::instance::InstanceGateway;
use crate::gateway::shared::SharedGateway;
use crate::transport::{HttpsTransport, Transport};

/// The clock on the wall. The clock that measures waits is tokio's, which tests can pause.
pub(crate) trait Clock: Send + Sync {
    fn now(&self) -> SystemTime;
}

/// Chance. Straight from the system: a generator's state would be shared by forked children.
pub(crate) trait Random: Send + Sync {
    /// Uniform in `0.0..1.0`.
    fn draw(&self) -> f64;

    /// Unique to one request.
    fn nonce(&self) -> String;
}

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

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

struct SystemRandom;

impl SystemRandom {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
            .expect("the system gives random bytes");
        bytes
    }
}

impl Random for SystemRandom {
    fn draw(&self) -> f64 {
        // 53 bits are what an f64 holds.
        (u64::from_le_bytes(self.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn nonce(&self) -> String {
        self.bytes::<16>().iter().fold(String::with_capacity(32), |mut nonce, byte| {
            write!(nonce, "{byte:02x}").expect("a string takes all");
            nonce
        })
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
