//! The entry points of `io.kmsak.NativeProvider`. A `handle` is one that `open` returned; it is freed only when no call
//! with it can run.

#![expect(unreachable_pub, reason = "the linker finds them, and jni_mangle wants it")]

use std::time::Duration;

use jni::objects::{JByteBuffer, JClass, JObject, JObjectArray, JString};
use jni::refs::Weak;
use jni::sys::{jboolean, jlong};
use jni::{EnvUnowned, jni_mangle};
use kmsak::Error;

use crate::answer::{fail, give, give_later};
use crate::boundary::enter;
use crate::event;
use crate::fields::fill;
use crate::forgotten;
use crate::handle::Handle;
use crate::settings;

/// The handle that Java passed in, which is not freed during the call.
macro_rules! handle {
    ($handle:expr) => {
        // SAFETY: Java got it from `open` and holds on to its owner during the call.
        unsafe { Handle::borrow($handle) }
    };
}

#[jni_mangle("io.kmsak.NativeProvider", "open")]
pub fn open<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    settings: JObjectArray<'local, JObject<'local>>,
    resources: JObject<'local>,
    answer: JObject<'local>,
) -> jlong {
    enter(env, |env| match settings::builder(env, &settings, &resources)?.open() {
        Ok(provider) => Ok(Handle::give(provider)),
        Err(error) => fail(env, &answer, &error).map(|()| 0),
    })
}

#[jni_mangle("io.kmsak.NativeProvider", "openFixed")]
pub fn open_fixed<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    versions: JObjectArray<'local, JObject<'local>>,
    answer: JObject<'local>,
) -> jlong {
    enter(env, |env| match settings::fixed(env, &versions)?.open() {
        Ok(provider) => Ok(Handle::give(provider)),
        Err(error) => fail(env, &answer, &error).map(|()| 0),
    })
}

/// Four bytes that stay valid, as the handle does, for as long as the buffer can be reached. Called once.
#[jni_mangle("io.kmsak.NativeProvider", "changes")]
pub fn changes<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
) -> JByteBuffer<'local> {
    enter(env, |env| {
        let number = handle!(handle).changes.as_ptr();
        // SAFETY: the handle keeps the number alive, and is freed only once the buffer is unreachable.
        let buffer = unsafe { env.new_direct_byte_buffer(number.cast(), size_of::<u32>()) }?;
        forgotten::watch(env, handle, &buffer)?;
        Ok(buffer)
    })
}

#[jni_mangle("io.kmsak.NativeProvider", "close")]
pub fn close<'local>(env: EnvUnowned<'local>, _this: JObject<'local>, handle: jlong) {
    enter(env, |_| {
        handle!(handle).provider.close();
        Ok(())
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "isClosed")]
pub fn is_closed<'local>(env: EnvUnowned<'local>, _this: JObject<'local>, handle: jlong) -> jboolean {
    enter(env, |_| Ok(handle!(handle).provider.is_closed()))
}

#[jni_mangle("io.kmsak.NativeProvider", "credentials")]
pub fn credentials<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let result = handle!(handle).provider.credentials(&name);
        give(env, &answer, result)
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "cachedCredentials")]
pub fn cached_credentials<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        match handle!(handle).provider.cached_credentials(&name) {
            Some(credentials) => give(env, &answer, Ok(credentials)),
            None => Ok(()),
        }
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "secret")]
pub fn secret<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let result = handle!(handle).provider.secret(&name);
        give(env, &answer, result)
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "secretAtStage")]
pub fn secret_at_stage<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    stage: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let stage = stage.try_to_string(env)?;
        let result = handle!(handle).provider.secret_at_stage(&name, &stage);
        give(env, &answer, result)
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "renew")]
pub fn renew<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    rejected_id: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let rejected_id = rejected_id.try_to_string(env)?;
        let result = handle!(handle).provider.renew(&name, &rejected_id);
        give(env, &answer, result)
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "refresh")]
pub fn refresh<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let result = handle!(handle).provider.refresh(&name);
        give(env, &answer, result)
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "beginCredentials")]
pub fn begin_credentials<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        give_later(env, &answer, handle!(handle).provider.begin_credentials(&name))
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "beginSecret")]
pub fn begin_secret<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        give_later(env, &answer, handle!(handle).provider.begin_secret(&name))
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "beginSecretAtStage")]
pub fn begin_secret_at_stage<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    stage: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let stage = stage.try_to_string(env)?;
        give_later(env, &answer, handle!(handle).provider.begin_secret_at_stage(&name, &stage))
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "beginRenew")]
pub fn begin_renew<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    rejected_id: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        let rejected_id = rejected_id.try_to_string(env)?;
        give_later(env, &answer, handle!(handle).provider.begin_renew(&name, &rejected_id))
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "beginRefresh")]
pub fn begin_refresh<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    name: JString<'local>,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let name = name.try_to_string(env)?;
        give_later(env, &answer, handle!(handle).provider.begin_refresh(&name))
    });
}

/// Fails `answer` as a call whose own time-out is over.
#[jni_mangle("io.kmsak.NativeProvider", "noAnswerWithin")]
pub fn no_answer_within<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    milliseconds: jlong,
    answer: JObject<'local>,
) {
    enter(env, |env| {
        let timeout = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
        fail(env, &answer, &Error::no_answer_within(timeout))
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "isRejection")]
pub fn is_rejection<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    code: JString<'local>,
    message: JString<'local>,
) -> jboolean {
    enter(env, |env| {
        let (code, message) = (code.try_to_string(env)?, message.try_to_string(env)?);
        Ok(handle!(handle).provider.is_rejection(&code, Some(&message)))
    })
}

/// Holds the `Subscription` weakly: a provider that nobody can reach must not be kept by its listeners.
#[jni_mangle("io.kmsak.NativeProvider", "subscribe")]
pub fn subscribe<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    subscription: JObject<'local>,
    answer: JObject<'local>,
) -> jlong {
    enter(env, |env| {
        let subscription: Weak<JObject<'static>> = env.new_weak_ref(&subscription)?;
        let handle = handle!(handle);
        match handle.provider.subscribe(move |what| event::tell(&subscription, what)) {
            Ok(native) => Ok(handle.keep(native)),
            Err(error) => fail(env, &answer, &error).map(|()| 0),
        }
    })
}

#[jni_mangle("io.kmsak.NativeProvider", "unsubscribe")]
pub fn unsubscribe<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    subscription: jlong,
) {
    enter(env, |_| {
        handle!(handle).unsubscribe(subscription);
        Ok(())
    });
}

#[jni_mangle("io.kmsak.NativeProvider", "stats")]
pub fn stats<'local>(
    env: EnvUnowned<'local>,
    _this: JObject<'local>,
    handle: jlong,
    fields: JObject<'local>,
) {
    enter(env, |env| fill(env, &fields, handle!(handle).provider.stats().fields()));
}
