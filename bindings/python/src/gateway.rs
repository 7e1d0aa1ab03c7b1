//! Where KMS is asked.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::builder::Options;
use crate::text::{Named, items};

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

impl Gateway {
    /// `none` is an option that this sort of gateway has not.
    fn set(
        gateway: kmsak::Gateway,
        callee: &'static str,
        none: &str,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let known = kmsak::Gateway::options().filter(|(name, _)| *name != none).collect();
        Options { set: kmsak::Gateway::set, known, callee }.set(gateway, options).map(Gateway)
    }
}

#[pymethods]
impl Gateway {
    /// The gateway of a KMS instance, reached inside its VPC.
    ///
    /// Args:
    ///     endpoint: Host, or host:port; read off the ClientKey unless given.
    ///     region_id: The region, such as cn-hangzhou; not needed.
    ///     credentials_type: Who asks this gateway, as the provider's option has it for all.
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
    #[pyo3(signature = (**options))]
    fn instance(options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Gateway::set(kmsak::Gateway::instance(), "instance()", "vpc", options)
    }

    /// The shared gateway of a region, reached over the Internet or from a VPC.
    ///
    /// Args:
    ///     region_id: The region, such as cn-hangzhou.
    ///     endpoint: Host, or host:port, in place of the region's.
    ///     vpc: Whether to reach it from inside a VPC.
    ///     credentials_type: Who asks this gateway, as the provider's option has it for all.
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
    #[pyo3(signature = (region_id, **options))]
    fn shared(
        py: Python<'_>,
        region_id: Named<String>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let region_id = region_id.by(py, "region_id")?;
        Gateway::set(kmsak::Gateway::shared(region_id), "shared()", "region_id", options)
    }

    fn __repr__(&self) -> String {
        format!("<kmsak.{:?}>", self.0)
    }
}
