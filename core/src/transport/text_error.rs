//! Errors of Alibaba Cloud's services in JSON and XML. A service may send either: the format of an error that is found early
//! does not always follow the format that was asked for.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::secret::json_string;

/// An error body, in whatever format it came.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

/// The error in `body`; none if there is none.
pub(crate) fn read(body: &[u8]) -> Option<ErrorBody> {
    match body.trim_ascii_start().first()? {
        b'{' => read_json(body),
        b'<' => read_xml(std::str::from_utf8(body).ok()?),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonError<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    secret_data: Option<&'a RawValue>,
}

fn read_json(body: &[u8]) -> Option<ErrorBody> {
    let error: JsonError<'_> = serde_json::from_slice(body).ok()?;
    if error.secret_data.is_some() {
        return None;
    }
    let text = |raw: Option<&RawValue>| raw.and_then(json_string::decode).map(|text| text.to_string());
    Some(ErrorBody {
        code: text(error.code).filter(|code| !code.is_empty())?,
        message: text(error.message).unwrap_or_default(),
        request_id: text(error.request_id).filter(|id| !id.is_empty()),
    })
}

/// `<KMS>` or `<Error>` around flat elements. So little of XML is needed that a parser would be more to trust than
/// these lines: nothing is expanded but the five entities that XML always has.
fn read_xml(body: &str) -> Option<ErrorBody> {
    let inner = element(body, "KMS").or_else(|| element(body, "Error"))?;
    let text = |name| element(inner, name).map(|text| unescape(text.trim()).into_owned());
    Some(ErrorBody {
        code: text("Code").filter(|code| !code.is_empty())?,
        message: text("Message").unwrap_or_default(),
        request_id: text("RequestId").filter(|id| !id.is_empty()),
    })
}

/// What stands between `<name>` and `</name>`.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inner)
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    // The ampersand last: `&amp;lt;` stands for `&lt;`.
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let mut text = text.to_owned();
    for (entity, character) in entities {
        text = text.replace(entity, character);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_xml_forms_are_read() {
        let kms = "<?xml version='1.0' encoding='UTF-8'?>\n<KMS>\n <HttpStatus>404</HttpStatus>\
                   <Code>Forbidden.ResourceNotFound</Code> <Message>a &lt;b&gt; &amp;amp; c</Message>\
                   <RequestId>r-1</RequestId></KMS>";
        let read_kms = read(kms.as_bytes()).unwrap();
        assert_eq!(read_kms.code, "Forbidden.ResourceNotFound");
        assert_eq!(read_kms.message, "a <b> &amp; c");
        assert_eq!(read_kms.request_id.as_deref(), Some("r-1"));
        let error = "<Error><RequestId>r-2</RequestId><HostId>kms</HostId><Code>Throttling</Code>\
                     <Message>slow</Message></Error>";
        assert_eq!(read(error.as_bytes()).unwrap().code, "Throttling");
    }

    #[test]
    fn odd_fields_do_not_hide_the_code() {
        let json = br#" {"Code":"Throttling","Message":17,"RequestId":null,"HttpStatus":"429","More":[{}]}"#;
        let error = read(json).unwrap();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("Throttling", ""));
        assert_eq!(error.request_id, None);
    }

    #[test]
    fn other_text_is_no_error_of_kms() {
        for body in [
            "",
            "  ",
            "{}",
            "{\"Code\":\"\"}",
            "{\"Code\":7}",
            "{\"Code\":\"a\"",
            "[]",
            "null",
            "<html></html>",
            "<KMS></KMS>",
            "<KMS><Code></Code></KMS>",
            "<Error><Code>a</Error>",
            "Bad Gateway",
            "<Code>a</Code>",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read(b"<KMS><Code>\xff</Code></KMS>"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body);
        }

        #[test]
        fn no_tags_make_it_panic(body in "(<(/?)(KMS|Error|Code|Message)>|[a-z&;é]{0,4}){0,20}") {
            let _ = read(body.as_bytes());
        }

        #[test]
        fn json_errors_come_back(code in "[A-Za-z.]{1,30}", message in any::<String>(), id in "[A-F0-9-]{1,36}") {
            let json = serde_json::json!({"Code": code, "Message": message, "RequestId": id}).to_string();
            prop_assert_eq!(read(json.as_bytes()), Some(ErrorBody { code, message, request_id: Some(id) }));
        }
    }
}
