//! What a cached read costs through libkmsak, beside the core's own in the same process, and what eight threads get.
//!
//! Run by `make bench-c`. Takes the library from `KMSAK_LIBRARY`.

use std::ffi::{CString, c_char};
use std::hint::black_box;
use std::ptr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use kmsak_emulator::Emulator;
use libloading::{Library, Symbol};

const NAME: &str = "acs/ram/user/app";
const READS: u32 = 2_000_000;
const ROUNDS: usize = 7;

type Open = unsafe extern "C" fn(*const c_char, *mut *mut u8, *mut *mut u8) -> i32;
type Read = unsafe extern "C" fn(*const u8, *const c_char, *mut *mut u8, *mut *mut u8) -> i32;
type Free = unsafe extern "C" fn(*mut u8);

/// A provider that any thread may use.
#[derive(Clone, Copy)]
struct Provider(*mut u8);
// SAFETY: the C API says so.
unsafe impl Send for Provider {}
// SAFETY: as above.
unsafe impl Sync for Provider {}

impl Provider {
    fn pointer(self) -> *mut u8 {
        self.0
    }
}

/// The fastest of some rounds: what disturbs a round only makes it slower.
fn best(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().expect("there are rounds")
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(READS)
}

fn main() {
    let path = std::env::var("KMSAK_LIBRARY").expect("KMSAK_LIBRARY names libkmsak.so");
    let folder = tempfile::tempdir().expect("a folder");
    let emulator = Emulator::builder().start().expect("an emulator");
    let files = emulator.write_folder(folder.path()).expect("its files");

    let core = kmsak_core::Provider::from_file(&files.on_the_cloud).expect("a provider");
    core.credentials(NAME).expect("credentials");

    // SAFETY: libkmsak does nothing when it is loaded.
    let library = unsafe { Library::new(path) }.expect("libkmsak");
    // SAFETY: these are the types of the functions in kmsak.h.
    let open: Symbol<'_, Open> = unsafe { library.get(b"kmsak_provider_from_file\0") }.expect("a function");
    // SAFETY: as above.
    let read: Symbol<'_, Read> = unsafe { library.get(b"kmsak_provider_credentials\0") }.expect("a function");
    // SAFETY: as above.
    let free: Symbol<'_, Free> = unsafe { library.get(b"kmsak_credentials_free\0") }.expect("a function");
    // SAFETY: as above.
    let close: Symbol<'_, Free> = unsafe { library.get(b"kmsak_provider_free\0") }.expect("a function");

    let file = CString::new(files.on_the_cloud.to_str().expect("UTF-8")).expect("no NUL");
    let name = CString::new(NAME).expect("no NUL");
    let mut provider = ptr::null_mut();
    // SAFETY: every pointer is valid for what the function does with it.
    assert_eq!(unsafe { open(file.as_ptr(), &raw mut provider, ptr::null_mut()) }, 0, "a provider");
    let provider = Provider(provider);
    let read_once = || {
        let mut credentials = ptr::null_mut();
        // SAFETY: as above.
        let status = unsafe {
            read(provider.pointer(), black_box(name.as_ptr()), &raw mut credentials, ptr::null_mut())
        };
        assert_eq!(status, 0, "credentials");
        // SAFETY: what was just handed out, once.
        unsafe { free(credentials) };
    };
    read_once();

    let through_core = best(|| {
        let started = Instant::now();
        for _ in 0..READS {
            black_box(core.credentials(black_box(NAME)).expect("credentials"));
        }
        started.elapsed()
    });
    let through_c = best(|| {
        let started = Instant::now();
        for _ in 0..READS {
            read_once();
        }
        started.elapsed()
    });
    let eight = best(|| {
        let barrier = Barrier::new(9);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..READS / 8 {
                        read_once();
                    }
                    barrier.wait();
                });
            }
            barrier.wait();
            let started = Instant::now();
            barrier.wait();
            started.elapsed()
        })
    });
    // SAFETY: opened above, and nobody uses it any more.
    unsafe { close(provider.pointer()) };

    println!("core, one thread:       {:7.1} ns a read", nanoseconds(through_core));
    println!(
        "libkmsak, one thread:   {:7.1} ns a read and free, {:.2} times the core's (at most 3 wanted)",
        nanoseconds(through_c),
        through_c.as_secs_f64() / through_core.as_secs_f64()
    );
    println!(
        "libkmsak, eight threads: {:6.1} ns a read and free, {:.2} times the throughput of one (at least 1.8 on two cores)",
        nanoseconds(eight),
        through_c.as_secs_f64() / eight.as_secs_f64()
    );
}
