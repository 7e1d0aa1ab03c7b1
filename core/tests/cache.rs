//! Reading: one request for however many readers, and none for what is cached.

mod fixture;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use fixture::{APP, Kms, Told};
use kmsak::Kind;
use kmsak_emulator::{Fault, SecretValue};

#[test]
fn a_thousand_threads_that_ask_for_one_cold_secret_cause_one_request() {
    let kms = Kms::start();
    // They all arrive while the first request is under way.
    kms.emulator.inject(Fault::latency(Duration::from_millis(300))).expect("a fault");
    let provider = kms.on_the_cloud("");
    let barrier = Arc::new(Barrier::new(1000));
    let threads: Vec<_> = (0..1000)
        .map(|_| {
            let (provider, barrier) = (provider.clone(), barrier.clone());
            thread::Builder::new()
                .stack_size(128 << 10)
                .spawn(move || {
                    barrier.wait();
                    provider.credentials(APP).expect("KMS answers").access_key_id().to_owned()
                })
                .expect("a thread")
        })
        .collect();
    let expected = kms.access_key_id();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), expected);
    }
    assert_eq!(fixture::fetches(&provider), 1);
}

#[test]
fn a_failed_first_fetch_reaches_every_waiter_with_the_same_error() {
    let kms = Kms::start();
    const NOBODY: &str = "acs/ram/user/nobody";
    let fault = kms.emulator.inject(Fault::hang()).expect("a fault");
    let provider = kms.on_the_cloud("");
    let waiting: Vec<_> = (0..20).map(|_| provider.begin_credentials(NOBODY)).collect();
    kms.wait_for_hang(NOBODY);
    kms.emulator.clear_fault(fault);
    let errors: Vec<_> =
        waiting.into_iter().map(|one| one.wait().expect_err("there is no such secret")).collect();
    assert!(errors.iter().all(|error| error.kind() == Kind::NotFound), "{errors:?}");
    assert!(errors.iter().all(|error| error.request_id() == errors[0].request_id()), "{errors:?}");
    assert!(!errors[0].retryable());
}

#[test]
fn different_secrets_are_fetched_side_by_side() {
    let kms = Kms::start();
    for number in 0..8 {
        let value = SecretValue::Text(format!("value {number}"));
        kms.emulator.create_secret(&format!("generic-{number}"), "Generic", value).expect("a secret");
    }
    // Nobody is answered before all have asked.
    let fault = kms.emulator.inject(Fault::hang()).expect("a fault");
    let provider = kms.on_the_cloud("");
    let pending: Vec<_> = (0..8).map(|number| provider.begin_secret(&format!("generic-{number}"))).collect();
    for number in 0..8 {
        kms.wait_for_hang(&format!("generic-{number}"));
    }
    kms.emulator.clear_fault(fault);
    for (number, pending) in pending.into_iter().enumerate() {
        assert_eq!(pending.wait().expect("KMS answers").as_text(), Some(format!("value {number}").as_str()));
    }
}

#[test]
fn however_many_secrets_are_cold_kms_is_not_flooded_with_connections() {
    let kms = Kms::start();
    for number in 0..200 {
        let value = SecretValue::Text(format!("value {number}"));
        kms.emulator.create_secret(&format!("generic-{number}"), "Generic", value).expect("a secret");
    }
    let provider = kms.on_the_cloud("");
    let pending: Vec<_> =
        (0..200).map(|number| provider.begin_secret(&format!("generic-{number}"))).collect();
    for pending in pending {
        pending.wait().expect("KMS answers");
    }
    let connections: u64 = kms.emulator.counters().tls_connections.values().sum();
    assert!(connections <= 64, "{connections} connections");
}

#[test]
fn secret_names_are_fetched_at_start() {
    let kms = Kms::start();
    let mark = kms.emulator.mark();
    let _provider = kms.on_the_cloud(&format!("secret_names={APP}"));
    kms.wait_for_request(mark, |request| request.secret.as_deref() == Some(APP) && request.is_success());
}

