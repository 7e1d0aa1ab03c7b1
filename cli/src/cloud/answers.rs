//! How answers write what JSON has no one way for.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

/// What needs no answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {}

/// A list that is JSON text in a string, an array, or an array of one JSON text.
pub(crate) fn text_list<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Value>::deserialize(source)?.map(|value| strings(&value)).unwrap_or_default())
}

pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ Value::Array(_)) => strings(&inner),
            _ if text.is_empty() => Vec::new(),
            _ => vec![text.clone()],
        },
        _ => Vec::new(),
    }
}

/// A number that some write as text.
pub(crate) fn number<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    Ok(match Option::<Value>::deserialize(source)? {
        Some(Value::Number(number)) => number.as_u64().unwrap_or_default(),
        Some(Value::String(text)) => text.trim().parse().unwrap_or_default(),
        _ => 0,
    })
}

/// Text that some write as a number.
pub(crate) fn text<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(match Option::<Value>::deserialize(source)? {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    })
}

/// Text that is wiped when it is dropped.
pub(crate) fn secret_text<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::<String>::deserialize(source)?.map(Zeroizing::new))
}

/// `{"Key": [...]}` in some APIs, `[...]` in others; nothing where it is absent. With an item that is not understood the whole
/// answer is not: left out, it would be deleted where a list is written back, and missing in an audit.
pub(crate) fn listed<'de, D: Deserializer<'de>, T: DeserializeOwned>(source: D) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(source)? {
        Value::Array(items) => items,
        Value::Object(fields) => match fields.into_iter().next() {
            Some((_, Value::Array(items))) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    items.into_iter().map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

/// What is null is as good as absent.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_three_forms() {
        for form in [r#"["a","b"]"#, r#""[\"a\",\"b\"]""#, r#"["[\"a\",\"b\"]"]"#] {
            let value: Value = serde_json::from_str(form).unwrap();
            assert_eq!(strings(&value), ["a", "b"], "{form}");
        }
        assert!(strings(&Value::Null).is_empty());
    }

    #[derive(Debug, Deserialize)]
    struct Vpcs {
        #[serde(default, deserialize_with = "listed")]
        vpcs: Vec<Vpc>,
    }

    #[derive(Debug, Deserialize)]
    struct Vpc {
        id: String,
        #[serde(default)]
        region: String,
    }

    #[test]
    fn a_list_is_whole_or_not_understood() {
        let read =
            |text: &str| serde_json::from_value::<Vpcs>(without_nulls(serde_json::from_str(text).unwrap()));
        for form in [
            r#"{"vpcs":{"vpc":[{"id":"a","region":null},{"id":"b"}]}}"#,
            r#"{"vpcs":[{"id":"a"},{"id":"b","region":null,"more":1}]}"#,
        ] {
            let vpcs = read(form).unwrap().vpcs;
            assert_eq!(vpcs.iter().map(|vpc| vpc.id.as_str()).collect::<Vec<_>>(), ["a", "b"], "{form}");
            assert!(vpcs[0].region.is_empty());
        }
        for form in ["{}", r#"{"vpcs":null}"#, r#"{"vpcs":{"vpc":null}}"#, r#"{"vpcs":[]}"#] {
            assert!(read(form).unwrap().vpcs.is_empty(), "{form}");
        }
        for form in
            [r#"{"vpcs":[{"id":"a"},{"id":7}]}"#, r#"{"vpcs":[{"id":"a"},{"id":null}]}"#, r#"{"vpcs":["a"]}"#]
        {
            assert!(read(form).is_err(), "{form}");
        }
    }
}
