//! What has fields on its way to a Java `Fields`.

use jni::errors::Result;
use jni::objects::{JObject, JString, JValue};
use jni::strings::JNIStr;
use jni::sys::jlong;
use jni::{Env, jni_sig, jni_str};
use kmsak::{Error, FieldValue, Fields, camel_case};

use crate::answer::{failure, milliseconds, nanoseconds};

/// Room for the references to what one field needs.
const FRAME: usize = 16;

pub(crate) fn fill(env: &mut Env<'_>, object: &JObject<'_>, fields: Fields<'_>) -> Result<()> {
    for (name, value) in fields {
        if let Some(value) = value {
            env.with_local_frame(FRAME, |env| put(env, object, name, value))?;
        }
    }
    Ok(())
}

fn put(env: &mut Env<'_>, object: &JObject<'_>, name: &str, value: FieldValue<'_>) -> Result<()> {
    let name = env.new_string(camel_case(name))?;
    match value {
        FieldValue::Text(text) => {
            let text = env.new_string(text)?;
            env.call_method(
                object,
                jni_str!("text"),
                jni_sig!("(Ljava/lang/String;Ljava/lang/String;)V"),
                &[JValue::Object(&name), JValue::Object(&text)],
            )?;
        }
        FieldValue::Count(count) => {
            number(env, object, jni_str!("number"), &name, jlong::try_from(count).unwrap_or(jlong::MAX))?;
        }
        FieldValue::Milliseconds(milliseconds) => {
            number(env, object, jni_str!("number"), &name, milliseconds)?;
        }
        FieldValue::Flag(flag) => number(env, object, jni_str!("flag"), &name, flag.into())?,
        FieldValue::Duration(duration) => {
            number(env, object, jni_str!("duration"), &name, nanoseconds(Some(duration)))?;
        }
        FieldValue::Time(time) => {
            number(env, object, jni_str!("time"), &name, milliseconds(Some(time)))?;
        }
        FieldValue::Error(error) => put_error(env, object, &name, error)?,
        FieldValue::Rows(rows) => {
            for row in rows {
                env.with_local_frame(FRAME, |env| {
                    let added = env
                        .call_method(
                            object,
                            jni_str!("row"),
                            jni_sig!("(Ljava/lang/String;)Lio/kmsak/Fields;"),
                            &[JValue::Object(&name)],
                        )?
                        .l()?;
                    fill(env, &added, row)
                })?;
            }
        }
        // Of a newer core than this was written for.
        _ => {}
    }
    Ok(())
}

fn number(
    env: &mut Env<'_>,
    object: &JObject<'_>,
    method: &JNIStr,
    name: &JString<'_>,
    number: jlong,
) -> Result<()> {
    env.call_method(
        object,
        method,
        jni_sig!("(Ljava/lang/String;J)V"),
        &[JValue::Object(name), JValue::Long(number)],
    )?;
    Ok(())
}

fn put_error(env: &mut Env<'_>, object: &JObject<'_>, name: &JString<'_>, error: &Error) -> Result<()> {
    let exception = failure(env, object, error)?;
    env.call_method(
        object,
        jni_str!("error"),
        jni_sig!("(Ljava/lang/String;Lio/kmsak/KmsakException;)V"),
        &[JValue::Object(name), JValue::Object(&exception)],
    )?;
    Ok(())
}
