//! Events on their way to a Java `Subscription`.

use jni::errors::Result;
use jni::objects::{JObject, JValue};
use jni::refs::Weak;
use jni::{Env, jni_sig, jni_str};
use kmsak::Event;

use crate::attach;
use crate::fields::fill;

/// Tells the `Subscription` of an event, unless nobody holds it any more. Runs on a thread that may be blocked.
pub(crate) fn tell(subscription: &Weak<JObject<'static>>, event: &Event) {
    // What a listener throws is logged on the Java side; only a JVM that is out of memory or on its way out fails here.
    let _told = attach::with_env(|env| pass_on(env, subscription, event));
}

fn pass_on(env: &mut Env<'_>, subscription: &Weak<JObject<'static>>, event: &Event) -> Result<()> {
    let Some(subscription) = subscription.upgrade_local(env)? else { return Ok(()) };
    // Made there, since a class cannot be looked up by name on this thread.
    let fields =
        env.call_method(&subscription, jni_str!("fields"), jni_sig!("()Lio/kmsak/Fields;"), &[])?.l()?;
    fill(env, &fields, event.fields())?;
    let name = env.new_string(event.name())?;
    env.call_method(
        &subscription,
        jni_str!("event"),
        jni_sig!("(Ljava/lang/String;Lio/kmsak/Fields;)V"),
        &[JValue::Object(&name), JValue::Object(&fields)],
    )?;
    Ok(())
}
