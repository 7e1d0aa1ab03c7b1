//! Programs that close every descriptor there is, as daemons do.

#![cfg(target_os = "linux")]

mod fixture;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use fixture::{APP, Kms};
use kmsak::Provider;

const CHILD: &str = "KMSAK_TEST_CHILD_WITH";

/// Runs the test `name` again in a process of its own, which opens what the properties file says.
fn in_a_child(name: &str) {
    let kms = Kms::start();
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name])
        .env(CHILD, &kms.files.on_the_cloud)
        .output()
        .expect("it runs");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {said}", output.status);
}

fn opened_in_a_child() -> Option<Provider> {
    let file = PathBuf::from(std::env::var_os(CHILD)?);
    let provider = Provider::from_file(file).expect("a configuration");
    provider.credentials(APP).expect("KMS answers");
    Some(provider)
}

/// Whether every thread but this one has been asleep for some looks in a row: descriptors that are closed while they are used
/// are the program's own fault.
fn wait_until_the_others_sleep() {
    let sleeping = || {
        let tasks = fs::read_dir("/proc/self/task").expect("this process's threads");
        let state = |task: fs::DirEntry| fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let running =
            |stat: &String| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('R'));
        // This thread is the one that runs.
        tasks.flatten().map(state).filter(running).count() <= 1
    };
    let mut looks = 0;
    let started = Instant::now();
    while looks < 50 {
        assert!(started.elapsed() < Duration::from_secs(20), "they never sleep");
        looks = if sleeping() { looks + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The workspace's tests have a Tokio that keeps one pipe for signals in each process, without which no runtime can begin again. The
/// shipped libraries have none.
fn fetches_again_or_says_why(provider: &Provider) {
    if let Err(error) = provider.refresh(APP) {
        assert!(error.message().contains("Bad file descriptor"), "{error}");
    }
}

fn close_everything() {
    wait_until_the_others_sleep();
    // In one step: the pipe of the workspace's Tokio would wake kmsak's thread in the middle of closing one after the other.
    // SAFETY: this process is about what becomes of kmsak then, and has nothing else open.
    let failed = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    assert_eq!(failed, 0, "Linux 5.9 or later");
}

#[test]
fn a_provider_is_freed_after_its_descriptors_were_closed() {
    let Some(provider) = opened_in_a_child() else {
        return in_a_child("a_provider_is_freed_after_its_descriptors_were_closed");
    };
    close_everything();
    drop(provider);
}

#[test]
fn a_provider_goes_on_without_its_descriptors() {
    let Some(provider) = opened_in_a_child() else {
        return in_a_child("a_provider_goes_on_without_its_descriptors");
    };
    close_everything();
    provider.credentials(APP).expect("it is cached");
    fetches_again_or_says_why(&provider);
    close_everything();
    fetches_again_or_says_why(&provider);
    provider.credentials(APP).expect("it is cached");
    provider.close();
}

#[test]
fn a_thread_that_finds_its_descriptors_closed_harms_nobody() {
    let Some(provider) = opened_in_a_child() else {
        return in_a_child("a_thread_that_finds_its_descriptors_closed_harms_nobody");
    };
    provider.every(Duration::from_millis(100), || {}).expect("it is open");
    let before = kmsak::process_generation();
    close_everything();
    // Nobody asks kmsak for anything: its thread wakes by itself.
    let started = Instant::now();
    while kmsak::process_generation() == before {
        assert!(started.elapsed() < Duration::from_secs(20), "it never looked");
        std::thread::sleep(Duration::from_millis(1));
    }
    fetches_again_or_says_why(&provider);
}
