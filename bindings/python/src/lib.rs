//! The native module `kmsak._kmsak`: translates between Python and the crate `kmsak`. What users see, and its
//! documentation, is in `python/kmsak`.

mod attached_lock;
mod builder;
mod courier;
mod credentials;
mod error;
mod event;
mod fast_read;
mod field;
mod fixed;
mod gateway;
mod logs;
mod pending;
mod per_process;
mod provider;
mod secret;
mod stats;
mod text;
mod wait;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use zeroizing_alloc::ZeroAlloc;

use crate::text::{Length, Named};

/// Wipes what is freed: buffers of the transport have held secrets.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// Tells whether a service's error means that it does not know an AccessKey, by its code and its message, if any.
///
/// True for InvalidAccessKeyId, InvalidAccessKeyId.NotFound, InvalidAccessKeyId.Inactive, Forbidden.AccessKey,
/// Forbidden.AccessKeyDisabled and ODPS-0410051, and where the message speaks of an AccessKeyId for Unauthorized and
/// OTSAuthFailed; in upper or lower case. A provider configured with other codes has Provider.is_rejection.
#[pyfunction]
#[pyo3(signature = (code, message=None, /))]
fn is_rejection(code: &str, message: Option<&str>) -> bool {
    kmsak::is_rejection(code, message)
}

/// Says how Python starts a thread on messages, where log lines go and where the exceptions are.
#[pyfunction]
#[pyo3(signature = (start, log, errors))]
fn _begin_deliveries(py: Python<'_>, start: Py<PyAny>, log: Py<PyAny>, errors: Py<PyModule>) {
    error::begin(py, errors);
    logs::begin(py, log);
    courier::begin(py, start);
}

/// Ends the deliveries from other threads to Python; lines logged so far are still delivered. For atexit.
#[pyfunction]
fn _stop_deliveries(py: Python<'_>) {
    py.detach(courier::stop);
}

/// Lets nothing be delivered while the process forks.
#[pyfunction]
fn _pause_deliveries(py: Python<'_>) {
    py.detach(courier::pause);
}

/// Goes on after a fork, in the parent.
#[pyfunction]
fn _resume_deliveries() {
    courier::go_on();
}

/// The seconds of a `timeout`, as asyncio takes them, and the exception for when they are over.
#[pyfunction]
#[pyo3(signature = (timeout))]
fn _time_out(py: Python<'_>, timeout: Named<Length>) -> PyResult<(f64, Bound<'_, PyAny>)> {
    let timeout = timeout.by(py, "timeout")?.0;
    Ok((timeout.as_secs_f64(), error::timed_out(py, timeout)?))
}

/// kmsak's threads enter the main interpreter, and no other. CPython 3.12 and later keep the module out of others by
/// themselves.
fn refuse_other_interpreters() -> PyResult<()> {
    // SAFETY: a module is initialised with the GIL held, so there is a current interpreter.
    let interpreter = unsafe { pyo3::ffi::PyInterpreterState_Get() };
    // SAFETY: it is the current one, hence alive.
    let id = unsafe { pyo3::ffi::PyInterpreterState_GetID(interpreter) };
    if id == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "kmsak cannot be imported in a subinterpreter: import it in the main interpreter, or run processes instead",
    ))
}

/// The native part of kmsak.
#[pymodule]
fn _kmsak(module: &Bound<'_, PyModule>) -> PyResult<()> {
    refuse_other_interpreters()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<provider::Provider>()?;
    fast_read::install(&module.py().get_type::<provider::Provider>())?;
    module.add_class::<gateway::Gateway>()?;
    module.add_class::<credentials::Credentials>()?;
    module.add_class::<secret::Secret>()?;
    module.add_class::<event::Subscription>()?;
    module.add_class::<pending::Pending>()?;
    module.add_class::<courier::Messages>()?;
    module.add_function(wrap_pyfunction!(is_rejection, module)?)?;
    module.add_function(wrap_pyfunction!(_begin_deliveries, module)?)?;
    module.add_function(wrap_pyfunction!(_pause_deliveries, module)?)?;
    module.add_function(wrap_pyfunction!(_resume_deliveries, module)?)?;
    module.add_function(wrap_pyfunction!(_stop_deliveries, module)?)?;
    module.add_function(wrap_pyfunction!(_time_out, module)?)
}
