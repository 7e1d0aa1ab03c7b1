//! After a rejected AccessKey.

mod fixture;

use std::borrow::Cow;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use fixture::{APP, Kms, Told};
use kmsak::{Error, Event, Kind, LogLevel, ServiceError, forward_logs};
use kmsak_emulator::{AccessPoint, Fault};

#[test]
fn a_thousand_threads_whose_access_key_was_rejected_cause_one_request() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    // They arrive while the first request is under way, and on a busy machine some of them after it.
    kms.emulator.inject(Fault::latency(Duration::from_millis(500))).expect("a fault");
    let barrier = Arc::new(Barrier::new(1000));
    let threads: Vec<_> = (0..1000)
        .map(|_| {
            let (provider, barrier, old) = (provider.clone(), barrier.clone(), old.clone());
            thread::Builder::new()
                .stack_size(128 << 10)
                .spawn(move || {
                    barrier.wait();
                    provider.renew(APP, &old).expect("KMS answers").access_key_id().to_owned()
                })
                .expect("a thread")
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), new);
    }
    let stats = &provider.stats().secrets[0];
    assert_eq!((stats.fetches, stats.renewals), (2, 1), "one for the start, one for the renewal");
}

#[test]
fn a_newer_access_key_in_the_cache_is_answered_without_asking_kms() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("renew_tokens=1");
    provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    provider.refresh(APP).expect("KMS answers");
    let before = fixture::fetches(&provider);
    for _ in 0..10 {
        assert_eq!(provider.renew(APP, &old).expect("it is cached").access_key_id(), new);
    }
    assert_eq!(fixture::fetches(&provider), before);
    assert_eq!(provider.stats().secrets[0].renewals, 0, "no token was spent");
}

#[test]
fn a_newer_access_key_in_the_cache_is_answered_on_the_callers_thread() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("renew_deadline=6000");
    provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    provider.refresh(APP).expect("KMS answers");
    let at_once = |rejected: &str| provider.begin_renew(APP, rejected).wait_timeout(Duration::ZERO);
    assert_eq!(at_once(&old).expect("it is cached").expect("it is good").access_key_id(), new);
    let error = provider.renew(APP, &new).expect_err("KMS has no other");
    assert!(error.message().contains(&new), "{error}");
    assert!(!matches!(at_once(&old), Some(Ok(_))), "what is cached was rejected as well");
    let (_, newest) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), newest);
    assert_eq!(at_once(&new).expect("it is cached").expect("it is good").access_key_id(), newest);
}

#[test]
fn a_renewal_waits_for_kms_to_have_the_new_access_key() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let old = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    let mark = kms.emulator.mark();
    let renewal = provider.begin_renew(APP, &old);
    // KMS has answered the rejected AccessKey once more before the rotation.
    kms.wait_for_request(mark, |request| request.is_success());
    let (_, new) = kms.rotate_without_overlap();
    assert_eq!(renewal.wait().expect("KMS has it in time").access_key_id(), new);
}

#[test]
fn an_access_key_that_kms_keeps_is_told_at_the_deadline() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("renew_deadline=6000");
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    let error = provider.renew(APP, &id).expect_err("there is no other");
    assert_eq!(error.kind(), Kind::Server);
    assert!(error.message().contains(&format!("KMS still answers {APP} with AccessKey {id}")), "{error}");
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), id, "nothing was lost");
}

#[test]
fn a_last_try_that_hangs_does_not_hide_what_kms_said() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("renew_deadline=6000");
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    let mark = kms.emulator.mark();
    let renewal = provider.begin_renew(APP, &id);
    kms.wait_for_request(mark, |request| request.is_success());
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let error = renewal.wait().expect_err("there is no other");
    assert_eq!(error.kind(), Kind::Server);
    assert!(error.message().contains("KMS still answers"), "{error}");
}

