//! The one way in from Java, which no panic leaves.

use std::any::Any;

use jni::errors::{Error, ErrorPolicy};
use jni::objects::{JObject, JThrowable, JValue};
use jni::{Env, EnvUnowned, jni_sig, jni_str};

/// Runs an entry point. A panic or a failure of JNI itself is thrown as `KmsakException`; a Java exception that is under
/// way stays so.
pub(crate) fn enter<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<T, Error>,
) -> T {
    env.with_env(body).resolve::<Throw>()
}

struct Throw;

impl<T: Default> ErrorPolicy<T, Error> for Throw {
    type Captures<'local: 'method, 'method> = ();

    fn on_error<'local: 'method, 'method>(
        env: &mut Env<'local>,
        (): &mut (),
        error: Error,
    ) -> Result<T, Error> {
        throw(env, &error.to_string());
        Ok(T::default())
    }

    fn on_panic<'local: 'method, 'method>(
        env: &mut Env<'local>,
        (): &mut (),
        payload: Box<dyn Any + Send + 'static>,
    ) -> Result<T, Error> {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic");
        throw(env, text);
        Ok(T::default())
    }
}

/// The class is found through the loader of the Java method that called us.
fn throw(env: &mut Env<'_>, what: &str) {
    if env.exception_check() {
        return;
    }
    let throwing = |env: &mut Env<'_>| -> Result<(), Error> {
        let class = env.find_class(jni_str!("io/kmsak/KmsakException"))?;
        let what = env.new_string(what)?;
        let exception: JObject<'_> = env
            .call_static_method(
                class,
                jni_str!("internal"),
                jni_sig!("(Ljava/lang/String;)Lio/kmsak/KmsakException;"),
                &[JValue::Object(&what)],
            )?
            .l()?;
        let exception = env.cast_local::<JThrowable<'_>>(exception)?;
        env.throw(exception)
    };
    // Always an error: either the exception is under way now, or the JVM threw one of its own.
    let _under_way = throwing(env);
}
