//! What an endpoint is, before anybody connects to it.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::config::EndpointConfig;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::upkeep::environment::{Door, Environment};

/// What survives a fork: everything read from files.
pub(crate) struct EndpointPlan {
    pub(super) config: EndpointConfig,
    pub(crate) authority: String,
    pub(crate) identity: Arc<dyn Identity>,
    /// What the CA in `config` held when it was last read.
    pub(super) ca: ArcSwapOption<Source>,
}

impl EndpointPlan {
    /// Reads the CA file and finds out the endpoint's name.
    pub(crate) fn new(config: EndpointConfig, identity: Arc<dyn Identity>) -> Result<Self> {
        let authority = match &config.authority {
            Some(authority) => authority.clone(),
            None => identity.instance_endpoint().ok_or_else(|| {
                Error::configuration(
                    "endpoint is missing and the ClientKey's certificate names no KMS instance: set endpoint to <instance id>.cryptoservice.kms.aliyuncs.com",
                )
            })?,
        };
        let ca = config.transport.ca.as_deref().map(inline).transpose()?;
        Ok(EndpointPlan { config, authority, identity, ca: ArcSwapOption::new(ca.map(Arc::new)) })
    }

    /// Whose secrets are read here: a region's, or an instance's where no region is named.
    pub(crate) fn place(&self) -> &str {
        self.config.region_id.as_deref().unwrap_or(&self.authority)
    }

    pub(super) fn open_door(
        &self,
        ca: Option<Arc<Source>>,
        environment: &Environment,
        user_agent: &str,
    ) -> Result<Door> {
        let mut config = self.config.clone();
        config.transport.ca = ca;
        environment.doors.open(&config, &self.authority, user_agent)
    }
}

/// `source` with what it holds now.
pub(super) fn inline(source: &Source) -> Result<Source> {
    Ok(Source::Inline { name: source.name(), bytes: ProtectedBytes::copy_from(&source.read()?) })
}
