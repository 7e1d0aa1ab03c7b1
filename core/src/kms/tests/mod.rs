//! Requests as Alibaba Cloud's own client sends them, answers as KMS gives them, and answers of everybody else.

mod requests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::answer::Fields;
use super::instance::{self, InstanceGateway};
use super::shared::{self, SharedGateway};
use super::{Gateway, SecretRequest};
use crate::error::{Error, Kind};
use crate::identity::Signer;
use crate::identity::client_key::ClientKey;
use crate::secret::Secret;
use crate::transport::{HttpRequest, HttpResponse};

const NAME: &str = "acs/ram/user/app";
const VALUE: &str = r#"{"AccessKeyId":"LTAI5tExample","AccessKeySecret":"s3cr3t\/Value"}"#;

fn recorded(gateway: &str) -> Value {
    let all: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/official_requests.json")).unwrap();
    all["requests"].as_array().unwrap().iter().find(|request| request["gateway"] == gateway).unwrap().clone()
}

fn client_key() -> ClientKey {
    let json = include_bytes!("../../../../tests/vectors/clientKey.json");
    let password = include_str!("../../../../tests/vectors/clientKey_Password.txt");
    ClientKey::load(json, password.trim_end(), "clientKey.json", "password").unwrap()
}

fn signer() -> Signer {
    Signer::ClientKey(Arc::new(client_key()))
}

fn question() -> SecretRequest {
    SecretRequest::current(NAME)
}

fn at(date: &str) -> SystemTime {
    crate::date::parse_iso_date(date).unwrap()
}

fn response(status: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse {
        status,
        date: None,
        retry_after: Some(Duration::from_secs(7)),
        body: Zeroizing::new(body.into()),
    }
}

fn fields() -> Fields {
    Fields {
        secret_name: NAME.into(),
        secret_type: "RamCredentials".into(),
        secret_data: VALUE.into(),
        secret_data_type: "text".into(),
        version_stages: vec!["ACSCurrent".into()],
        version_id: "v-1".into(),
        create_time: "2026-11-20T00:00:00Z".into(),
        request_id: "r-1".into(),
        last_rotation_date: "2026-11-20T00:00:00Z".into(),
        next_rotation_date: "2026-11-27T00:00:00Z".into(),
        extended_config: r#"{"SecretSubType":"RamUserAccessKey"}"#.into(),
        automatic_rotation: "Enabled".into(),
        rotation_interval: "604800s".into(),
    }
}

fn json_answer() -> Value {
    json!({
        "SecretName": NAME, "SecretType": "RamCredentials", "SecretData": VALUE, "SecretDataType": "text",
        "VersionStages": {"VersionStage": ["ACSCurrent"]}, "VersionId": "v-1",
        "CreateTime": "2026-11-20T00:00:00Z", "RequestId": "r-1",
        "LastRotationDate": "2026-11-20T00:00:00Z", "NextRotationDate": "2026-11-27T00:00:00Z",
        "ExtendedConfig": r#"{"SecretSubType":"RamUserAccessKey"}"#, "AutomaticRotation": "Enabled",
        "RotationInterval": "604800s", "SomethingNew": {"a": [1, 2]},
    })
}

fn from_instance(status: u16, body: impl Into<Vec<u8>>) -> Result<Secret, Error> {
    InstanceGateway::new("kst.example", "kmsak/test").answer(&question(), &signer(), &response(status, body))
}

fn from_shared(status: u16, body: impl Into<Vec<u8>>) -> Result<Secret, Error> {
    SharedGateway::new("kms.example", "cn-hangzhou", "kmsak/test").answer(
        &question(),
        &signer(),
        &response(status, body),
    )
}

fn change(edit: impl FnOnce(&mut Fields)) -> Vec<u8> {
    let mut fields = fields();
    edit(&mut fields);
    fields.encode_to_vec()
}

fn change_json(edit: impl FnOnce(&mut Value)) -> String {
    let mut answer = json_answer();
    edit(&mut answer);
    answer.to_string()
}

