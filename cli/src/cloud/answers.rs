//! How answers write what JSON has no one way for.

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

fn strings(value: &Value) -> Vec<String> {
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

/// `{"Key": [...]}` in some APIs, `[...]` in others; nothing where it is absent.
pub(crate) fn listed<T: for<'a> Deserialize<'a>>(value: &Value) -> Vec<T> {
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::Object(fields) => match fields.values().next() {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()
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
}
