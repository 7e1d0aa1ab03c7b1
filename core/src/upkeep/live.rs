//! A provider at work in one process: its connections, its keepers of secrets, its watch over files. A forked child gets
//! one of its own; what [`State`] holds goes on in both.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::sleep;

use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Subscribers};
use crate::identity::client_key::ClientKeyInUse;
use crate::identity::{Identities, World};
use crate::process::engine;
use crate::process::lock::Mutex;
use crate::process::skew::Skew;
use crate::process::supervision::keep_running;
use crate::upkeep::cache::{Cache, Snapshot};
use crate::upkeep::cache_file::CacheFile;
use crate::upkeep::client_key_expiry::{DAY, days_left, is_near, until_next_reminder};
use crate::upkeep::clock_watch::{self, ClockWatch};
use crate::upkeep::endpoint::{Endpoint, EndpointPlan};
use crate::upkeep::environment::Environment;
use crate::upkeep::file_watch::{self, WatchedFiles};
use crate::upkeep::keeper::{Ask, Keeper, KeeperStatus};
use crate::upkeep::limits::MOST_REFUSALS;
use crate::upkeep::script::Script;

/// What survives a fork. Holds no lock that another thread could hold at that moment.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) environment: Environment,
    pub(crate) plans: Vec<Arc<EndpointPlan>>,
    pub(crate) identities: Identities,
    pub(crate) cache: Cache,
    pub(crate) subscribers: Arc<Subscribers>,
    pub(crate) skew: Arc<Skew>,
    pub(crate) closed: AtomicBool,
    /// What the files were like when they were last read.
    pub(crate) files: WatchedFiles,
    /// What stands in for KMS.
    pub(crate) script: Option<Script>,
    user_agent: String,
}

impl State {
    /// Reads every file that `config` names.
    pub(crate) fn new(config: Config, environment: Environment) -> Result<Self> {
        // Looked at before they are read: a change in between is noticed later.
        let files = WatchedFiles::of(&config);
        let user_agent = format!(
            "kmsak/{} ({}; {}; {})",
            env!("CARGO_PKG_VERSION"),
            config.language,
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        let (skew, subscribers) = (Arc::new(Skew::default()), Subscribers::new());
        let world = World {
            clock: environment.clock.clone(),
            random: environment.random.clone(),
            skew: skew.clone(),
            subscribers: subscribers.clone(),
            user_agent: user_agent.as_str().into(),
        };
        let mut identities = Identities::default();
        let mut plans = Vec::with_capacity(config.endpoints.len());
        for endpoint in &config.endpoints {
            let identity = identities.of(&endpoint.identity, &world)?;
            plans.push(Arc::new(EndpointPlan::new(endpoint.clone(), identity)?));
        }
        let place = |plan: &Arc<EndpointPlan>| plan.place().to_owned();
        identities.places =
            plans.iter().map(place).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",");
        Ok(State {
            config,
            environment,
            plans,
            identities,
            cache: Cache::new(),
            subscribers,
            skew,
            closed: AtomicBool::new(false),
            files,
            script: None,
            user_agent,
        })
    }

    /// Opens the way to every endpoint, for one process. Connects to none.
    pub(crate) fn open_endpoints(&self) -> Result<Arc<Vec<Arc<Endpoint>>>> {
        let recovered = Arc::new(Notify::new());
        let open = |plan: &Arc<EndpointPlan>| {
            Endpoint::open(plan.clone(), &self.environment, &self.user_agent, recovered.clone()).map(Arc::new)
        };
        self.plans.iter().map(open).collect::<Result<_>>().map(Arc::new)
    }

    /// The time by KMS's clock, as far as it is known.
    pub(crate) fn now(&self) -> SystemTime {
        self.skew.correct(self.environment.clock.now())
    }

    /// For how long `snapshot` may still be handed out, by either clock: the one on the wall may be set back, and the other one
    /// stands still while the machine sleeps. None for as long as it likes.
    pub(crate) fn good_for(&self, snapshot: &Snapshot) -> Option<Duration> {
        let by_kms_clock = self.now().duration_since(snapshot.fetched).unwrap_or_default();
        Some(self.config.max_stale?.saturating_sub(by_kms_clock.max(snapshot.fetched_at.elapsed())))
    }

