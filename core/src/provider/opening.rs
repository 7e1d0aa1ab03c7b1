//! From a configuration to a provider.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::Provider;
use super::inner::Inner;
use crate::config::{Builder, Config};
use crate::error::Result;
use crate::process::fork::PerProcess;
use crate::process::logs;
use crate::upkeep::environment::Environment;
use crate::upkeep::live::{State, expiry_reminder};
use crate::upkeep::script::Script;

impl Provider {
    /// Opens a provider as the `.properties` file at `path` says (see `docs/configuration.md` for its keys); an
    /// environment variable of the same setting wins over a line of the file. Secrets
    /// named in `secret_names` begin to be fetched; nobody waits for them here.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration) or [`Kind::ClientKey`](crate::Kind::ClientKey), with what
    /// to mend; [`Kind::Tls`](crate::Kind::Tls) when TLS cannot be set up.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Provider::open(Config::from_file(path.as_ref())?)
    }

    /// Opens a provider as the usual places say: environment variables named like the properties, and the file that the
    /// variable `KMSAK_CONFIG` names, or else `managed_credentials_providers.properties` in the working directory if it
    /// is there.
    ///
    /// # Errors
    /// As for [`from_file`](Provider::from_file).
    pub fn from_env() -> Result<Self> {
        Provider::open(Config::from_usual_places()?)
    }

    /// Begins a configuration from code; [`Builder::open`] ends it.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Opens a provider with `config`. What is odd about it, or a ClientKey that is not valid now, is logged as a warning, and
    /// written to standard error where nobody receives logs ([`start_warnings`](Provider::start_warnings) has it as well). A
    /// ClientKey that is soon to expire is only logged.
    ///
    /// # Errors
    /// As for [`from_file`](Provider::from_file).
    pub fn open(config: Config) -> Result<Self> {
        Provider::open_with(config, None)
    }

    /// Opens a provider that `script` answers, if there is one, and not KMS.
    pub(crate) fn open_with(config: Config, script: Option<Script>) -> Result<Self> {
        let mut start_warnings = config.warnings.clone();
        start_warnings.iter().for_each(|warning| warn(warning));
        let secret_names = config.secret_names.clone();
        let mut state = State::new(config, Environment::real())?;
        state.script = script;
        for client_key in &state.identities.client_keys {
            if let Some(warning) = client_key.proven().info().validity_warning(state.now()) {
                // Two gateways may have one ClientKey.
                if !start_warnings.contains(&warning) {
                    warn(&warning);
                    start_warnings.push(warning);
                }
            } else if let Some(reminder) = expiry_reminder(client_key, state.now()) {
                reminder.log();
            }
        }
        let inner = Inner {
            state: Arc::new(state),
            start_warnings,
            endpoints: PerProcess::empty(),
            process: PerProcess::empty(),
        };
        let provider = Provider(Arc::new(inner));
        // Opened now, so that a CA that cannot be used is told here and not at the first fetch.
        provider.0.endpoints()?;
        for name in secret_names {
            drop(provider.begin_secret(&name));
        }
        Ok(provider)
    }
}

impl Builder {
    /// Checks the configuration and opens a provider with it.
    ///
    /// # Errors
    /// As for [`Builder::build`] and [`Provider::open`].
    pub fn open(self) -> Result<Provider> {
        Provider::open(self.build()?)
    }
}

/// A warning of the start, which must be seen in any case.
fn warn(warning: &str) {
    logs::warn!("{warning}");
    if !logs::are_received() {
        // A standard error that is closed is no reason not to start.
        drop(writeln!(io::stderr(), "kmsak: warning: {warning}"));
    }
}
