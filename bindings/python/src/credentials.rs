//! The AccessKey.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::secret::Secret;

/// The AccessKey inside one version of a managed RAM secret.
///
/// Immutable; safe to use from any thread. repr() and str() show ids, never the AccessKey's secret. The secret is
/// wiped from memory when the last reference goes; the str that access_key_secret gives is a copy that only Python
/// frees.
#[pyclass(frozen, module = "kmsak")]
pub(crate) struct Credentials(pub(crate) Arc<kmsak::Credentials>);

#[pymethods]
impl Credentials {
    /// The AccessKey's id, such as LTAI... Not secret.
    #[getter]
    fn access_key_id(&self) -> &str {
        self.0.access_key_id()
    }

    /// The AccessKey's secret.
    #[getter]
    fn access_key_secret(&self) -> &str {
        self.0.access_key_secret()
    }

    /// The id of the secret's version that holds this AccessKey.
    #[getter]
    fn version_id(&self) -> &str {
        self.0.version_id()
    }

    /// The secret that holds this AccessKey, with its stages and rotation dates.
    #[getter]
    fn secret(&self) -> Secret {
        Secret(self.0.secret().clone())
    }

    /// When the AccessKey was made (UTC), or None if the secret does not say, or nothing that is a date.
    #[getter]
    fn generate_timestamp(&self) -> Option<SystemTime> {
        self.0.generate_timestamp().and_then(kmsak::parse_date)
    }

    /// When the AccessKey expires (UTC), or None as for generate_timestamp. Only in older secrets.
    #[getter]
    fn expire_timestamp(&self) -> Option<SystemTime> {
        self.0.expire_timestamp().and_then(kmsak::parse_date)
    }

    /// How often the secret asks to be fetched again, or None. Only in older secrets.
    #[getter]
    fn refresh_interval(&self) -> Option<Duration> {
        self.0.refresh_interval()
    }

    /// When the next rotation is due (UTC), or None as for generate_timestamp. Only in older secrets.
    #[getter]
    fn schedule_rotate_timestamp(&self) -> Option<SystemTime> {
        kmsak::parse_date(&self.0.schedule_rotate_timestamp()?.to_string())
    }

    fn __repr__(&self) -> String {
        format!(
            "<kmsak.Credentials access_key_id={:?} version_id={:?}>",
            self.0.access_key_id(),
            self.0.version_id()
        )
    }

    /// Equal if they are the same AccessKey from the same version.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Credentials>().is_ok_and(|other| {
            let other = &other.get().0;
            Arc::ptr_eq(&self.0, other)
                || (self.0.access_key_id() == other.access_key_id()
                    && self.0.version_id() == other.version_id()
                    && self.0.access_key_secret() == other.access_key_secret())
        })
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.access_key_id().hash(&mut hasher);
        self.0.version_id().hash(&mut hasher);
        hasher.finish()
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "kmsak.Credentials cannot be pickled, since that would write the AccessKey's secret in plain text: call \
             provider.credentials(name) where it is needed",
        ))
    }
}
