//! The configuration from code; files and the environment end up here too.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::assemble;
use super::gateway::Gateway;
use super::keys;
use super::options;
use super::settings::{Environment, Layer, Origin, Places, Resources, Settings, Value};
use super::sources::{environment_layer, file_layer, properties_layer, usual_file_exists};
use super::warnings::Warnings;
use super::{CONFIG_VARIABLE, Config, DEFAULT_FILE};
use crate::error::{Error, Result};
use crate::process::protected::ProtectedBytes;
use crate::shown::quoted;

/// Collects settings and checks them. Each setting goes by the name of its key in a properties file; see
/// [`Builder::property`] for a setting as text.
///
/// What is set here wins over the environment, and the environment over files, whatever the order of the calls. The
/// gateways come all from one source: the strongest that names any. The same holds for the ClientKey, and for its
/// password.
///
/// ```
/// use kmsak::{Builder, Gateway};
/// # fn main() -> Result<(), kmsak::Error> {
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
/// # std::env::set_current_dir(folder).unwrap();
/// let config = Builder::new()
///     .client_key_file("clientKey.json")
///     .client_key_password_file("clientKey_Password.txt")
///     .gateway(Gateway::instance().ca_file("ca.pem"))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use]
pub struct Builder {
    code: BTreeMap<&'static str, Value>,
    unknown: Vec<String>,
    gateways: Vec<Gateway>,
    properties: Vec<Properties>,
    usual_places: bool,
    use_environment: bool,
    fallback_proxy: Option<FallbackProxy>,
    resources: Option<Resources>,
    language: Option<String>,
    more_public_cas: Option<PathBuf>,
    pub(super) working_directory: Option<PathBuf>,
    pub(super) variables: Option<Environment>,
}

struct FallbackProxy {
    origin: String,
    https_proxy: Zeroizing<String>,
    no_proxy: String,
}

enum Properties {
    File(PathBuf),
    Text { bytes: ProtectedBytes, base: Option<PathBuf> },
}

impl Builder {
    /// No settings at all.
    pub fn new() -> Self {
        Builder::default()
    }

