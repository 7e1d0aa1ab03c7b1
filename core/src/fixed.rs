//! A provider for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::process::protected::ProtectedBytes;
use crate::provider::Provider;
use crate::secret::Credentials;
use crate::secret::name::check_name;
use crate::upkeep::script::{Script, Version, secret};

/// What a provider for tests hands out; begun by [`Provider::fixed`], ended by [`open`](Fixed::open).
///
/// A secret has one version or several, in the order in which they are given. The first fetch gets the first; each fetch after it,
/// by [`refresh`](Provider::refresh) or by the [`renew`](Provider::renew) of an AccessKey that is in use, gets the next, as if KMS
/// had just rotated the secret; the last one stays. What follows is a real provider's: the cache, the events, what `call` and
/// `renew` do.
///
/// ```
/// let provider = kmsak::Provider::fixed()
///     .access_key("acs/ram/user/app", "LTAI1", "one")
///     .access_key("acs/ram/user/app", "LTAI2", "two")
///     .open()?;
/// let credentials = provider.credentials("acs/ram/user/app")?;
/// assert_eq!(credentials.access_key_id(), "LTAI1");
/// assert_eq!(provider.renew("acs/ram/user/app", "LTAI1")?.access_key_id(), "LTAI2");
/// # Ok::<(), kmsak::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "nothing happens before open"]
pub struct Fixed {
    secrets: BTreeMap<String, Vec<Version>>,
}

impl Fixed {
    /// The next version of the secret `name`: a managed RAM secret's, with this AccessKey.
    pub fn access_key(self, name: impl Into<String>, access_key_id: &str, access_key_secret: &str) -> Self {
        let json = |text: &str| Zeroizing::new(serde_json::Value::from(text).to_string());
        let value = Zeroizing::new(format!(
            r#"{{"AccessKeyId":{},"AccessKeySecret":{}}}"#,
            *json(access_key_id),
            *json(access_key_secret)
        ));
        self.version(name, value.as_bytes(), true)
    }

    /// The next version of the secret `name`: a generic secret's, with this value.
    pub fn secret(self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.version(name, value.as_ref(), false)
    }

    fn version(mut self, name: impl Into<String>, value: &[u8], holds_access_key: bool) -> Self {
        let value = Arc::new(ProtectedBytes::copy_from(value));
        self.secrets.entry(name.into()).or_default().push(Version { value, holds_access_key });
        self
    }

    /// Opens a provider that answers from this alone. It reads no file and no environment variable, and there is no network.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration) for a name that no secret can have, and for an AccessKey that is none.
    pub fn open(self) -> Result<Provider> {
        for (name, versions) in &self.secrets {
            check_name(name)?;
            for (index, version) in
                versions.iter().enumerate().filter(|(_, version)| version.holds_access_key)
            {
                let secret = Arc::new(secret(name, index, "ACSCurrent", version));
                Credentials::from_secret(secret).map_err(|_| {
                    Error::configuration(format!(
                        "AccessKey {} of {name} is none: an id and a secret are visible ASCII characters without blanks",
                        index + 1
                    ))
                })?;
            }
        }
        Provider::open_with(Config::without_gateways(), Some(Script::new(self.secrets)))
    }
}

impl std::fmt::Debug for Fixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixed").field("secrets", &self.secrets.keys()).finish()
    }
}

impl Provider {
    /// Begins a provider for tests: fixed AccessKeys and other secrets, rotated as a script wants it, without network, emulator or
    /// files.
    pub fn fixed() -> Fixed {
        Fixed::default()
    }
}
