//! What happens inside a provider, told to those who subscribed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::runtime::Handle;

use crate::error::Error;
use crate::field::{Field, FieldDescription, Fields, describe};
use crate::process::fork::PerProcess;
use crate::process::{logs, threads};

macro_rules! events {
    ($(#[$about:meta])* pub enum Event {
        $($(#[$doc:meta])* $event:ident = $name:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* },)*
    }) => {
        $(#[$about])*
        pub enum Event {
            $($(#[$doc])* $event { $($(#[$field_doc])* $field: $type,)* },)*
        }

        impl Event {
            /// The event's stable name, the same word in every language, such as `refresh_failed`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Event::$event { .. } => $name,)*
                }
            }

            /// What the event tells, by name: for those who pass events on without knowing each.
            #[must_use]
            pub fn fields(&self) -> Fields<'_> {
                match self {
                    $(Event::$event { $($field),* } => vec![$((stringify!($field), $field.value()),)*],)*
                }
            }

            /// The names of all events with their fields.
            pub(crate) fn all() -> Vec<(&'static str, Vec<FieldDescription>)> {
                vec![$(($name, vec![$(describe::<$type>(stringify!($field)),)*]),)*]
            }
        }
    };
}

events! {
    /// Something that happened. No event carries a secret.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub enum Event {
        /// A secret was fetched from KMS, whether or not it had changed.
        Fetched = "fetched" {
            /// The secret's name.
            secret: String,
            /// The version now in the cache.
            version_id: String,
        },
        /// The cache now holds another AccessKey than before.
        Rotated = "rotated" {
            /// The secret's name.
            secret: String,
            /// The AccessKey id that was in use.
            old_access_key_id: String,
            /// The AccessKey id in use from now on.
            new_access_key_id: String,
        },
        /// A secret could not be refreshed, or KMS has no other AccessKey than one that was rejected. The cached value, if there is
        /// one, stays in use.
        RefreshFailed = "refresh_failed" {
            /// The secret's name.
            secret: String,
            /// Why.
            error: Error,
            /// How long ago the cached value was fetched; zero when nothing is cached.
            stale_for: Duration,
            /// When it is tried again without anybody asking; none when nothing is cached.
            next_try_in: Option<Duration>,
        },
        /// KMS says that it cannot rotate a secret whose rotation is on. Told once, and again if that was mended meanwhile.
        RotationBroken = "rotation_broken" {
            /// The secret's name.
            secret: String,
        },
        /// An endpoint failed repeatedly and is passed over for a while.
        EndpointDown = "endpoint_down" {
            /// Its host and port.
            endpoint: String,
            /// The latest failure.
            error: Error,
        },
        /// An endpoint that was down answers again.
        EndpointUp = "endpoint_up" {
            /// Its host and port.
            endpoint: String,
        },
        /// The ClientKey's validity ends soon, or has ended (`days_left` is then zero).
        ClientKeyExpiring = "client_key_expiring" {
            /// The ClientKey's id.
            key_id: String,
            /// The end of its validity.
            not_after: SystemTime,
            /// Whole days until then.
            days_left: u64,
        },
        /// The ClientKey file was replaced and KMS accepts the new one.
        ClientKeyReplaced = "client_key_replaced" {
            /// The id of the ClientKey that was in use.
            old_key_id: String,
            /// The id of the one in use from now on.
            new_key_id: String,
        },
        /// The ClientKey, password or CA file changed, but what it holds now cannot be used: the old one stays.
        ClientKeyUnusable = "client_key_unusable" {
            /// The id of the ClientKey that stays in use.
            key_id: String,
            /// Why the new one was not taken over.
            error: Error,
        },
        /// Who asks KMS has another AccessKey: that of a role was renewed, or a source gave another one.
        IdentityRenewed = "identity_renewed" {
            /// Its kind and name, such as `ecs_ram_role app`.
            identity: String,
            /// The AccessKey id in use from now on.
            access_key_id: String,
            /// When it ends, where it does.
            expires: Option<SystemTime>,
        },
        /// Who asks KMS could not get another AccessKey. The one in use, if there is one, is used to its end.
        IdentityUnavailable = "identity_unavailable" {
            /// Its kind and name, such as `ecs_ram_role app`.
            identity: String,
            /// Why.
            error: Error,
            /// When the one in use ends, where it does.
            expires: Option<SystemTime>,
        },
        /// KMS cannot be reached and the secret was taken from the encrypted cache file.
        CacheFileUsed = "cache_file_used" {
            /// The secret's name.
            secret: String,
            /// How long ago the value was fetched from KMS.
            age: Duration,
        },
    }
}

impl Event {
    pub(crate) fn log(&self) {
        match self {
            Event::Fetched { secret, version_id } => {
                logs::debug!("fetched {secret}, version {version_id}")
            }
            Event::Rotated { secret, old_access_key_id, new_access_key_id } => {
                logs::info!("{secret} rotated from AccessKey {old_access_key_id} to {new_access_key_id}");
            }
            Event::RefreshFailed { secret, error, stale_for, next_try_in: Some(next) } => logs::warn!(
                "{secret} could not be refreshed; the value of {} s ago stays in use, next try in {} s: {error}",
                stale_for.as_secs(),
                next.as_secs()
            ),
            Event::RefreshFailed { secret, error, .. } => {
                logs::warn!("{secret} could not be fetched: {error}")
            }
            Event::RotationBroken { secret } => logs::warn!(
                "KMS cannot rotate {secret} (its AutomaticRotation is Invalid): see in the KMS console whether KMS's service role is there, \
                 and in RAM that the user has no AccessKey besides the managed one"
            ),
            Event::EndpointDown { endpoint, error } => {
                logs::warn!("{endpoint} is passed over for a while: {error}");
            }
            Event::EndpointUp { endpoint } => logs::info!("{endpoint} answers again"),
            Event::ClientKeyExpiring { key_id, days_left: 0, .. } => logs::warn!(
                "ClientKey {key_id} has expired: create another one for the application access point and replace the file"
            ),
            Event::ClientKeyExpiring { key_id, days_left, .. } => logs::warn!(
                "ClientKey {key_id} expires in {days_left} days: create another one for the application access point and replace the file"
            ),
            Event::ClientKeyReplaced { old_key_id, new_key_id } => {
                logs::info!("ClientKey {old_key_id} was replaced by {new_key_id}");
            }
            Event::ClientKeyUnusable { key_id, error } => {
                logs::warn!("the new ClientKey files are not used, {key_id} stays in use: {error}");
            }
            Event::IdentityRenewed { identity, access_key_id, .. } => {
                logs::info!("{identity} asks KMS with AccessKey {access_key_id} from now on");
            }
            Event::IdentityUnavailable { identity, error, .. } => {
                logs::warn!("{identity} gets no other AccessKey to ask KMS with: {error}");
            }
            Event::CacheFileUsed { secret, age } => logs::warn!(
                "KMS cannot be reached; {secret} comes from the cache file and is {} s old",
                age.as_secs()
            ),
        }
    }
}

type Listener = dyn Fn(&Event) + Send + Sync;

/// Who listens. Publishing never waits for a listener: each has a queue of its own, emptied on a thread that lives only
/// as long as there is something in it.
pub(crate) struct Subscribers(ArcSwap<Vec<Arc<Subscriber>>>);

struct Subscriber {
    /// None once the subscription has ended.
    listener: ArcSwapOption<Box<Listener>>,
    queue: PerProcess<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    call_ended: Condvar,
}

#[derive(Default)]
struct QueueState {
    events: VecDeque<Event>,
    /// Whether a thread is emptying the queue.
    busy: bool,
    /// The thread that the listener is being called on.
    calling: Option<ThreadId>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events that wait for a slow listener; the oldest are dropped beyond that.
const QUEUE_LENGTH: usize = 1024;

/// Keeps a listener subscribed. Dropping it unsubscribes: a call that runs at that moment ends, no other begins, and
/// the listener is dropped after it. [`end`](Subscription::end) waits for that.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    subscriber: Arc<Subscriber>,
    all: std::sync::Weak<Subscribers>,
}

impl Subscribers {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Subscribers(ArcSwap::from_pointee(Vec::new())))
    }

    pub(crate) fn add(self: &Arc<Self>, listener: Box<Listener>) -> Subscription {
        let subscriber = Arc::new(Subscriber {
            listener: ArcSwapOption::from_pointee(listener),
            queue: PerProcess::empty(),
        });
        self.0.rcu(|all| all.iter().chain([&subscriber]).cloned().collect::<Vec<_>>());
        Subscription { subscriber, all: Arc::downgrade(self) }
    }

    /// Queues `event` for the one listener of `subscription`.
    pub(crate) fn tell_one(subscription: &Subscription, event: Event, runtime: &Handle) {
        Subscriber::push(&subscription.subscriber, event, runtime);
    }

    /// Logs the event and queues it for everybody; `runtime` waits where a thread to make the calls cannot start yet.
    pub(crate) fn publish(&self, event: Event, runtime: &Handle) {
        event.log();
        for subscriber in self.0.load().iter() {
            Subscriber::push(subscriber, event.clone(), runtime);
        }
    }
}

