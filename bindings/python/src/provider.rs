//! The provider's native part; `kmsak/_provider.py` adds what is best said in Python.

use std::mem;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached_lock::lock;
use crate::builder::Options;
use crate::credentials::Credentials;
use crate::error::to_python;
use crate::event::Subscription;
use crate::fast_read::LastRead;
use crate::fixed::Fixed;
use crate::gateway::Gateways;
use crate::secret::Secret;
use crate::text::{Named, Settings};
use crate::wait::{Timeout, checked, wait};
use crate::{logs, pending, stats};

#[pyclass(frozen, subclass, weakref, module = "kmsak._kmsak")]
pub(crate) struct Provider {
    core: Option<kmsak::Provider>,
    changes: Arc<AtomicU32>,
    kept: Mutex<Option<Kept>>,
    last_read: LastRead,
    /// What nobody may have kept a reference to; those that have ended go with the next one.
    subscriptions: Mutex<Vec<Py<Subscription>>>,
}

/// The answers given since the last change: programs ask for the same few secrets over and over, and translating costs
/// more than reading. Let go of at the next reading after a change, and when the provider is closed.
struct Kept {
    /// By name, exactly `str`, so that looking one up runs nobody's Python code.
    credentials: Py<PyDict>,
    changes: u32,
    /// A forked child asks the core, which begins to refresh there.
    process: u64,
}

impl Kept {
    fn is_from(&self, changes: u32, process: u64) -> bool {
        (self.changes, self.process) == (changes, process)
    }
}

impl Provider {
    fn core(&self) -> &kmsak::Provider {
        self.core.as_ref().expect("it is there until the drop")
    }

    fn opened(
        py: Python<'_>,
        open: impl Send + FnOnce() -> kmsak::Result<kmsak::Provider>,
    ) -> PyResult<Self> {
        let core = py.detach(open).map_err(|error| to_python(py, &error))?;
        Ok(Provider {
            changes: core.changes(),
            core: Some(core),
            kept: Mutex::default(),
            last_read: LastRead::new(),
            subscriptions: Mutex::default(),
        })
    }

    /// The AccessKey that was read last by this very name, if nothing has changed since; borrowed, or null.
    pub(crate) fn last_read(&self, name: *mut pyo3::ffi::PyObject) -> *mut pyo3::ffi::PyObject {
        self.last_read.find(name, self.changes.load(Ordering::Acquire), kmsak::process_generation())
    }

    fn cached(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Option<Py<Credentials>>> {
        let changes = self.changes.load(Ordering::Acquire);
        let process = kmsak::process_generation();
        let plain = name.cast_exact::<PyString>().ok();
        if let Some(name) = plain
            && let Some(by_name) = self.kept(py, changes, process)
            && let Some(found) = by_name.bind(py).get_item(name)?
        {
            let found = found.cast_into::<Credentials>()?.unbind();
            self.last_read.keep(py, name, &found, changes, process);
            return Ok(Some(found));
        }
        let Some(credentials) = self.core().cached_credentials(&name.extract::<PyBackedStr>()?) else {
            return Ok(None);
        };
        let credentials = Py::new(py, Credentials(credentials))?;
        if let Some(name) = plain {
            self.keep(py, name, &credentials, changes, process)?;
        }
        Ok(Some(credentials))
    }

    fn keep(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        credentials: &Py<Credentials>,
        changes: u32,
        process: u64,
    ) -> PyResult<()> {
        self.last_read.keep(py, name, credentials, changes, process);
        if let Some(by_name) = self.kept(py, changes, process) {
            return by_name.bind(py).set_item(name, credentials);
        }
        let begun = PyDict::new(py);
        begun.set_item(name, credentials)?;
        self.exchange_kept(py, Some(Kept { credentials: begun.unbind(), changes, process }));
        Ok(())
    }

    fn kept(&self, py: Python<'_>, changes: u32, process: u64) -> Option<Py<PyDict>> {
        let is_current = |kept: &&Kept| kept.is_from(changes, process);
        lock(py, &self.kept).as_ref().filter(is_current).map(|kept| kept.credentials.clone_ref(py))
    }

    fn exchange_kept(&self, py: Python<'_>, kept: Option<Kept>) {
        let before = mem::replace(&mut *lock(py, &self.kept), kept);
        // Python's destructors run outside the lock.
        drop(before);
    }

    fn let_go_of_subscriptions(&self, py: Python<'_>) {
        let held = mem::take(&mut *lock(py, &self.subscriptions));
        drop(held);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let mut provider = self.core.take();
        // Closing joins kmsak's thread; whatever that thread may wait for, it is not to be the GIL.
        let _gone = Python::try_attach(|py| py.detach(|| drop(provider.take())));
        drop(provider);
    }
}

#[pymethods]
impl Provider {
    #[new]
    #[pyo3(signature = (*, properties=None, gateways=None, _fixed=None, **options))]
    fn new(
        py: Python<'_>,
        properties: Option<Named<Settings>>,
        gateways: Option<Named<Gateways>>,
        _fixed: Option<Named<Fixed>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        logs::forward();
        if let Some(fixed) = _fixed {
            let fixed = fixed.by(py, "secrets")?.0;
            return Self::opened(py, || fixed.open());
        }
        let mut builder = kmsak::Provider::builder().language("python");
        if let Some(properties) = properties {
            for (name, value) in properties.by(py, "properties")?.0 {
                builder = builder.property(&name, value);
            }
        }
        if let Some(gateways) = gateways {
            for gateway in gateways.by(py, "gateways")?.0 {
                builder = builder.gateway(gateway.get().0.clone());
            }
        }
        let known = kmsak::Builder::options().collect();
        let builder =
            Options { set: kmsak::Builder::set, known, callee: "Provider()" }.set(builder, options)?;
        Self::opened(py, || builder.open())
    }

