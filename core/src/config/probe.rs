//! Looking at an endpoint in the very way in which a provider would reach it.

use std::sync::Arc;

use super::Config;
use crate::error::Result;
use crate::event::Subscribers;
use crate::identity::{Identities, IdentityInfo, World};
use crate::pending::Pending;
use crate::process::clock_and_chance::{SystemRandom, WallClock};
use crate::process::engine::{self, Engine};
use crate::process::skew::Skew;
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

    /// Finds out who asks the endpoint with this index in [`endpoints`](Config::endpoints), as a provider does: reads its files, or
    /// asks the metadata service, STS or whoever else gives AccessKeys.
    ///
    /// # Errors
    /// Why nobody does, with what to mend.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn ask_identity(&self, endpoint: usize) -> Result<IdentityInfo> {
        let config = &self.endpoints[endpoint].identity;
        let world = World {
            clock: Arc::new(WallClock),
            random: Arc::new(SystemRandom),
            skew: Arc::new(Skew::default()),
            subscribers: Subscribers::new(),
            user_agent: "kmsak".into(),
        };
        let identity = Identities::default().of(config, &world)?;
        let engine = Engine::get()?;
        let (reply, pending) = Pending::new();
        engine::spawn(engine.handle(), async move {
            reply.send(identity.signer().await.map(|_| identity.who()));
        });
        pending.wait()
    }
}
