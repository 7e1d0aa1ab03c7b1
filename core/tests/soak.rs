//! Everything at once: rotations with and without overlap, faults of every kind, clock jumps and replaced ClientKeys,
//! while eight threads call a cloud service as fast as they can. Not one call may fail.
//!
//! `KMSAK_SOAK_SECONDS` sets how long (60 unless set), `KMSAK_SOAK_SEED` replays a run whose seed was printed.

mod fixture;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fixture::{APP, Kms, Told};
use kmsak::{Credentials, Error, ServiceError};
use kmsak_emulator::{Emulator, Endpoint, Fault, WrongCertificate};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const THREADS: usize = 8;

/// Whoever renews has a turn after this time and before the renewal deadline, however KMS throttles.
const LONGEST_THROTTLING: Duration = Duration::from_millis(7500);

/// Shorter than the renewal deadline of 15 s, as a fault that nobody shall notice has to be where the old AccessKey is gone at once.
const LONGEST_FAULT: Duration = Duration::from_secs(9);

/// Longer than the deadlines of renewals and of fetches: nobody notices while the old AccessKey lives.
const LONG_FAULT: Duration = Duration::from_secs(25);

/// Slower than the time after which another request leaves, and twice that is still within a renewal's deadline.
const SLOW: Duration = Duration::from_secs(4);

/// What hangs goes on hanging when the fault is over.
const HANG: Duration = Duration::from_secs(86_400);

#[test]
fn no_call_fails_whatever_happens_to_kms() {
    let seconds = number_in("KMSAK_SOAK_SECONDS").unwrap_or(60);
    let seed = number_in("KMSAK_SOAK_SEED").unwrap_or_else(rand::random);
    println!("replay with KMSAK_SOAK_SEED={seed} KMSAK_SOAK_SECONDS={seconds}");
    let kms =
        Arc::new(Kms::around(Emulator::builder().instance_gateways(2).start().expect("the emulator starts")));
    kms.replace_client_key(&kms.client_key_of_last_year());
    let provider = kms.on_the_cloud("renew_tokens=1000\nrenew_refill_interval=1000");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    let stop = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (kms, provider, stop, calls) = (kms.clone(), provider.clone(), stop.clone(), calls.clone());
            let last_used = Arc::new(Mutex::new(String::new()));
            let used = last_used.clone();
            let thread = thread::spawn(move || {
                let mut sts = Sts::new(&kms);
                while !stop.load(Ordering::Relaxed) {
                    let id = provider
                        .call(APP, |credentials| {
                            sts.get_caller_identity(credentials)
                                .map(|()| credentials.access_key_id().to_owned())
                        })
                        .unwrap_or_else(|error| panic!("a call failed: {error:?}, {:?}", provider.stats()));
                    *used.lock().expect("no panic") = id;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
            Caller { thread, last_used }
        })
        .collect();
    let replaced = torment(&kms, &told, StdRng::seed_from_u64(seed), Duration::from_secs(seconds), &callers);
    kms.emulator.clear_faults();
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.thread.join().expect("not one call failed");
    }
    assert_eq!(replaced, 2);
    told.wait_for("client_key_replaced");
    let counters = kms.emulator.counters();
    let rotations = counters.rotations.get(APP).copied().unwrap_or_default();
    let answers = kms.answers();
    let requests = counters.requests_where(|request| request.action == "GetSecretValue");
    println!(
        "{} calls, {rotations} rotations, {answers} answers of KMS to {requests} requests",
        calls.load(Ordering::Relaxed)
    );
    // One for the start, one for each rotation, and one for each new ClientKey to prove itself; on a busy machine an answer may be
    // late enough to be asked for twice.
    assert!(
        answers <= 2 * (1 + rotations + replaced),
        "{answers} answers for {rotations} rotations and {replaced} ClientKeys"
    );
    // What core/src/upkeep/limits.rs allows a fetch.
    assert!(requests <= 40 * (1 + rotations + replaced), "{requests} requests");
}

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

struct Caller {
    thread: thread::JoinHandle<()>,
    last_used: Arc<Mutex<String>>,
}