    /// How many processes share the account's quota, if that was told.
    pub(crate) fn fleet_size(&self, name: &[u8]) -> Option<u32> {
        self.config.fleet_size.or_else(|| self.cache.secret(name)?.fleet_size())
    }

    /// What is cached of `name` and not older than it may be: whoever reads may be faster than whoever forgets.
    pub(crate) fn cached(&self, name: &[u8]) -> Option<Arc<Snapshot>> {
        let snapshot = self.cache.snapshot(name)?;
        let is_good = self.config.max_stale.is_none() || self.good_for(&snapshot) != Some(Duration::ZERO);
        is_good.then_some(snapshot)
    }
}

/// One process's part of a provider.
pub(crate) struct Live {
    state: Arc<State>,
    runtime: Handle,
    endpoints: Arc<Vec<Arc<Endpoint>>>,
    keepers: Mutex<HashMap<Box<str>, KeeperHandle>>,
    cache_file: Option<CacheFile>,
    clock_watch: ClockWatch,
    closing: watch::Sender<bool>,
    /// One for each refusal that may be remembered.
    refusals: Arc<Semaphore>,
}

struct KeeperHandle {
    inbox: mpsc::UnboundedSender<Ask>,
    status: Arc<Mutex<KeeperStatus>>,
}

impl Live {
    /// Goes on with what the cache holds.
    pub(crate) fn start(
        state: Arc<State>,
        endpoints: Arc<Vec<Arc<Endpoint>>>,
        runtime: &Handle,
    ) -> Arc<Self> {
        let cache_file = state
            .config
            .cache_file
            .as_ref()
            .zip(state.identities.lasting())
            .map(|(path, lasting)| CacheFile::open(path.clone(), &lasting, runtime));
        let live = Arc::new(Live {
            state,
            runtime: runtime.clone(),
            endpoints,
            keepers: Mutex::default(),
            cache_file,
            clock_watch: ClockWatch::new(),
            closing: watch::Sender::new(false),
            refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
        });
        file_watch::start(&live);
        let live_too = live.clone();
        let watch = move || clock_watch::watch(live_too.clone());
        live.spawn(keep_running("what watches the clock", watch));
        for client_key in &live.state.identities.client_keys {
            let (live_too, client_key) = (live.clone(), client_key.clone());
            let remind = move || remind_of_expiry(live_too.clone(), client_key.clone());
            live.spawn(keep_running("what reminds of the ClientKey's end", remind));
        }
        for kept in live.state.identities.kept.clone() {
            let keep = move || {
                let kept = kept.clone();
                async move { kept.keep_fresh().await }
            };
            live.spawn(keep_running("what renews the AccessKey that asks KMS", keep));
        }
        for name in live.state.cache.names() {
            live.keeper(&name);
        }
        live
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.state.environment
    }

