//! What a `long` on the Java side stands for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use jni::sys::jlong;
use kmsak::{Provider, Subscription};
use parking_lot::Mutex;

/// A provider and all that belongs to it. It is freed once nothing can reach it any more, and never while a call is running.
pub(crate) struct Handle {
    pub(crate) provider: Provider,
    /// Java reads this number directly.
    pub(crate) changes: Arc<AtomicU32>,
    subscriptions: Mutex<HashMap<i64, Subscription>>,
    next: AtomicI64,
}

impl Handle {
    /// Gives the handle away to Java.
    pub(crate) fn give(provider: Provider) -> jlong {
        let changes = provider.changes();
        let handle = Handle { provider, changes, subscriptions: Mutex::default(), next: AtomicI64::new(1) };
        Box::into_raw(Box::new(handle)) as jlong
    }

    /// # Safety
    /// `handle` comes from [`Handle::give`] and is not freed while the reference lives.
    pub(crate) unsafe fn borrow<'a>(handle: jlong) -> &'a Handle {
        let handle: *const Handle = handle as usize as *const Handle;
        // SAFETY: the caller's promise.
        unsafe { &*handle }
    }

    /// # Safety
    /// `handle` comes from [`Handle::give`] and nobody will use it again.
    pub(crate) unsafe fn free(handle: jlong) {
        let handle: *mut Handle = handle as usize as *mut Handle;
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(handle) });
    }

    pub(crate) fn keep(&self, subscription: Subscription) -> jlong {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.subscriptions.lock().insert(id, subscription);
        id
    }

    pub(crate) fn unsubscribe(&self, id: jlong) {
        let subscription = self.subscriptions.lock().remove(&id);
        drop(subscription);
    }
}
