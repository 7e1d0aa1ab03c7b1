//! Where KMS is asked.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::text::{Length, Text};

/// A KMS gateway to ask: Gateway.shared(...) or Gateway.instance(...).
#[pyclass(frozen, module = "kmsak")]
pub(crate) struct Gateway(pub(crate) kmsak::Gateway);

#[pymethods]
impl Gateway {
    /// The gateway of a KMS instance, reached inside its VPC.
    ///
    /// Args:
    ///     endpoint: Host, or host:port; read off the ClientKey unless given.
    ///     region_id: The region, such as cn-hangzhou; not needed.
    ///     client_key_file: The ClientKey file for this gateway; this and the next four default to the provider's.
    ///     client_key: The content of that file.
    ///     client_key_password_file: The file with the ClientKey's password.
    ///     client_key_password_env: The name of the environment variable with the password.
    ///     client_key_password: The password.
    ///     ca_file: The PEM file with the CA certificates to trust, such as the instance's own.
    ///     ca: The content of that file.
    ///     ignore_ssl_certs: Whether to verify nobody; whoever answers in KMS's place then sees the secrets.
    ///     connect_timeout: How long a connection may take to be made.
    ///     read_timeout: How long the answer may take once the request is sent.
    ///     http_proxy: Has no effect: it is for plain HTTP, which KMS does not speak.
    ///     https_proxy: The proxy to reach KMS through.
    ///     no_proxy: Hosts, domains and networks, separated by commas, that are reached without a proxy.
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

    /// The shared gateway of a region, reached over the Internet or from a VPC.
    ///
    /// Args:
    ///     region_id: The region, such as cn-hangzhou.
    ///     endpoint: Host, or host:port, in place of the region's.
    ///     vpc: Whether to reach it from inside a VPC.
    ///     client_key_file: The ClientKey file for this gateway; this and the next four default to the provider's.
    ///     client_key: The content of that file.
    ///     client_key_password_file: The file with the ClientKey's password.
    ///     client_key_password_env: The name of the environment variable with the password.
    ///     client_key_password: The password.
    ///     ca_file: The PEM file with the CA certificates to trust in place of the public ones.
    ///     ca: The content of that file.
    ///     ignore_ssl_certs: Whether to verify nobody; whoever answers in KMS's place then sees the secrets.
    ///     connect_timeout: How long a connection may take to be made.
    ///     read_timeout: How long the answer may take once the request is sent.
    ///     http_proxy: Has no effect: it is for plain HTTP, which KMS does not speak.
    ///     https_proxy: The proxy to reach KMS through.
    ///     no_proxy: Hosts, domains and networks, separated by commas, that are reached without a proxy.
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