#[test]
fn any_type_of_secret_is_readable_as_text_or_bytes() {
    let kms = Kms::start();
    kms.emulator.create_secret("text", "Generic", SecretValue::Text("päss".into())).expect("a secret");
    kms.emulator.create_secret("bytes", "Generic", SecretValue::Binary("AP8H".into())).expect("a secret");
    for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
        assert_eq!(provider.secret("text").expect("KMS answers").as_text(), Some("päss"));
        let bytes = provider.secret("bytes").expect("KMS answers");
        assert_eq!((bytes.as_bytes(), bytes.is_binary()), (&[0, 255, 7][..], true));
        let error = provider.credentials("text").expect_err("it holds no AccessKey");
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(error.message().contains("text is of type Generic"), "{error}");
    }
}

#[test]
fn refresh_asks_kms_whatever_the_cache_holds() {
    let kms = Kms::start();
    let provider = kms.off_the_cloud("");
    let before = provider.credentials(APP).expect("KMS answers");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(before.access_key_id(), old);
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), old);
    provider.refresh(APP).expect("KMS answers");
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), new);
}

#[test]
fn another_stage_is_asked_for_and_not_cached() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let first = provider.secret(APP).expect("KMS answers").version_id().to_owned();
    kms.emulator.rotate(APP, Duration::from_secs(3600)).expect("it rotates");
    let previous = provider.secret_at_stage(APP, "ACSPrevious").expect("KMS answers");
    assert_eq!(previous.version_id(), first);
    assert_ne!(provider.refresh(APP).expect("KMS answers").version_id(), first);
}

#[test]
fn a_version_is_asked_for_by_its_name_through_both_gateways() {
    let kms = Kms::start();
    kms.emulator.create_secret("db", "Generic", SecretValue::text("one")).expect("a secret");
    let first = kms.emulator.secret("db").expect("it is there").versions[0].id.clone();
    for value in ["two", "three"] {
        kms.emulator.put_secret_value("db", SecretValue::text(value)).expect("a version");
    }
    for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
        let ask = |id: &str, stage: Option<&str>| provider.begin_secret_version("db", id, stage).wait();
        let oldest = ask(&first, None).expect("KMS keeps it");
        assert_eq!((oldest.as_text(), oldest.version_id()), (Some("one"), first.as_str()));
        assert!(oldest.version_stages().is_empty());
        assert_eq!(provider.secret("db").expect("KMS answers").as_text(), Some("three"));
        let missing = ask("never", None).expect_err("there is none");
        assert_eq!(missing.kind(), Kind::NotFound);
        assert!(missing.message().contains("no version never of db"), "{missing}");
        let contradiction = ask(&first, Some("ACSCurrent")).expect_err("it is not the current one");
        assert_eq!(contradiction.code(), Some("InvalidParameter"));
        for (id, stage) in [("", None), ("a\nb", None), (first.as_str(), Some(""))] {
            assert_eq!(ask(id, stage).expect_err("it cannot be one").kind(), Kind::Configuration);
        }
        // A managed secret has no versions but by stage.
        let current = provider.begin_secret_version(APP, "any", None).wait().expect("KMS answers");
        assert_eq!(current.version_stages(), ["ACSCurrent"]);
    }
}

#[test]
fn a_version_that_is_throttled_keeps_no_renewal_waiting() {
    let kms = Kms::start();
    kms.emulator.create_secret("db", "Generic", SecretValue::text("one")).expect("a secret");
    let provider = kms.on_the_cloud("jitter_interval=0");
    provider.credentials(APP).expect("KMS answers");
    let asks: [&dyn Fn() -> _; 2] = [&|| provider.begin_secret_version("db", "never", None), &|| {
        provider.begin_secret_at_stage("db", "Never")
    }];
    for ask in asks {
        let throttled = Fault::error(429, "Rejected.Throttling").secret("db");
        let fault = kms.emulator.inject(throttled).expect("a fault");
        let pending = ask();
        while kms.emulator.faults().iter().all(|fault| fault.struck == 0) {
            thread::sleep(Duration::from_millis(5));
        }
        let (old, new) = kms.rotate_without_overlap();
        let renewed = provider.renew(APP, &old).expect("it waits for nobody's turn");
        assert_eq!(renewed.access_key_id(), new);
        kms.emulator.clear_fault(fault);
        assert_eq!(pending.wait().expect_err("there is none").kind(), Kind::NotFound);
    }
}

#[test]
fn a_name_that_cannot_be_one_is_told_without_asking_kms() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    for name in ["", "a\nb", &"x".repeat(300)] {
        let error = provider.credentials(name).expect_err("no such name");
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(error.message().contains("acs/ram/user/app"), "{error}");
    }
    assert_eq!(kms.emulator.counters().requests_where(|_| true), 0);
}

