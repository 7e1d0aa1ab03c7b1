//! Statistics on their way to a Java `StatsCollector`.

use jni::errors::Result;
use jni::objects::{JObject, JValue};
use jni::sys::jlong;
use jni::{Env, jni_sig, jni_str};
use kmsak::{ClientKeyStats, EndpointStats, SecretStats, Stats};

use crate::answer::{failure, milliseconds, nanoseconds, text};

/// Room for the references to the texts of one row.
const ROW: usize = 16;

pub(crate) fn collect(env: &mut Env<'_>, collector: &JObject<'_>, stats: &Stats) -> Result<()> {
    for secret in &stats.secrets {
        env.with_local_frame(ROW, |env| secret_row(env, collector, secret))?;
    }
    for endpoint in &stats.endpoints {
        env.with_local_frame(ROW, |env| endpoint_row(env, collector, endpoint))?;
    }
    for client_key in &stats.client_keys {
        env.with_local_frame(ROW, |env| client_key_row(env, collector, client_key))?;
    }
    env.call_method(
        collector,
        jni_str!("clockSkew"),
        jni_sig!("(J)V"),
        &[JValue::Long(stats.clock_skew_milliseconds)],
    )?;
    Ok(())
}

fn secret_row(env: &mut Env<'_>, collector: &JObject<'_>, stats: &SecretStats) -> Result<()> {
    let name = env.new_string(&stats.name)?;
    let version_id = text(env, stats.version_id.as_deref())?;
    let access_key_id = text(env, stats.access_key_id.as_deref())?;
    let last_error = match &stats.last_error {
        Some(error) => failure(env, collector, error)?,
        None => JObject::null(),
    };
    env.call_method(
        collector,
        jni_str!("secret"),
        jni_sig!("(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;JJJJJJLio/kmsak/KmsakException;)V"),
        &[
            JValue::Object(&name),
            JValue::Object(&version_id),
            JValue::Object(&access_key_id),
            JValue::Long(nanoseconds(stats.age)),
            JValue::Long(nanoseconds(Some(stats.stale_for))),
            JValue::Long(nanoseconds(stats.next_refresh_in)),
            JValue::Long(count(stats.fetches)),
            JValue::Long(count(stats.failures)),
            JValue::Long(count(stats.renewals)),
            JValue::Object(&last_error),
        ],
    )?;
    Ok(())
}

fn endpoint_row(env: &mut Env<'_>, collector: &JObject<'_>, stats: &EndpointStats) -> Result<()> {
    let endpoint = env.new_string(&stats.endpoint)?;
    env.call_method(
        collector,
        jni_str!("endpoint"),
        jni_sig!("(Ljava/lang/String;ZJJJ)V"),
        &[
            JValue::Object(&endpoint),
            JValue::Bool(stats.down),
            JValue::Long(nanoseconds(stats.latency)),
            JValue::Long(count(stats.requests)),
            JValue::Long(count(stats.failures)),
        ],
    )?;
    Ok(())
}

fn client_key_row(env: &mut Env<'_>, collector: &JObject<'_>, stats: &ClientKeyStats) -> Result<()> {
    let key_id = env.new_string(&stats.info.key_id)?;
    let instance_id = text(env, stats.info.instance_id.as_deref())?;
    env.call_method(
        collector,
        jni_str!("clientKey"),
        jni_sig!("(Ljava/lang/String;Ljava/lang/String;JJJ)V"),
        &[
            JValue::Object(&key_id),
            JValue::Object(&instance_id),
            JValue::Long(milliseconds(Some(stats.info.not_before))),
            JValue::Long(milliseconds(Some(stats.info.not_after))),
            JValue::Long(count(stats.days_left)),
        ],
    )?;
    Ok(())
}

fn count(number: u64) -> jlong {
    jlong::try_from(number).unwrap_or(jlong::MAX)
}
