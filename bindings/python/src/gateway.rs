//! Where KMS is asked.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::text::{Length, Named, Text, items};

/// A KMS gateway to ask: Gateway.shared(...) or Gateway.instance(...).
#[pyclass(frozen, module = "kmsak")]
pub(crate) struct Gateway(pub(crate) kmsak::Gateway);

/// What `gateways` takes.
pub(crate) struct Gateways(pub(crate) Vec<Py<Gateway>>);

impl FromPyObject<'_, '_> for Gateways {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        items(object, "a list of Gateway objects").map(Gateways)
    }
}

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
        py: Python<'_>,
        endpoint: Option<Named<String>>,
        region_id: Option<Named<String>>,
        client_key_file: Option<Named<PathBuf>>,
        client_key: Option<Named<Text>>,
        client_key_password_file: Option<Named<PathBuf>>,
        client_key_password_env: Option<Named<String>>,
        client_key_password: Option<Named<Text>>,
        ca_file: Option<Named<PathBuf>>,
        ca: Option<Named<Text>>,
        ignore_ssl_certs: bool,
        connect_timeout: Option<Named<Length>>,
        read_timeout: Option<Named<Length>>,
        http_proxy: Option<Named<String>>,
        https_proxy: Option<Named<String>>,
        no_proxy: Option<Named<String>>,
    ) -> PyResult<Self> {
        let mut gateway = kmsak::Gateway::instance();
        set!(py, gateway, endpoint, region_id, client_key_file, client_key, client_key_password_file);
        set!(py, gateway, client_key_password_env, client_key_password, ca_file, ca);
        set!(py, gateway, http_proxy, https_proxy, no_proxy);
        set_inner!(py, gateway, connect_timeout, read_timeout);
        Ok(Gateway(gateway.ignore_ssl_certs(ignore_ssl_certs)))
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
        py: Python<'_>,
        region_id: Named<String>,
        endpoint: Option<Named<String>>,
        vpc: bool,
        client_key_file: Option<Named<PathBuf>>,
        client_key: Option<Named<Text>>,
        client_key_password_file: Option<Named<PathBuf>>,
        client_key_password_env: Option<Named<String>>,
        client_key_password: Option<Named<Text>>,
        ca_file: Option<Named<PathBuf>>,
        ca: Option<Named<Text>>,
        ignore_ssl_certs: bool,
        connect_timeout: Option<Named<Length>>,
        read_timeout: Option<Named<Length>>,
        http_proxy: Option<Named<String>>,
        https_proxy: Option<Named<String>>,
        no_proxy: Option<Named<String>>,
    ) -> PyResult<Self> {
        let mut gateway = kmsak::Gateway::shared(region_id.by(py, "region_id")?);
        set!(py, gateway, endpoint, client_key_file, client_key, client_key_password_file);
        set!(py, gateway, client_key_password_env, client_key_password, ca_file, ca);
        set!(py, gateway, http_proxy, https_proxy, no_proxy);
        set_inner!(py, gateway, connect_timeout, read_timeout);
        Ok(Gateway(gateway.vpc(vpc).ignore_ssl_certs(ignore_ssl_certs)))
    }

    fn __repr__(&self) -> String {
        format!("<kmsak.{:?}>", self.0)
    }
}
