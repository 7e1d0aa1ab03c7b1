//! What C passes in, checked once and in one place.

use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::slice;

use crate::error::kmsak_error;

type Checked<T> = Result<T, kmsak_error>;

fn is_null(what: &str) -> kmsak_error {
    kmsak_error::invalid_argument(&format!("{what} is NULL: pass one"))
}

/// The object behind a handle. `what` is the parameter's name.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that lives for `'a`.
pub(crate) unsafe fn object<'a, T>(pointer: *const T, what: &str) -> Checked<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| is_null(what))
}

/// The bytes of a NUL-terminated text of whatever encoding.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that lives for `'a`.
pub(crate) unsafe fn text_bytes<'a>(pointer: *const c_char) -> &'a [u8] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: not NULL, and otherwise as the caller promises.
    unsafe { CStr::from_ptr(pointer) }.to_bytes()
}

/// A NUL-terminated UTF-8 text.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that lives for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Checked<&'a str> {
    if pointer.is_null() {
        return Err(is_null(what));
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| {
        kmsak_error::invalid_argument(&format!("{what} is not UTF-8: convert it before the call"))
    })
}

/// A path as text.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn path(pointer: *const c_char, what: &str) -> Checked<PathBuf> {
    // SAFETY: as the caller promises.
    unsafe { text(pointer, what) }.map(PathBuf::from)
}

/// Bytes of any kind.
///
/// # Safety
/// `pointer` is NULL or points to `length` bytes that live for `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const c_void, length: usize, what: &str) -> Checked<&'a [u8]> {
    if pointer.is_null() {
        return Err(is_null(what));
    }
    if isize::try_from(length).is_err() {
        return Err(kmsak_error::invalid_argument(&format!("{what} is longer than memory can be")));
    }
    // SAFETY: not NULL, not too long, and otherwise as the caller promises.
    Ok(unsafe { slice::from_raw_parts(pointer.cast(), length) })
}

/// An array of texts.
///
/// # Safety
/// `pointer` is NULL or points to `count` pointers, each as for [`text`].
pub(crate) unsafe fn texts<'a>(
    pointer: *const *const c_char,
    count: usize,
    what: &str,
) -> Checked<Vec<&'a str>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if pointer.is_null() {
        return Err(is_null(what));
    }
    if count > isize::MAX as usize / size_of::<*const c_char>() {
        return Err(kmsak_error::invalid_argument(&format!("{what} has more elements than memory can hold")));
    }
    // SAFETY: not NULL, not too long, and otherwise as the caller promises.
    let pointers = unsafe { slice::from_raw_parts(pointer, count) };
    // SAFETY: as the caller promises.
    pointers.iter().map(|pointer| unsafe { text(*pointer, what) }).collect()
}