    /// The AccessKey in the managed RAM secret `name`, from the cache if it was fetched before.
    ///
    /// A cached value is given at once, whatever the state of KMS. Otherwise waits for KMS with the GIL released, for
    /// fetch_deadline (20 s unless configured) at most, or for `timeout`, a timedelta or seconds, if that is shorter;
    /// the fetch itself goes on. Ctrl-C ends the wait.
    ///
    /// Raises a KmsakError only as long as the secret was never fetched (or with max_stale set): ConfigurationError
    /// if the secret holds no AccessKey, TimedOutError when `timeout` is over.
    #[pyo3(signature = (name, *, timeout=None))]
    fn credentials(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        timeout: Timeout,
    ) -> PyResult<Py<Credentials>> {
        let timeout = checked(py, timeout)?;
        if let Some(credentials) = self.cached(py, name)? {
            return Ok(credentials);
        }
        let pending = self.core().begin_credentials(&name.extract::<PyBackedStr>()?);
        Py::new(py, Credentials(wait(py, pending, timeout)?))
    }

    /// The AccessKey in `name` if it is cached, else None: never waits, never fetches.
    #[pyo3(signature = (name))]
    fn cached_credentials(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Py<Credentials>>> {
        self.cached(py, name)
    }

    /// The secret `name` of any type, from the cache if it was fetched before.
    ///
    /// Waits and raises as credentials does, but for the type.
    #[pyo3(signature = (name, *, timeout=None))]
    fn secret(&self, py: Python<'_>, name: &str, timeout: Timeout) -> PyResult<Secret> {
        let timeout = checked(py, timeout)?;
        wait(py, self.core().begin_secret(name), timeout).map(Secret)
    }

    /// The version of the secret `name` with the stage label `version_stage`, such as ACSPrevious.
    ///
    /// Asked of KMS each time, never cached. Waits and raises as secret does.
    #[pyo3(signature = (name, version_stage, *, timeout=None))]
    fn secret_at_stage(
        &self,
        py: Python<'_>,
        name: &str,
        version_stage: &str,
        timeout: Timeout,
    ) -> PyResult<Secret> {
        let timeout = checked(py, timeout)?;
        wait(py, self.core().begin_secret_at_stage(name, version_stage), timeout).map(Secret)
    }

    /// An AccessKey other than `rejected_id`, which a cloud service has just refused.
    ///
    /// If the cache holds another one already, it is given at once; otherwise KMS is asked, once for the whole
    /// process however many threads call. Waits renew_deadline (15 s unless configured) or `timeout` at most, with the
    /// GIL released.
    ///
    /// Raises a KmsakError if KMS has no other AccessKey or cannot be reached, ThrottledError if the secret
    /// was renewed too often.
    #[pyo3(signature = (name, rejected_id, *, timeout=None))]
    fn renew(
        &self,
        py: Python<'_>,
        name: &str,
        rejected_id: &str,
        timeout: Timeout,
    ) -> PyResult<Credentials> {
        let timeout = checked(py, timeout)?;
        wait(py, self.core().begin_renew(name, rejected_id), timeout).map(Credentials)
    }

    /// Fetches the secret `name` from KMS now, whatever the cache holds, and caches it.
    ///
    /// Waits and raises as secret does; a cached value stays in use when it fails.
    #[pyo3(signature = (name, *, timeout=None))]
    fn refresh(&self, py: Python<'_>, name: &str, timeout: Timeout) -> PyResult<Secret> {
        let timeout = checked(py, timeout)?;
        wait(py, self.core().begin_refresh(name), timeout).map(Secret)
    }

    /// Whether a service's error means that it does not know an AccessKey, by its `code` and `message`, if any.
    ///
    /// What counts is what rejection_codes names, or else what kmsak.is_rejection says.
    #[pyo3(signature = (code, message=None))]
    fn is_rejection(&self, code: &str, message: Option<&str>) -> bool {
        self.core().is_rejection(code, message)
    }

    /// Calls `listener` with each event until the Subscription that this returns is unsubscribed.
    ///
    /// The Subscription need not be kept: the provider keeps it until it is closed. The calls come from another thread,
    /// one at a time. An exception in the listener goes to sys.unraisablehook and harms nothing else. Of more than 1024
    /// events that wait for a slow listener the oldest are dropped.
    #[pyo3(signature = (listener))]
    fn subscribe(&self, py: Python<'_>, listener: &Bound<'_, PyAny>) -> PyResult<Py<Subscription>> {
        let subscription = Py::new(py, self._listen(listener)?)?;
        let mut held = lock(py, &self.subscriptions);
        let ended: Vec<_> = held.extract_if(.., |one| one.get().has_ended(py)).collect();
        held.push(subscription.clone_ref(py));
        // A weak reference's callback is Python code: outside the lock.
        drop(held);
        drop(ended);
        Ok(subscription)
    }

    /// As subscribe, until the Subscription is let go of.
    #[pyo3(signature = (listener))]
    fn _listen(&self, listener: &Bound<'_, PyAny>) -> PyResult<Subscription> {
        Subscription::new(self.core(), listener)
    }

    /// What goes on inside. Without secrets.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = py.detach(|| self.core().stats());
        stats::to_python(py, &stats)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.core().close());
        self.exchange_kept(py, None);
        self.last_read.clear(py);
        self.let_go_of_subscriptions(py);
    }

