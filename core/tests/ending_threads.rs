//! Providers at the very end of a thread, where its own variables are being destroyed: as in an exit handler.
//! Not on Windows, which holds its loader's lock meanwhile: until the thread has ended no other begins.

#![cfg(not(windows))]

mod fixture;

use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;

use fixture::{APP, Kms};

struct AtTheEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

thread_local! {
    static LAST: RefCell<AtTheEnd> = const { RefCell::new(AtTheEnd(None)) };
}

#[test]
fn first_use_refresh_and_renewal_need_nothing_of_the_thread() {
    let kms = Kms::start();
    let (old, _) = kms.rotate_without_overlap();
    let opened = kms.on_the_cloud("");
    let properties = kms.files.on_the_cloud.clone();
    let (say, said) = mpsc::channel();
    let thread = thread::spawn(move || {
        // What is registered last is destroyed first.
        LAST.with_borrow_mut(|last| {
            last.0 = Some(Box::new(move || {
                let gone = tokio::runtime::Handle::try_current().expect_err("it was destroyed");
                assert!(gone.is_thread_local_destroyed());
                opened.credentials(APP).expect("KMS answers");
                opened.refresh(APP).expect("KMS answers");
                opened.renew(APP, &old).expect("KMS answers");
                let another = kmsak::Provider::from_file(properties).expect("the properties file is good");
                another.credentials(APP).expect("KMS answers");
                drop(another.subscribe(|_| {}).expect("it is open"));
                another.close();
                drop(opened);
                say.send(()).expect("the test waits");
            }));
        });
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {});
    });
    thread.join().expect("the thread ended");
    said.recv().expect("all of it worked");
}
