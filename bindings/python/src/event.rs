//! Events as the classes of `kmsak/_events.py`.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use kmsak::Event;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached_lock::lock;
use crate::courier::{Call, Route, send_and_wait};
use crate::error::to_python as to_exception;
use crate::field::keywords;

/// The module with the classes, imported by whoever subscribes: the threads that make events must not import anything.
static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

fn import_classes(py: Python<'_>) -> PyResult<()> {
    CLASSES.get_or_try_init(py, || {
        // Makes pyo3 import `datetime` once and for all.
        (Duration::ZERO, SystemTime::UNIX_EPOCH).into_pyobject(py)?;
        py.import("kmsak._events").map(Bound::unbind)
    })?;
    Ok(())
}

fn to_python<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get(py).expect("it was imported by whoever subscribed").bind(py);
    let class = classes.getattr("BY_NAME")?.get_item(event.name())?;
    class.call((), Some(&keywords(py, event.fields(), None)?))
}

/// A listener's subscription, which lasts until unsubscribe() is called or the `with` block ends.
///
/// It also ends when the provider is closed or nothing refers to the provider any more.
#[pyclass(frozen, weakref, module = "kmsak")]
pub(crate) struct Subscription {
    core: Mutex<Option<kmsak::Subscription>>,
    listener: Listener,
}

/// The one reference to the listener, which the collector sees through the Subscription.
#[derive(Clone)]
struct Listener(Arc<Mutex<Option<Py<PyAny>>>>);

impl Listener {
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Option<Py<PyAny>>> {
        lock(py, &self.0)
    }

    /// The call that tells of `event`; none when nobody listens any more.
    fn call(&self, py: Python<'_>, event: &Event) -> PyResult<Call> {
        let Some(listener) = self.lock(py).as_ref().map(|listener| listener.clone_ref(py)) else {
            return Ok(None);
        };
        Ok(Some((listener, PyTuple::new(py, [to_python(py, event)?])?.unbind())))
    }
}

impl Subscription {
    pub(crate) fn new(provider: &kmsak::Provider, listener: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !listener.is_callable() {
            return Err(PyTypeError::new_err("listener is not callable: pass a function of one event"));
        }
        let py = listener.py();
        import_classes(py)?;
        let listener = Listener(Arc::new(Mutex::new(Some(listener.clone().unbind()))));
        let told = listener.clone();
        // Waits, so that what is too much for a slow listener is dropped where it is counted: in the core.
        let core = provider.subscribe(move |event| {
            let (told, event) = (told.clone(), event.clone());
            send_and_wait(Route::Events, move |py| told.call(py, &event));
        });
        let core = core.map_err(|error| to_exception(py, &error))?;
        Ok(Subscription { core: Mutex::new(Some(core)), listener })
    }

    pub(crate) fn has_ended(&self, py: Python<'_>) -> bool {
        self.listener.lock(py).is_none()
    }
}

#[pymethods]
impl Subscription {
    /// Ends the subscription: a call that runs at this moment ends, no other begins. Doing it again does nothing.
    fn unsubscribe(&self, py: Python<'_>) {
        let core = lock(py, &self.core).take();
        drop(core);
        // The listener, a Python object, is let go of outside the lock.
        let listener = self.listener.lock(py).take();
        drop(listener);
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.unsubscribe(py);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // What is locked is in use, hence not to be collected.
        match self.listener.0.try_lock() {
            Ok(listener) => visit.call(&*listener),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        Python::attach(|py| self.unsubscribe(py));
    }
}
