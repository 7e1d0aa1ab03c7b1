//! The way from kmsak's threads back to the event loop: one for each JavaScript environment (the main thread, each worker,
//! each copy of the package), whatever the number of providers and promises.

use std::sync::Arc;
use std::thread;

use kmsak::{Builder, Event, LogBacklog, LogLevel, LogPlace};
use napi::bindgen_prelude::{Either, Either5, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status, check_status, sys};
use napi_derive::napi;

use crate::failure::Failure;
use crate::fields::Happening;
use crate::fixed::{FixedVersion, fixed};
use crate::logs::{self, Line};
use crate::options::Options;
use crate::provider::NativeProvider;
use crate::values::{Credentials, Secret};

/// A number that JavaScript never gives out twice.
pub(crate) type Id = f64;

/// What JavaScript's `deliver(id, content)` is called with.
type Content = Either5<Credentials, Secret, Failure, Happening, Either<NativeProvider, Line>>;

type Callback = ThreadsafeFunction<
    Message,
    (),
    FnArgs<(Id, Content)>,
    Status,
    /* callee handled */ false,
    /* weak */ true,
>;

/// A message to the event loop.
pub(crate) enum Message {
    Credentials(Id, kmsak::Result<Arc<kmsak::Credentials>>),
    Secret(Id, kmsak::Result<Arc<kmsak::Secret>>),
    Opened(Id, kmsak::Result<NativeProvider>),
    Event(Id, Event),
    Log(Line, LogPlace),
}

impl Message {
    fn unpack(self) -> (Id, Content) {
        match self {
            Message::Credentials(id, Ok(credentials)) => (id, Either5::A(credentials.as_ref().into())),
            Message::Secret(id, Ok(secret)) => (id, Either5::B(secret.as_ref().into())),
            Message::Opened(id, Ok(provider)) => (id, Either5::E(Either::A(provider))),
            Message::Credentials(id, Err(error))
            | Message::Secret(id, Err(error))
            | Message::Opened(id, Err(error)) => (id, Either5::C(error.into())),
            Message::Event(id, event) => (id, Either5::D(Happening(event))),
            Message::Log(line, _place) => (0.0, Either5::E(Either::B(line))),
        }
    }
}

/// Posts messages from any thread; cheap to clone.
#[derive(Clone)]
pub(crate) struct Post(Arc<Way>);

struct Way {
    callback: Callback,
    /// Log lines that the event loop has not come to.
    lines: LogBacklog,
}

impl Post {
    /// Never waits. A message to an environment that is gone is dropped: nobody is left to read it.
    pub(crate) fn send(&self, message: Message) {
        self.0.callback.call(message, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// The same, unless too many wait while the event loop does something else.
    pub(crate) fn send_line(&self, level: LogLevel, line: &str) {
        self.0.lines.pass(level, line, |level, line, place| {
            self.send(Message::Log(Line { level: logs::name(level), line }, place));
        });
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.callback.aborted()
    }

    pub(crate) fn is_same(&self, other: &Post) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// See the module.
#[napi]
pub struct Mailbox {
    post: Post,
}

#[napi]
impl Mailbox {
    /// `deliver(id, content)` is called on the event loop.
    #[napi(constructor, catch_unwind)]
    pub fn new(deliver: Function<'_, FnArgs<(Id, Content)>, ()>) -> Result<Self> {
        // Linked with -z nodelete, and musl unloads nothing. Elsewhere the end of a worker may unload the addon.
        #[cfg(target_os = "linux")]
        kmsak::never_unloaded();
        let callback = deliver
            .build_threadsafe_function::<Message>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(|context| Ok(FnArgs::from(context.value.unpack())))?;
        Ok(Mailbox { post: Post(Arc::new(Way { callback, lines: LogBacklog::new() })) })
    }

    /// Whether the event loop goes on as long as there is nothing else to do.
    #[napi(catch_unwind)]
    pub fn keep_alive(&self, env: Env, keep: bool) -> Result<()> {
        let function = self.post.0.callback.raw();
        let change =
            if keep { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
        // SAFETY: this runs on the thread of `env`, to which the function belongs, and `self` keeps the function.
        let status = unsafe { change(env.raw(), function) };
        check_status!(status)
    }

    /// Opens a provider on a thread of its own, for files are read and a PKCS#12 is opened, and delivers it to `id`.
    #[napi(catch_unwind)]
    pub fn open(&self, id: Id, options: Options) -> Option<Failure> {
        let post = self.post.clone();
        let builder = match Builder::try_from(options) {
            Ok(builder) => builder,
            Err(error) => return Some(error.into()),
        };
        let open = move || {
            let opened = NativeProvider::open(builder, post.clone(), id);
            post.send(Message::Opened(id, opened));
        };
        match thread::Builder::new().name("kmsak-open".into()).spawn(open) {
            Ok(_) => None,
            Err(error) => Some(Failure {
                kind: "server",
                code: None,
                request_id: None,
                retryable: true,
                message: format!("The system refuses kmsak a thread ({error}): raise the limit on threads"),
                http_status: None,
                cause: Some(error.to_string()),
                os_code: error.raw_os_error(),
            }),
        }
    }

    /// Opens a provider whose events go to `id`, and blocks meanwhile.
    #[napi(catch_unwind)]
    pub fn open_sync(&self, id: Id, options: Options) -> Either<NativeProvider, Failure> {
        let opened = Builder::try_from(options)
            .and_then(|builder| NativeProvider::open(builder, self.post.clone(), id));
        match opened {
            Ok(provider) => Either::A(provider),
            Err(error) => Either::B(error.into()),
        }
    }

    /// Opens a provider for tests whose events go to `id`.
    #[napi(catch_unwind)]
    pub fn open_fixed(&self, id: Id, versions: Vec<FixedVersion>) -> Either<NativeProvider, Failure> {
        match fixed(versions).open() {
            Ok(provider) => Either::A(NativeProvider::of(provider, self.post.clone(), id)),
            Err(error) => Either::B(error.into()),
        }
    }

    /// Delivers log lines that matter at least as much as `level`; none ends it. False when `level` is unknown.
    #[napi(catch_unwind)]
    pub fn forward_logs(&self, level: Option<String>) -> bool {
        logs::forward(&self.post, level.as_deref())
    }
}

/// Does nothing: what a call of a native function costs at least.
#[napi(catch_unwind)]
#[cfg_attr(test, allow(dead_code, reason = "napi registers nothing in a test build, which clippy looks at"))]
pub(crate) fn nothing() {}
