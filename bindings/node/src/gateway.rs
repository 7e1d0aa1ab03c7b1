//! One gateway of `new Provider({ gateways })`. `lib/options.js` has checked the types.

use kmsak::Gateway;
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

use crate::options::{bytes, duration};

/// See [`kmsak::Gateway`]; durations in milliseconds.
#[napi(object, object_to_js = false)]
#[allow(missing_docs, reason = "the names are those of kmsak::Gateway")]
pub struct GatewayOptions {
    pub shared: bool,
    pub region_id: Option<String>,
    pub endpoint: Option<String>,
    pub vpc: Option<bool>,
    pub client_key_file: Option<String>,
    pub client_key: Option<Either<String, Buffer>>,
    pub client_key_password_file: Option<String>,
    pub client_key_password_env: Option<String>,
    pub client_key_password: Option<Either<String, Buffer>>,
    pub ca_file: Option<String>,
    pub ca: Option<Either<String, Buffer>>,
    pub ignore_ssl_certs: Option<bool>,
    pub connect_timeout: Option<f64>,
    pub read_timeout: Option<f64>,
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
}

impl From<GatewayOptions> for Gateway {
    fn from(options: GatewayOptions) -> Self {
        let mut gateway = match (options.shared, options.region_id) {
            (true, region_id) => Gateway::shared(region_id.unwrap_or_default()),
            (false, Some(region_id)) => Gateway::instance().region_id(region_id),
            (false, None) => Gateway::instance(),
        };
        if let Some(endpoint) = options.endpoint {
            gateway = gateway.endpoint(endpoint);
        }
        if let Some(vpc) = options.vpc {
            gateway = gateway.vpc(vpc);
        }
        if let Some(path) = options.client_key_file {
            gateway = gateway.client_key_file(path);
        }
        if let Some(client_key) = options.client_key {
            gateway = gateway.client_key(bytes(&client_key));
        }
        if let Some(path) = options.client_key_password_file {
            gateway = gateway.client_key_password_file(path);
        }
        if let Some(variable) = options.client_key_password_env {
            gateway = gateway.client_key_password_env(variable);
        }
        if let Some(password) = options.client_key_password {
            gateway = gateway.client_key_password(bytes(&password));
        }
        if let Some(path) = options.ca_file {
            gateway = gateway.ca_file(path);
        }
        if let Some(ca) = options.ca {
            gateway = gateway.ca(bytes(&ca));
        }
        if let Some(ignore) = options.ignore_ssl_certs {
            gateway = gateway.ignore_ssl_certs(ignore);
        }
        if let Some(timeout) = options.connect_timeout {
            gateway = gateway.connect_timeout(duration(timeout));
        }
        if let Some(timeout) = options.read_timeout {
            gateway = gateway.read_timeout(duration(timeout));
        }
        if let Some(proxy) = options.http_proxy {
            gateway = gateway.http_proxy(proxy);
        }
        if let Some(proxy) = options.https_proxy {
            gateway = gateway.https_proxy(proxy);
        }
        if let Some(hosts) = options.no_proxy {
            gateway = gateway.no_proxy(hosts);
        }
        gateway
    }
}
