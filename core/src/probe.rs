//! What an endpoint shows of itself to whoever connects, before anything is asked of it: for programs that explain to a
//! person what is wrong.

use std::time::SystemTime;

use crate::config::Config;
use crate::engine::{self, Engine};
use crate::error::Result;
use crate::pending::Pending;
use crate::transport::HttpsTransport;

/// See [`Config::probe`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The server's clock, from the `Date` header of its answer.
    pub date: Option<SystemTime>,
    /// The end of its certificate's validity.
    pub certificate_not_after: Option<SystemTime>,
}

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