#[test]
fn both_gateways_read_the_same_secret() {
    for secret in [
        from_instance(200, fields().encode_to_vec()).unwrap(),
        from_shared(200, json_answer().to_string()).unwrap(),
    ] {
        assert_eq!(secret.name(), NAME);
        assert_eq!(secret.secret_type(), "RamCredentials");
        assert_eq!(secret.as_text(), Some(VALUE));
        assert!(!secret.is_binary());
        assert_eq!(secret.version_id(), "v-1");
        assert_eq!(secret.version_stages(), ["ACSCurrent"]);
        assert_eq!(secret.create_time(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(secret.request_id(), "r-1");
        assert_eq!(secret.last_rotation_date(), Some(at("2026-11-20T00:00:00Z")));
        assert_eq!(secret.next_rotation_date(), Some(at("2026-11-27T00:00:00Z")));
        assert_eq!(secret.rotation_interval(), Some(Duration::from_secs(604_800)));
        assert_eq!(secret.automatic_rotation(), Some("Enabled"));
        assert_eq!(secret.extended_config(), Some(r#"{"SecretSubType":"RamUserAccessKey"}"#));
        assert!(!format!("{secret:?}").contains("s3cr3t"));
    }
}

#[test]
fn a_secret_asked_for_by_its_arn_answers_with_its_bare_name() {
    let asked = |name: &str| SecretRequest { name: name.to_owned(), ..question() };
    let arn = format!("acs:kms:cn-hangzhou:123456789:secret/{NAME}");
    let instance = InstanceGateway::new("kst.example", "kmsak/test");
    let shared = SharedGateway::new("kms.example", "cn-hangzhou", "kmsak/test");
    let protobuf = response(200, fields().encode_to_vec());
    let json = response(200, json_answer().to_string());
    for answer in
        [instance.answer(&asked(&arn), &signer(), &protobuf), shared.answer(&asked(&arn), &signer(), &json)]
    {
        assert_eq!(answer.unwrap().name(), arn, "it goes by the name that the application knows");
    }
    for other in [format!("{arn}2"), "acs:kms:cn-hangzhou:1:secret/".to_owned(), format!("secret/{NAME}")] {
        refused(
            instance.answer(&asked(&other), &signer(), &protobuf),
            Kind::Server,
            true,
            "names another secret",
        );
    }
}

#[test]
fn a_binary_value_is_decoded() {
    let binary = [0, 159, 146, 150];
    let data = BASE64.encode(binary);
    let secrets = [
        from_instance(
            200,
            change(|f| {
                f.secret_data = data.clone();
                f.secret_data_type = "binary".into();
            }),
        ),
        from_shared(
            200,
            change_json(|a| {
                a["SecretData"] = json!(data);
                a["SecretDataType"] = json!("binary");
            }),
        ),
    ];
    for secret in secrets.map(Result::unwrap) {
        assert_eq!(secret.as_bytes(), binary);
        assert!(secret.is_binary());
        assert_eq!(secret.as_text(), None);
    }
}

#[test]
fn what_is_absent_or_odd_and_not_needed_is_none() {
    let bare = change(|f| {
        let whole = std::mem::take(f);
        f.secret_name = whole.secret_name.clone();
        f.secret_data = whole.secret_data.clone();
        f.version_id = whole.version_id.clone();
        f.next_rotation_date = "the day after tomorrow".into();
        f.rotation_interval = "weekly".into();
    });
    let odd = json!({
        "SecretName": NAME, "SecretData": VALUE, "VersionId": "v-1", "NextRotationDate": 17, "RequestId": null,
        "VersionStages": ["ACSCurrent"], "LastRotationDate": "0001-01-01T00:00:00Z", "RotationInterval": {},
    });
    for secret in [from_instance(200, bare).unwrap(), from_shared(200, odd.to_string()).unwrap()] {
        assert_eq!(secret.next_rotation_date(), None);
        assert_eq!(secret.last_rotation_date(), None);
        assert_eq!(secret.rotation_interval(), None);
        assert_eq!(secret.extended_config(), None);
        assert!(secret.version_stages().is_empty());
    }
}

#[track_caller]
fn refused(answer: Result<Secret, Error>, kind: Kind, retryable: bool, sentence: &str) {
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.retryable()), (kind, retryable), "{error}");
    assert!(error.message().contains(sentence), "{error}");
    assert!(!error.message().contains("s3cr3t"), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn an_answer_that_is_not_whole_is_an_error() {
    let server = |answer, sentence| refused(answer, Kind::Server, true, sentence);
    server(from_instance(200, change(|f| f.secret_name = "other".into())), "names another secret");
    server(from_instance(200, change(|f| f.secret_data.clear())), "has no SecretData");
    server(from_instance(200, change(|f| f.version_id.clear())), "has no VersionId");
    server(from_instance(200, change(|f| f.secret_data_type = "binary".into())), "not base64");
    let whole = fields().encode_to_vec();
    server(from_instance(200, &whole[..whole.len() - 1]), "not the protobuf message");
    server(from_instance(200, ""), "empty body");
    let without = |name: &str| change_json(|a| drop(a.as_object_mut().unwrap().remove(name)));
    server(from_shared(200, without("SecretName")), "names another secret");
    server(from_shared(200, without("SecretData")), "has no SecretData");
    server(from_shared(200, without("VersionId")), "has no VersionId");
    server(
        from_shared(200, change_json(|a| a["SecretData"] = json!({"AccessKeyId": "s3cr3t"}))),
        "has no SecretData",
    );
    server(from_shared(200, change_json(|a| a["SecretDataType"] = json!("Binary"))), "not base64");
    let whole = json_answer().to_string();
    server(from_shared(200, &whole.as_bytes()[..whole.len() - 1]), "not the JSON");
    server(from_shared(200, ""), "empty body");
}

#[test]
fn an_answer_that_is_not_of_kms_says_so() {
    let page = "\n<!DOCTYPE html><html><body>Please log in s3cr3t</body></html>";
    for ask in [from_instance, from_shared] as [fn(u16, &'static str) -> Result<Secret, Error>; 2] {
        refused(ask(200, page), Kind::Server, true, "with a web page");
        refused(ask(502, page), Kind::Server, true, "with a web page");
        refused(ask(302, ""), Kind::Server, true, "with a redirect (HTTP 302)");
        refused(ask(204, ""), Kind::Server, true, "HTTP 204 with an empty body");
        refused(ask(500, "Bad Gateway"), Kind::Server, true, "something that KMS does not write");
        refused(ask(413, ""), Kind::Configuration, false, "too large (413)");
        refused(ask(413, page), Kind::Configuration, false, "too large (413)");
        refused(ask(429, ""), Kind::Throttled, true, "asks too often");
        refused(ask(503, ""), Kind::Server, true, "unavailable for the moment");
    }
}

#[test]
fn an_error_is_read_in_each_format() {
    let protobuf =
        [&[8, 0x93, 3][..], &[18, 24], b"Forbidden.ResourceNotFou", &[26, 3], b"why", &[34, 3], b"r-9"]
            .concat();
    let error = from_instance(404, protobuf).unwrap_err();
    assert_eq!((error.code(), error.request_id()), (Some("Forbidden.ResourceNotFou"), Some("r-9")));
    let json =
        r#"{"HttpStatus":429,"Code":"Rejected.Throttling","Message":"QPS Limit Exceeded","RequestId":"r-9"}"#;
    let xml = "<KMS><HttpStatus>429</HttpStatus><Code>Rejected.Throttling</Code><Message>QPS Limit Exceeded\
               </Message><RequestId>r-9</RequestId></KMS>";
    for ask in [from_instance, from_shared] as [fn(u16, &'static str) -> Result<Secret, Error>; 2] {
        for body in [json, xml] {
            let error = ask(429, body).unwrap_err();
            assert_eq!((error.code(), error.kind()), (Some("Rejected.Throttling"), Kind::Throttled));
            assert_eq!((error.request_id(), error.http_status()), (Some("r-9"), Some(429)));
        }
        refused(ask(200, json), Kind::Throttled, true, "asks too often");
    }
}

#[test]
fn a_secret_in_the_place_of_an_error_is_not_quoted() {
    const SECRET: &str = "8kYqP2mVtR4xZ1wBn6cJfD3hL9sGaE";
    let value = format!(r#"{{"AccessKeyId":"LTAI5tExample","AccessKeySecret":"{SECRET}"}}"#);
    let field = |number: u8, text: &str| {
        let length = u8::try_from(text.len()).unwrap();
        [&[number << 3 | 2, length][..], text.as_bytes()].concat()
    };
    // Answers that hold a secret, without the name that an error has a number in the place of.
    let nameless = change(|f| {
        f.secret_name.clear();
        f.secret_data = SECRET.into();
    });
    let type_and_data = [field(2, "RamCredentials"), field(3, &value), field(4, "text")].concat();
    let in_code = [field(2, SECRET), field(3, "why")].concat();
    let in_message = [field(2, "InvalidParameter"), field(3, &format!("it is {SECRET}."))].concat();
    let in_key = format!("This operation for {SECRET} is forbidden by permission system.");
    let in_key = [field(2, "Forbidden.NoPermission"), field(3, &in_key)].concat();
    let in_id = [field(2, "Odd"), field(4, SECRET)].concat();
    let json = |error: Value| error.to_string().into_bytes();
    let with_data = change_json(|a| {
        a["SecretData"] = json!(value);
        a["Code"] = json!("Odd");
        a["Message"] = json!(SECRET);
    });
    let texts = [
        json(json!({"Code": "InvalidParameter", "Message": value})),
        json(json!({"Code": SECRET, "Message": "why"})),
        json(json!({"Code": "Odd", "Message": "why", "RequestId": SECRET})),
        with_data.into_bytes(),
        format!("<Error><Code>Odd</Code><Message>{SECRET}</Message></Error>").into_bytes(),
    ];
    let messages = [nameless, type_and_data, in_code, in_message, in_key, in_id];
    for body in messages.iter().chain(&texts) {
        for status in [400, 403, 404, 500] {
            for answer in [from_instance(status, body.clone()), from_shared(status, body.clone())] {
                let shown = format!("{:?}", answer.unwrap_err());
                assert!(!shown.contains(SECRET), "HTTP {status}: {shown}");
            }
        }
    }
}

fn mutated(mut body: Vec<u8>, edits: &[(prop::sample::Index, u8)], cut: prop::sample::Index) -> Vec<u8> {
    for (at, byte) in edits {
        let at = at.index(body.len());
        body[at] = *byte;
    }
    body.truncate(cut.index(body.len()) + 1);
    body
}

proptest! {
    #[test]
    fn no_bytes_make_a_gateway_panic(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(from_instance(status, body.clone()).is_err());
        prop_assert!(from_shared(status, body).is_err());
    }

    #[test]
    fn damage_never_panics_nor_changes_whose_secret_it_is(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        status in prop::sample::select(vec![200_u16, 200, 400, 403, 500]),
    ) {
        let body = mutated(fields().encode_to_vec(), &edits, cut);
        for answer in [
            from_instance(status, body),
            from_shared(status, mutated(json_answer().to_string().into_bytes(), &edits, cut)),
        ] {
            match answer {
                Ok(secret) => {
                    prop_assert_eq!(secret.name(), NAME);
                    prop_assert!(!secret.as_bytes().is_empty() && !secret.version_id().is_empty());
                }
                Err(error) => prop_assert!(!error.message().contains("s3cr3t")),
            }
        }
    }

    #[test]
    fn any_text_value_arrives_through_both_gateways(value in "\\PC{1,60}|[\\x00-\\x7f]{1,60}") {
        let by_instance = from_instance(200, change(|f| f.secret_data = value.clone())).unwrap();
        let by_shared = from_shared(200, change_json(|a| a["SecretData"] = json!(value))).unwrap();
        prop_assert_eq!(by_instance.as_text(), Some(value.as_str()));
        prop_assert_eq!(by_shared.as_text(), Some(value.as_str()));
    }

    #[test]
    fn any_moment_can_be_signed(seconds in any::<u32>(), name in "\\PC{0,20}") {
        let request = SecretRequest::at_stage(&name, "ACSPrevious");
        let now = UNIX_EPOCH + Duration::from_secs(u64::from(seconds) * 8);
        let text = shared::string_to_sign(&[("SecretName", &request.name), ("Timestamp", &crate::date::iso_date(now))]);
        prop_assert!(text.is_ascii() && !text.contains(' '));
    }
}
