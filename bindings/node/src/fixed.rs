//! What `Provider.fixed` takes. `lib/fixed.js` has checked the types.

use kmsak::{Fixed, Provider};
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

use crate::options::bytes;

/// One version of a secret: an AccessKey, or a value.
#[napi(object, object_to_js = false)]
pub struct FixedVersion {
    /// The secret's name.
    pub name: String,
    /// With `access_key_secret`.
    pub access_key_id: Option<String>,
    /// With `access_key_id`.
    pub access_key_secret: Option<String>,
    /// Of a generic secret.
    pub value: Option<Either<String, Buffer>>,
}

/// All of them, in their order.
pub(crate) fn fixed(versions: Vec<FixedVersion>) -> Fixed {
    versions.into_iter().fold(Provider::fixed(), |fixed, version| match version {
        FixedVersion { name, access_key_id: Some(id), access_key_secret: Some(secret), .. } => {
            fixed.access_key(name, &id, &secret)
        }
        FixedVersion { name, value: Some(value), .. } => fixed.secret(name, bytes(&value)),
        FixedVersion { .. } => fixed,
    })
}
