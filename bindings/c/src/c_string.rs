//! Rust's texts as C reads them.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

/// A copy of `text` for C. A NUL inside, which only damage puts there, becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).or_else(|_| CString::new(text.replace('\0', "\u{fffd}"))).unwrap_or_default()
}

/// As a pointer, NULL for none.
pub(crate) fn pointer(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}
