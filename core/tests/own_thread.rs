//! What a function may do that kmsak calls on its own thread.

mod fixture;

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use fixture::{APP, Kms, PATIENCE};
use kmsak::{Kind, LogLevel, forward_logs};
use kmsak_emulator::Fault;

#[test]
fn to_wait_there_for_kmsak_is_an_error_that_says_so() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let another = kms.off_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    // So that the answers are not there before somebody waits for them.
    let fault = kms.emulator.inject(Fault::hang()).expect("a fault");
    let (tell, told) = channel();
    let inside = (provider.clone(), another.clone());
    provider.begin_refresh(APP).then(move |answer| {
        let (own, other) = inside;
        let waited = [
            own.refresh(APP).map(drop),
            own.renew(APP, own.cached_credentials(APP).expect("it is cached").access_key_id()).map(drop),
            other.credentials(APP).map(drop),
            other.secret_at_stage(APP, "ACSCurrent").map(drop),
            other.begin_secret(APP).wait_timeout(PATIENCE).expect("at once").map(drop),
        ];
        let looked = other.begin_secret(APP).wait_timeout(Duration::ZERO).is_none();
        tell.send((answer.is_ok(), waited, looked, own.credentials(APP).is_ok())).expect("the test waits");
    });
    kms.emulator.clear_fault(fault);
    let (answered, waited, looked, cached) = told.recv_timeout(PATIENCE).expect("nothing hangs");
    assert!(answered && looked && cached);
    for result in waited {
        let error = result.expect_err("it would wait for itself");
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(error.message().contains("own thread"), "{error}");
        assert!(!error.retryable());
    }
    provider.refresh(APP).expect("nothing hangs");
    another.credentials(APP).expect("nothing hangs");
}

#[test]
fn a_receiver_of_logs_that_waits_hangs_nobody() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let (tell, told) = channel();
    let (inside, tell) = (provider.clone(), Mutex::new(Some(tell)));
    let receiver = move |_: LogLevel, line: &str| {
        let first =
            line.starts_with("fetched").then(|| tell.lock().expect("no panic in here").take()).flatten();
        if let Some(tell) = first {
            let error = inside.refresh(APP).expect_err("it would wait for itself");
            tell.send(error.kind()).expect("the test waits");
        }
    };
    assert!(forward_logs(LogLevel::Debug, Some(Box::new(receiver))));
    provider.refresh(APP).expect("KMS answers");
    assert_eq!(told.recv_timeout(PATIENCE).expect("it was called"), Kind::Configuration);
    forward_logs(LogLevel::Debug, None);
}
