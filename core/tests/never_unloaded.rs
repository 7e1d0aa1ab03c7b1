//! Closing the last provider in a host that never unloads the library.

mod fixture;

use std::sync::mpsc::channel;
use std::thread;

use fixture::{APP, Kms, PATIENCE};
use kmsak_emulator::Fault;

#[test]
fn closing_does_not_wait_for_a_busy_thread() {
    kmsak::never_unloaded();
    let kms = Kms::start();
    // So that the answer is not there before somebody waits for it.
    let fault = kms.emulator.inject(Fault::hang()).expect("a fault");
    let provider = kms.on_the_cloud("");
    let (busy, is_busy) = channel();
    let (release, released) = channel::<()>();
    provider.begin_secret(APP).then(move |answer| {
        busy.send(answer.is_ok()).expect("the test waits");
        assert!(released.recv().is_err(), "nothing is sent");
    });
    kms.emulator.clear_fault(fault);
    assert!(is_busy.recv_timeout(PATIENCE).expect("KMS answers"));
    let (closed, is_closed) = channel();
    let closing = thread::spawn(move || {
        provider.close();
        closed.send(())
    });
    assert!(is_closed.recv_timeout(PATIENCE).is_ok(), "close waits for the thread");
    drop(release);
    closing.join().expect("it does not panic").expect("the test waits");
}
