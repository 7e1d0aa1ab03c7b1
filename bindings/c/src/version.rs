//! Which kmsak this is.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::boundary::guard;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library at run time, such as `0.1.0`; KMSAK_VERSION is the header's.
///
/// A string that lives as long as the program. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn kmsak_version() -> *const c_char {
    guard(ptr::null(), || VERSION.as_ptr())
}
