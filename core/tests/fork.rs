//! A process that forks after use.

#![cfg(unix)]

mod fixture;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fixture::{APP, Kms, PATIENCE, in_a_child};
use kmsak::Provider;
use kmsak_emulator::Fault;

#[test]
fn parent_and_child_both_fetch_renew_and_refresh() {
    let kms = Kms::start();
    for name in ["generic", "another"] {
        let value = kmsak_emulator::SecretValue::Text("value".into());
        kms.emulator.create_secret(name, "Generic", value).expect("a secret");
    }
    let provider = kms.on_the_cloud("renew_tokens=1000");
    provider.credentials(APP).expect("KMS answers");
    provider.secret("generic").expect("KMS answers");
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (provider, stop) = (provider.clone(), stop.clone());
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    provider.credentials(APP).expect("it is cached");
                    provider.refresh("generic").expect("KMS answers");
                }
            })
        })
        .collect();
    for _ in 0..100 {
        let (old, new) = kms.rotate_without_overlap();
        let fine = in_a_child(|| {
            assert_eq!(provider.credentials(APP).expect("it is cached").access_key_id(), old);
            assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
            assert_eq!(provider.stats().secrets.iter().map(|secret| secret.renewals).sum::<u64>(), 1);
            assert_eq!(provider.secret("another").expect("KMS answers").as_text(), Some("value"));
            provider.refresh(APP).expect("KMS answers");
            drop(provider.clone());
        });
        assert!(fine, "the child that had {old} failed or hung");
        assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().expect("the parent went on");
    }
}

#[test]
fn parent_and_child_both_fetch_tokens_of_a_role() {
    let kms = Kms::start();
    let provider = kms.provider(&kms.files.with_ram_role, "renew_tokens=1000");
    provider.credentials(APP).expect("KMS answers");
    for round in 0..10 {
        let (old, new) = kms.rotate_without_overlap();
        if round % 2 == 1 {
            kms.emulator.expire_sts_tokens("ram-reader").expect("they end");
        }
        let fine = in_a_child(|| {
            assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
            assert!(provider.stats().identities[0].expires.is_some());
        });
        assert!(fine, "the child of round {round} failed or hung");
        assert_eq!(provider.renew(APP, &old).expect("KMS answers").access_key_id(), new);
    }
}

#[test]
fn a_child_that_only_reads_has_its_refreshes() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("rotation_interval=300\njitter_interval=0");
    provider.credentials(APP).expect("KMS answers");
    let (_, new) = kms.rotate_without_overlap();
    assert!(in_a_child(|| {
        while provider.credentials(APP).expect("it is cached").access_key_id() != new {
            thread::sleep(Duration::from_millis(5));
        }
    }));
}

#[test]
fn a_child_may_close_or_drop_what_it_inherited() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    assert!(in_a_child(|| provider.close()));
    provider.refresh(APP).expect("the parent's is open");
    let mut slot = Some(provider);
    assert!(in_a_child(|| drop(slot.take())));
    let provider: Provider = slot.take().expect("the parent's is there");
    provider.refresh(APP).expect("the parent's is open");
}

#[test]
fn children_of_children_work_too() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    assert!(in_a_child(|| {
        provider.refresh(APP).expect("KMS answers");
        assert!(in_a_child(|| drop(provider.refresh(APP).expect("KMS answers"))));
        provider.refresh(APP).expect("KMS answers");
    }));
}

#[test]
fn a_child_trusts_the_ca_that_its_parent_took_over() {
    let kms = Kms::start();
    let provider = kms.with_a_replaced_ca();
    assert!(in_a_child(|| drop(provider.refresh(APP).expect("the right CA"))));
}

#[test]
fn a_child_notices_what_changed_before_its_first_use() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let new = kms.emulator.issue_client_key("app").expect("another");
    assert!(in_a_child(|| {
        kms.replace_client_key(&new);
        while provider.stats().client_keys[0].info.key_id != new.key_id {
            thread::sleep(Duration::from_millis(5));
        }
    }));
}

