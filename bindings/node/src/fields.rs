//! What has fields as JavaScript gets it: durations in milliseconds, points in time as `Date`, what is missing left out.

use kmsak::{Event, FieldValue, Fields, camel_case};
use napi::bindgen_prelude::{JsValue, Object, ToNapiValue};
use napi::{Env, Result, sys};

use crate::failure::Failure;
use crate::values::{date, milliseconds};

/// An object of the fields.
pub(crate) fn object<'env>(env: &'env Env, fields: Fields<'_>) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    for (name, value) in fields {
        // All lengths of time are in milliseconds here, so that no name says it.
        let name = camel_case(name.strip_suffix("_milliseconds").unwrap_or(name));
        match value {
            None => {}
            Some(FieldValue::Text(text)) => object.set(name, text)?,
            Some(FieldValue::Count(count)) => object.set(name, count as f64)?,
            Some(FieldValue::Flag(flag)) => object.set(name, flag)?,
            Some(FieldValue::Duration(duration)) => object.set(name, milliseconds(duration))?,
            Some(FieldValue::Milliseconds(milliseconds)) => object.set(name, milliseconds as f64)?,
            Some(FieldValue::Time(time)) => object.set(name, env.create_date(date(time))?)?,
            Some(FieldValue::Error(error)) => object.set(name, Failure::from(error))?,
            Some(FieldValue::Rows(rows)) => {
                let rows: Vec<_> =
                    rows.into_iter().map(|row| self::object(env, row)).collect::<Result<_>>()?;
                object.set(name, rows)?;
            }
            // Of a newer core than this was written for.
            Some(_) => {}
        }
    }
    Ok(object)
}

/// An event on its way: its fields, and as `event` what listeners call it.
pub struct Happening(pub(crate) Event);

impl ToNapiValue for Happening {
    unsafe fn to_napi_value(env: sys::napi_env, happening: Self) -> Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut object = object(&env, happening.0.fields())?;
        object.set("event", camel_case(happening.0.name()))?;
        Ok(object.raw())
    }
}
