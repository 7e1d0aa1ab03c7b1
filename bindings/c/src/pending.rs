//! Answers that may still be on their way.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{mem, ptr};

use kmsak_core::{Credentials, Pending, Provider, Secret, process_generation};

use crate::arguments::object;
use crate::boundary::{answer, guard, read, status};
use crate::credentials::{self, kmsak_credentials};
use crate::error::kmsak_error;
use crate::log;
use crate::secret::{self, kmsak_secret};
use crate::status::kmsak_status;

/// An answer that may still be on its way: wait for it, have a function called with it, or cancel it. Any thread may use it;
/// what it answers it answers again. In a child after fork() one that the parent began is of no use: begin another.
pub struct kmsak_pending {
    /// The one that began it.
    process: u64,
    state: Mutex<State>,
    done: Condvar,
}

enum State {
    Awaited(Vec<Callback>),
    Done(Result<Answer, kmsak_error>),
}

#[derive(Clone)]
pub(crate) enum Answer {
    Credentials(Arc<Credentials>),
    Secret(Arc<Secret>),
}

impl From<Arc<Credentials>> for Answer {
    fn from(credentials: Arc<Credentials>) -> Self {
        Answer::Credentials(credentials)
    }
}

impl From<Arc<Secret>> for Answer {
    fn from(secret: Arc<Secret>) -> Self {
        Answer::Secret(secret)
    }
}

/// Gets an answer that is here, or was cancelled: kmsak_pending_credentials and kmsak_pending_secret do not wait in it.
/// `pending` lives until the callback returns, whoever frees it. It may take its time and may call any kmsak function. It must
/// not let an exception out, nor longjmp. On a thread of kmsak's all signals are blocked, and a thread or process that the
/// callback starts there inherits that.
pub type kmsak_pending_callback =
    Option<unsafe extern "C" fn(pending: *const kmsak_pending, user_data: *mut c_void)>;

struct Callback {
    function: unsafe extern "C" fn(*const kmsak_pending, *mut c_void),
    user_data: *mut c_void,
}

// SAFETY: the header demands of callers that any thread may call it with its user data.
unsafe impl Send for Callback {}

impl Callback {
    fn call(self, pending: &Arc<kmsak_pending>) {
        // SAFETY: the caller passed a function that takes these; `pending` lives until it returns.
        unsafe { (self.function)(Arc::as_ptr(pending), self.user_data) };
    }
}

