//! Hearing of what happens.

use std::ffi::c_void;

use kmsak_core::{Event, Subscription};

use crate::arguments::object;
use crate::boundary::{answer, guard};
use crate::error::kmsak_error;
use crate::event::{self, kmsak_event};
use crate::provider::kmsak_provider;
use crate::status::kmsak_status;
use crate::user_data::{UserData, kmsak_destructor};

/// Keeps a callback subscribed until it is freed.
pub struct kmsak_subscription {
    subscription: Subscription,
}

/// Gets an event, which lives until the callback returns. Called from other threads, one call at a time for each
/// subscription. It may take its time and may call any kmsak function, also free its own subscription or provider. It must not
/// let an exception out, nor longjmp. Its thread blocks all signals, and a thread or process that it starts inherits that:
/// unblock there what is to be heard (pthread_sigmask, posix_spawnattr_setsigmask).
pub type kmsak_event_callback =
    Option<unsafe extern "C" fn(event: *const kmsak_event, user_data: *mut c_void)>;

/// Calls `callback` with everything that happens in the provider until `*subscription` is freed or the provider is. Of more
/// than 1024 events that wait for a slow callback the oldest are dropped.
///
/// `user_data` is given to each call, and from this call on kmsak's, also when this call fails: `destructor` is called with
/// it, exactly once, when no further call will come. `*subscription` is yours to free with kmsak_subscription_free, before
/// or after the provider; `*error` with kmsak_error_free. Answers KMSAK_CLOSED when the provider is closed, and KMSAK_INVALID_ARGUMENT
/// when a pointer is NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_subscribe(
    provider: *const kmsak_provider,
    callback: kmsak_event_callback,
    user_data: *mut c_void,
    destructor: kmsak_destructor,
    subscription: *mut *mut kmsak_subscription,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let user_data = UserData::new(user_data, destructor);
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        let callback = callback
            .ok_or_else(|| kmsak_error::invalid_argument("callback is NULL: pass a function to call"))?;
        let listener = move |event: &Event| {
            let row = event::row(event);
            // SAFETY: the caller passed a function that takes these, and user data that outlives it.
            unsafe { callback((&raw const row).cast(), user_data.pointer()) };
        };
        let subscription = kmsak_subscription { subscription: provider.core.subscribe(listener)? };
        Ok(Box::into_raw(Box::new(subscription)))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(subscription, error, make) }
}

/// Ends a subscription and waits for a call that runs at that moment, unless this is called inside it. The destructor of the user
/// data has been called when this returns, or will be when the call that this is inside of does; what the callback uses may then
/// go. Do not call it while you hold a lock that the callback takes. Again, or from several threads, it only waits; NULL does
/// nothing. The subscription is still yours to free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_subscription_end(subscription: *const kmsak_subscription) {
    guard((), || {
        // SAFETY: the caller passes NULL or a subscription that lives.
        if let Some(subscription) = unsafe { subscription.as_ref() } {
            subscription.subscription.end();
        }
    });
}

/// Ends a subscription and frees it. A call that runs at that moment ends in its own time, no other begins; the destructor of
/// the user data says when all is over. NULL is allowed. Any thread may call this, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_subscription_free(subscription: *mut kmsak_subscription) {
    guard((), || {
        if !subscription.is_null() {
            // SAFETY: the caller hands back what was subscribed, once.
            drop(unsafe { Box::from_raw(subscription) });
        }
    });
}
