//! Answers that are written as JSON or XML, whichever the client asked for.

use serde_json::{Map, Value};

use crate::call::Call;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    /// RPC answers in XML unless asked for JSON; callers in the V3 form, signed or not, expect JSON.
    pub(crate) fn of(call: &Call) -> Self {
        let v3 = call.header("x-acs-version").is_some();
        match call.parameter("Format") {
            Some(format) if format.eq_ignore_ascii_case("json") => Self::Json,
            None if v3 => Self::Json,
            _ => Self::Xml,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=utf-8",
            Self::Xml => "text/xml;charset=utf-8",
        }
    }

    /// Writes a document whose XML root element is `root`.
    pub(crate) fn write(self, root: &str, fields: &Map<String, Value>) -> Vec<u8> {
        match self {
            Self::Json => Value::Object(fields.clone()).to_string().into_bytes(),
            Self::Xml => {
                let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
                element(&mut text, root, &Value::Object(fields.clone()));
                text.into_bytes()
            }
        }
    }
}

/// Appends `<name>...</name>`; a list repeats the element.
fn element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            element(text, name, item);
        }
        return;
    }
    text.push('<');
    text.push_str(name);
    text.push('>');
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                element(text, name, value);
            }
        }
        Value::String(string) => characters(text, string),
        Value::Null | Value::Array(_) => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

/// Appends text so that a parser gives it back, as far as XML 1.0 can hold it: it has no way to write most
/// control characters.
fn characters(text: &mut String, string: &str) {
    for character in string.chars() {
        match character {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&apos;"),
            // Parsers take one that stands as it is for a line end.
            '\r' => text.push_str("&#13;"),
            '\t' | '\n' => text.push(character),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => text.push(char::REPLACEMENT_CHARACTER),
            _ => text.push(character),
        }
    }
}
