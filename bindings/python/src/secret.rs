//! Any secret.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// One version of a secret as KMS answered it.
///
/// Immutable; safe to use from any thread. repr() and str() say what the secret is called, never what it holds. The
/// value is wiped from memory when the last reference goes; what text, bytes and json() give are copies that only
/// Python frees.
#[pyclass(frozen, module = "kmsak")]
pub(crate) struct Secret(pub(crate) Arc<kmsak::Secret>);

#[pymethods]
impl Secret {
    /// The secret's name, such as acs/ram/user/app.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The type as KMS writes it: Generic, RamCredentials (or RAMCredentials), Rds, Redis, PolarDB or ECS.
    #[getter]
    fn secret_type(&self) -> &str {
        self.0.secret_type()
    }

    /// The value as text, or None for a binary value that is not UTF-8.
    #[getter]
    fn text(&self) -> Option<&str> {
        self.0.as_text()
    }

    /// The value as bytes: UTF-8 for text, already decoded from base64 for a binary one.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    /// Reads the value as JSON.
    ///
    /// Raises ValueError, without any of the value, if it is not JSON.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let not_json = || PyValueError::new_err(format!("the value of {} is not JSON", self.0.name()));
        let text = self.0.as_text().ok_or_else(not_json)?;
        // The library's own error would carry the whole value in its `doc`.
        py.import("json")?.call_method1("loads", (text,)).map_err(|_| not_json())
    }

    /// Whether the value was stored as binary.
    #[getter]
    fn is_binary(&self) -> bool {
        self.0.is_binary()
    }

    /// The id of this version, unique within the secret.
    #[getter]
    fn version_id(&self) -> &str {
        self.0.version_id()
    }

    /// The stages that point to this version, such as ACSCurrent.
    #[getter]
    fn version_stages<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.version_stages())
    }

    /// When this version was made (UTC), or None if KMS did not say, or nothing that is a date.
    #[getter]
    fn create_time(&self) -> Option<SystemTime> {
        self.0.create_time().and_then(kmsak::parse_date)
    }

    /// The id under which KMS logged the request that fetched this; empty where KMS sent none.
    #[getter]
    fn request_id(&self) -> &str {
        self.0.request_id()
    }

    /// When KMS last rotated the secret (UTC), or None if it never did.
    #[getter]
    fn last_rotation_date(&self) -> Option<SystemTime> {
        self.0.last_rotation_date()
    }

    /// When KMS will next rotate the secret (UTC), or None if rotation is off.
    #[getter]
    fn next_rotation_date(&self) -> Option<SystemTime> {
        self.0.next_rotation_date()
    }

    /// The time between two rotations, or None if rotation is off.
    #[getter]
    fn rotation_interval(&self) -> Option<Duration> {
        self.0.rotation_interval()
    }

    /// Whether KMS rotates by itself, in its words: Enabled, Disabled or Invalid; or None.
    #[getter]
    fn automatic_rotation(&self) -> Option<&str> {
        self.0.automatic_rotation()
    }

    /// What KMS knows beside the value, as JSON text, or None.
    #[getter]
    fn extended_config(&self) -> Option<&str> {
        self.0.extended_config()
    }

    fn __repr__(&self) -> String {
        format!(
            "<kmsak.Secret name={:?} secret_type={:?} version_id={:?}>",
            self.0.name(),
            self.0.secret_type(),
            self.0.version_id()
        )
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "kmsak.Secret cannot be pickled, since that would write its value in plain text: call \
             provider.secret(name) where it is needed",
        ))
    }
}
