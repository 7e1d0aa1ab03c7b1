//! Where KMS is asked.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::text::{Length, Text};

/// A KMS gateway to ask: Gateway.shared(...) or Gateway.instance(...).
#[pyclass(frozen, module = "kmsak")]
pub(crate) struct Gateway(pub(crate) kmsak::Gateway);

#[pymethods]
impl Gateway {
    /// The gateway of a KMS instance, reached inside its VPC; the endpoint is read off the ClientKey unless given.
    #[staticmethod]
    #[pyo3(signature = (
        *, endpoint=None, region_id=None, client_key_file=None, client_key=None, client_key_password_file=None,
        client_key_password_env=None, client_key_password=None, ca_file=None, ca=None, ignore_ssl_certs=false,
        connect_timeout=None, read_timeout=None, http_proxy=None, https_proxy=None, no_proxy=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's keywords")]
    fn instance(
        endpoint: Option<String>,
        region_id: Option<String>,
        client_key_file: Option<PathBuf>,
        client_key: Option<Text>,
        client_key_password_file: Option<PathBuf>,
        client_key_password_env: Option<String>,
        client_key_password: Option<Text>,
        ca_file: Option<PathBuf>,
        ca: Option<Text>,
        ignore_ssl_certs: bool,
        connect_timeout: Option<Length>,
        read_timeout: Option<Length>,
        http_proxy: Option<String>,
        https_proxy: Option<String>,
        no_proxy: Option<String>,
    ) -> Self {
        let mut gateway = kmsak::Gateway::instance();
        set!(gateway, endpoint, region_id, client_key_file, client_key, client_key_password_file);
        set!(gateway, client_key_password_env, client_key_password, ca_file, ca);
        set!(gateway, http_proxy, https_proxy, no_proxy);
        set_lengths!(gateway, connect_timeout, read_timeout);
        Gateway(gateway.ignore_ssl_certs(ignore_ssl_certs))
    }

    /// The shared gateway of a region such as cn-hangzhou, reached over the Internet, or from a VPC with vpc=True.
    #[staticmethod]
    #[pyo3(signature = (
        region_id, *, endpoint=None, vpc=false, client_key_file=None, client_key=None,
        client_key_password_file=None, client_key_password_env=None, client_key_password=None, ca_file=None,
        ca=None, ignore_ssl_certs=false, connect_timeout=None, read_timeout=None, http_proxy=None,
        https_proxy=None, no_proxy=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's keywords")]
    fn shared(
        region_id: String,
        endpoint: Option<String>,
        vpc: bool,
        client_key_file: Option<PathBuf>,
        client_key: Option<Text>,
        client_key_password_file: Option<PathBuf>,
        client_key_password_env: Option<String>,
        client_key_password: Option<Text>,
        ca_file: Option<PathBuf>,
        ca: Option<Text>,
        ignore_ssl_certs: bool,
        connect_timeout: Option<Length>,
        read_timeout: Option<Length>,
        http_proxy: Option<String>,
        https_proxy: Option<String>,
        no_proxy: Option<String>,
    ) -> Self {
        let mut gateway = kmsak::Gateway::shared(region_id);
        set!(gateway, endpoint, client_key_file, client_key, client_key_password_file);
        set!(gateway, client_key_password_env, client_key_password, ca_file, ca);
        set!(gateway, http_proxy, https_proxy, no_proxy);
        set_lengths!(gateway, connect_timeout, read_timeout);
        Gateway(gateway.vpc(vpc).ignore_ssl_certs(ignore_ssl_certs))
    }

    fn __repr__(&self) -> String {
        format!("<kmsak.{:?}>", self.0)
    }
}
