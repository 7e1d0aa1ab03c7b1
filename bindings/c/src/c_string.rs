//! Rust's texts as C reads them.

use std::ffi::CString;

/// A copy of `text` for C. A NUL inside, which only damage puts there, becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).or_else(|_| CString::new(text.replace('\0', "\u{fffd}"))).unwrap_or_default()
}
