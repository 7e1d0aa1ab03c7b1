//! The provider for tests.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use kmsak::{Error, Event, Kind, Provider, ServiceError};

const APP: &str = "acs/ram/user/app";

fn two_access_keys() -> Provider {
    let fixed = Provider::fixed().access_key(APP, "LTAI1", "one").access_key(APP, "LTAI2", "two");
    fixed.secret("db", "first").secret("db", b"\xff\x00").open().expect("they are AccessKeys")
}

#[test]
fn hands_out_what_it_was_given() {
    let provider = two_access_keys();
    assert!(provider.cached_credentials(APP).is_none());
    let credentials = provider.credentials(APP).expect("the first");
    assert_eq!((credentials.access_key_id(), credentials.access_key_secret()), ("LTAI1", "one"));
    assert_eq!(credentials.secret().secret_type(), "RamCredentials");
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), "LTAI1");
    let secret = provider.secret("db").expect("the first");
    assert_eq!(
        (secret.as_text(), secret.is_binary(), secret.secret_type()),
        (Some("first"), false, "Generic")
    );
    let binary = provider.refresh("db").expect("the next");
    assert_eq!((binary.as_bytes(), binary.is_binary()), (&b"\xff\x00"[..], true));
    assert_ne!(binary.version_id(), secret.version_id());
    assert_eq!(provider.credentials("db").expect_err("no AccessKey").kind(), Kind::Configuration);
    assert!(provider.stats().endpoints.is_empty());
}

#[test]
fn each_fetch_rotates_until_the_last_version() {
    let provider = two_access_keys();
    let (tell, told) = channel();
    let subscription = provider
        .subscribe(move |event| {
            if let Event::Rotated { old_access_key_id, new_access_key_id, .. } = event {
                tell.send((old_access_key_id.clone(), new_access_key_id.clone())).expect("a listener");
            }
        })
        .expect("it is open");
    let missing = provider.secret_at_stage(APP, "ACSPrevious").expect_err("there is one version");
    assert_eq!(missing.kind(), Kind::NotFound);
    provider.credentials(APP).expect("the first");
    let second = provider.refresh(APP).expect("the second");
    assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(("LTAI1".into(), "LTAI2".into())));
    assert_eq!(provider.refresh(APP).expect("the last").version_id(), second.version_id());
    let previous = provider.secret_at_stage(APP, "ACSPrevious").expect("the one before");
    assert!(previous.as_text().expect("JSON").contains("LTAI1"));
    assert_eq!(previous.version_stages(), ["ACSPrevious"]);
    let current = provider.secret_at_stage(APP, "ACSCurrent").expect("the second");
    // As with KMS, the version's name is passed over where the secret holds an AccessKey.
    let by_name = provider.begin_secret_version(APP, "v1", None).wait().expect("the second");
    assert_eq!(by_name.version_id(), current.version_id());
    assert_eq!(current.version_id(), second.version_id());
    drop(subscription);
}

#[derive(Debug)]
struct Rejected(Option<Error>);

impl ServiceError for Rejected {
    fn code(&self) -> Option<&str> {
        self.0.is_none().then_some("InvalidAccessKeyId.NotFound")
    }
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Rejected(Some(error))
    }
}

#[test]
fn a_rejected_access_key_is_followed_by_the_next_and_the_last_by_an_error_at_once() {
    let provider = two_access_keys();
    // To wait for another AccessKey would take each fifteen seconds.
    let started = Instant::now();
    let service = |valid: &'static str| {
        move |credentials: &kmsak::Credentials| {
            let id = credentials.access_key_id().to_owned();
            if id == valid { Ok(id) } else { Err(Rejected(None)) }
        }
    };
    assert_eq!(provider.call(APP, service("LTAI2")).expect("after a renewal"), "LTAI2");
    provider.call(APP, service("LTAI3")).expect_err("the service's own");
    let error = provider.renew(APP, "LTAI2").expect_err("there is no other");
    assert_eq!(error.kind(), Kind::Server);
    for _ in 0..20 {
        provider.renew(APP, "LTAI2").expect_err("there is no other, and no bucket runs dry");
    }
    assert!(started.elapsed() < Duration::from_secs(150), "{:?}", started.elapsed());
}

#[test]
fn a_renewal_skips_what_was_rejected() {
    let fixed = Provider::fixed().access_key(APP, "LTAI1", "one").access_key(APP, "LTAI1", "one");
    let provider = fixed.access_key(APP, "LTAI2", "two").open().expect("AccessKeys");
    assert_eq!(provider.renew(APP, "LTAI1").expect("the third version").access_key_id(), "LTAI2");
}

#[test]
fn what_it_was_not_given_is_not_found() {
    let provider = two_access_keys();
    let error = provider.secret("nobody").expect_err("it was not given");
    assert_eq!((error.kind(), error.code()), (Kind::NotFound, Some("Forbidden.ResourceNotFound")));
    assert_eq!(error.message(), "the provider for tests has no secret nobody, only [acs/ram/user/app, db]");
    provider.close();
    assert_eq!(provider.secret("db").expect_err("closed").kind(), Kind::Closed);
    assert_eq!(provider.secret_at_stage("db", "ACSCurrent").expect_err("closed").kind(), Kind::Closed);
}

#[test]
fn what_is_no_access_key_or_no_name_is_refused() {
    for (id, secret) in [("", "one"), ("LTAI1", ""), ("LTAI 1", "one"), ("LTAI1", "\u{fc}\"")] {
        let error = Provider::fixed().access_key(APP, id, secret).open().expect_err("no AccessKey");
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(error.message().starts_with("AccessKey 1 of acs/ram/user/app is none: "), "{error}");
    }
    let error = Provider::fixed().secret("a b", "x").open().expect_err("no name");
    assert!(error.message().contains("\"a b\" cannot be a secret's name"), "{error}");
}