    /// Whether close() was called.
    #[getter]
    fn closed(&self) -> bool {
        self.core().is_closed()
    }

    /// What was odd about the configuration and the ClientKey at the start.
    #[getter]
    fn _warnings(&self) -> Vec<String> {
        self.core().start_warnings().to_vec()
    }

    #[pyo3(signature = (name))]
    fn _begin_credentials(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        pending::credentials(py, self.core().begin_credentials(name))
    }

    #[pyo3(signature = (name))]
    fn _begin_secret(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        pending::secret(py, self.core().begin_secret(name))
    }

    #[pyo3(signature = (name, version_stage))]
    fn _begin_secret_at_stage(&self, py: Python<'_>, name: &str, version_stage: &str) -> PyResult<Py<PyAny>> {
        pending::secret(py, self.core().begin_secret_at_stage(name, version_stage))
    }

    #[pyo3(signature = (name, rejected_id))]
    fn _begin_renew(&self, py: Python<'_>, name: &str, rejected_id: &str) -> PyResult<Py<PyAny>> {
        pending::credentials(py, self.core().begin_renew(name, rejected_id))
    }

    #[pyo3(signature = (name))]
    fn _begin_refresh(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        pending::secret(py, self.core().begin_refresh(name))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // What is locked is in use, hence not to be collected.
        let Ok(held) = self.subscriptions.try_lock() else { return Ok(()) };
        held.iter().try_for_each(|subscription| visit.call(subscription))
    }

    fn __clear__(&self) {
        Python::attach(|py| self.let_go_of_subscriptions(py));
    }
}
