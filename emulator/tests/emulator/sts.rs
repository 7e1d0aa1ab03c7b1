use kmsak_emulator::{AccessKeyStatus, Emulator};
use ring::hmac;
use std::time::Duration;

use crate::client::*;

#[test]
fn identity_by_every_way_of_asking() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let key = emulator.access_key_of(SECRET).unwrap();
    let fresh = |format: &str| Rpc::identity(&emulator, format).for_access_key(&key);
    for url in
        [format!("http://{}", emulator.sts_endpoint()), format!("https://{}", emulator.sts_https_endpoint())]
    {
        for answer in [
            fresh("JSON").sign_hmac("GET", &key).get(&client, &url),
            fresh("JSON").sign_hmac("POST", &key).post(&client, &url),
            fresh("JSON").sign_hmac("POST", &key).form(&client, &url),
        ] {
            let (status, body) = json(answer);
            assert_eq!(status, 200, "{body}");
            assert_eq!(body["IdentityType"], "RAMUser");
            assert!(body["Arn"].as_str().unwrap().ends_with(":user/app"));
            assert!(body["AccountId"].is_string() && body["UserId"].is_string());
        }
        let text = fresh("XML").sign_hmac("GET", &key).get(&client, &url).text().unwrap();
        assert!(text.contains("<GetCallerIdentityResponse>"), "{text}");
        let host = url.split_once("//").unwrap().1;
        let v3 = Acs3::new(emulator.now(), host, "2015-04-01", "GetCallerIdentity");
        assert_eq!(json(v3.sign_hmac(&key).send(&client, &url)).0, 200);
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let url = format!("http://{}", emulator.sts_endpoint());
    let key = emulator.access_key_of(SECRET).unwrap();
    let fresh = || Rpc::identity(&emulator, "JSON").for_access_key(&key);
    let signed = |request: Rpc| refusal(request.sign_hmac("GET", &key).get(&client, &url));
    let late = iso(emulator.now() - Duration::from_secs(16 * 60));
    assert_eq!(signed(fresh().set("Action", "GetSessionAccessKey")), (404, "InvalidAction.NotFound".into()));
    assert_eq!(signed(fresh().set("Version", "2016-01-20")), (400, "InvalidVersion".into()));
    assert_eq!(signed(fresh().set("Timestamp", &late)), (400, "InvalidTimeStamp.Expired".into()));
    let unknown = fresh().set("AccessKeyId", "LTAI5tnone");
    assert_eq!(signed(unknown), (404, "InvalidAccessKeyId.NotFound".into()));
    let mut wrong = key.clone();
    wrong.secret.push('x');
    let got = refusal(fresh().sign_hmac("GET", &wrong).get(&client, &url));
    assert_eq!(got, (400, "SignatureDoesNotMatch".into()));
    let client_key = emulator.client_key().unwrap();
    let request = Rpc::identity(&emulator, "JSON").for_client_key(&client_key);
    let got = refusal(request.sign_rsa("GET", &private_key(&client_key)).get(&client, &url));
    assert_eq!(got, (404, "InvalidAccessKeyId.NotFound".into()));

    let now = || fresh().sign_hmac("GET", &key).get(&client, &url);
    emulator.set_access_key_status(&key.id, AccessKeyStatus::Inactive).unwrap();
    assert_eq!(refusal(now()), (400, "InvalidAccessKeyId.Inactive".into()));
    emulator.set_access_key_status(&key.id, AccessKeyStatus::Active).unwrap();
    assert_eq!(json(now()).0, 200);
    emulator.delete_access_key(&key.id).unwrap();
    assert_eq!(refusal(now()), (404, "InvalidAccessKeyId.NotFound".into()));
    let text = Rpc::identity(&emulator, "XML")
        .for_access_key(&key)
        .sign_hmac("GET", &key)
        .get(&client, &url)
        .text()
        .unwrap();
    assert!(text.contains("<Error>") && text.contains("<Code>InvalidAccessKeyId.NotFound</Code>"));
}

#[test]
fn v4_signatures_and_v3_ones_without_the_host_are_taken() {
    let emulator = Emulator::start().unwrap();
    let (client, host) = (https(&emulator), emulator.sts_https_endpoint());
    let url = format!("https://{host}");
    let key = emulator.access_key_of(SECRET).unwrap();
    let fresh = || Acs3::new(emulator.now(), &host, "2015-04-01", "GetCallerIdentity");
    assert_eq!(json(fresh().remove("host").sign_hmac(&key).send(&client, &url)).0, 200);

    let today = iso(emulator.now())[..10].replace('-', "");
    let ask = |day: &str, signed_for: &str| {
        let mut request = fresh();
        request.algorithm = "ACS4-HMAC-SHA256";
        let mut secret = format!("aliyun_v4{}", key.secret).into_bytes();
        for part in [day, "cn-hangzhou", signed_for, "aliyun_v4_request"] {
            let step = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            secret = hmac::sign(&step, part.as_bytes()).as_ref().to_vec();
        }
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let credential = format!("{}/{day}/cn-hangzhou/sts/aliyun_v4_request", key.id);
        let request =
            request.sign(&credential, |text| hmac::sign(&secret, text.as_bytes()).as_ref().to_vec());
        refusal(request.send(&client, &url))
    };
    assert_eq!(ask(&today, "sts").0, 200);
    assert_eq!(ask(&today, "kms"), (400, "SignatureDoesNotMatch".into()));
    assert_eq!(ask("20200101", "sts"), (400, "IncompleteSignature".into()));
}