#[test]
fn the_token_bucket_bounds_what_a_faulty_application_can_cost() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("renew_tokens=2\nrenew_deadline=1000");
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    for _ in 0..2 {
        let error = provider.renew(APP, &id).expect_err("there is no other");
        assert_ne!(error.kind(), Kind::Throttled, "{error}");
    }
    // A busy machine may have repeated a request just now.
    let fetches = fixture::fetches(&provider);
    let error = provider.renew(APP, &id).expect_err("the bucket is empty");
    assert_eq!((error.kind(), error.retryable()), (Kind::Throttled, true));
    assert!(error.message().contains("renew_tokens"), "{error}");
    assert_eq!(fixture::fetches(&provider), fetches, "KMS was not asked");
    assert_eq!(provider.stats().secrets[0].renewals, 2);
}

#[test]
fn nothing_is_retried_that_cannot_help() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    let nothing = AccessPoint { name: "app".to_owned(), policies: Vec::new() };
    kms.emulator.put_access_point(nothing).expect("it is replaced");
    let before = kms.emulator.counters().requests_where(|_| true);
    let told = Told::by(&provider);
    let error = provider.refresh(APP).expect_err("it may not");
    assert!(!error.retryable(), "{error:?}");
    let Event::RefreshFailed { error, next_try_in, .. } = told.wait_for("refresh_failed") else {
        unreachable!()
    };
    assert!(!error.retryable());
    assert!(next_try_in.is_some(), "a permission may be given back");
    let asked = kms.emulator.counters().requests_where(|_| true) - before;
    assert!(asked <= 2, "asked {asked} times");
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), id);
}

/// The error of some SDK.
#[derive(Debug)]
enum SdkError {
    Service(&'static str),
    Told(&'static str, &'static str),
    Kmsak(Error),
}

impl ServiceError for SdkError {
    fn code(&self) -> Option<&str> {
        match self {
            SdkError::Service(code) | SdkError::Told(code, _) => Some(code),
            SdkError::Kmsak(error) => error.code(),
        }
    }

    fn message(&self) -> Option<Cow<'_, str>> {
        match self {
            SdkError::Told(_, message) => Some(Cow::Borrowed(message)),
            SdkError::Service(_) | SdkError::Kmsak(_) => None,
        }
    }
}

impl From<Error> for SdkError {
    fn from(error: Error) -> Self {
        SdkError::Kmsak(error)
    }
}

#[test]
fn call_renews_and_runs_once_more() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    let mut seen = Vec::new();
    let used = provider.call(APP, |credentials| {
        seen.push(credentials.access_key_id().to_owned());
        if credentials.access_key_id() == old {
            return Err(SdkError::Service("InvalidAccessKeyId.NotFound"));
        }
        Ok(credentials.access_key_id().to_owned())
    });
    assert_eq!(used.expect("the second run"), new);
    assert_eq!(seen, [old, new]);
}

#[test]
fn call_reads_the_message_where_the_code_has_other_causes() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    let ask = |message| {
        provider.call(APP, |credentials| {
            let id = credentials.access_key_id().to_owned();
            if id == old { Err(SdkError::Told("OTSAuthFailed", message)) } else { Ok(id) }
        })
    };
    assert!(ask("The instance is not running.").is_err());
    assert_eq!(ask("The AccessKeyID does not exist.").expect("the second run"), new);
}

#[test]
fn call_leaves_other_failures_alone_and_runs_at_most_twice() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let mut runs = 0;
    let error = provider.call(APP, |_| {
        runs += 1;
        Err::<(), _>(SdkError::Service("Forbidden.RAM"))
    });
    assert!(matches!(error, Err(SdkError::Service("Forbidden.RAM"))));
    assert_eq!((runs, fixture::fetches(&provider)), (1, 1));
    kms.emulator.rotate(APP, Duration::from_secs(60)).expect("it rotates");
    let mut runs = 0;
    let error = provider.call(APP, |_| {
        runs += 1;
        Err::<(), _>(SdkError::Service("InvalidAccessKeyId"))
    });
    assert!(matches!(error, Err(SdkError::Service("InvalidAccessKeyId"))));
    assert_eq!(runs, 2);
}

