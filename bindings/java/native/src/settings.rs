//! The configuration as the Java side collected it: names and values by turns.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jni::Env;
use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JObject, JObjectArray, JString, JValue};
use jni::refs::Global;
use jni::{jni_sig, jni_str};
use kmsak::{Builder, Fixed, Gateway, Provider, Setting, SettingKind};

use crate::attach;

/// What Java gives as a value.
enum Value<'local> {
    Text(String),
    Bytes(Vec<u8>),
    Settings(JObjectArray<'local, JObject<'local>>),
}

/// The builder that `settings` describe, asking `resources` for what is not on disk.
pub(crate) fn builder(
    env: &mut Env<'_>,
    settings: &JObjectArray<'_, JObject<'_>>,
    resources: &JObject<'_>,
) -> Result<Builder> {
    let resources: Global<JObject<'static>> = env.new_global_ref(resources)?;
    let look_up = move |path: &str| {
        // A resource that cannot be read is one that is not there.
        attach::with_env(|env| resource(env, &resources, path)).ok().flatten()
    };
    let known: Vec<_> = Builder::options().collect();
    let mut builder = Builder::new().language("java").resources(look_up);
    for_each(env, settings, |env, name, value| {
        let so_far = std::mem::take(&mut builder);
        builder = match (name, value) {
            ("#property", Value::Settings(pair)) => {
                let [name, value] = texts(env, &pair)?;
                so_far.property(&name, value)
            }
            ("#jvm_proxy", Value::Settings(proxy)) => {
                let [origin, https_proxy, no_proxy] = texts(env, &proxy)?;
                so_far.fallback_proxy(origin, https_proxy, no_proxy)
            }
            ("#gateway", Value::Settings(settings)) => so_far.gateway(gateway(env, &settings)?),
            (name, value) => set(so_far, name, &value, &known, Builder::set)?,
        };
        Ok(())
    })?;
    Ok(builder)
}

/// Sets an option by its name; that there is one, and of this sort, is Java's own doing.
fn set<T>(
    target: T,
    name: &str,
    value: &Value<'_>,
    known: &[(&'static str, SettingKind)],
    set: fn(T, &str, Setting<'_>) -> kmsak::Result<T>,
) -> Result<T> {
    let kind = known.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let set = |setting: Setting<'_>| set(target, name, setting).map_err(|_| Error::WrongObjectType);
    match (kind, value) {
        (Some(SettingKind::Text), Value::Text(text)) => set(Setting::Text(text)),
        (Some(SettingKind::Path), Value::Text(path)) => set(Setting::Path(Path::new(path))),
        (Some(SettingKind::Flag), Value::Text(flag)) => set(Setting::Flag(flag == "true")),
        (Some(SettingKind::Duration), Value::Text(milliseconds)) => {
            set(Setting::Duration(Duration::from_millis(number(milliseconds)?)))
        }
        // The core says what a number may be.
        (Some(SettingKind::Count), Value::Text(count)) => {
            set(Setting::Count(number::<i64>(count)?.try_into().unwrap_or_default()))
        }
        (Some(SettingKind::Texts), Value::Text(list)) => {
            let items: Vec<&str> = list.split(',').filter(|item| !item.is_empty()).collect();
            set(Setting::Texts(&items))
        }
        (Some(SettingKind::Bytes), Value::Bytes(bytes)) => set(Setting::Bytes(bytes)),
        _ => Err(Error::WrongObjectType),
    }
}

fn number<N: FromStr>(text: &str) -> Result<N> {
    text.parse().map_err(|_| Error::WrongObjectType)
}

/// An array of texts.
fn texts<const N: usize>(env: &mut Env<'_>, array: &JObjectArray<'_, JObject<'_>>) -> Result<[String; N]> {
    let mut parts = Vec::new();
    for index in 0..N {
        let part = array.get_element(env, index)?;
        parts.push(env.cast_local::<JString<'_>>(part)?.try_to_string(env)?);
    }
    parts.try_into().map_err(|_| Error::WrongObjectType)
}

/// A provider for tests, of names with an id and a secret, or with none and a value.
pub(crate) fn fixed(env: &mut Env<'_>, versions: &JObjectArray<'_, JObject<'_>>) -> Result<Fixed> {
    let mut fixed = Provider::fixed();
    for index in (0..versions.len(env)?).step_by(3) {
        let name = versions.get_element(env, index)?;
        let name = env.cast_local::<JString<'_>>(name)?.try_to_string(env)?;
        let id = versions.get_element(env, index + 1)?;
        let value = versions.get_element(env, index + 2)?;
        let so_far = std::mem::take(&mut fixed);
        fixed = if id.is_null() {
            let value = env.cast_local::<JByteArray<'_>>(value)?;
            so_far.secret(name, env.convert_byte_array(&value)?)
        } else {
            let id = env.cast_local::<JString<'_>>(id)?.try_to_string(env)?;
            let secret = env.cast_local::<JString<'_>>(value)?.try_to_string(env)?;
            so_far.access_key(name, &id, &secret)
        };
    }
    Ok(fixed)
}

fn gateway(env: &mut Env<'_>, settings: &JObjectArray<'_, JObject<'_>>) -> Result<Gateway> {
    let known: Vec<_> = Gateway::options().collect();
    let mut gateway = Gateway::instance();
    for_each(env, settings, |_, name, value| {
        let so_far = gateway.clone();
        gateway = match (name, value) {
            ("#instance", _) => so_far,
            ("#shared", Value::Text(region_id)) => Gateway::shared(region_id),
            (name, value) => set(so_far, name, &value, &known, Gateway::set)?,
        };
        Ok(())
    })?;
    Ok(gateway)
}

fn for_each<'local>(
    env: &mut Env<'local>,
    settings: &JObjectArray<'_, JObject<'_>>,
    mut f: impl FnMut(&mut Env<'local>, &str, Value<'local>) -> Result<()>,
) -> Result<()> {
    let length = settings.len(env)?;
    env.ensure_local_capacity(2 * length)?;
    for index in (0..length).step_by(2) {
        let name = settings.get_element(env, index)?;
        let name = env.cast_local::<JString<'_>>(name)?.try_to_string(env)?;
        let value = settings.get_element(env, index + 1)?;
        let value = value_of(env, value)?;
        f(env, &name, value)?;
    }
    Ok(())
}

fn value_of<'local>(env: &mut Env<'local>, value: JObject<'local>) -> Result<Value<'local>> {
    if env.is_instance_of(&value, jni_str!("java/lang/String"))? {
        return Ok(Value::Text(env.cast_local::<JString<'_>>(value)?.try_to_string(env)?));
    }
    if env.is_instance_of(&value, jni_str!("[B"))? {
        let bytes = env.cast_local::<JByteArray<'_>>(value)?;
        return Ok(Value::Bytes(env.convert_byte_array(&bytes)?));
    }
    Ok(Value::Settings(env.cast_local::<JObjectArray<'_, JObject<'_>>>(value)?))
}

fn resource(env: &mut Env<'_>, resources: &JObject<'_>, path: &str) -> Result<Option<Vec<u8>>> {
    let path = env.new_string(path)?;
    let found = env
        .call_method(
            resources,
            jni_str!("find"),
            jni_sig!("(Ljava/lang/String;)[B"),
            &[JValue::Object(&path)],
        )?
        .l()?;
    if found.is_null() {
        return Ok(None);
    }
    let found = env.cast_local::<JByteArray<'_>>(found)?;
    env.convert_byte_array(&found).map(Some)
}
