//! A provider as `lib/provider.js` uses it. Nothing here throws: a failure is an answer.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kmsak::{Builder, Pending, Provider, Subscription};
use napi::bindgen_prelude::{Either, Object, Uint32ArraySlice};
use napi::{Env, Result};
use napi_derive::napi;

use crate::failure::Failure;
use crate::fields::object;
use crate::mailbox::{Id, Message, Post};
use crate::options::duration;
use crate::values::{Credentials, Secret};

/// A provider, and where its answers and events go.
#[napi]
pub struct NativeProvider {
    provider: Provider,
    post: Post,
    id: Id,
    subscription: Mutex<Option<Subscription>>,
}

impl NativeProvider {
    /// Subscribed from the start, so that nothing is missed that happens before JavaScript has the provider.
    pub(crate) fn open(builder: Builder, post: Post, id: Id) -> kmsak::Result<Self> {
        Ok(NativeProvider::of(builder.open()?, post, id))
    }

    pub(crate) fn of(provider: Provider, post: Post, id: Id) -> Self {
        let opened = NativeProvider { provider, post, id, subscription: Mutex::new(None) };
        opened.listen(true);
        opened
    }
}

#[napi]
impl NativeProvider {
    /// The AccessKey if it is cached.
    #[napi(catch_unwind)]
    pub fn cached_credentials(&self, name: String) -> Option<Credentials> {
        self.provider.cached_credentials(&name).map(|credentials| credentials.as_ref().into())
    }

    /// Delivers the AccessKey to `id`.
    #[napi(catch_unwind)]
    pub fn begin_credentials(&self, id: Id, name: String) {
        self.deliver_credentials(id, self.provider.begin_credentials(&name));
    }

    /// Delivers an AccessKey other than `rejected_id` to `id`.
    #[napi(catch_unwind)]
    pub fn begin_renew(&self, id: Id, name: String, rejected_id: String) {
        self.deliver_credentials(id, self.provider.begin_renew(&name, &rejected_id));
    }

    /// Delivers a secret to `id`.
    #[napi(catch_unwind)]
    pub fn begin_secret(&self, id: Id, name: String) {
        self.deliver_secret(id, self.provider.begin_secret(&name));
    }

    /// Delivers the version at a stage to `id`.
    #[napi(catch_unwind)]
    pub fn begin_secret_at_stage(&self, id: Id, name: String, version_stage: String) {
        self.deliver_secret(id, self.provider.begin_secret_at_stage(&name, &version_stage));
    }

    /// Delivers what KMS has now to `id`.
    #[napi(catch_unwind)]
    pub fn begin_refresh(&self, id: Id, name: String) {
        self.deliver_secret(id, self.provider.begin_refresh(&name));
    }

    /// Blocks for at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_credentials(
        &self,
        name: String,
        timeout: Option<f64>,
    ) -> Option<Either<Credentials, Failure>> {
        wait(self.provider.begin_credentials(&name), timeout)
    }

    /// Blocks for at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_renew(
        &self,
        name: String,
        rejected_id: String,
        timeout: Option<f64>,
    ) -> Option<Either<Credentials, Failure>> {
        wait(self.provider.begin_renew(&name, &rejected_id), timeout)
    }

    /// Blocks for at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_secret(&self, name: String, timeout: Option<f64>) -> Option<Either<Secret, Failure>> {
        wait(self.provider.begin_secret(&name), timeout)
    }

    /// Blocks for at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_secret_at_stage(
        &self,
        name: String,
        version_stage: String,
        timeout: Option<f64>,
    ) -> Option<Either<Secret, Failure>> {
        wait(self.provider.begin_secret_at_stage(&name, &version_stage), timeout)
    }

    /// Blocks for at most `timeout` milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_refresh(&self, name: String, timeout: Option<f64>) -> Option<Either<Secret, Failure>> {
        wait(self.provider.begin_refresh(&name), timeout)
    }

    /// The number that grows with each change of the cache, for JavaScript to read without a call. None where the
    /// runtime forbids memory of others (Electron): then each call has to come here.
    #[napi(catch_unwind)]
    pub fn changes<'env>(&self, env: &'env Env) -> Result<Option<Uint32ArraySlice<'env>>> {
        let changes = self.provider.changes();
        let address = changes.as_ptr();
        // SAFETY: `address` is one aligned u32 inside the Arc, which the finalizer holds until the array is gone.
        // It only ever changes atomically, and JavaScript only reads it, by Atomics.load.
        let array = unsafe {
            Uint32ArraySlice::from_external(env, address, 1, changes, |_, held: Arc<AtomicU32>| drop(held))
        }?;
        let is_shared = std::ptr::eq(array.as_ptr(), address.cast_const());
        Ok(is_shared.then_some(array))
    }

    /// Whether `code` and `message` mean that the service does not know the AccessKey.
    #[napi(catch_unwind)]
    pub fn is_rejection(&self, code: String, message: Option<String>) -> bool {
        self.provider.is_rejection(&code, message.as_deref())
    }

    /// Begins or ends the delivery of events to the id with which the provider was opened.
    #[napi(catch_unwind)]
    pub fn listen(&self, on: bool) {
        let mut subscription = self.subscription.lock().unwrap_or_else(PoisonError::into_inner);
        if !on {
            *subscription = None;
        } else if subscription.is_none() {
            let (post, id) = (self.post.clone(), self.id);
            // A closed provider has nothing to deliver.
            *subscription =
                self.provider.subscribe(move |event| post.send(Message::Event(id, event.clone()))).ok();
        }
    }

    /// What goes on inside.
    #[napi(catch_unwind)]
    pub fn stats<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        object(env, self.provider.stats().fields())
    }

    /// Settles whoever waits.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.provider.close();
        self.listen(false);
    }

    /// Whether it was closed.
    #[napi(catch_unwind)]
    pub fn is_closed(&self) -> bool {
        self.provider.is_closed()
    }

    fn deliver_credentials(&self, id: Id, pending: Pending<Arc<kmsak::Credentials>>) {
        let post = self.post.clone();
        pending.then(move |result| post.send(Message::Credentials(id, result)));
    }

    fn deliver_secret(&self, id: Id, pending: Pending<Arc<kmsak::Secret>>) {
        let post = self.post.clone();
        pending.then(move |result| post.send(Message::Secret(id, result)));
    }
}

/// None when the time is over.
fn wait<T, Js>(pending: Pending<Arc<T>>, timeout: Option<f64>) -> Option<Either<Js, Failure>>
where
    Js: for<'a> From<&'a T>,
{
    let result = match timeout {
        None => pending.wait(),
        Some(milliseconds) => pending.wait_timeout(duration(milliseconds).min(LONGEST_WAIT))?,
    };
    Some(match result {
        Ok(value) => Either::A(value.as_ref().into()),
        Err(error) => Either::B(error.into()),
    })
}

/// Longer than any deadline of the core, and short enough for every clock.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
