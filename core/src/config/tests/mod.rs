//! What cannot be seen from outside: the values inside a [`Config`](super::Config).

mod client_keys;
mod passwords;
mod properties;
mod sources;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Builder, Config, EndpointConfig, Gateway, GatewayKind, keys};
use crate::error::{Kind, Result};
use crate::identity::IdentityConfig;
use crate::identity::client_key::{ClientKeySource, PasswordSource};
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::rejection::Rejections;

const CLIENT_KEY: &str = "client_key_private_key_path=clientKey.json\n\
                          client_key_password_from_file_path=clientKey_Password.txt\n";
const REGION: &str = "cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]\n";

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").canonicalize().unwrap()
}

/// A builder that sees `folder` as its working directory and `variables` as its environment.
fn builder_in(folder: &Path, variables: &'static [(&'static str, &'static str)]) -> Builder {
    let mut builder = Builder::new();
    builder.working_directory = Some(folder.to_owned());
    builder.variables = Some(Arc::new(move |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
    }));
    builder
}

fn builder(variables: &'static [(&'static str, &'static str)]) -> Builder {
    builder_in(&vectors(), variables)
}

fn from_text(text: &str) -> Result<Config> {
    builder(&[]).properties_text(text, None).build()
}

fn only(config: &Config) -> &EndpointConfig {
    let [endpoint] = config.endpoints.as_slice() else { panic!("{config:?}") };
    endpoint
}

fn rejections(items: &[&str]) -> Rejections {
    Rejections::of(items.iter().map(|item| (*item).to_owned()).collect()).unwrap()
}

fn client_key(endpoint: &EndpointConfig) -> &Arc<ClientKeySource> {
    endpoint.identity.client_key().expect("a ClientKey")
}

fn into_client_key(config: Config) -> Arc<ClientKeySource> {
    let identity = Arc::into_inner(config.endpoints.into_iter().next().unwrap().identity).unwrap();
    let IdentityConfig::ClientKey(source) = identity else { panic!("no ClientKey") };
    source
}

fn message(result: Result<Config>) -> String {
    result.unwrap_err().message().to_owned()
}
