//! The configuration as the Java side collected it: names and values by turns.

use std::time::Duration;

use jni::Env;
use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JObject, JObjectArray, JString, JValue};
use jni::refs::Global;
use jni::{jni_sig, jni_str};
use kmsak::{Builder, Fixed, Gateway, Provider};

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
    let mut builder = Builder::new().language("java").resources(look_up);
    for_each(env, settings, |env, name, value| {
        let so_far = std::mem::take(&mut builder);
        builder = match (name, value) {
            ("#environment", _) => so_far.environment(),
            ("#usual_places", _) => so_far.usual_places(),
            ("#properties_file", Value::Text(path)) => so_far.properties_file(path),
            ("#properties_text", Value::Bytes(text)) => so_far.properties_text(text, None),
            ("#client_key", Value::Bytes(json)) => so_far.client_key(json),
            ("#client_key_password", Value::Bytes(password)) => so_far.client_key_password(password),
            ("#jvm_proxy", Value::Settings(proxy)) => jvm_proxy(env, so_far, &proxy)?,
            ("#gateway", Value::Settings(settings)) => so_far.gateway(gateway(env, &settings)?),
            (name, Value::Text(text)) => so_far.property(name, text),
            _ => return Err(Error::WrongObjectType),
        };
        Ok(())
    })?;
    Ok(builder)
}

/// The JVM's own proxy: where it is set, the proxy, and what is reached without it.
fn jvm_proxy(env: &mut Env<'_>, builder: Builder, proxy: &JObjectArray<'_, JObject<'_>>) -> Result<Builder> {
    let mut parts = Vec::new();
    for index in 0..3 {
        let part = proxy.get_element(env, index)?;
        parts.push(env.cast_local::<JString<'_>>(part)?.try_to_string(env)?);
    }
    let [origin, https_proxy, no_proxy] =
        <[String; 3]>::try_from(parts).map_err(|_| Error::WrongObjectType)?;
    Ok(builder.fallback_proxy(origin, https_proxy, no_proxy))
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
    let mut gateway = Gateway::instance();
    for_each(env, settings, |_, name, value| {
        let so_far = gateway.clone();
        gateway = match (name, value) {
            ("instance", _) => so_far,
            ("shared", Value::Text(region_id)) => Gateway::shared(region_id),
            ("region_id", Value::Text(region_id)) => so_far.region_id(region_id),
            ("endpoint", Value::Text(endpoint)) => so_far.endpoint(endpoint),
            ("vpc", Value::Text(text)) => so_far.vpc(text == "true"),
            ("client_key_file", Value::Text(path)) => so_far.client_key_file(path),
            ("client_key", Value::Bytes(json)) => so_far.client_key(json),
            ("client_key_password_file", Value::Text(path)) => so_far.client_key_password_file(path),
            ("client_key_password_env", Value::Text(variable)) => so_far.client_key_password_env(variable),
            ("client_key_password", Value::Bytes(password)) => so_far.client_key_password(password),
            ("ca_file", Value::Text(path)) => so_far.ca_file(path),
            ("ca", Value::Bytes(pem)) => so_far.ca(pem),
            ("ignore_ssl_certs", Value::Text(text)) => so_far.ignore_ssl_certs(text == "true"),
            ("connect_timeout", Value::Text(text)) => so_far.connect_timeout(milliseconds(&text)?),
            ("read_timeout", Value::Text(text)) => so_far.read_timeout(milliseconds(&text)?),
            ("https_proxy", Value::Text(proxy)) => so_far.https_proxy(proxy),
            ("no_proxy", Value::Text(hosts)) => so_far.no_proxy(hosts),
            _ => return Err(Error::WrongObjectType),
        };
        Ok(())
    })?;
    Ok(gateway)
}

fn milliseconds(text: &str) -> Result<Duration> {
    text.parse().map(Duration::from_millis).map_err(|_| Error::WrongObjectType)
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
