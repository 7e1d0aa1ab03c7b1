//! A process that may start no more threads for a while.

#![cfg(target_os = "linux")]

mod fixture;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{APP, Kms, PATIENCE, Told};

const OWN_AND_KMSAKS: usize = 2;

/// Any user but root, whom the limit does not bind.
const NOBODY: libc::uid_t = 65_534;

fn limit_threads(most: Option<libc::rlim_t>) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid to write to.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NPROC, &raw mut limit) }, 0);
    limit.rlim_cur = most.unwrap_or(limit.rlim_max);
    // SAFETY: `limit` is valid.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit) }, 0);
}

#[test]
fn refreshing_goes_on_and_what_happened_is_told_later() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("rotation_interval=300\njitter_interval=0");
    provider.credentials(APP).expect("KMS answers");
    assert!(fixture::in_a_child(|| {
        // SAFETY: they have no preconditions, and change this child alone.
        if unsafe { libc::geteuid() } == 0 {
            // SAFETY: as above.
            assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
        }
        let told = Told::by(&provider);
        provider.refresh(APP).expect("KMS answers");
        told.wait_for("fetched");
        limit_threads(Some(0));
        assert!(thread::Builder::new().spawn(|| ()).is_err(), "the limit holds");
        // What was told before still has its thread.
        let started = Instant::now();
        while fs::read_dir("/proc/self/task").expect("threads").count() > OWN_AND_KMSAKS {
            assert!(started.elapsed() < PATIENCE, "it has nothing more to tell");
            thread::sleep(Duration::from_millis(1));
        }
        told.names();
        let fetches = || provider.stats().secrets[0].fetches;
        let (before, started) = (fetches(), Instant::now());
        while fetches() < before + 3 {
            assert!(started.elapsed() < PATIENCE, "the schedule goes on without threads");
            thread::sleep(Duration::from_millis(5));
        }
        assert!(told.names().is_empty(), "nobody could tell");
        limit_threads(None);
        told.wait_for("fetched");
    }));
}
