//! Events as the classes of `kmsak/_events.py`.

use kmsak::Event;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::to_object;

pub(crate) fn to_python<'py>(py: Python<'py>, event: &Event) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (class, fields): (&str, Bound<'py, PyTuple>) = match event {
        Event::Fetched { secret, version_id } => ("Fetched", (secret, version_id).into_pyobject(py)?),
        Event::Rotated { secret, old_access_key_id, new_access_key_id } => {
            ("Rotated", (secret, old_access_key_id, new_access_key_id).into_pyobject(py)?)
        }
        Event::RefreshFailed { secret, error, stale_for, next_try_in } => {
            ("RefreshFailed", (secret, to_object(py, error)?, *stale_for, *next_try_in).into_pyobject(py)?)
        }
        Event::EndpointDown { endpoint, error } => {
            ("EndpointDown", (endpoint, to_object(py, error)?).into_pyobject(py)?)
        }
        Event::EndpointUp { endpoint } => ("EndpointUp", (endpoint,).into_pyobject(py)?),
        Event::ClientKeyExpiring { key_id, not_after, days_left } => {
            ("ClientKeyExpiring", (key_id, *not_after, *days_left).into_pyobject(py)?)
        }
        Event::ClientKeyReplaced { old_key_id, new_key_id } => {
            ("ClientKeyReplaced", (old_key_id, new_key_id).into_pyobject(py)?)
        }
        Event::ClientKeyUnusable { key_id, error } => {
            ("ClientKeyUnusable", (key_id, to_object(py, error)?).into_pyobject(py)?)
        }
        Event::CacheFileUsed { secret, age } => ("CacheFileUsed", (secret, *age).into_pyobject(py)?),
        // Of a newer core than this was written for.
        _ => return Ok(None),
    };
    py.import("kmsak._events")?.getattr(class)?.call1(fields).map(Some)
}

/// Keeps a listener subscribed until unsubscribe() is called or the `with` block ends. Letting go of it, or closing
/// the provider, ends the subscription as well.
#[pyclass(frozen, weakref, module = "kmsak")]
pub(crate) struct Subscription(std::sync::Mutex<Option<kmsak::Subscription>>);

impl Subscription {
    pub(crate) fn new(subscription: kmsak::Subscription) -> Self {
        Subscription(std::sync::Mutex::new(Some(subscription)))
    }
}

#[pymethods]
impl Subscription {
    /// Ends the subscription: a call that runs at this moment ends, no other begins. Doing it again does nothing.
    fn unsubscribe(&self) {
        // The listener, a Python object, is let go of outside the lock.
        let subscription = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        drop(subscription);
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) {
        self.unsubscribe();
    }
}
