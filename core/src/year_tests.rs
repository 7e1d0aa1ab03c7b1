//! A year in virtual time: the keepers, the schedule, the retries and the failover as they are, with a KMS, a clock and a
//! chance of the test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::client_key::ClientKey;
use crate::config::{Config, EndpointConfig};
use crate::environment::{Clock, Door, Doors, Environment, Random};
use crate::error::{Error, Kind, Result};
use crate::gateway::{Gateway, SecretRequest};
use crate::keeper::{Ask, Waiter};
use crate::live::{Live, State};
use crate::pending::Pending;
use crate::protected::ProtectedBytes;
use crate::secret::Secret;
use crate::transport::{HttpRequest, HttpResponse, Sending, Transport};
use crate::{Builder, Gateway as Described};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

const SECRETS: u32 = 100;

/// From when to when KMS is away, since the start.
const OUTAGES: [(Duration, Duration); 5] = [
    (DAY.saturating_mul(20), MINUTE.saturating_mul(5)),
    (DAY.saturating_mul(77), HOUR),
    (DAY.saturating_mul(120), HOUR.saturating_mul(9)),
    (DAY.saturating_mul(200), DAY),
    (DAY.saturating_mul(300), DAY.saturating_mul(4)),
];

/// Time as tokio's paused clock has it.
struct Virtual {
    start: Instant,
    epoch: SystemTime,
}

impl Virtual {
    fn since(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        self.epoch + self.since()
    }
}

/// The same draws in every run.
struct Reproducible(AtomicU64);

impl Random for Reproducible {
    fn draw(&self) -> f64 {
        // Weyl's sequence: equidistributed, and no two draws in a row are alike.
        let step = self.0.fetch_add(1, Ordering::Relaxed) as f64;
        (step * 0.618_033_988_749_894_9).fract()
    }

    fn nonce(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

/// A KMS that rotates every secret weekly, each at a moment of its own, and is away now and then.
struct Kms {
    time: Arc<Virtual>,
    answers: AtomicU64,
    requests: AtomicU64,
}

impl Kms {
    fn version_of(&self, name: &str) -> (u32, SystemTime) {
        let number: u32 = name.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a number");
        let offset = WEEK / SECRETS * number;
        let rotations = ((self.time.since() + WEEK - offset).as_secs() / WEEK.as_secs()) as u32;
        (rotations, self.time.epoch + offset + WEEK * rotations)
    }

    fn is_away(&self) -> bool {
        let now = self.time.since();
        OUTAGES.iter().any(|(from, length)| *from <= now && now < *from + *length)
    }
}

struct VirtualDoors(Arc<Kms>);

impl Doors for VirtualDoors {
    fn open(&self, _: &EndpointConfig, _: &str, _: &str) -> Result<Door> {
        let transport: Arc<dyn Transport> = Arc::new(VirtualTransport(self.0.clone()));
        Ok(Door { gateway: Box::new(VirtualGateway(self.0.clone())), transport })
    }
}

struct VirtualTransport(Arc<Kms>);

impl Transport for VirtualTransport {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        Box::pin(async move {
            self.0.requests.fetch_add(1, Ordering::Relaxed);
            if self.0.is_away() {
                sleep(Duration::from_secs(3)).await;
                return Err(Error::new(Kind::Network, "KMS is away").with_retryable(true));
            }
            sleep(Duration::from_millis(30)).await;
            Ok(HttpResponse { status: 200, date: None, retry_after: None, body: request.body.into() })
        })
    }
}

struct VirtualGateway(Arc<Kms>);

impl Gateway for VirtualGateway {
    fn request(&self, request: &SecretRequest, _: &ClientKey, _: SystemTime, _: &str) -> Result<HttpRequest> {
        Ok(HttpRequest { url: String::new(), headers: Vec::new(), body: request.name.clone().into_bytes() })
    }

