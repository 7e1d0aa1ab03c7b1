//! Calling Java from threads that are not Java's.

use std::ptr;

use jni::errors::Result;
use jni::{Env, JavaVM, sys};

/// Runs `f` with this thread attached to the JVM, as a daemon so that the JVM does not wait for it when it ends. A Java
/// exception that `f` leaves is cleared and answered as an error.
pub(crate) fn with_env<T>(f: impl FnOnce(&mut Env<'_>) -> Result<T>) -> Result<T> {
    let vm = JavaVM::singleton()?;
    let attachment = if vm.is_thread_attached()? { None } else { Some(Attachment::new(&vm)?) };
    let result = vm.attach_current_thread(f);
    drop(attachment);
    result
}

/// The jni crate has no daemon threads. Ours never outlive the call that attached them.
struct Attachment(*mut sys::JavaVM);

impl Attachment {
    fn new(vm: &JavaVM) -> Result<Self> {
        let vm = vm.get_raw();
        let mut env = ptr::null_mut();
        let mut arguments = sys::JavaVMAttachArgs {
            version: sys::JNI_VERSION_1_8,
            name: c"kmsak".as_ptr().cast_mut(),
            group: ptr::null_mut(),
        };
        // SAFETY: `vm` is the JVM of this process.
        let functions = unsafe { *vm };
        // SAFETY: its table of functions lives as long as it does.
        let functions = unsafe { &*functions };
        // SAFETY: the function exists since JNI 1.4.
        let attach = unsafe { functions.v1_4.AttachCurrentThreadAsDaemon };
        // SAFETY: all pointers are valid during the call.
        let code = unsafe { attach(vm, &raw mut env, (&raw mut arguments).cast()) };
        if code == sys::JNI_OK {
            Ok(Attachment(vm))
        } else {
            Err(jni::errors::Error::JniCall(jni::errors::JniError::Unknown))
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // SAFETY: the JVM outlives its attached threads.
        let functions = unsafe { *self.0 };
        // SAFETY: its table of functions lives as long as it does.
        let functions = unsafe { &*functions };
        // SAFETY: the function exists since JNI 1.1.
        let detach = unsafe { functions.v1_1.DetachCurrentThread };
        // SAFETY: this thread is attached, and no Java frame is on its stack.
        let _attached = unsafe { detach(self.0) };
    }
}
