//! Providers that nothing can reach any more, closed or not, are freed here: when another one is opened, now and then from
//! kmsak's own thread while one is open, and when the class loader that they came from is collected. No Java thread waits for
//! them, for it would hold that class loader.

use std::ffi::c_void;
use std::time::{Duration, Instant};

use jni::Env;
use jni::errors::Result;
use jni::objects::JObject;
use jni::refs::Weak;
use jni::sys::{self, jlong};
use parking_lot::Mutex;

use crate::attach;
use crate::handle::Handle;

/// To look means to attach a thread, which takes a tenth of a millisecond.
const PERIOD: Duration = Duration::from_secs(10);

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());
static LOOKED: Mutex<Option<Instant>> = Mutex::new(None);

struct Watched {
    handle: jlong,
    owner: Weak<JObject<'static>>,
}

/// Frees `handle` once nothing can reach `owner`, which Java holds for as long as it uses the handle.
pub(crate) fn watch(env: &mut Env<'_>, handle: jlong, owner: &JObject<'_>) -> Result<()> {
    free_forgotten(env)?;
    let owner: Weak<JObject<'static>> = env.new_weak_ref(owner)?;
    // SAFETY: it was given to Java just now, and nobody frees it before it is watched.
    let provider = unsafe { &Handle::borrow(handle).provider };
    // Where the system refuses kmsak its thread now, what is forgotten is found when another provider is opened.
    let _refused = provider.every(PERIOD, look);
    WATCHED.lock().push(Watched { handle, owner });
    Ok(())
}

/// Each open provider calls this; one call a period is enough.
fn look() {
    let mut looked = LOOKED.lock();
    if looked.is_some_and(|at| at.elapsed() < PERIOD / 2) {
        return;
    }
    *looked = Some(Instant::now());
    drop(looked);
    // A JVM that lets no thread in is on its way out.
    let _let_in = attach::with_env(free_forgotten);
}

fn free_forgotten(env: &mut Env<'_>) -> Result<()> {
    let mut failed = Ok(());
    let forgotten = WATCHED
        .lock()
        .extract_if(.., |watched| {
            watched.owner.is_garbage_collected(env).unwrap_or_else(|error| {
                failed = Err(error);
                false
            })
        })
        .collect();
    free(forgotten);
    failed
}

fn free(forgotten: Vec<Watched>) {
    for Watched { handle, .. } in forgotten {
        // SAFETY: it was taken out of the list, where it stood once, and its owner is gone.
        unsafe { Handle::free(handle) };
    }
}

/// The JVM calls this when it has collected the class loader, and with it all that could use a handle.
#[unsafe(no_mangle)]
extern "system" fn JNI_OnUnload(_vm: *mut sys::JavaVM, _reserved: *mut c_void) {
    let all = std::mem::take(&mut *WATCHED.lock());
    free(all);
}