impl Subscriber {
    fn queue(&self) -> Arc<Queue> {
        let Ok(queue) = self.queue.get_or_make(|| Ok::<_, Infallible>(Arc::default()), drop);
        queue
    }

    fn push(subscriber: &Arc<Self>, event: Event, runtime: &Handle) {
        let queue = subscriber.queue();
        let mut queue = queue.lock();
        if queue.events.len() == QUEUE_LENGTH {
            queue.events.pop_front();
            logs::warn!("a subscriber is too slow: its oldest event was dropped");
        }
        queue.events.push_back(event);
        if !queue.busy {
            queue.busy = true;
            let subscriber = subscriber.clone();
            threads::start_in_time("kmsak-events", runtime, move || subscriber.empty_queue());
        }
    }

    fn empty_queue(&self) {
        let queue = self.queue();
        let mut state = queue.lock();
        loop {
            let next = state.events.pop_front().zip(self.listener.load_full());
            let Some((event, listener)) = next else {
                state.events.clear();
                state.busy = false;
                return;
            };
            state.calling = Some(thread::current().id());
            drop(state);
            if panic::catch_unwind(AssertUnwindSafe(|| listener(&event))).is_err() {
                logs::warn!("a subscriber panicked on the event {}; it stays subscribed", event.name());
            }
            // Before whoever waits for this call goes on.
            drop(listener);
            state = queue.lock();
            state.calling = None;
            queue.call_ended.notify_all();
        }
    }
}

impl Subscription {
    /// Ends the subscription, and waits for a call that runs at that moment, unless this is its thread: after that the listener is
    /// gone, and what it uses may go as well. Again it ends nothing more, but waits all the same. Waits for ever where the listener
    /// waits for whoever calls this.
    pub fn end(&self) {
        let listener = self.leave();
        let queue = self.subscriber.queue();
        let mut state = queue.lock();
        while state.calling.is_some_and(|thread| thread != thread::current().id()) {
            state = queue.call_ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        drop(listener);
    }

    fn leave(&self) -> Option<Arc<Box<Listener>>> {
        if let Some(all) = self.all.upgrade() {
            all.0.rcu(|all| {
                all.iter().filter(|one| !Arc::ptr_eq(one, &self.subscriber)).cloned().collect::<Vec<_>>()
            });
        }
        self.subscriber.listener.swap(None)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        drop(self.leave());
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
