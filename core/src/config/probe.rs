//! Looking at an endpoint in the very way in which a provider would reach it.

use super::Config;
use crate::error::Result;
use crate::pending::Pending;
use crate::process::engine::{self, Engine};
use crate::transport::{HttpsTransport, Probe};

impl Config {
    /// Connects to `authority` in the very way in which a provider reaches the endpoint with this index in
    /// [`endpoints`](Config::endpoints): with its proxy, its CA and its time-outs.
    ///
    /// # Errors
    /// What a fetch would fail with, but for KMS's own refusals.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn probe(&self, endpoint: usize, authority: &str) -> Result<Probe> {
        let transport = HttpsTransport::new(&self.endpoints[endpoint].transport, authority, "kmsak")?;
        let url = format!("https://{authority}/");
        let engine = Engine::get()?;
        let (reply, pending) = Pending::new();
        engine::spawn(engine.handle(), async move { reply.send(transport.probe(&url).await) });
        pending.wait()
    }
}
