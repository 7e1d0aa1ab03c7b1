//! A KMS, a clock and a chance of a test's own, in virtual time: what a real one would take hours for takes none.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::config::{Config, EndpointConfig};
use crate::error::{Error, Kind, Result, Scope};
use crate::event::{Event, Subscription};
use crate::identity::Signer;
use crate::kms::{Gateway, SecretRequest};
use crate::pending::Pending;
use crate::process::clock_and_chance::{Clock, Random};
use crate::process::protected::ProtectedBytes;
use crate::secret::c_text::CText;
use crate::secret::{Credentials, Secret};
use crate::transport::{HttpRequest, HttpResponse, Method, Sending, Transport};
use crate::upkeep::environment::{Door, Doors, Environment};
use crate::upkeep::keeper::{Ask, Waiter};
use crate::upkeep::live::{Live, State};
use crate::{Builder, Gateway as Described};

pub(crate) const APP: &str = "acs/ram/user/app";

/// To KMS and back.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(30);
/// What an endpoint does with a request.
pub(crate) enum Does {
    Answer {
        access_key_id: String,
        next_rotation: Option<SystemTime>,
    },
    /// Answers after so long with an AccessKey that says when it was made: so many days after 2020 began.
    Late {
        access_key_id: String,
        generated: u64,
        after: Duration,
    },
    Fail(Error),
    Hang,
}

impl Does {
    pub(crate) fn answer(access_key_id: &str) -> Self {
        Does::Answer { access_key_id: access_key_id.to_owned(), next_rotation: None }
    }

    pub(crate) fn late(access_key_id: &str, generated: u64, after: Duration) -> Self {
        Does::Late { access_key_id: access_key_id.to_owned(), generated, after }
    }

    pub(crate) fn fail(kind: Kind) -> Self {
        let retryable = !matches!(kind, Kind::Denied | Kind::NotFound);
        let scope = if retryable { Scope::Endpoint } else { Scope::Secret };
        Does::Fail(Error::new(kind, "as the test wants it").with_retryable(retryable).with_scope(scope))
    }
}

/// A request, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Duration,
    pub(crate) endpoint: usize,
    pub(crate) secret: String,
}

type Script = dyn Fn(&Request) -> Does + Send + Sync;

/// Time as tokio's paused clock has it, but for what the wall clock was set forward or back.
pub(crate) struct Virtual {
    start: Instant,
    pub(crate) epoch: SystemTime,
    set_by_seconds: AtomicI64,
    breaks: AtomicBool,
}

impl Virtual {
    pub(crate) fn since(&self) -> Duration {
        self.start.elapsed()
    }

