//! The pointer that a callback gets back.

use std::ffi::c_void;

/// Ends the life of a callback's user data: called exactly once, on any thread, when no further call of the callback will
/// come. May be NULL where there is nothing to end. A child after fork() has its own copy of the user data, for which it is called
/// at most once: never, where a thread that the child does not have was about to use it.
pub type kmsak_destructor = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Calls the destructor when it is dropped.
pub(crate) struct UserData {
    pointer: *mut c_void,
    destructor: kmsak_destructor,
}

// SAFETY: the header demands of callers that any thread may use the user data and end its life.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, destructor: kmsak_destructor) -> Self {
        UserData { pointer, destructor }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destructor) = self.destructor {
            // SAFETY: the caller passed a function that takes this pointer, and this value is dropped once.
            unsafe { destructor(self.pointer) };
        }
    }
}
