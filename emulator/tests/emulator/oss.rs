use kmsak_emulator::{AccessKey, Emulator, OffsetDateTime};
use reqwest::blocking::{Client, RequestBuilder, Response};
use ring::hmac;
use std::time::Duration;

use crate::client::*;

fn v1(client: &Client, url: &str, at: OffsetDateTime, key: &AccessKey) -> RequestBuilder {
    let date = http_date(at);
    let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.secret.as_bytes());
    let signature = hmac::sign(&secret, format!("GET\n\n\n{date}\n/").as_bytes());
    client
        .get(format!("{url}/?max-keys=10"))
        .header("date", date)
        .header("authorization", format!("OSS {}:{}", key.id, base64(signature.as_ref())))
}

/// As the SDK for JavaScript does, which may not set a Date header.
fn v1_with_own_date(client: &Client, url: &str, at: OffsetDateTime, key: &AccessKey) -> RequestBuilder {
    let date = http_date(at);
    let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.secret.as_bytes());
    let signature = hmac::sign(&secret, format!("GET\n\n\n{date}\nx-oss-date:{date}\n/").as_bytes());
    client
        .get(format!("{url}/"))
        .header("x-oss-date", date)
        .header("authorization", format!("OSS {}:{}", key.id, base64(signature.as_ref())))
}

fn v4(client: &Client, url: &str, at: OffsetDateTime, key: &AccessKey) -> RequestBuilder {
    let date = iso(at).replace(['-', ':'], "");
    let day = &date[..8];
    let headers = format!("x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:{date}\n");
    let canonical = format!("GET\n/\nmax-keys=10&prefix\n{headers}\n\nUNSIGNED-PAYLOAD");
    let scope = format!("{day}/cn-hangzhou/oss/aliyun_v4_request");
    let text = format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut step = format!("aliyun_v4{}", key.secret).into_bytes();
    for part in scope.split('/') {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &step);
        step = hmac::sign(&secret, part.as_bytes()).as_ref().to_vec();
    }
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &step);
    let signature = hex(hmac::sign(&secret, text.as_bytes()).as_ref());
    client
        .get(format!("{url}/?prefix&max-keys=10"))
        .header("x-oss-date", &date)
        .header("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
        .header(
            "authorization",
            format!("OSS4-HMAC-SHA256 Credential={}/{scope},Signature={signature}", key.id),
        )
}

fn code(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/xml");
    assert!(answer.headers().contains_key("x-oss-request-id"));
    let text = answer.text().unwrap();
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or(text.as_str(), |(code, _)| code);
    (status, code.to_owned())
}

#[test]
fn both_signatures_list_buckets_until_the_access_key_is_deleted() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let key = emulator.access_key_of(SECRET).unwrap();
    let late = Duration::from_secs(16 * 60);
    for url in
        [format!("http://{}", emulator.oss_endpoint()), format!("https://{}", emulator.oss_https_endpoint())]
    {
        for sign in [v1, v1_with_own_date, v4] {
            let (status, text) = code(sign(&client, &url, emulator.now(), &key).send().unwrap());
            assert_eq!(status, 200, "{text}");
            assert!(text.contains("<ListAllMyBucketsResult>") && text.contains("app-bucket"));
            let answer = sign(&client, &url, emulator.now() - late, &key).send().unwrap();
            assert_eq!(code(answer), (403, "RequestTimeTooSkewed".into()));
            let mut wrong = key.clone();
            wrong.secret.push('x');
            let answer = sign(&client, &url, emulator.now(), &wrong).send().unwrap();
            assert_eq!(code(answer), (403, "SignatureDoesNotMatch".into()));
            wrong.id.push('x');
            let answer = sign(&client, &url, emulator.now(), &wrong).send().unwrap();
            assert_eq!(code(answer), (403, "InvalidAccessKeyId".into()));
        }
        let get = |path: &str| client.get(format!("{url}{path}"));
        assert_eq!(code(get("/").send().unwrap()), (403, "AccessDenied".into()));
        let odd = get("/").header("authorization", "OSS9 x").send().unwrap();
        assert_eq!(code(odd), (400, "InvalidArgument".into()));
        assert_eq!(code(get("/bucket").send().unwrap()).0, 405);
    }
    emulator.delete_access_key(&key.id).unwrap();
    let url = format!("http://{}", emulator.oss_endpoint());
    for sign in [v1, v1_with_own_date, v4] {
        let answer = sign(&client, &url, emulator.now(), &key).send().unwrap();
        assert_eq!(code(answer), (403, "InvalidAccessKeyId".into()));
    }
}

#[test]
fn a_token_of_sts_lists_buckets_until_it_ends() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let url = format!("http://{}", emulator.oss_endpoint());
    let token = emulator.issue_sts_token("ram-reader", Duration::from_secs(300)).unwrap();
    let ask = |security_token: &str| {
        let date = http_date(emulator.now());
        let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.access_key_secret.as_bytes());
        let text = format!("GET\n\n\n{date}\nx-oss-security-token:{security_token}\n/");
        let signature = base64(hmac::sign(&secret, text.as_bytes()).as_ref());
        let request = client
            .get(&url)
            .header("date", date)
            .header("x-oss-security-token", security_token)
            .header("authorization", format!("OSS {}:{signature}", token.access_key_id));
        code(request.send().unwrap())
    };
    let (status, text) = ask(&token.security_token);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("ram-reader-bucket"), "{text}");
    assert_eq!(ask("other"), (403, "InvalidSecurityToken".into()));
    emulator.expire_sts_tokens("ram-reader").unwrap();
    assert_eq!(ask(&token.security_token), (403, "SecurityTokenExpired".into()));
    let key = emulator.access_key_of(SECRET).unwrap();
    let request = v1(&client, &url, emulator.now(), &key).header("x-oss-security-token", "x");
    assert_eq!(code(request.send().unwrap()), (403, "InvalidSecurityToken".into()));
}