#[test]
fn why_a_renewal_within_call_failed_is_logged() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    kms.emulator.inject(Fault::error(403, "Rejected.Disabled")).expect("a fault");
    let (tell, lines) = channel();
    let write = move |level, line: &str| drop(tell.send((level, line.to_owned())));
    assert!(forward_logs(LogLevel::Warn, Some(Box::new(write))));
    let error = provider.call(APP, |_| Err::<(), _>(SdkError::Service("InvalidAccessKeyId")));
    assert!(matches!(error, Err(SdkError::Service("InvalidAccessKeyId"))));
    forward_logs(LogLevel::Warn, None);
    let why = lines.iter().find(|(_, line)| line.contains("Rejected.Disabled")).expect("a line");
    assert_eq!(why.0, LogLevel::Warn);
    assert!(why.1.starts_with(&format!("{APP} could not be refreshed; ")), "{}", why.1);
}

#[test]
fn which_codes_count_is_configurable() {
    let kms = Kms::start();
    let usual = kms.on_the_cloud("");
    assert!(usual.is_rejection("InvalidAccessKeyId.Inactive", None));
    assert!(usual.is_rejection("Unauthorized", Some("AccessKeyId is disabled")));
    assert!(!usual.is_rejection("Unauthorized", Some("denied by ram")));
    assert!(!usual.is_rejection("InvalidSecurityToken", None));
    let other = kms.on_the_cloud("rejection_codes=InvalidSecurityToken, Other.Code: no such key");
    assert!(other.is_rejection("InvalidSecurityToken", None));
    assert!(other.is_rejection("other.code", Some("There is no such key.")));
    assert!(!other.is_rejection("Other.Code", None));
    assert!(!other.is_rejection("InvalidAccessKeyId", None));
}

#[test]
fn a_rotation_is_told_with_both_ids() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    told.wait_for("fetched");
    let (old, new) = kms.rotate_without_overlap();
    provider.renew(APP, &old).expect("KMS answers");
    let Event::Rotated { secret, old_access_key_id, new_access_key_id } = told.wait_for("rotated") else {
        unreachable!()
    };
    assert_eq!((secret.as_str(), old_access_key_id, new_access_key_id), (APP, old, new));
}

#[test]
fn subscribers_that_panic_or_block_harm_nobody() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let _panics = provider.subscribe(|_| panic!("a subscriber's own defect")).expect("it is open");
    let _blocks =
        provider.subscribe(move |_| drop(blocked.lock().map(|blocked| blocked.recv()))).expect("it is open");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    told.wait_for("fetched");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
    told.wait_for("rotated");
    drop(release);
}

#[test]
fn the_size_of_the_fleet_comes_with_the_secret() {
    let kms = Kms::start();
    let config =
        r#"{"SecretSubType":"RamUserAccessKey","UserName":"app","CustomData":{"fleet_size":"1350"}}"#;
    kms.emulator
        .edit_secret(APP, |secret| secret.extended_config = Some(config.to_owned()))
        .expect("it is there");
    for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
        assert_eq!(provider.fleet(APP), None, "nothing is known yet");
        let old = provider.credentials(APP).expect("a first AccessKey is not waited for");
        assert_eq!(provider.fleet(APP), Some((1350, Duration::from_secs(2))));
        let (_, new) = kms.rotate_without_overlap();
        let renewed = provider.renew(APP, old.access_key_id()).expect("its turn is before the deadline");
        assert_eq!(renewed.access_key_id(), new);
    }
    assert_eq!(kms.on_the_cloud("fleet_size=450").fleet(APP), Some((450, Duration::ZERO)), "a setting wins");
}