impl kmsak_pending {
    fn new() -> Arc<Self> {
        Arc::new(kmsak_pending {
            process: process_generation(),
            state: Mutex::new(State::Awaited(Vec::new())),
            done: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first answer stands.
    fn deliver(self: &Arc<Self>, answer: Result<Answer, kmsak_error>) {
        let mut state = self.lock();
        let callbacks = match &mut *state {
            State::Awaited(callbacks) => mem::take(callbacks),
            State::Done(_) => return,
        };
        *state = State::Done(answer);
        drop(state);
        self.done.notify_all();
        callbacks.into_iter().for_each(|callback| callback.call(self));
    }

    fn is_done(&self) -> bool {
        // A thread that the child does not have may hold the lock.
        self.process == process_generation() && matches!(*self.lock(), State::Done(_))
    }

    fn wait(&self) -> Result<Answer, kmsak_error> {
        if self.process != process_generation() {
            return Err(kmsak_error::invalid_argument(
                "this call was begun before the fork, by the parent: begin another in the child",
            ));
        }
        let mut state = self.lock();
        loop {
            match &*state {
                State::Done(answer) => return answer.clone(),
                State::Awaited(_) => {
                    log::may_wait()?;
                    state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// Begins a call of `provider` and hands it out. What goes wrong before is its answer.
///
/// # Safety
/// `provider` is NULL or one that lives.
pub(crate) unsafe fn begin<T: Into<Answer> + Send + 'static>(
    provider: *const crate::provider::kmsak_provider,
    timeout_ms: i64,
    begin: impl Fn(&Provider) -> Result<Pending<T>, kmsak_error>,
) -> *mut kmsak_pending {
    // SAFETY: as the caller promises.
    unsafe { begin_by(provider, timeout_ms, &begin) }
}

/// What all calls with the same sort of answer share, compiled once for each sort.
///
/// # Safety
/// As for [`begin`].
unsafe fn begin_by<T: Into<Answer> + Send + 'static>(
    provider: *const crate::provider::kmsak_provider,
    timeout_ms: i64,
    begin: &dyn Fn(&Provider) -> Result<Pending<T>, kmsak_error>,
) -> *mut kmsak_pending {
    guard(ptr::null_mut(), || {
        let handle = kmsak_pending::new();
        // SAFETY: as the caller promises.
        let begun = unsafe { object(provider, "provider") }.and_then(|provider| {
            log::may_ask(&provider.core)?;
            let pending = begin(&provider.core)?;
            // Negative: none.
            Ok(match u64::try_from(timeout_ms) {
                Ok(timeout_ms) => provider.core.within(Duration::from_millis(timeout_ms), pending),
                Err(_) => pending,
            })
        });
        let waiting = handle.clone();
        match begun {
            Ok(pending) => pending.then_apart(move |answer| {
                waiting.deliver(answer.map(Into::into).map_err(kmsak_error::from));
            }),
            Err(error) => waiting.deliver(Err(error)),
        }
        Arc::into_raw(handle).cast_mut()
    })
}

/// Waits for the AccessKey that was asked for with kmsak_provider_begin_credentials or kmsak_provider_begin_renew.
///
/// `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails as the call that was
/// begun; with KMSAK_NETWORK when its timeout has passed, with KMSAK_CANCELLED when it was cancelled, and with
/// KMSAK_INVALID_ARGUMENT for NULL, and where another secret than an AccessKey was asked for. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_credentials(
    pending: *const kmsak_pending,
    credentials: *mut *mut kmsak_credentials,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or one that lives.
        match unsafe { object(pending, "pending") }?.wait()? {
            Answer::Credentials(credentials) => Ok(credentials::hand_out(credentials)),
            Answer::Secret(_) => Err(kmsak_error::invalid_argument(
                "this call was begun for a secret: read it with kmsak_pending_secret",
            )),
        }
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(credentials, error, make) }
}

/// Waits for the secret that was asked for, whichever function began the call; of an AccessKey it is the one that holds it.
///
/// `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails as kmsak_pending_credentials does.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_secret(
    pending: *const kmsak_pending,
    secret: *mut *mut kmsak_secret,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or one that lives.
        match unsafe { object(pending, "pending") }?.wait()? {
            Answer::Credentials(credentials) => Ok(secret::hand_out(credentials.secret().clone())),
            Answer::Secret(secret) => Ok(secret::hand_out(secret)),
        }
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
}

/// Whether the answer is here, be it a failure: whoever asks for it then does not wait. False for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_is_done(pending: *const kmsak_pending) -> bool {
    // SAFETY: the caller passes NULL or one that lives.
    unsafe { read(pending, false, kmsak_pending::is_done) }
}

/// Has `callback` called with the answer, exactly once, also when that is a failure or the call is cancelled, and also when
/// `pending` is freed before: at once, on this thread, if the answer is here already; on the thread that cancels or closes the
/// provider; else on another thread of kmsak's. `user_data` is given to it and stays yours. Several may wait for one answer.
///
/// Answers KMSAK_INVALID_ARGUMENT, and calls nothing, when a pointer is NULL, and in a child for what its parent began.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_then(
    pending: *const kmsak_pending,
    callback: kmsak_pending_callback,
    user_data: *mut c_void,
) -> kmsak_status {
    status(|| {
        // SAFETY: the caller passes NULL or one that lives.
        let own = unsafe { object(pending, "pending") }?;
        let function = callback
            .ok_or_else(|| kmsak_error::invalid_argument("callback is NULL: pass a function to call"))?;
        if own.process != process_generation() {
            return Err(kmsak_error::invalid_argument("this call was begun before the fork, by the parent"));
        }
        // SAFETY: not NULL, so it came from `begin`; what is counted here stays the caller's. The callback may free it.
        let handle = Arc::clone(&ManuallyDrop::new(unsafe { Arc::from_raw(pending) }));
        let callback = Callback { function, user_data };
        let mut state = handle.lock();
        match &mut *state {
            State::Awaited(callbacks) => callbacks.push(callback),
            State::Done(_) => {
                drop(state);
                callback.call(&handle);
            }
        }
        Ok(())
    })
}

/// Gives up waiting: whoever waits is answered KMSAK_CANCELLED, and callbacks are called here, unless the answer came first. The
/// fetch goes on, for whoever else waits for it and for the cache. Again, or NULL, does nothing. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_cancel(pending: *const kmsak_pending) {
    guard((), || {
        // SAFETY: the caller passes NULL or one that lives.
        if unsafe { pending.as_ref() }.is_none_or(|own| own.process != process_generation()) {
            return;
        }
        // SAFETY: not NULL, so it came from `begin`; what is counted here stays the caller's. A callback may free it.
        let handle = Arc::clone(&ManuallyDrop::new(unsafe { Arc::from_raw(pending) }));
        handle.deliver(Err(kmsak_error::cancelled()));
    });
}

/// Frees an answer, or lets go of one that is on its way: a callback that waits for it is called all the same. NULL is allowed.
/// No other thread may use this handle at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_pending_free(pending: *mut kmsak_pending) {
    guard((), || {
        if !pending.is_null() {
            // SAFETY: the caller hands back what `begin` gave, once.
            drop(unsafe { Arc::from_raw(pending) });
        }
    });
}
