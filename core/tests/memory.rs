//! Where a secret may not be found: in what a core dump would hold, and in any log line.

#![cfg(target_os = "linux")]

mod fixture;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fixture::{APP, Kms};
use kmsak::{LogLevel, Provider};
use kmsak_emulator::Fault;

/// As in everything that we ship: what the transport frees is wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const CHILD: &str = "KMSAK_TEST_HOLDS_A_SECRET";

/// Not a test of its own: the other process of the test below.
#[test]
fn holds_a_secret() {
    let Ok(properties) = std::env::var(CHILD) else { return };
    let provider = Provider::from_file(properties).expect("the properties file is good");
    for name in [APP, "generic"] {
        provider.secret(name).expect("KMS answers");
    }
    let credentials = provider.credentials(APP).expect("it is cached");
    println!("\nholding {}", credentials.access_key_id());
    std::io::stdin().read_line(&mut String::new()).expect("a line to end on");
    // It is there, for all that the parent did not find it.
    println!("\nheld {}", credentials.access_key_secret());
}

#[test]
fn a_core_dump_would_not_hold_it() {
    let kms = Kms::start();
    let secret = kms.emulator.access_key_of(APP).expect("an AccessKey").secret;
    // Not written in this program, whose own text is in its memory.
    let value: String = secret.chars().rev().collect();
    kms.emulator
        .create_secret("generic", "Generic", kmsak_emulator::SecretValue::Text(value.clone()))
        .expect("a secret");
    let password = fs::read_to_string(&kms.files.password).expect("the password");
    for properties in [&kms.files.on_the_cloud, &kms.files.off_the_cloud] {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "holds_a_secret", "--nocapture"])
            .env(CHILD, properties)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut line_with = |start: &str| {
            output
                .by_ref()
                .map(|line| line.expect("text"))
                .find_map(|line| line.strip_prefix(start).map(str::to_owned))
                .expect("it says so")
        };
        let id = line_with("holding ");
        // The buffers of an open connection hold what came over it; idle ones are closed soon.
        let process = Path::new("/proc").join(child.id().to_string());
        let started = Instant::now();
        while has_a_connection(&process) {
            assert!(started.elapsed() < fixture::PATIENCE, "idle connections are closed");
            std::thread::yield_now();
        }
        let dump = what_a_core_dump_holds(&process);
        assert!(find(&dump, &id), "the search works: the AccessKey's id is no secret and is found");
        assert!(!find(&dump, &secret), "the AccessKey's secret");
        assert!(!find(&dump, &value), "the generic value");
        assert!(!find(&dump, password.trim()), "the ClientKey's password");
        child.stdin.take().expect("piped").write_all(b"\n").expect("it listens");
        assert_eq!(line_with("held "), secret);
        assert!(child.wait().expect("it ends").success());
    }
}

fn has_a_connection(process: &Path) -> bool {
    let connections = fs::read_to_string(process.join("net/tcp")).expect("the kernel's list");
    let inodes: Vec<&str> = connections.lines().filter_map(|line| line.split_whitespace().nth(9)).collect();
    fs::read_dir(process.join("fd"))
        .expect("it runs")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .any(|target| {
            let target = target.to_string_lossy();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| inodes.contains(&inode))
        })
}

/// The readable memory that is not marked to be left out: what the kernel would write.
fn what_a_core_dump_holds(process: &Path) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(process.join("smaps")).expect("smaps");
    let mut memory = File::open(process.join("mem")).expect("our child's memory");
    let mut dump = Vec::new();
    let mut range = None;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if first == "VmFlags:" {
            let flags: Vec<&str> = words.collect();
            if let Some((low, high)) =
                range.take().filter(|_| flags.contains(&"rd") && !flags.contains(&"dd"))
            {
                let mut bytes = vec![0; usize::try_from(high - low).expect("a mapping")];
                memory.seek(SeekFrom::Start(low)).expect("an address");
                if memory.read_exact(&mut bytes).is_ok() {
                    dump.push(bytes);
                }
            }
        } else if let Some((low, high)) = first.split_once('-')
            && let (Ok(low), Ok(high)) = (u64::from_str_radix(low, 16), u64::from_str_radix(high, 16))
        {
            range = Some((low, high));
        }
    }
    dump
}

fn find(dump: &[Vec<u8>], text: &str) -> bool {
    let finder = memchr::memmem::Finder::new(text);
    dump.iter().any(|bytes| finder.find(bytes).is_some())
}

#[test]
fn no_log_line_and_no_error_holds_it() {
    let kms = Kms::start();
    let lines = Arc::new(Mutex::new(String::new()));
    let written = lines.clone();
    assert!(kmsak::forward_logs(
        LogLevel::Trace,
        Some(Box::new(move |_, line| written.lock().expect("no panic").push_str(line)))
    ));
    let secrets = |kms: &Kms| {
        let secret = kms.emulator.access_key_of(APP).expect("an AccessKey").secret;
        [secret, fs::read_to_string(&kms.files.password).expect("the password").trim().to_owned()]
    };
    let mut hidden = secrets(&kms).to_vec();
    let mut shown = String::new();
    for provider in
        [kms.on_the_cloud("fetch_deadline=2000\nunknown_key=1"), kms.off_the_cloud("fetch_deadline=300")]
    {
        let credentials = fixture::answered(|| provider.credentials(APP));
        shown += &format!("{provider:?} {credentials:?} {:?} {:?}", provider.secret(APP), provider.stats());
        let (old, _) = kms.rotate_without_overlap();
        hidden.extend(secrets(&kms));
        fixture::answered(|| provider.renew(APP, &old));
        let faults =
            [Fault::truncated_body(), Fault::drop_connection(), Fault::error(403, "Forbidden.NoPermission")];
        for fault in faults {
            let fault = kms.emulator.inject(fault).expect("a fault");
            let error = provider.refresh(APP).expect_err("KMS is away");
            shown += &format!("{error} {error:?}");
            kms.emulator.clear_fault(fault);
        }
    }
    let logged = lines.lock().expect("no panic").clone();
    assert!(logged.contains("rotated from AccessKey"), "something was logged: {logged}");
    for secret in hidden {
        assert!(!logged.contains(&secret));
        assert!(!shown.contains(&secret));
    }
}
