//! Answers on their way to a Java `Answer`.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jni::errors::Result;
use jni::objects::{JObject, JString, JValue};
use jni::refs::Global;
use jni::sys::{jint, jlong};
use jni::{Env, jni_sig, jni_str};
use kmsak::{Credentials, Error, Pending, Secret};

use crate::attach;

/// What an `Answer` takes.
pub(crate) trait Value {
    fn give(&self, env: &mut Env<'_>, answer: &JObject<'_>) -> Result<()>;
}

/// Gives `answer` the result of a call that has ended.
pub(crate) fn give<T: Value>(
    env: &mut Env<'_>,
    answer: &JObject<'_>,
    result: kmsak::Result<T>,
) -> Result<()> {
    match result {
        Ok(value) => value.give(env, answer),
        Err(error) => fail(env, answer, &error),
    }
}

/// Gives `answer` the result once it is here, from whatever thread.
pub(crate) fn give_later<T: Value + 'static>(
    env: &mut Env<'_>,
    answer: &JObject<'_>,
    pending: Pending<T>,
) -> Result<()> {
    let answer: Global<JObject<'static>> = env.new_global_ref(answer)?;
    pending.then(move |result| {
        // Only a JVM that is out of memory or on its way out cannot be told.
        let _told = attach::with_env(move |env| {
            let told = give(env, &answer, result);
            drop(answer);
            told
        });
    });
    Ok(())
}

/// Tells `answer` of a failure.
pub(crate) fn fail(env: &mut Env<'_>, answer: &JObject<'_>, error: &Error) -> Result<()> {
    failure(env, answer, error).map(drop)
}

/// Calls `failure`, which `Answer` and `Fields` both have; what it returns is the exception.
pub(crate) fn failure<'local>(
    env: &mut Env<'local>,
    object: &JObject<'_>,
    error: &Error,
) -> Result<JObject<'local>> {
    let kind = env.new_string(error.kind().as_str())?;
    let code = text(env, error.code())?;
    let request_id = text(env, error.request_id())?;
    let message = env.new_string(error.message())?;
    let cause = error.source().map(ToString::to_string);
    let cause = text(env, cause.as_deref())?;
    env.call_method(
        object,
        jni_str!("failure"),
        jni_sig!(
            "(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;ZILjava/lang/String;Ljava/lang/String;)Lio/kmsak/KmsakException;"
        ),
        &[
            JValue::Object(&kind),
            JValue::Object(&code),
            JValue::Object(&request_id),
            JValue::Bool(error.retryable()),
            JValue::Int(error.http_status().map_or(0, jint::from)),
            JValue::Object(&message),
            JValue::Object(&cause),
        ],
    )?
    .l()
}

impl Value for Arc<Credentials> {
    fn give(&self, env: &mut Env<'_>, answer: &JObject<'_>) -> Result<()> {
        let secret_name = env.new_string(self.secret().name())?;
        let id = env.new_string(self.access_key_id())?;
        let secret = env.new_string(self.access_key_secret())?;
        let version_id = env.new_string(self.version_id())?;
        let generated = text(env, self.generate_timestamp())?;
        let expires = text(env, self.expire_timestamp())?;
        let scheduled = self.schedule_rotate_timestamp().and_then(|at| kmsak::parse_date(&at.to_string()));
        env.call_method(
            answer,
            jni_str!("credentials"),
            jni_sig!(
                "(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;JJ)V"
            ),
            &[
                JValue::Object(&secret_name),
                JValue::Object(&id),
                JValue::Object(&secret),
                JValue::Object(&version_id),
                JValue::Object(&generated),
                JValue::Object(&expires),
                JValue::Long(nanoseconds(self.refresh_interval())),
                JValue::Long(milliseconds(scheduled)),
            ],
        )?;
        Ok(())
    }
}

impl Value for Arc<Secret> {
    fn give(&self, env: &mut Env<'_>, answer: &JObject<'_>) -> Result<()> {
        let name = env.new_string(self.name())?;
        let secret_type = env.new_string(self.secret_type())?;
        let value = env.byte_array_from_slice(self.as_bytes())?;
        let is_text = self.as_text().is_some();
        let version_id = env.new_string(self.version_id())?;
        let stages = env.new_string(self.version_stages().join("\n"))?;
        let create_time = text(env, self.create_time())?;
        let request_id = text(env, Some(self.request_id()).filter(|id| !id.is_empty()))?;
        let automatic_rotation = text(env, self.automatic_rotation())?;
        let extended_config = text(env, self.extended_config())?;
        env.call_method(
            answer,
            jni_str!("secret"),
            jni_sig!(
                "(Ljava/lang/String;Ljava/lang/String;[BZZLjava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;JJJLjava/lang/String;Ljava/lang/String;)V"
            ),
            &[
                JValue::Object(&name),
                JValue::Object(&secret_type),
                JValue::Object(&value),
                JValue::Bool(is_text),
                JValue::Bool(self.is_binary()),
                JValue::Object(&version_id),
                JValue::Object(&stages),
                JValue::Object(&create_time),
                JValue::Object(&request_id),
                JValue::Long(milliseconds(self.last_rotation_date())),
                JValue::Long(milliseconds(self.next_rotation_date())),
                JValue::Long(nanoseconds(self.rotation_interval())),
                JValue::Object(&automatic_rotation),
                JValue::Object(&extended_config),
            ],
        )?;
        Ok(())
    }
}

/// A Java string, or null.
pub(crate) fn text<'local>(env: &mut Env<'local>, text: Option<&str>) -> Result<JString<'local>> {
    text.map_or_else(|| Ok(JString::null()), |text| env.new_string(text))
}

/// Since 1970; the smallest number for none.
pub(crate) fn milliseconds(at: Option<SystemTime>) -> jlong {
    at.map_or(jlong::MIN, |at| match at.duration_since(UNIX_EPOCH) {
        Ok(after) => jlong::try_from(after.as_millis()).unwrap_or(jlong::MAX),
        Err(before) => jlong::try_from(before.duration().as_millis()).map_or(jlong::MIN + 1, |ms| -ms),
    })
}

/// -1 for none.
pub(crate) fn nanoseconds(duration: Option<Duration>) -> jlong {
    duration.map_or(-1, |duration| jlong::try_from(duration.as_nanos()).unwrap_or(jlong::MAX))
}
