//! Answers for asyncio tasks, which must not wait for them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::attached_lock::lock;
use crate::courier::{Route, is_stopped, send};
use crate::credentials::Credentials;
use crate::error::{to_object, to_python};
use crate::secret::Secret;
use crate::wait::wait_for_result;

/// An answer that is still on its way.
#[pyclass(frozen, name = "_Pending", module = "kmsak._kmsak")]
pub(crate) struct Pending(Mutex<Option<Awaited>>);

enum Awaited {
    Credentials(kmsak::Pending<Arc<kmsak::Credentials>>),
    Secret(kmsak::Pending<Arc<kmsak::Secret>>),
}

/// The AccessKey if the answer is here already, else a Pending.
pub(crate) fn credentials(
    py: Python<'_>,
    pending: kmsak::Pending<Arc<kmsak::Credentials>>,
) -> PyResult<Py<PyAny>> {
    now_or_later(py, pending, Credentials, Awaited::Credentials)
}

/// The secret if the answer is here already, else a Pending.
pub(crate) fn secret(py: Python<'_>, pending: kmsak::Pending<Arc<kmsak::Secret>>) -> PyResult<Py<PyAny>> {
    now_or_later(py, pending, Secret, Awaited::Secret)
}

fn now_or_later<T, P>(
    py: Python<'_>,
    pending: kmsak::Pending<T>,
    wrap: fn(T) -> P,
    later: fn(kmsak::Pending<T>) -> Awaited,
) -> PyResult<Py<PyAny>>
where
    P: for<'py> IntoPyObject<'py>,
{
    match pending.wait_timeout(Duration::ZERO) {
        Some(Ok(value)) => wrap(value).into_py_any(py),
        Some(Err(error)) => Err(to_python(py, &error)),
        None => Ok(Py::new(py, Pending(Mutex::new(Some(later(pending)))))?.into_any()),
    }
}

#[pymethods]
impl Pending {
    /// Calls `settle(value, error)` on another thread once the answer is there. To be called once.
    #[pyo3(signature = (settle))]
    fn then(&self, py: Python<'_>, settle: Py<PyAny>) -> PyResult<()> {
        let awaited = lock(py, &self.0).take();
        match awaited {
            Some(Awaited::Credentials(pending)) => tell_later(py, pending, settle, Credentials),
            Some(Awaited::Secret(pending)) => tell_later(py, pending, settle, Secret),
            None => Err(PyRuntimeError::new_err("the answer was asked for already")),
        }
    }
}

fn tell_later<T, P>(
    py: Python<'_>,
    pending: kmsak::Pending<T>,
    settle: Py<PyAny>,
    wrap: fn(T) -> P,
) -> PyResult<()>
where
    T: Send + 'static,
    P: for<'py> IntoPyObject<'py, Error = PyErr> + 'static,
{
    if is_stopped() {
        // While the interpreter ends, no other thread may enter it: this one has to wait.
        if let Some(result) = wait_for_result(py, &pending, None)? {
            settle.call1(py, arguments(py, result, wrap)?)?;
        }
        return Ok(());
    }
    pending.then(move |result| {
        send(Route::Answers, move |py| Ok(Some((settle, arguments(py, result, wrap)?.unbind()))));
    });
    Ok(())
}

fn arguments<T, P>(py: Python<'_>, result: kmsak::Result<T>, wrap: fn(T) -> P) -> PyResult<Bound<'_, PyTuple>>
where
    P: for<'py> IntoPyObject<'py, Error = PyErr>,
{
    let error = result.as_ref().err().map(|error| to_object(py, error)).transpose()?;
    (result.ok().map(wrap), error).into_pyobject(py)
}
