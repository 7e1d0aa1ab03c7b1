//! How long a call, and whoever ends a subscription, waits.

mod fixture;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use fixture::{APP, Kms, PATIENCE};
use kmsak::{Kind, Subscription};
use kmsak_emulator::Fault;

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn a_call_has_a_time_of_its_own() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let before = Instant::now();
    let blocked = provider.begin_credentials(APP).wait_within(SHORT);
    let awaited = provider.within(SHORT, provider.begin_credentials(APP)).wait();
    for answer in [blocked, awaited] {
        let error = answer.expect_err("KMS hangs");
        assert_eq!(error.kind(), Kind::Network);
        assert!(error.retryable());
        assert!(error.message().contains("50 ms"), "{error}");
    }
    assert!(before.elapsed() >= 2 * SHORT);
    // The fetch has gone on, for whoever asks next.
    let next = provider.within(PATIENCE, provider.begin_credentials(APP));
    kms.emulator.clear_faults();
    next.wait().expect("KMS answers");
    provider.within(Duration::ZERO, provider.begin_credentials(APP)).wait().expect("it is cached");
}

#[test]
fn a_closed_provider_ends_a_limited_call() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let pending = provider.within(PATIENCE, provider.begin_credentials(APP));
    provider.close();
    assert_eq!(pending.wait().expect_err("it is closed").kind(), Kind::Closed);
    let late = provider.within(PATIENCE, provider.begin_credentials(APP));
    assert_eq!(late.wait().expect_err("it is closed").kind(), Kind::Closed);
}

#[test]
fn a_function_that_is_called_apart_may_wait_for_kms() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let (say, said) = mpsc::channel();
    let inside = provider.clone();
    provider.begin_credentials(APP).then_apart(move |answer| {
        answer.expect("KMS answers");
        say.send(inside.refresh(APP).map(drop)).expect("the test waits");
    });
    said.recv_timeout(PATIENCE).expect("it is called").expect("KMS answers");
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_a_long_time_out_once_the_answer_is_here() {
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").expect("statm");
        pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4
    };
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let ask = |times| {
        for _ in 0..times {
            let pending = provider.within(Duration::from_secs(3600), provider.begin_secret("no/such"));
            assert_eq!(pending.wait().expect_err("there is none").kind(), Kind::NotFound);
        }
    };
    ask(1000);
    let before = resident();
    ask(30_000);
    let more = resident().saturating_sub(before);
    assert!(more < 6 << 10, "{more} KiB");
}

#[test]
fn a_crowd_of_functions_that_are_called_apart_takes_few_threads() {
    const CROWD: usize = 3000;
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let (say, said) = mpsc::channel();
    for _ in 0..CROWD {
        let say = say.clone();
        provider.begin_credentials(APP).then_apart(move |answer| {
            answer.expect("KMS answers");
            say.send(thread::current().id()).expect("the test waits");
        });
    }
    let threads: HashSet<_> =
        (0..CROWD).map(|_| said.recv_timeout(PATIENCE).expect("each is called")).collect();
    assert!(threads.len() < CROWD / 10, "{} threads", threads.len());
}

#[test]
fn functions_that_are_called_apart_may_wait_for_each_other() {
    const CROWD: usize = 20;
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let (together, (say, said)) = (Arc::new(std::sync::Barrier::new(CROWD)), mpsc::channel());
    for _ in 0..CROWD {
        let (together, say) = (together.clone(), say.clone());
        provider.begin_credentials(APP).then_apart(move |_| {
            together.wait();
            say.send(()).expect("the test waits");
        });
    }
    (0..CROWD).for_each(|_| said.recv_timeout(PATIENCE).expect("each is called"));
}

#[test]
fn a_function_that_is_called_apart_is_called_when_all_ends() {
    let kms = Kms::start();
    for _ in 0..50 {
        let provider = kms.on_the_cloud("");
        let (say, said) = mpsc::channel();
        kms.emulator.inject(Fault::hang()).expect("a fault");
        provider.begin_credentials(APP).then_apart(move |answer| {
            say.send(answer.expect_err("it is closed").kind()).expect("the test waits");
        });
        drop(provider);
        assert_eq!(said.recv_timeout(PATIENCE), Ok(Kind::Closed));
        kms.emulator.clear_faults();
    }
}

#[test]
fn ending_a_subscription_waits_for_the_call_that_runs() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let (begun, has_begun) = mpsc::channel();
    let ending = Arc::new(AtomicBool::new(false));
    let finished = Arc::new(AtomicBool::new(false));
    let subscription = provider
        .subscribe({
            let (provider, ending, finished) = (provider.clone(), ending.clone(), finished.clone());
            move |_| {
                // The receiver is gone at the second call.
                let _gone = begun.send(());
                while !ending.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                // Takes a while: whoever does not wait for it is noticed.
                provider.refresh(APP).expect("KMS answers");
                finished.store(true, Ordering::SeqCst);
            }
        })
        .expect("it is open");
    provider.credentials(APP).expect("KMS answers");
    has_begun.recv_timeout(PATIENCE).expect("it is called");
    ending.store(true, Ordering::SeqCst);
    subscription.end();
    assert!(finished.load(Ordering::SeqCst), "the call still runs");
    assert_eq!(Arc::strong_count(&finished), 1, "the listener is gone");
    subscription.end();
}

#[test]
fn a_listener_may_end_its_own_subscription() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let own: Arc<OnceLock<Subscription>> = Arc::default();
    let (say, said) = mpsc::channel();
    let subscription = provider
        .subscribe({
            let own = own.clone();
            move |_| {
                own.wait().end();
                say.send(()).expect("called once");
            }
        })
        .expect("it is open");
    own.set(subscription).expect("set once");
    provider.credentials(APP).expect("KMS answers");
    said.recv_timeout(PATIENCE).expect("it is called");
    provider.refresh(APP).expect("KMS answers");
    own.wait().end();
    assert_eq!(
        said.recv_timeout(PATIENCE),
        Err(mpsc::RecvTimeoutError::Disconnected),
        "the listener is gone"
    );
}
