//! Log lines on their way to the Java side.

#![expect(unreachable_pub, reason = "the linker finds it, and jni_mangle wants it")]

use jni::errors::Result;
use jni::objects::{JClass, JObject, JValue};
use jni::refs::Weak;
use jni::sys::jint;
use jni::{Env, EnvUnowned, jni_mangle, jni_sig, jni_str};
use kmsak::LogLevel;

use crate::attach;
use crate::boundary::enter;

/// `NativeLogs.forward(int most, LogQueue queue)`: 0 for nothing, 1 for errors, up to 5 for everything.
#[jni_mangle("io.kmsak.NativeLogs", "forward")]
pub fn forward<'local>(env: EnvUnowned<'local>, _class: JClass<'local>, most: jint, queue: JObject<'local>) {
    enter(env, |env| {
        let Some(most) = level(most) else {
            kmsak::forward_logs(LogLevel::Error, None);
            return Ok(());
        };
        let queue: Weak<JObject<'static>> = env.new_weak_ref(&queue)?;
        let receiver = move |level: LogLevel, line: &str| {
            // Of a line that cannot be handed on nobody can be told.
            let _handed_on = attach::with_env(|env| put(env, &queue, level, line));
        };
        kmsak::forward_logs(most, Some(Box::new(receiver)));
        Ok(())
    });
}

fn level(number: jint) -> Option<LogLevel> {
    Some(match number {
        1 => LogLevel::Error,
        2 => LogLevel::Warn,
        3 => LogLevel::Info,
        4 => LogLevel::Debug,
        5 => LogLevel::Trace,
        _ => return None,
    })
}

fn put(env: &mut Env<'_>, queue: &Weak<JObject<'static>>, level: LogLevel, line: &str) -> Result<()> {
    let Some(queue) = queue.upgrade_local(env)? else { return Ok(()) };
    let number = match level {
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    };
    let line = env.new_string(line)?;
    env.call_method(
        &queue,
        jni_str!("put"),
        jni_sig!("(ILjava/lang/String;)V"),
        &[JValue::Int(number), JValue::Object(&line)],
    )?;
    Ok(())
}