    /// Reads a properties file when the configuration is built. Relative paths in it are looked for in the working
    /// directory and then in the file's own folder. Of several files the one named last wins.
    pub fn properties_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.properties.push(Properties::File(path.into()));
        self
    }

    /// As [`Builder::properties_file`], for the content of such a file; `base_folder` is the second place for
    /// relative paths.
    pub fn properties_text(mut self, text: impl AsRef<[u8]>, base_folder: Option<PathBuf>) -> Self {
        self.properties
            .push(Properties::Text { bytes: ProtectedBytes::copy_from(text.as_ref()), base: base_folder });
        self
    }

    /// Reads the environment variables that have the names of the keys, when the configuration is built.
    pub fn environment(mut self) -> Self {
        self.use_environment = true;
        self
    }

    /// The usual places: the environment, and the properties file that its variable `KMSAK_CONFIG` names, or else
    /// `managed_credentials_providers.properties` in the working directory or among the [`Builder::resources`], if there
    /// is one.
    pub fn usual_places(mut self) -> Self {
        self.usual_places = true;
        self.environment()
    }

    /// The proxy to take where no other setting names one: what a binding's language has for all its programs, as a JVM has. It comes
    /// before `HTTPS_PROXY`; `origin` says in errors where it was set.
    pub fn fallback_proxy(
        mut self,
        origin: impl Into<String>,
        https_proxy: impl Into<String>,
        no_proxy: impl Into<String>,
    ) -> Self {
        self.fallback_proxy = Some(FallbackProxy {
            origin: origin.into(),
            https_proxy: Zeroizing::new(https_proxy.into()),
            no_proxy: no_proxy.into(),
        });
        self
    }

    /// Looks up what is not found on disk: `look_up` gets a path as it was configured and gives the content, of at
    /// most 1 MiB. It is called while the configuration is built, and never after.
    pub fn resources(mut self, look_up: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.resources = Some(Arc::new(look_up));
        self
    }

    /// Any setting as the text that would stand in a properties file. An unknown name is an error when the
    /// configuration is built.
    pub fn property(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = Zeroizing::new(value.into());
        match keys::ALL.iter().find(|key| **key == name) {
            Some(key) => self.put(key, Value::Text(value)),
            None => {
                self.unknown.push(name.to_owned());
                self
            }
        }
    }

    /// Adds a gateway; the order is the order of preference.
    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// The ClientKey file, `clientKey_****.json`, of every gateway that has none of its own.
    pub fn client_key_file(self, path: impl Into<PathBuf>) -> Self {
        self.put(keys::CLIENT_KEY_PATH, Value::Path(path.into()))
    }

    /// The content of the ClientKey file. The bytes are copied into protected memory.
    pub fn client_key(self, json: impl AsRef<[u8]>) -> Self {
        self.put_bytes(keys::CLIENT_KEY_CONTENT, json)
    }

    /// The file with the ClientKey's password. Blanks and line ends around it do not count.
    pub fn client_key_password_file(self, path: impl Into<PathBuf>) -> Self {
        self.put(keys::PASSWORD_PATH, Value::Path(path.into()))
    }

    /// The name of the environment variable with the ClientKey's password.
    pub fn client_key_password_env(self, variable: impl Into<String>) -> Self {
        self.put_text(keys::PASSWORD_ENV, variable)
    }

    /// The ClientKey's password. The bytes are copied into protected memory.
    pub fn client_key_password(self, password: impl AsRef<[u8]>) -> Self {
        self.put_bytes(keys::PASSWORD, password)
    }

    /// The secrets to fetch at start, side by side.
    pub fn secret_names<I>(self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.put(keys::SECRET_NAMES, options::list(names.into_iter().map(Into::into)))
    }

    /// How often a secret without a rotation date in sight is fetched again: 6 h by default, 100 ms to a year.
    pub fn rotation_interval(self, interval: Duration) -> Self {
        self.put(keys::ROTATION_INTERVAL, Value::Duration(interval))
    }

    /// How long after its rotation date a secret is fetched: 5 min by default, up to a year.
    pub fn delay_interval(self, interval: Duration) -> Self {
        self.put(keys::DELAY_INTERVAL, Value::Duration(interval))
    }

    /// The most that is added to each refresh at random: 30 min by default, up to a year.
    pub fn jitter_interval(self, interval: Duration) -> Self {
        self.put(keys::JITTER_INTERVAL, Value::Duration(interval))
    }

    /// How long a connection may take to be made: 3 s by default, 1 ms to 10 min.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.put(keys::CONNECT_TIMEOUT, Value::Duration(timeout))
    }

    /// How long the answer may take once a request goes out on an open connection: 10 s by default, 1 ms to 10 min.
    pub fn read_timeout(self, timeout: Duration) -> Self {
        self.put(keys::READ_TIMEOUT, Value::Duration(timeout))
    }

    /// Has no effect; see [`Gateway::http_proxy`].
    pub fn http_proxy(self, proxy: impl Into<String>) -> Self {
        self.put_text(keys::HTTP_PROXY, proxy)
    }

    /// The proxy to reach KMS through; see [`Gateway::https_proxy`].
    pub fn https_proxy(self, proxy: impl Into<String>) -> Self {
        self.put_text(keys::HTTPS_PROXY, proxy)
    }

    /// Hosts, domains and networks, separated by commas, that are reached without a proxy.
    pub fn no_proxy(self, hosts: impl Into<String>) -> Self {
        self.put_text(keys::NO_PROXY, hosts)
    }

    /// How long a call may wait for a fetch with all its retries: 20 s by default, 1 ms to 1 h.
    pub fn fetch_deadline(self, deadline: Duration) -> Self {
        self.put(keys::FETCH_DEADLINE, Value::Duration(deadline))
    }

    /// How long a renewal goes on asking while KMS still answers with the rejected AccessKey: 15 s by default, 1 ms
    /// to 1 h.
    pub fn renew_deadline(self, deadline: Duration) -> Self {
        self.put(keys::RENEW_DEADLINE, Value::Duration(deadline))
    }

    /// How many renewals in a row a secret is given: 5 by default, 1 to 1,000.
    pub fn renew_tokens(self, tokens: u32) -> Self {
        self.put(keys::RENEW_TOKENS, Value::Text(Zeroizing::new(tokens.to_string())))
    }

    /// After which time a secret is given one renewal more: 10 min by default, 1 ms to a year.
    pub fn renew_refill_interval(self, interval: Duration) -> Self {
        self.put(keys::RENEW_REFILL_INTERVAL, Value::Duration(interval))
    }

    /// How many processes share the account's quota of KMS, 1 to 10,000,000: unknown by default, unless the secret's `CustomData` has
    /// `fleet_size`. A rejected AccessKey is renewed somewhere in the time that a fleet of this size needs at 450 requests a second.
    pub fn fleet_size(self, processes: u32) -> Self {
        self.put(keys::FLEET_SIZE, Value::Text(Zeroizing::new(processes.to_string())))
    }

    /// The codes by which a cloud service says that it does not know an AccessKey, instead of those of
    /// [`is_rejection`](crate::is_rejection). `Code:words` counts only where the error's message has the words, which hold no
    /// comma.
    pub fn rejection_codes<I>(self, codes: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.put(keys::REJECTION_CODES, options::list(codes.into_iter().map(Into::into)))
    }

    /// The age from which a cached value is no longer handed out while KMS cannot be reached. Off by default: stale
    /// is better than nothing.
    pub fn max_stale(self, age: Duration) -> Self {
        self.put(keys::MAX_STALE, Value::Duration(age))
    }

    /// The encrypted file in which secrets survive a restart. Off by default.
    pub fn cache_file(self, path: impl Into<PathBuf>) -> Self {
        self.put(keys::CACHE_FILE, Value::Path(path.into()))
    }

    /// What the User-Agent calls the language: `rust` unless a binding says otherwise.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Trusts the CAs in the PEM file `path` beside the public ones, wherever no CA is configured: what a language's own setting
    /// for that, such as Node's `NODE_EXTRA_CA_CERTS`, asks for. What cannot be read of it is left alone and logged.
    pub fn more_public_cas(mut self, path: impl Into<PathBuf>) -> Self {
        self.more_public_cas = Some(path.into());
        self
    }

    /// Checks everything and finds every file.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration), with the key, what stood there unless it may be secret,
    /// and what is expected.
    pub fn build(mut self) -> Result<Config> {
        if let Some(name) = self.unknown.first() {
            let meant = keys::nearest(name, keys::ALL)
                .map_or_else(String::new, |key| format!(": did you mean {key}?"));
            return Err(Error::configuration(format!("there is no setting {}{meant}", quoted(name))));
        }
        let mut warnings = Warnings::default();
        let settings = self.settings(&mut warnings)?;
        let language = self.language.take().unwrap_or_else(|| "rust".to_owned());
        if language.is_empty()
            || !language.bytes().all(|byte| byte.is_ascii_graphic() && !b";()".contains(&byte))
        {
            return Err(Error::configuration(format!(
                "the language is {}: expected a word for the User-Agent such as rust",
                quoted(&language)
            )));
        }
        assemble::config(&settings, &self.gateways, self.usual_places, language, warnings)
    }

    fn settings(&mut self, warnings: &mut Warnings) -> Result<Settings> {
        let working_directory = match self.working_directory.take() {
            Some(folder) => Ok(folder),
            None => std::env::current_dir(),
        };
        let environment =
            self.variables.take().unwrap_or_else(|| Arc::new(|name: &str| std::env::var_os(name)));
        let places = Places { working_directory, resources: self.resources.take(), environment };
        let mut layers = vec![Layer::new(Origin::Code, None, std::mem::take(&mut self.code))];
        if self.use_environment {
            layers.push(environment_layer(&places)?);
        }
        for properties in self.properties.drain(..).rev() {
            layers.push(match properties {
                Properties::File(path) => file_layer(&places, &path, "the properties file", warnings)?,
                Properties::Text { bytes, base } => {
                    let origin = "the properties text".to_owned();
                    properties_layer(bytes.as_bytes(), origin, base, warnings)?
                }
            });
        }
        if self.usual_places {
            if let Some(path) = places.variable(CONFIG_VARIABLE) {
                layers.push(file_layer(&places, Path::new(&path), CONFIG_VARIABLE, warnings)?);
            } else if usual_file_exists(&places) {
                layers.push(file_layer(&places, Path::new(DEFAULT_FILE), "the properties file", warnings)?);
            }
        }
        if let Some(fallback) = self.fallback_proxy.take() {
            // The exceptions belong to their own proxy.
            if layers.iter().all(|layer| layer.text(keys::HTTPS_PROXY).is_none()) {
                layers.push(fallback.layer());
            }
        }
        Ok(Settings { layers, places, more_public_cas: self.more_public_cas.take() })
    }

    pub(super) fn put(mut self, key: &'static str, value: Value) -> Self {
        self.code.insert(key, value);
        self
    }

    pub(super) fn put_text(self, key: &'static str, text: impl Into<String>) -> Self {
        self.put(key, Value::Text(Zeroizing::new(text.into())))
    }

    pub(super) fn put_bytes(self, key: &'static str, bytes: impl AsRef<[u8]>) -> Self {
        self.put(key, Value::Bytes(ProtectedBytes::copy_from(bytes.as_ref())))
    }
}

impl FallbackProxy {
    fn layer(self) -> Layer {
        let values = BTreeMap::from([
            (keys::HTTPS_PROXY, Value::Text(self.https_proxy)),
            (keys::NO_PROXY, Value::Text(Zeroizing::new(self.no_proxy))),
        ]);
        Layer::new(Origin::Properties(self.origin), None, values)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("keys", &self.code.keys().collect::<Vec<_>>())
            .field("gateways", &self.gateways)
            .finish_non_exhaustive()
    }
}
