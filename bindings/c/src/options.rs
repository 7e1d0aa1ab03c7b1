//! Setting an option by its name, for what has options. Compiled once for each sort: no setter is called often.

use std::ffi::{c_char, c_void};
use std::path::Path;

use kmsak_core::Setting;

use crate::arguments;
use crate::boundary::status;
use crate::error::kmsak_error;
use crate::status::kmsak_status;

/// A configuration, and a gateway.
pub(crate) trait Options {
    /// What the parameter is called.
    const NAME: &'static str;

    fn set(&self, name: &'static str, setting: Result<Setting<'_>, kmsak_error>) -> Result<(), kmsak_error>;
}

/// # Safety
/// Here and below: `options` is NULL or points to what lives.
#[inline(never)]
pub(crate) unsafe fn set<T: Options>(
    options: *const T,
    name: &'static str,
    setting: Setting<'_>,
) -> kmsak_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { arguments::object(options, T::NAME) }?.set(name, Ok(setting)))
}

/// # Safety
/// `text` is NULL or a string.
#[inline(never)]
pub(crate) unsafe fn set_text<T: Options>(
    options: *const T,
    name: &'static str,
    text: *const c_char,
) -> kmsak_status {
    status(|| {
        // SAFETY: as the caller promises.
        let options = unsafe { arguments::object(options, T::NAME) }?;
        // SAFETY: as the caller promises.
        let text = unsafe { arguments::text(text, name) };
        options.set(name, text.map(Setting::Text))
    })
}

/// # Safety
/// `path` is NULL or a string.
#[inline(never)]
pub(crate) unsafe fn set_path<T: Options>(
    options: *const T,
    name: &'static str,
    path: *const c_char,
) -> kmsak_status {
    status(|| {
        // SAFETY: as the caller promises.
        let options = unsafe { arguments::object(options, T::NAME) }?;
        // SAFETY: as the caller promises.
        let path = unsafe { arguments::text(path, name) };
        options.set(name, path.map(|path| Setting::Path(Path::new(path))))
    })
}

/// # Safety
/// `bytes` is NULL or points to `length` bytes.
#[inline(never)]
pub(crate) unsafe fn set_bytes<T: Options>(
    options: *const T,
    name: &'static str,
    bytes: *const c_void,
    length: usize,
) -> kmsak_status {
    status(|| {
        // SAFETY: as the caller promises.
        let options = unsafe { arguments::object(options, T::NAME) }?;
        // SAFETY: as the caller promises.
        options.set(name, unsafe { arguments::bytes(bytes, length, name) }.map(Setting::Bytes))
    })
}

/// # Safety
/// `texts` is NULL or points to `count` pointers, each NULL or a string.
#[inline(never)]
pub(crate) unsafe fn set_texts<T: Options>(
    options: *const T,
    name: &'static str,
    texts: *const *const c_char,
    count: usize,
) -> kmsak_status {
    status(|| {
        // SAFETY: as the caller promises.
        let options = unsafe { arguments::object(options, T::NAME) }?;
        // SAFETY: as the caller promises.
        match unsafe { arguments::texts(texts, count, name) } {
            Ok(texts) => options.set(name, Ok(Setting::Texts(&texts))),
            Err(error) => options.set(name, Err(error)),
        }
    })
}
