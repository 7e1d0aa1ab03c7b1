//! KMS failing in every way, and more than one endpoint.

mod fixture;

use std::time::{Duration, Instant};

use fixture::{APP, Kms, Told};
use kmsak::{Event, Kind};
use kmsak_emulator::{Emulator, Endpoint, Fault, WrongCertificate};

#[test]
fn a_passing_fault_is_not_noticed() {
    let faults = [
        Fault::error(500, "InternalFailure"),
        Fault::error(503, "ServiceUnavailableTemporary"),
        Fault::error(429, "Rejected.Throttling"),
        Fault::drop_connection(),
        Fault::refuse(),
        Fault::truncated_body(),
    ];
    let kms = Kms::start();
    for fault in faults {
        for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
            kms.emulator.inject(fault.clone().times(1)).expect("a fault");
            let credentials = provider.credentials(APP);
            assert!(credentials.is_ok(), "{fault:?}: {credentials:?}");
            kms.emulator.clear_faults();
        }
    }
}

#[test]
fn a_request_that_hangs_is_repeated_beside_it() {
    let kms = Kms::start();
    // It does not wait for the time-out of reading, or there would be no time left.
    let provider = kms.on_the_cloud("read_timeout=60000\nfetch_deadline=60000");
    kms.emulator.inject(Fault::hang().times(1)).expect("a fault");
    provider.credentials(APP).expect("the second request is answered");
}

#[test]
fn once_seen_a_value_survives_any_outage() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("fetch_deadline=2000");
    let told = Told::by(&provider);
    let id = fixture::answered(|| provider.credentials(APP)).access_key_id().to_owned();
    kms.emulator.inject(Fault::drop_connection()).expect("a fault");
    let error = provider.refresh(APP).expect_err("KMS is away");
    assert_eq!((error.kind(), error.retryable()), (Kind::Network, true));
    assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), id);
    let Event::RefreshFailed { next_try_in, .. } = told.wait_for("refresh_failed") else { unreachable!() };
    assert!(next_try_in.is_some_and(|wait| wait <= Duration::from_secs(31)), "{next_try_in:?}");
    let stats = &provider.stats().secrets[0];
    assert!(stats.stale_for > Duration::ZERO);
    assert_eq!(stats.last_error.as_ref().map(|error| error.kind()), Some(Kind::Network));
}

#[test]
fn max_stale_turns_age_into_an_error_for_those_who_want_that() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("fetch_deadline=2000\nmax_stale=600");
    fixture::answered(|| provider.credentials(APP));
    kms.emulator.inject(Fault::drop_connection()).expect("a fault");
    let mark = kms.emulator.mark();
    // The next reader after 600 ms asks KMS, and gets its failure.
    let started = Instant::now();
    let error = loop {
        match provider.credentials(APP) {
            Ok(_) => assert!(started.elapsed() < fixture::PATIENCE, "the value grows stale"),
            Err(error) => break error,
        }
        std::thread::yield_now();
    };
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert_eq!(error.kind(), Kind::Network);
    assert!(kms.emulator.mark() >= mark);
    kms.emulator.clear_faults();
    fixture::answered(|| provider.credentials(APP));
}

#[test]
fn another_endpoint_takes_over_at_once_and_the_first_is_probed_again() {
    let kms = Kms::around(Emulator::builder().instance_gateways(2).start().expect("the emulator starts"));
    let provider = kms.on_the_cloud("");
    let told = Told::by(&provider);
    let fault = kms.emulator.inject(Fault::drop_connection().on(Endpoint::Instance(0))).expect("a fault");
    for _ in 0..2 {
        provider.refresh(APP).expect("the second endpoint answers");
    }
    let Event::EndpointDown { endpoint, .. } = told.wait_for("endpoint_down") else { unreachable!() };
    assert_eq!(endpoint, kms.emulator.authority(Endpoint::Instance(0)));
    // While it is down it is not asked.
    let mark = kms.emulator.mark();
    provider.refresh(APP).expect("the second endpoint answers");
    kms.wait_for_request(mark, |request| request.endpoint == Endpoint::Instance(1) && request.is_success());
    kms.emulator.clear_fault(fault);
    kms.emulator.inject(Fault::drop_connection().on(Endpoint::Instance(1))).expect("a fault");
    // With both down, the pause of either does not matter.
    provider.refresh(APP).expect("the first endpoint answers");
    told.wait_for("endpoint_up");
}

#[test]
fn retry_after_is_honoured() {
    let kms = Kms::start();
    let provider = kms.off_the_cloud("");
    let fault = Fault::error(429, "Rejected.Throttling").retry_after(1).times(1);
    kms.emulator.inject(fault).expect("a fault");
    let started = Instant::now();
    provider.credentials(APP).expect("KMS answers the second time");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn an_unverified_peer_gets_nothing() {
    let kms = Kms::start();
    for certificate in [WrongCertificate::SelfSigned, WrongCertificate::Expired, WrongCertificate::WrongName]
    {
        kms.emulator.inject(Fault::wrong_certificate(certificate)).expect("a fault");
        for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
            let connections = |kms: &Kms| kms.emulator.counters().connections.values().sum::<u64>();
            let before = connections(&kms);
            let error = provider.credentials(APP).expect_err("the peer cannot be verified");
            // A busy machine opens another one beside the first.
            assert!(connections(&kms) <= before + 4, "it is not asked again");
            assert_eq!(error.kind(), Kind::Tls, "{certificate:?}: {error}");
        }
        kms.emulator.clear_faults();
    }
    assert_eq!(kms.emulator.counters().requests_where(|_| true), 0);
}

#[test]
fn a_skewed_clock_is_noticed_and_mended() {
    for ahead in [true, false] {
        let kms = Kms::start();
        kms.replace_client_key(&kms.client_key_of_last_year());
        let by = Duration::from_secs(20 * 60);
        let moved = if ahead { kms.emulator.advance_clock(by) } else { kms.emulator.rewind_clock(by) };
        moved.expect("the clock moves");
        for provider in [kms.on_the_cloud(""), kms.off_the_cloud("")] {
            provider.credentials(APP).expect("signed with KMS's time");
            let skew = provider.stats().clock_skew_milliseconds;
            assert!((skew.abs() - 1_200_000).abs() < 60_000, "{skew}");
            assert_eq!(skew > 0, ahead);
            let mark = kms.emulator.mark();
            provider.refresh(APP).expect("the offset is remembered");
            let events = kms.emulator.events_since(mark);
            assert!(events.iter().filter_map(|event| event.request()).all(|request| request.is_success()));
        }
    }
}