#[test]
fn close_answers_whoever_waits_and_every_later_call() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let pending = provider.begin_credentials(APP);
    kms.wait_for_hang(APP);
    provider.close();
    assert_eq!(pending.wait().expect_err("it was closed").kind(), Kind::Closed);
    provider.close();
    let later: Vec<kmsak::Error> = vec![
        provider.credentials(APP).map(drop).expect_err("closed"),
        provider.secret(APP).map(drop).expect_err("closed"),
        provider.refresh(APP).map(drop).expect_err("closed"),
        provider.renew(APP, "LTAI").map(drop).expect_err("closed"),
        provider.secret_at_stage(APP, "ACSPrevious").map(drop).expect_err("closed"),
        provider.subscribe(|_| ()).map(drop).expect_err("closed"),
    ];
    assert!(later.iter().all(|error| error.kind() == Kind::Closed), "{later:?}");
    assert!(provider.stats().secrets.is_empty());
    assert!(provider.cached_secret(APP).is_none());
}

#[test]
fn a_cached_value_is_read_while_a_refresh_hangs() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let refresh = provider.begin_refresh(APP);
    kms.wait_for_hang(APP);
    for _ in 0..1000 {
        assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), id);
    }
    assert!(refresh.wait_timeout(Duration::ZERO).is_none(), "the refresh still hangs");
}

#[test]
fn an_answer_can_be_awaited_from_any_executor_or_called_back_with() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let awaited = block_on(provider.begin_credentials(APP)).expect("KMS answers");
    let (tell, told) = std::sync::mpsc::channel();
    provider.begin_refresh(APP).then(move |result| drop(tell.send(result)));
    let secret = told.recv_timeout(fixture::PATIENCE).expect("called back").expect("KMS answers");
    assert_eq!(secret.version_id(), awaited.version_id());
}

#[test]
fn a_panic_in_a_function_that_awaits_an_answer_harms_nobody() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.begin_refresh(APP).then(|_| panic!("a defect of the caller's"));
    provider.refresh(APP).expect("the next one is answered");
    provider.renew(APP, "LTAI").expect("and so on");
}

/// The smallest executor: a thread that parks.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn the_count_of_changes_tells_when_a_kept_answer_is_old() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let changes = provider.changes();
    let read = || changes.load(std::sync::atomic::Ordering::Acquire);
    let at_first = read();
    provider.credentials(APP).expect("KMS answers");
    let after_a_fetch = read();
    assert_ne!(after_a_fetch, at_first);
    provider.credentials(APP).expect("it is cached");
    assert_eq!(read(), after_a_fetch);
    provider.close();
    assert_ne!(read(), after_a_fetch);
}

#[test]
fn a_name_with_a_blank_is_refused_and_shown_in_quotes() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    for (name, shown) in [
        (" acs/ram/user/app", "\" acs/ram/user/app\""),
        ("acs/ram/user/app ", "\"acs/ram/user/app \""),
        ("acs/ram/user/app\u{200b}", "\"acs/ram/user/app\\u{200b}\""),
        ("", "\"\""),
    ] {
        let error = provider.credentials(name).expect_err("no secret has such a name");
        assert_eq!(error.kind(), Kind::Configuration);
        assert_eq!(
            error.message(),
            format!(
                "{shown} cannot be a secret's name: give its name in KMS, without blanks, such as acs/ram/user/app"
            )
        );
    }
    assert_eq!(kms.answers(), 0);
}

#[test]
fn a_rotation_that_kms_cannot_carry_out_is_told_once_per_change() {
    let kms = Kms::start();
    kms.emulator.break_rotation(APP).expect("the secret");
    let provider = kms.on_the_cloud("");
    let told = Told::by(&provider);
    provider.refresh(APP).expect("KMS answers");
    provider.refresh(APP).expect("KMS answers");
    kms.emulator.stop_rotation(APP).expect("the secret");
    provider.refresh(APP).expect("KMS answers");
    kms.emulator.break_rotation(APP).expect("the secret");
    let secret = provider.refresh(APP).expect("KMS answers");
    assert_eq!(secret.automatic_rotation(), Some("Invalid"));
    assert_eq!(
        told.next_names(6),
        ["fetched", "rotation_broken", "fetched", "fetched", "fetched", "rotation_broken"]
    );
}
