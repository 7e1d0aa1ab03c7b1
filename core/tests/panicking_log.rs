//! An application whose log layer panics on each of our lines.

mod fixture;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use fixture::{APP, Kms, PATIENCE, Told};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static LINES: AtomicU64 = AtomicU64::new(0);

const EXPECTED: &str = "as the test wants it";

struct Panics;

impl Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("kmsak")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        LINES.fetch_add(1, Ordering::Relaxed);
        panic!("{EXPECTED}");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_stops_for_it() {
    tracing::subscriber::set_global_default(Panics).expect("the first");
    // Each panic of the layer would be written to standard error.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some(EXPECTED) {
            tell(panic);
        }
    }));
    let kms = Kms::start();
    kms.replace_client_key(&kms.expired_client_key());
    let expired = kms.on_the_cloud("");
    assert_eq!(expired.start_warnings().len(), 1);
    drop(expired);
    kms.replace_client_key(&kms.client_key_of_last_year());
    let provider = kms.on_the_cloud("rotation_interval=300\njitter_interval=0");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    provider.refresh("nobody").expect_err("KMS has no such secret");
    told.wait_for("refresh_failed");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
    told.wait_for("rotated");
    let fetches = provider.stats().secrets[0].fetches;
    let started = Instant::now();
    while provider.stats().secrets[0].fetches < fetches + 3 {
        assert!(started.elapsed() < PATIENCE, "the schedule goes on");
        std::thread::yield_now();
    }
    assert!(LINES.load(Ordering::Relaxed) > 5);
}
