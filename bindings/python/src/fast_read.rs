//! The cached read without what pyo3 does around a call (its own count of attachments, parsing of arguments, a look at the type): it
//! takes longer than the read. Two methods of the provider are replaced by what answers from here if it can, and else calls
//! them.

use std::ffi::{CString, c_int};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::credentials::Credentials;
use crate::provider::Provider;

/// The AccessKeys that were read last, by the very objects that named them: a program names a secret by the same literal each time.
///
/// Used by threads that hold the GIL alone, so that the loads and stores of one call happen as if at once.
pub(crate) struct LastRead {
    changes: AtomicU32,
    process: AtomicU64,
    places: [Place; PLACES],
}

const PLACES: usize = 8;

/// Both own a reference, or are null.
#[derive(Default)]
struct Place {
    name: AtomicPtr<ffi::PyObject>,
    credentials: AtomicPtr<ffi::PyObject>,
}

impl LastRead {
    pub(crate) fn new() -> Self {
        LastRead { changes: AtomicU32::new(0), process: AtomicU64::new(0), places: Default::default() }
    }

    fn place(&self, name: *mut ffi::PyObject) -> &Place {
        // Objects are 16 bytes at least.
        &self.places[name.addr() / 16 % PLACES]
    }

    fn is_from(&self, changes: u32, process: u64) -> bool {
        self.changes.load(Ordering::Relaxed) == changes && self.process.load(Ordering::Relaxed) == process
    }

    /// Borrowed, or null.
    pub(crate) fn find(&self, name: *mut ffi::PyObject, changes: u32, process: u64) -> *mut ffi::PyObject {
        let place = self.place(name);
        if place.name.load(Ordering::Relaxed) == name && self.is_from(changes, process) {
            place.credentials.load(Ordering::Relaxed)
        } else {
            ptr::null_mut()
        }
    }

    /// Keeps what was read before `changes` and `process` changed, and lets go of all that is older.
    pub(crate) fn keep(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        credentials: &Py<Credentials>,
        changes: u32,
        process: u64,
    ) {
        if ORIGINALS.get(py).is_none() {
            return;
        }
        if !self.is_from(changes, process) {
            self.clear(py);
            self.changes.store(changes, Ordering::Relaxed);
            self.process.store(process, Ordering::Relaxed);
        }
        let place = self.place(name.as_ptr());
        place.exchange(py, name.clone().into_ptr(), credentials.clone_ref(py).into_ptr());
    }

    pub(crate) fn clear(&self, py: Python<'_>) {
        for place in &self.places {
            place.exchange(py, ptr::null_mut(), ptr::null_mut());
        }
    }
}

impl Place {
    /// Takes over both references.
    fn exchange(&self, py: Python<'_>, name: *mut ffi::PyObject, credentials: *mut ffi::PyObject) {
        let name = self.name.swap(name, Ordering::Relaxed);
        let credentials = self.credentials.swap(credentials, Ordering::Relaxed);
        // SAFETY: the place owned it, and has another one now.
        let name = unsafe { Bound::from_owned_ptr_or_opt(py, name) };
        // SAFETY: as above.
        let credentials = unsafe { Bound::from_owned_ptr_or_opt(py, credentials) };
        drop((name, credentials));
    }
}

impl Drop for LastRead {
    fn drop(&mut self) {
        // After the interpreter's end there is nothing to let go of.
        let _gone = Python::try_attach(|py| self.clear(py));
    }
}

/// The methods as pyo3 makes them, in the order of `REPLACED`.
static ORIGINALS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

const REPLACED: [(&str, ffi::PyCFunctionFastWithKeywords); 2] =
    [("credentials", read::<0>), ("cached_credentials", read::<1>)];

