//! The options of `new Provider({...})`. `lib/options.js` has checked the types.

use std::time::Duration;

use kmsak::Builder;
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

use crate::gateway::GatewayOptions;

/// Where a provider's configuration comes from; durations in milliseconds.
#[napi(object, object_to_js = false)]
#[allow(missing_docs, reason = "the names are those of kmsak::Builder")]
pub struct Options {
    pub usual_places: Option<bool>,
    pub environment: Option<bool>,
    pub properties_file: Option<String>,
    pub properties_text: Option<String>,
    pub properties: Option<Vec<Vec<String>>>,
    pub gateways: Option<Vec<GatewayOptions>>,
    pub client_key_file: Option<String>,
    pub client_key: Option<Either<String, Buffer>>,
    pub client_key_password_file: Option<String>,
    pub client_key_password_env: Option<String>,
    pub client_key_password: Option<Either<String, Buffer>>,
    pub secret_names: Option<Vec<String>>,
    pub rotation_interval: Option<f64>,
    pub delay_interval: Option<f64>,
    pub jitter_interval: Option<f64>,
    pub connect_timeout: Option<f64>,
    pub read_timeout: Option<f64>,
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
    pub fetch_deadline: Option<f64>,
    pub renew_deadline: Option<f64>,
    pub renew_tokens: Option<u32>,
    pub renew_refill_interval: Option<f64>,
    pub rejection_codes: Option<Vec<String>>,
    pub max_stale: Option<f64>,
    pub cache_file: Option<String>,
}

type SetDuration = fn(Builder, Duration) -> Builder;

impl From<Options> for Builder {
    fn from(options: Options) -> Self {
        let mut builder = Builder::new().language("node");
        // Node reads it when it starts, and says itself when there is something wrong with the file.
        if let Some(path) = std::env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) {
            builder = builder.more_public_cas(path);
        }
        if options.usual_places == Some(true) {
            builder = builder.usual_places();
        }
        if options.environment == Some(true) {
            builder = builder.environment();
        }
        if let Some(path) = options.properties_file {
            builder = builder.properties_file(path);
        }
        if let Some(text) = options.properties_text {
            builder = builder.properties_text(text, None);
        }
        for property in options.properties.into_iter().flatten() {
            if let [name, value] = property.as_slice() {
                builder = builder.property(name, value.clone());
            }
        }
        for gateway in options.gateways.into_iter().flatten() {
            builder = builder.gateway(gateway.into());
        }
        if let Some(path) = options.client_key_file {
            builder = builder.client_key_file(path);
        }
        if let Some(client_key) = options.client_key {
            builder = builder.client_key(bytes(&client_key));
        }
        if let Some(path) = options.client_key_password_file {
            builder = builder.client_key_password_file(path);
        }
        if let Some(variable) = options.client_key_password_env {
            builder = builder.client_key_password_env(variable);
        }
        if let Some(password) = options.client_key_password {
            builder = builder.client_key_password(bytes(&password));
        }
        if let Some(names) = options.secret_names {
            builder = builder.secret_names(names);
        }
        let durations: [(Option<f64>, SetDuration); 9] = [
            (options.rotation_interval, Builder::rotation_interval),
            (options.delay_interval, Builder::delay_interval),
            (options.jitter_interval, Builder::jitter_interval),
            (options.connect_timeout, Builder::connect_timeout),
            (options.read_timeout, Builder::read_timeout),
            (options.fetch_deadline, Builder::fetch_deadline),
            (options.renew_deadline, Builder::renew_deadline),
            (options.renew_refill_interval, Builder::renew_refill_interval),
            (options.max_stale, Builder::max_stale),
        ];
        for (milliseconds, set) in durations {
            if let Some(milliseconds) = milliseconds {
                builder = set(builder, duration(milliseconds));
            }
        }
        if let Some(tokens) = options.renew_tokens {
            builder = builder.renew_tokens(tokens);
        }
        if let Some(codes) = options.rejection_codes {
            builder = builder.rejection_codes(codes);
        }
        if let Some(proxy) = options.http_proxy {
            builder = builder.http_proxy(proxy);
        }
        if let Some(proxy) = options.https_proxy {
            builder = builder.https_proxy(proxy);
        }
        if let Some(hosts) = options.no_proxy {
            builder = builder.no_proxy(hosts);
        }
        if let Some(path) = options.cache_file {
            builder = builder.cache_file(path);
        }
        builder
    }
}

pub(crate) fn bytes(value: &Either<String, Buffer>) -> &[u8] {
    match value {
        Either::A(text) => text.as_bytes(),
        Either::B(buffer) => buffer,
    }
}

/// Never panics: JavaScript lets only finite numbers from 0 on pass, and the core knows each setting's limits.
pub(crate) fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1e3).unwrap_or(Duration::MAX)
}
