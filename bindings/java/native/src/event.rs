//! Events on their way to a Java `Subscription`.

use std::time::Duration;

use jni::errors::Result;
use jni::objects::{JObject, JValue};
use jni::refs::Weak;
use jni::sys::jlong;
use jni::{Env, jni_sig, jni_str};
use kmsak::{Error, Event};

use crate::answer::{failure, milliseconds, nanoseconds, text};
use crate::attach;

/// An event in the one form in which all travel.
#[derive(Default)]
struct Parts<'a> {
    texts: [Option<&'a str>; 3],
    numbers: [jlong; 2],
    error: Option<&'a Error>,
}

/// Tells the `Subscription` of an event, unless nobody holds it any more. Runs on a thread that may be blocked.
pub(crate) fn tell(subscription: &Weak<JObject<'static>>, event: &Event) {
    let Some(parts) = Parts::of(event) else { return };
    // What a listener throws is logged on the Java side; only a JVM that is out of memory or on its way out fails here.
    let _told = attach::with_env(|env| parts.tell(env, subscription, event.name()));
}

impl<'a> Parts<'a> {
    /// None for an event that the Java side does not know yet.
    fn of(event: &'a Event) -> Option<Self> {
        let texts = |first: &'a str, second: Option<&'a str>, third: Option<&'a str>| Parts {
            texts: [Some(first), second, third],
            ..Parts::default()
        };
        Some(match event {
            Event::Fetched { secret, version_id } => texts(secret, Some(version_id), None),
            Event::Rotated { secret, old_access_key_id, new_access_key_id } => {
                texts(secret, Some(old_access_key_id), Some(new_access_key_id))
            }
            Event::RefreshFailed { secret, error, stale_for, next_try_in } => Parts {
                numbers: [nanoseconds(Some(*stale_for)), nanoseconds(*next_try_in)],
                error: Some(error),
                ..texts(secret, None, None)
            },
            Event::RotationBroken { secret } => texts(secret, None, None),
            Event::EndpointDown { endpoint, error } => {
                Parts { error: Some(error), ..texts(endpoint, None, None) }
            }
            Event::EndpointUp { endpoint } => texts(endpoint, None, None),
            Event::ClientKeyExpiring { key_id, not_after, days_left } => Parts {
                numbers: [milliseconds(Some(*not_after)), jlong::try_from(*days_left).unwrap_or(jlong::MAX)],
                ..texts(key_id, None, None)
            },
            Event::ClientKeyReplaced { old_key_id, new_key_id } => texts(old_key_id, Some(new_key_id), None),
            Event::ClientKeyUnusable { key_id, error } => {
                Parts { error: Some(error), ..texts(key_id, None, None) }
            }
            Event::IdentityRenewed { identity, access_key_id, expires } => {
                Parts { numbers: [milliseconds(*expires), 0], ..texts(identity, Some(access_key_id), None) }
            }
            Event::IdentityUnavailable { identity, error, expires } => Parts {
                numbers: [milliseconds(*expires), 0],
                error: Some(error),
                ..texts(identity, None, None)
            },
            Event::CacheFileUsed { secret, age } => Parts {
                numbers: [nanoseconds(Some(Duration::from_secs(age.as_secs()))), 0],
                ..texts(secret, None, None)
            },
            _ => return None,
        })
    }

    fn tell(&self, env: &mut Env<'_>, subscription: &Weak<JObject<'static>>, name: &str) -> Result<()> {
        let Some(subscription) = subscription.upgrade_local(env)? else { return Ok(()) };
        let error = match self.error {
            Some(error) => failure(env, &subscription, error)?,
            None => JObject::null(),
        };
        let name = env.new_string(name)?;
        let first = text(env, self.texts[0])?;
        let second = text(env, self.texts[1])?;
        let third = text(env, self.texts[2])?;
        env.call_method(
            &subscription,
            jni_str!("event"),
            jni_sig!(
                "(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;JJLio/kmsak/KmsakException;)V"
            ),
            &[
                JValue::Object(&name),
                JValue::Object(&first),
                JValue::Object(&second),
                JValue::Object(&third),
                JValue::Long(self.numbers[0]),
                JValue::Long(self.numbers[1]),
                JValue::Object(&error),
            ],
        )?;
        Ok(())
    }
}