    fn answer(&self, request: &SecretRequest, _: &HttpResponse) -> Result<Secret> {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
        let (version, next_rotation) = self.0.version_of(&request.name);
        let value = format!(r#"{{"AccessKeyId":"LTAI{version}","AccessKeySecret":"secret"}}"#);
        Ok(Secret {
            name: request.name.clone(),
            secret_type: "RamCredentials".into(),
            value: ProtectedBytes::copy_from(value.as_bytes()),
            binary: false,
            version_id: version.to_string(),
            version_stages: vec!["ACSCurrent".into()],
            create_time: None,
            request_id: String::new(),
            last_rotation_date: None,
            next_rotation_date: Some(next_rotation),
            rotation_interval: Some(WEEK),
            automatic_rotation: None,
            extended_config: None,
        })
    }
}

fn config() -> Config {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let read = |name: &str| std::fs::read(format!("{vectors}/{name}")).expect("a vector");
    let gateway = Described::instance()
        .client_key(read("clientKey.json"))
        .client_key_password(read("clientKey_Password.txt"))
        .ca(read("ca.pem"));
    Builder::new().gateway(gateway).build().expect("the configuration is good")
}

fn name(number: u32) -> String {
    format!("acs/ram/user/app-{number}")
}

#[tokio::test(start_paused = true)]
async fn a_year_of_weekly_rotations_with_outages_of_minutes_to_days() {
    let epoch = SystemTime::UNIX_EPOCH + DAY * 20_800;
    let time = Arc::new(Virtual { start: Instant::now(), epoch });
    let kms = Arc::new(Kms { time: time.clone(), answers: AtomicU64::new(0), requests: AtomicU64::new(0) });
    let environment = Environment {
        clock: time.clone(),
        random: Arc::new(Reproducible(AtomicU64::new(1))),
        doors: Arc::new(VirtualDoors(kms.clone())),
    };
    let state = Arc::new(State::new(config(), environment).expect("the ClientKey loads"));
    let live = Live::start(state.clone(), &Handle::current()).expect("it starts");
    for number in 0..SECRETS {
        let (reply, pending) = Pending::new();
        live.ask(&name(number), Ask::Need(Waiter::Credentials(reply)));
        pending.await.expect("KMS answers the first time");
    }
    let longest_outage = OUTAGES.iter().map(|(_, length)| *length).max().expect("there are some");
    let mut longest_staleness = Duration::ZERO;
    let mut longest_lag = Duration::ZERO;
    // An odd step, so that the reader meets every phase of the schedule.
    while time.since() < DAY * 365 {
        sleep(HOUR + MINUTE * 7).await;
        for number in 0..SECRETS {
            let name = name(number);
            let snapshot = state.cache.snapshot(&name).expect("once seen, always there");
            longest_staleness = longest_staleness.max(snapshot.fetched_at.elapsed());
            let (version, next_rotation) = kms.version_of(&name);
            if snapshot.secret.version_id() != version.to_string() {
                let rotated = next_rotation - WEEK;
                let lag = time.now().duration_since(rotated).expect("it has rotated");
                longest_lag = longest_lag.max(lag);
            }
        }
    }
    // After an outage the next try comes within ten minutes.
    let after_an_outage = longest_outage + MINUTE * 10 + Duration::from_secs(20);
    let refresh = &state.config.refresh;
    assert!(
        longest_staleness <= after_an_outage + refresh.interval + refresh.jitter,
        "{longest_staleness:?}"
    );
    assert!(longest_lag <= after_an_outage + refresh.delay + refresh.jitter, "{longest_lag:?}");
    // Four refreshes a day and one after each rotation at most, and a few less since each is some minutes later than
    // the one before; nobody fetches during an outage.
    let answers = kms.answers.load(Ordering::Relaxed);
    let most = u64::from(SECRETS) * (4 * 365 + 53 + 1);
    assert!((most * 9 / 10..=most).contains(&answers), "{answers} answers, at most {most}");
    // While KMS is away: a fetch of at most twelve requests at the end of each pause, which is five minutes on average.
    let away: u64 = OUTAGES.iter().map(|(_, length)| length.as_secs()).sum();
    let failed = kms.requests.load(Ordering::Relaxed) - answers;
    let budget = u64::from(SECRETS) * 12 * (away / 300 + 12 * OUTAGES.len() as u64);
    assert!(failed <= budget, "{failed} requests that failed, budget {budget}");
    live.close();
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_success_is_told_within_the_deadline() {
    let epoch = SystemTime::UNIX_EPOCH + DAY * 20_800;
    let time = Arc::new(Virtual { start: Instant::now(), epoch });
    let kms = Arc::new(Kms { time: time.clone(), answers: AtomicU64::new(0), requests: AtomicU64::new(0) });
    let environment = Environment {
        clock: time.clone(),
        random: Arc::new(Reproducible(AtomicU64::new(1))),
        doors: Arc::new(VirtualDoors(kms.clone())),
    };
    let state = Arc::new(State::new(config(), environment).expect("the ClientKey loads"));
    let live = Live::start(state.clone(), &Handle::current()).expect("it starts");
    sleep(OUTAGES[0].0).await;
    let started = Instant::now();
    let (reply, pending) = Pending::new();
    live.ask(&name(0), Ask::Need(Waiter::Credentials(reply)));
    let error = pending.await.expect_err("KMS is away");
    assert_eq!((error.kind(), error.retryable()), (Kind::Network, true));
    assert!(started.elapsed() <= state.config.fetch_deadline, "{:?}", started.elapsed());
    assert!(kms.requests.load(Ordering::Relaxed) <= 12, "the budget of one fetch");
    live.close();
}