/// Whether a process holds the lock on a file.
fn is_locked(path: &Path) -> bool {
    let file = fs::File::create(path).expect("a writable folder");
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

#[test]
fn a_child_does_not_keep_the_right_to_ask_of_a_parent_that_was_killed() {
    let kms = Kms::start();
    let cache = kms.folder.path().join("secrets.cache");
    let asking = cache.with_extension("cache.asking");
    let provider = kms.on_the_cloud(&format!("cache_file={}", cache.display()));
    provider.credentials(APP).expect("KMS answers");
    let (old, _) = kms.rotate_without_overlap();
    kms.emulator.inject(Fault::hang()).expect("a fault");
    let (mut told, tell) = io::pipe().expect("a pipe");
    let ended_well = in_a_child(|| {
        let _renewal = provider.begin_renew(APP, &old);
        while !is_locked(&asking) {
            thread::sleep(Duration::from_millis(1));
        }
        // SAFETY: the child makes system calls alone.
        if unsafe { libc::fork() } == 0 {
            drop((&tell).write_all(&process::id().to_ne_bytes()));
            // It is killed before.
            thread::sleep(PATIENCE);
            // SAFETY: ends it without running the parent's exit handlers.
            unsafe { libc::_exit(0) };
        }
        // SAFETY: this process is to end as one that is killed.
        unsafe { libc::kill(process::id().cast_signed(), libc::SIGKILL) };
    });
    assert!(!ended_well, "it was killed");
    // Or a child that could not tell would be waited for without end.
    drop(tell);
    let mut child = [0; 4];
    told.read_exact(&mut child).expect("the child is there");
    let is_held = is_locked(&asking);
    // SAFETY: it is the child above, which runs until now.
    let killed = unsafe { libc::kill(i32::from_ne_bytes(child), libc::SIGKILL) };
    assert_eq!((is_held, killed), (false, 0), "the child keeps it, or is gone");
}

/// In a child, which has no threads of other tests.
#[test]
#[cfg(target_os = "linux")]
fn the_background_thread_begins_at_the_first_use() {
    let threads = || fs::read_dir("/proc/self/task").expect("the kernel's list").count();
    let kms = Kms::start();
    let properties = kms.files.on_the_cloud.clone();
    assert!(in_a_child(|| {
        let provider = Provider::from_file(&properties).expect("the properties file is good");
        // What read the files has ended by itself.
        let started = std::time::Instant::now();
        while threads() > 1 {
            assert!(started.elapsed() < PATIENCE, "its own alone");
            thread::yield_now();
        }
        provider.credentials(APP).expect("KMS answers");
        assert!(threads() > 1);
    }));
}

/// The kilobytes that this process has locked, and how many of its mappings are left out of core dumps.
#[cfg(target_os = "linux")]
fn protected_memory() -> (u64, usize) {
    let status = fs::read_to_string("/proc/self/status").expect("the kernel's word");
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("a line");
    let kilobytes = locked.trim().trim_end_matches(" kB").parse().expect("a number");
    let maps = fs::read_to_string("/proc/self/smaps").expect("the kernel's word");
    let flags = maps.lines().filter_map(|line| line.strip_prefix("VmFlags:"));
    (kilobytes, flags.filter(|flags| flags.split_whitespace().any(|flag| flag == "dd")).count())
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_protected_is_protected_in_a_child_too() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    // In a child, which has no secrets of other tests.
    assert!(in_a_child(|| {
        let credentials = provider.credentials(APP).expect("KMS answers");
        drop(provider.secret(APP).expect("it is cached"));
        let before = protected_memory();
        assert!(before.0 > 0 && before.1 > 0, "nothing may be locked here: {before:?}");
        assert!(in_a_child(|| {
            assert_eq!(protected_memory(), before);
            drop(provider.refresh(APP).expect("KMS answers"));
            assert!(protected_memory().0 >= before.0);
        }));
        assert_eq!(protected_memory(), before);
        drop(credentials);
    }));
}