impl Caller {
    fn has_failed(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Does to KMS what can be done, one thing after the other; answers how many ClientKeys were replaced.
fn torment(kms: &Kms, told: &Told, mut random: StdRng, how_long: Duration, callers: &[Caller]) -> u64 {
    let started = Instant::now();
    let mut replaced = 0;
    let mut clock_jumps = 0;
    let mut long_faults = 0;
    while started.elapsed() < how_long || replaced < 2 {
        if callers.iter().any(Caller::has_failed) {
            // The panic is told when it is joined.
            break;
        }
        let passed = started.elapsed().as_secs_f64() / how_long.as_secs_f64();
        let kind = random.random_range(0..12);
        let replaces = replaced < 2 && passed > 0.2 + 0.4 * replaced as f64;
        if replaces && replaced > 0 {
            // Where nothing tells of changed files, two changes between two looks at them are one.
            told.wait_for("client_key_replaced");
        }
        let fault = match kind {
            0 => Some(Fault::throttle(random.random_range(0..3))),
            1 => Some(Fault::latency(HANG)),
            2 => Some(Fault::drop_connection()),
            3 => Some(Fault::error(500, "InternalFailure")),
            4 => Some(Fault::truncated_body()),
            5 => Some(Fault::latency(HANG).on(Endpoint::Instance(0))),
            6 => Some(Fault::hang()),
            7 => Some(Fault::latency(SLOW)),
            8 => Some(Fault::refuse()),
            9 => Some(Fault::wrong_certificate(WrongCertificate::Expired)),
            _ => None,
        };
        let fault = fault.map(|fault| kms.emulator.inject(fault).expect("a fault"));
        if clock_jumps < 2 && passed > 0.3 + 0.4 * f64::from(clock_jumps) {
            clock_jumps += 1;
            kms.emulator.advance_clock(Duration::from_secs(20 * 60)).expect("the clock moves");
        }
        if replaces {
            replaced += 1;
            let new = kms.client_key_of_last_year();
            kms.replace_client_key(&new);
        }
        let (lasts, overlap) = if passed > 0.4 + 0.4 * f64::from(long_faults) && fault.is_some() {
            long_faults += 1;
            (LONG_FAULT, LONG_FAULT + Duration::from_secs(1))
        } else {
            let longest = if kind == 0 { LONGEST_THROTTLING } else { LONGEST_FAULT };
            let lasts = random.random_range(100..=longest.as_millis() as u64);
            let overlap = if random.random_bool(0.5) { 0 } else { 500 };
            (Duration::from_millis(lasts), Duration::from_millis(overlap))
        };
        kms.emulator.rotate(APP, overlap).expect("it rotates");
        thread::sleep(lasts);
        if let Some(fault) = fault {
            assert!(kms.emulator.clear_fault(fault), "it stood until now");
        }
        // The next rotation comes when everybody has gone on to the new AccessKey: two within one call are one more
        // than `call` promises to survive.
        let new = kms.access_key_id();
        let rotated = Instant::now();
        while !callers.iter().all(|caller| *caller.last_used.lock().expect("no panic") == new) {
            if callers.iter().any(Caller::has_failed) {
                return replaced;
            }
            assert!(rotated.elapsed() < Duration::from_secs(120), "not everybody uses {new}");
            thread::sleep(Duration::from_millis(5));
        }
    }
    replaced
}

/// A minimal client of STS over one kept-alive connection.
struct Sts<'a> {
    kms: &'a Kms,
    authority: String,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
enum CallError {
    Service(String),
    Kmsak(Error),
}

impl ServiceError for CallError {
    fn code(&self) -> Option<&str> {
        match self {
            CallError::Service(code) => Some(code),
            CallError::Kmsak(error) => error.code(),
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError::Kmsak(error)
    }
}

impl<'a> Sts<'a> {
    fn new(kms: &'a Kms) -> Self {
        Sts { kms, authority: kms.emulator.authority(Endpoint::Sts), connection: None }
    }

    fn get_caller_identity(&mut self, credentials: &Credentials) -> Result<(), CallError> {
        loop {
            let signed_at = self.kms.emulator.now();
            let result = self.ask(credentials);
            // The service's clock jumped while the request was on its way, which is not what is tested here.
            let jumped = self.kms.emulator.now() - signed_at > Duration::from_secs(600);
            match result {
                Err(CallError::Service(code)) if jumped && code == "InvalidTimeStamp.Expired" => {}
                result => return result,
            }
        }
    }

    fn ask(&mut self, credentials: &Credentials) -> Result<(), CallError> {
        let target = signed_query(credentials, self.kms);
        let request = format!("GET /?{target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.authority);
        let connection = self
            .connection
            .get_or_insert_with(|| BufReader::new(TcpStream::connect(&self.authority).expect("STS listens")));
        connection.get_mut().write_all(request.as_bytes()).expect("STS reads");
        let (status, body) = read_answer(connection);
        if status == 200 {
            return Ok(());
        }
        let answer: HashMap<String, serde_json::Value> =
            serde_json::from_str(&body).expect("STS answers JSON");
        Err(CallError::Service(answer["Code"].as_str().expect("a code").to_owned()))
    }
}

fn read_answer(connection: &mut BufReader<TcpStream>) -> (u16, String) {
    let mut line = String::new();
    connection.read_line(&mut line).expect("STS answers");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let mut length = 0;
    loop {
        line.clear();
        connection.read_line(&mut line).expect("STS answers");
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("the whole body");
    (status, String::from_utf8(body).expect("text"))
}

/// The RPC style with HMAC-SHA1, by the service's own clock: the application's clock is not what is tested here.
fn signed_query(credentials: &Credentials, kms: &Kms) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let now = kms.emulator.now();
    let timestamp = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let nonce = format!("{:032x}", rand::random::<u128>());
    let parameters = [
        ("AccessKeyId", credentials.access_key_id()),
        ("Action", "GetCallerIdentity"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &timestamp),
        ("Version", "2015-04-01"),
    ];
    let mut query = String::new();
    for (name, value) in parameters {
        write!(query, "{}{}={}", if query.is_empty() { "" } else { "&" }, encode(name), encode(value))
            .expect("a string takes all");
    }
    let key = format!("{}&", credentials.access_key_secret());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = ring::hmac::sign(&key, format!("GET&%2F&{}", encode(&query)).as_bytes());
    format!("{query}&Signature={}", encode(&STANDARD.encode(signature)))
}