    pub(crate) fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.endpoints
    }

    pub(crate) fn skew(&self) -> &Skew {
        &self.state.skew
    }

    pub(crate) fn cache_file(&self) -> Option<&CacheFile> {
        self.cache_file.as_ref()
    }

    pub(super) fn clock_watch(&self) -> &ClockWatch {
        &self.clock_watch
    }

    /// Tells those who subscribed.
    pub(crate) fn tell(&self, event: Event) {
        if let (Event::ClientKeyReplaced { old_key_id, new_key_id }, Some(file)) = (&event, &self.cache_file)
        {
            // What is in the file was sealed for the ClientKey that is going.
            if let Some(lasting) = self.state.identities.lasting()
                && lasting.id == *new_key_id
            {
                file.forget(old_key_id);
                for snapshot in self
                    .state
                    .cache
                    .names()
                    .iter()
                    .filter_map(|name| self.state.cache.snapshot(name.as_bytes()))
                {
                    file.store(snapshot, lasting.clone());
                }
            }
        }
        self.state.subscribers.publish(event, &self.runtime);
    }

    /// Runs `work` on kmsak's thread until it is done or the provider closes.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(Box::pin(work));
    }

    /// Boxed, or what surrounds a task would be compiled for each.
    fn spawn_boxed(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let mut closing = self.closing.subscribe();
        crate::process::engine::spawn(&self.runtime, async move {
            tokio::select! {
                biased;
                _closed_or_gone = closing.wait_for(|closing| *closing) => {}
                () = work => {}
            }
        });
    }

    /// Hands `ask` to the keeper of `name`.
    pub(crate) fn ask(self: &Arc<Self>, name: &str, ask: Ask) {
        let mut unsent = Some(ask);
        // A keeper that retired just now has closed its inbox: the next one takes it.
        while let Some(ask) = unsent.take() {
            if *self.closing.borrow() {
                // Dropping it answers that the provider is closed.
                return;
            }
            unsent = self.keeper(name).send(ask).err().map(|refused| refused.0);
        }
    }

    fn keeper(self: &Arc<Self>, name: &str) -> mpsc::UnboundedSender<Ask> {
        let mut keepers = self.keepers.lock();
        if let Some(keeper) = keepers.get(name).filter(|keeper| !keeper.inbox.is_closed()) {
            return keeper.inbox.clone();
        }
        let (inbox, asks) = mpsc::unbounded_channel();
        let status = Arc::new(Mutex::new(KeeperStatus::default()));
        keepers.insert(name.into(), KeeperHandle { inbox: inbox.clone(), status: status.clone() });
        drop(keepers);
        let keeper = Keeper::new(self.clone(), name, status);
        self.spawn(keeper.run(asks));
        inbox
    }

    /// The keeper of `name`, which holds nothing, goes home unless somebody has just asked it something.
    pub(crate) fn retire(&self, name: &str, asks: &mut mpsc::UnboundedReceiver<Ask>) -> bool {
        let mut keepers = self.keepers.lock();
        if !asks.is_empty() {
            return false;
        }
        asks.close();
        keepers.remove(name);
        let left = keepers.len();
        if left < keepers.capacity() / 8 {
            keepers.shrink_to(left * 2);
        }
        true
    }

    /// Something changed that KMS may have refused for: another ClientKey or CA.
    pub(crate) fn reconsider(&self) {
        for keeper in self.keepers.lock().values() {
            // One that retires has nothing to reconsider.
            drop(keeper.inbox.send(Ask::Reconsider));
        }
    }

    /// The right to remember a refusal; none while very many are remembered.
    pub(crate) fn permit_to_remember(&self) -> Option<OwnedSemaphorePermit> {
        self.refusals.clone().try_acquire_owned().ok()
    }

    /// What each keeper is doing, by the secret's name.
    pub(crate) fn keeper_statuses(&self) -> Vec<(Box<str>, KeeperStatus)> {
        let keepers = self.keepers.lock();
        let mut all: Vec<_> =
            keepers.iter().map(|(name, keeper)| (name.clone(), keeper.status.lock().clone())).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// Ends everything that runs; whoever waits is told that the provider is closed.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
        self.keepers.lock().clear();
        // Whoever was answered finds it in the file after closing. On kmsak's own thread it is what waits for this.
        if let Some(file) = self.cache_file()
            && !engine::is_this_thread()
        {
            file.settle();
        }
    }
}

/// The reminder of `client_key`'s end, if that is near.
pub(crate) fn expiry_reminder(client_key: &ClientKeyInUse, now: SystemTime) -> Option<Event> {
    let info = client_key.proven().info().clone();
    let days_left = days_left(info.not_after, now);
    is_near(info.not_after, now).then_some(Event::ClientKeyExpiring {
        key_id: info.key_id,
        not_after: info.not_after,
        days_left,
    })
}

/// Tells at each reminder, and when another ClientKey is in use whose end is near as well.
async fn remind_of_expiry(live: Arc<Live>, client_key: Arc<ClientKeyInUse>) {
    loop {
        let info = client_key.proven().info().clone();
        let now = live.state.now();
        let reminder = now + until_next_reminder(info.not_after, now);
        while let Ok(left) = reminder.duration_since(live.state.now())
            && !left.is_zero()
            && *client_key.proven().info() == info
        {
            sleep(left.min(DAY)).await;
        }
        expiry_reminder(&client_key, live.state.now()).into_iter().for_each(|event| live.tell(event));
    }
}