    /// Makes the next look at the clock panic, as a defect of ours might.
    pub(crate) fn break_once(&self) {
        self.breaks.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_wall_clock_by(&self, seconds: i64) {
        self.set_by_seconds.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        assert!(!self.breaks.swap(false, Ordering::Relaxed), "as the test wants it");
        let by = self.set_by_seconds.load(Ordering::Relaxed);
        let size = Duration::from_secs(by.unsigned_abs());
        let now = self.epoch + self.since();
        if by < 0 { now - size } else { now + size }
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

struct Kms {
    time: Arc<Virtual>,
    script: Box<Script>,
    requests: Mutex<Vec<Request>>,
    extended_config: Arc<Mutex<Option<String>>>,
}

struct VirtualDoors(Arc<Kms>);

impl Doors for VirtualDoors {
    fn open(&self, config: &EndpointConfig, authority: &str, _: &str) -> Result<Door> {
        let digits: String = authority.chars().filter(char::is_ascii_digit).collect();
        let endpoint = digits.parse().expect("the number of the endpoint");
        let time_out = config.transport.connect_timeout + config.transport.read_timeout;
        let transport = Arc::new(VirtualTransport { kms: self.0.clone(), endpoint, time_out });
        let gateway = VirtualGateway { extended_config: self.0.extended_config.clone() };
        Ok(Door { gateway: Box::new(gateway), transport })
    }
}

struct VirtualTransport {
    kms: Arc<Kms>,
    endpoint: usize,
    /// When it gives up.
    time_out: Duration,
}

impl Transport for VirtualTransport {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        Box::pin(async move {
            let secret = String::from_utf8(request.body).expect("a name");
            let request = Request { at: self.kms.time.since(), endpoint: self.endpoint, secret };
            self.kms.requests.lock().expect("no panic").push(request.clone());
            match (self.kms.script)(&request) {
                Does::Late { access_key_id, generated, after } if after < self.time_out => {
                    sleep(after).await;
                    let generated = 1_577_836_800 + generated * 86_400;
                    let body = format!("{access_key_id} {generated}").into_bytes().into();
                    Ok(HttpResponse { status: 200, date: None, retry_after: None, body })
                }
                Does::Hang | Does::Late { .. } => {
                    sleep(self.time_out).await;
                    Err(Error::new(Kind::Network, "no answer").with_retryable(true))
                }
                Does::Fail(error) => {
                    sleep(ROUND_TRIP).await;
                    Err(error)
                }
                Does::Answer { access_key_id, next_rotation } => {
                    sleep(ROUND_TRIP).await;
                    let body = access_key_id.into_bytes().into();
                    Ok(HttpResponse { status: 200, date: next_rotation, retry_after: None, body })
                }
            }
        })
    }
}

struct VirtualGateway {
    extended_config: Arc<Mutex<Option<String>>>,
}

impl Gateway for VirtualGateway {
    fn request(&self, request: &SecretRequest, _: &Signer, _: SystemTime, _: &str) -> Result<HttpRequest> {
        Ok(HttpRequest {
            method: Method::Post,
            url: String::new(),
            headers: Vec::new(),
            body: request.name.clone().into_bytes(),
        })
    }

    fn answer(&self, request: &SecretRequest, _: &Signer, response: &HttpResponse) -> Result<Secret> {
        let id = std::str::from_utf8(&response.body).expect("an AccessKey id");
        let (id, generated) = id.split_once(' ').unwrap_or((id, ""));
        let value = format!(
            r#"{{"AccessKeyId":"{id}","AccessKeySecret":"secret","GenerateTimestamp":"{generated}"}}"#
        );
        Ok(Secret {
            name: request.name.as_str().into(),
            secret_type: "RamCredentials".into(),
            value: ProtectedBytes::copy_from(value.as_bytes()),
            binary: false,
            version_id: id.into(),
            version_stages: vec!["ACSCurrent".to_owned()].into(),
            create_time: None,
            request_id: "".into(),
            last_rotation_date: None,
            next_rotation_date: response.date,
            rotation_interval: None,
            automatic_rotation: None,
            extended_config: self.extended_config.lock().expect("no panic").as_deref().map(CText::from),
        })
    }
}

/// A configuration with so many endpoints, each with a ClientKey of its own.
pub(crate) fn configuration(endpoints: usize, change: impl FnOnce(Builder) -> Builder) -> Config {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let read = |name: &str| std::fs::read(format!("{vectors}/{name}")).expect("a vector");
    let mut builder = Builder::new();
    for number in 0..endpoints {
        let gateway = Described::instance()
            .endpoint(format!("kms-{number}.test"))
            .client_key(read("clientKey.json"))
            .client_key_password(read("clientKey_Password.txt"))
            .ca(read("ca.pem"));
        builder = builder.gateway(gateway);
    }
    change(builder).build().expect("the configuration is good")
}

/// A provider at work against a KMS that does what a script says.
pub(crate) struct World {
    pub(crate) time: Arc<Virtual>,
    pub(crate) state: Arc<State>,
    live: Arc<Live>,
    kms: Arc<Kms>,
    events: Arc<Mutex<Vec<Event>>>,
    _subscription: Subscription,
}

impl World {
    pub(crate) fn new(config: Config, script: impl Fn(&Request) -> Does + Send + Sync + 'static) -> Self {
        let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(20_800 * 86_400);
        let time = Arc::new(Virtual {
            start: Instant::now(),
            epoch,
            set_by_seconds: AtomicI64::new(0),
            breaks: AtomicBool::new(false),
        });
        let kms = Arc::new(Kms {
            time: time.clone(),
            script: Box::new(script),
            requests: Mutex::default(),
            extended_config: Arc::default(),
        });
        let environment = Environment {
            clock: time.clone(),
            random: Arc::new(Reproducible(AtomicU64::new(1))),
            doors: Arc::new(VirtualDoors(kms.clone())),
        };
        let state = Arc::new(State::new(config, environment).expect("the ClientKey loads"));
        let events = Arc::new(Mutex::new(Vec::new()));
        let tell = events.clone();
        let subscription = state.subscribers.add(Box::new(move |event: &Event| {
            tell.lock().expect("no panic").push(event.clone());
        }));
        let endpoints = state.open_endpoints().expect("nothing can fail");
        let live = Live::start(state.clone(), endpoints, &Handle::current());
        World { time, state, live, kms, events, _subscription: subscription }
    }

    /// One endpoint, the defaults.
    pub(crate) fn simple(script: impl Fn(&Request) -> Does + Send + Sync + 'static) -> Self {
        World::new(configuration(1, |builder| builder), script)
    }

    /// Goes on as a forked child does, whose parent ends.
    pub(crate) fn fork(&mut self) {
        self.live.close();
        let endpoints = self.state.open_endpoints().expect("nothing can fail");
        self.live = Live::start(self.state.clone(), endpoints, &Handle::current());
    }

    pub(crate) fn need(&self, name: &str) -> Pending<Arc<Credentials>> {
        let (reply, pending) = Pending::new();
        self.live.ask(name, Ask::Need(Waiter::Credentials(reply)));
        pending
    }

    pub(crate) fn refresh(&self, name: &str) -> Pending<Arc<Secret>> {
        let (reply, pending) = Pending::new();
        self.live.ask(name, Ask::Refresh(Waiter::Secret(reply)));
        pending
    }

    pub(crate) fn renew(&self, name: &str, rejected: &str) -> Pending<Arc<Credentials>> {
        let (waiter, pending) = Pending::new();
        self.live.ask(name, Ask::Renew { rejected: rejected.to_owned(), waiter, asked: Instant::now() });
        pending
    }

    /// What KMS's answers have as `ExtendedConfig` from now on.
    pub(crate) fn set_extended_config(&self, json: &str) {
        *self.kms.extended_config.lock().expect("no panic") = Some(json.to_owned());
    }

    pub(crate) async fn until(&self, since_start: Duration) {
        sleep(since_start.saturating_sub(self.time.since())).await;
    }

    pub(crate) fn cached_id(&self) -> Option<String> {
        self.state.cache.snapshot(APP.as_bytes())?.access_key_id().map(str::to_owned)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.kms.requests.lock().expect("no panic").clone()
    }

    /// How many requests came from `from` on.
    pub(crate) fn requests_since(&self, from: Duration) -> usize {
        self.requests().iter().filter(|request| request.at >= from).count()
    }

    /// The events of that name so far.
    pub(crate) fn told(&self, name: &str) -> Vec<Event> {
        let events = self.events.lock().expect("no panic");
        events.iter().filter(|event| event.name() == name).cloned().collect()
    }

    pub(crate) fn stats(&self) -> crate::Stats {
        crate::Stats::of(&self.live)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.live.close();
    }
}