/// Puts the fast methods into the class, unless the interpreter has no GIL, which they need.
pub(crate) fn install(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let version: String = py.import("sys")?.getattr("version")?.extract()?;
    if version.contains("free-threading") {
        return Ok(());
    }
    let [first, second] = REPLACED;
    let originals = [class.getattr(first.0)?.unbind(), class.getattr(second.0)?.unbind()];
    for ((name, function), original) in REPLACED.into_iter().zip(&originals) {
        class.setattr(name, method(class, name, function, original.bind(py))?)?;
    }
    ORIGINALS.set(py, originals).map_err(|_| PyRuntimeError::new_err("kmsak._kmsak was loaded twice"))
}

/// A method that runs `function`, and is told of in the words of `original`.
fn method<'py>(
    class: &Bound<'py, PyType>,
    name: &str,
    function: ffi::PyCFunctionFastWithKeywords,
    original: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let signature: String = original.getattr("__text_signature__")?.extract()?;
    let text: String = original.getattr("__doc__")?.extract()?;
    let definition = ffi::PyMethodDef {
        ml_name: CString::new(name)?.into_raw(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS as c_int,
        ml_doc: CString::new(format!("{name}{signature}\n--\n\n{text}"))?.into_raw(),
    };
    // The class, and its methods with it, live until the process ends.
    let definition = Box::leak(Box::new(definition));
    // SAFETY: the class and the definition live for ever, and the function is of the kind that the flags say.
    let made = unsafe { ffi::PyDescr_NewMethod(class.as_type_ptr(), definition) };
    // SAFETY: it is a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(class.py(), made) }
}

/// A method of the provider with one argument, if that is answered from here; `WHICH` one is it else.
unsafe extern "C" fn read<const WHICH: usize>(
    provider: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    number: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if number == 1 && names.is_null() {
        // SAFETY: the interpreter calls a method with the GIL held.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: the interpreter passes an object that lives for as long as the call.
        let provider = unsafe { Borrowed::from_ptr(py, provider) };
        // SAFETY: it has seen to it that this is an instance of the class that the method belongs to.
        let provider = unsafe { provider.cast_unchecked::<Provider>() };
        // SAFETY: there is one argument.
        let name = unsafe { *arguments };
        let found = provider.get().last_read(name);
        if !found.is_null() {
            // SAFETY: it lives, as the provider has a reference.
            unsafe { ffi::Py_IncRef(found) };
            return found;
        }
    }
    // SAFETY: what the interpreter passed, passed on.
    unsafe { call_original(WHICH, provider, arguments, number, names) }
}

/// # Safety
/// The GIL is held, and the arguments are those of a call of a method with METH_FASTCALL and METH_KEYWORDS.
#[cold]
unsafe fn call_original(
    which: usize,
    provider: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    number: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let called = |py: Python<'_>| -> PyResult<Py<PyAny>> {
        let positional = usize::try_from(number)?;
        // SAFETY: as the caller promises.
        let names = unsafe { Bound::from_borrowed_ptr_or_opt(py, names) };
        let names = names.map(Bound::cast_into::<PyTuple>).transpose()?;
        let all = positional + names.as_ref().map_or(0, PyTupleMethods::len);
        // SAFETY: so many there are, and where there are none, there may be no place for them either.
        let arguments = if all == 0 { &[] } else { unsafe { slice::from_raw_parts(arguments, all) } };
        // SAFETY: as the caller promises.
        let argument = |pointer: &*mut ffi::PyObject| unsafe { Bound::from_borrowed_ptr(py, *pointer) };
        // SAFETY: as the caller promises.
        let provider = unsafe { Bound::from_borrowed_ptr(py, provider) };
        let (unnamed, rest) = arguments.split_at(positional);
        let unnamed: Vec<_> = [provider].into_iter().chain(unnamed.iter().map(argument)).collect();
        let named = PyDict::new(py);
        for (name, value) in names.iter().flatten().zip(rest) {
            named.set_item(name, argument(value))?;
        }
        let originals =
            ORIGINALS.get(py).ok_or_else(|| PyRuntimeError::new_err("kmsak is not loaded yet"))?;
        Ok(originals[which].bind(py).call(PyTuple::new(py, unnamed)?, Some(&named))?.unbind())
    };
    Python::attach(|py| match called(py) {
        Ok(answer) => answer.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    })
}
