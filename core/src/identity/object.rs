//! JSON objects of those who give out AccessKeys, whose values stay raw until they are read: nothing secret is decoded into memory that is not
//! wiped, and an odd field that nobody needs spoils nothing.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::json_string;

pub(super) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// None for what is no JSON object.
    pub(super) fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().map(Object)
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|raw| raw.get())
    }

    /// Empty where there is no text.
    pub(super) fn text(&self, key: &str) -> Zeroizing<String> {
        self.0.get(key).and_then(|raw| json_string::decode(raw)).unwrap_or_default()
    }

    /// A text that is not blank.
    pub(super) fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key).to_string()).filter(|text| !text.trim().is_empty())
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.raw(key)?.parse().ok()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.raw(key) == Some("true")
    }

    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        Object::parse(self.raw(key)?.as_bytes())
    }

    /// The objects in a list, without what is none.
    pub(super) fn objects(&self, key: &str) -> Vec<Object<'a>> {
        let list: Option<Vec<&RawValue>> = self.raw(key).and_then(|raw| serde_json::from_str(raw).ok());
        list.unwrap_or_default().into_iter().filter_map(|raw| Object::parse(raw.get().as_bytes())).collect()
    }
}
