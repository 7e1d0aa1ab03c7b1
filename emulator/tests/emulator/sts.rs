use kmsak_emulator::{AccessKeyStatus, Emulator};
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
