//! Requests against those that Alibaba Cloud's own client sent.

use super::*;

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    &request.headers.iter().find(|(header, _)| *header == name).unwrap().1
}

#[test]
fn the_instance_gateway_sends_what_the_official_client_sent() {
    let official = recorded("instance");
    let gateway = InstanceGateway::new("127.0.0.1:18443", "kmsak/test");
    let request = gateway.request(&question(), &signer(), at("2026-11-23T12:34:44Z"), "unused").unwrap();
    assert_eq!(request.url, "https://127.0.0.1:18443/");
    assert_eq!(BASE64.encode(&request.body), official["body_base64"].as_str().unwrap());
    // Connection headers are the HTTP library's, and the client's name is our own.
    let others = ["Accept-Encoding", "host", "Content-Length", "user-agent"];
    for pair in official["headers"].as_array().unwrap() {
        let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        if !others.contains(&name) {
            assert_eq!(header(&request, name), value, "{name}");
        }
    }
    assert_eq!(header(&request, "user-agent"), "kmsak/test");
    assert_eq!(request.headers.len(), official["headers"].as_array().unwrap().len() - 3);
}

#[test]
fn the_instance_gateway_signs_the_recorded_string() {
    let official = recorded("instance");
    let headers: HashMap<_, _> = official["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap().to_owned()))
        .collect();
    let kms_headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-kms-"))
        .map(|(name, value)| (*name, format!(" {value} ")))
        .collect();
    let text = instance::string_to_sign(&headers["content-sha256"], &headers["date"], &kms_headers);
    assert_eq!(text, official["string_to_sign"].as_str().unwrap());
    let signature = client_key().sign(text.as_bytes()).unwrap();
    assert_eq!(BASE64.encode(signature), official["signature_base64"].as_str().unwrap());
}

#[test]
fn the_shared_gateway_signs_the_recorded_string() {
    let official = recorded("shared");
    let parameters: Vec<_> = official["parameters_without_signature"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let text = shared::string_to_sign(&parameters);
    assert_eq!(text, official["string_to_sign"].as_str().unwrap());
    let signature = client_key().sign(text.as_bytes()).unwrap();
    assert_eq!(BASE64.encode(signature), official["signature_base64"].as_str().unwrap());
}

#[test]
fn the_shared_gateway_sends_the_parameters_of_the_official_client() {
    let official = recorded("shared");
    let gateway = SharedGateway::new("kms.cn-hangzhou.aliyuncs.com", "cn-hangzhou", "kmsak/test");
    let nonce = official["parameters_without_signature"]["SignatureNonce"].as_str().unwrap();
    let request = gateway.request(&question(), &signer(), at("2026-11-23T12:34:43Z"), nonce).unwrap();
    assert_eq!(request.url, "https://kms.cn-hangzhou.aliyuncs.com/");
    assert_eq!(header(&request, "content-type"), "application/x-www-form-urlencoded");
    let mut sent: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let signature = sent.remove("Signature").unwrap();
    let mut expected: HashMap<String, String> =
        serde_json::from_value(official["parameters_without_signature"].clone()).unwrap();
    // Python writes its own True; the API reference wants true.
    expected.insert("FetchExtendedConfig".into(), "true".into());
    assert_eq!(sent, expected);
    let pairs: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signed = client_key().sign(shared::string_to_sign(&pairs).as_bytes()).unwrap();
    assert_eq!(BASE64.encode(signed), signature);
}

#[test]
fn names_are_encoded_by_rfc_3986() {
    let text = shared::string_to_sign(&[("SecretName", "a b*+~é/"), ("A", "-._")]);
    assert_eq!(text, "POST&%2F&A%3D-._%26SecretName%3Da%2520b%252A%252B~%25C3%25A9%252F");
}
