//! What can go wrong, said so that the reader knows what to do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is. The names are stable and the same in every binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The configuration is wrong, or a call was made with arguments that cannot work.
    Configuration,
    /// The ClientKey file or its password cannot be used.
    ClientKey,
    /// KMS could not be reached, or did not answer in time.
    Network,
    /// The peer could not be verified, or TLS failed.
    Tls,
    /// KMS refused: permission, signature, or an unknown ClientKey.
    Denied,
    /// KMS has no such secret, version or key.
    NotFound,
    /// KMS, or kmsak's own token bucket, says that there were too many requests.
    Throttled,
    /// KMS failed, or answered something that cannot be understood.
    Server,
    /// The provider is closed.
    Closed,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 9] = [
        Kind::Configuration,
        Kind::ClientKey,
        Kind::Network,
        Kind::Tls,
        Kind::Denied,
        Kind::NotFound,
        Kind::Throttled,
        Kind::Server,
        Kind::Closed,
    ];

    /// The stable lower-case name: `configuration`, `client_key`, `network`, `tls`, `denied`, `not_found`,
    /// `throttled`, `server` or `closed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Configuration => "configuration",
            Kind::ClientKey => "client_key",
            Kind::Network => "network",
            Kind::Tls => "tls",
            Kind::Denied => "denied",
            Kind::NotFound => "not_found",
            Kind::Throttled => "throttled",
            Kind::Server => "server",
            Kind::Closed => "closed",
        }
    }
}

/// What a failure speaks against, which says who else may answer otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The secret, or what this ClientKey may do with it: KMS has answered.
    Secret,
    /// Whoever asks: the ClientKey or its account, whatever is asked for.
    Identity,
    /// This endpoint, the way to it, or its instance.
    Endpoint,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure: its kind, KMS's own code and request id where KMS answered, whether trying again can help, and one
/// sentence that says what to do. Never holds a secret. Cheap to clone; every waiter of one fetch gets the same.
#[derive(Clone)]
pub struct Error(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    kind: Kind,
    scope: Scope,
    code: Option<String>,
    request_id: Option<String>,
    retryable: bool,
    message: String,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

/// What the system or a library said. The error that it was cannot be cloned.
#[derive(Clone, Debug)]
struct Source {
    words: String,
    os_code: Option<i32>,
}

impl Error {
    /// A failure that trying again cannot mend; see [`Error::retryable`] for the other sort.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Arc::new(Parts {
            kind,
            scope: if kind == Kind::ClientKey { Scope::Identity } else { Scope::Endpoint },
            code: None,
            request_id: None,
            retryable: false,
            message: message.into(),
            http_status: None,
            retry_after: None,
            source: None,
        }))
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Error::new(Kind::Configuration, message)
    }

    /// What a call answers whose own `timeout` is over before the answer is there. For bindings that wait in a way of their
    /// language, so that all of them say the same as [`Pending::wait_within`](crate::Pending::wait_within).
    #[must_use]
    pub fn no_answer_within(timeout: Duration) -> Self {
        let milliseconds = timeout.as_millis();
        Error::new(
            Kind::Network,
            format!("there is no answer after {milliseconds} ms: the fetch goes on, so ask again, or allow a longer timeout"),
        )
        .with_retryable(true)
    }

    fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn with_retryable(self, retryable: bool) -> Self {
        self.with(|parts| parts.retryable = retryable)
    }

    pub(crate) fn with_scope(self, scope: Scope) -> Self {
        self.with(|parts| parts.scope = scope)
    }

    pub(crate) fn with_code(self, code: impl Into<String>) -> Self {
        self.with(|parts| parts.code = Some(code.into()))
    }

    pub(crate) fn with_request_id(self, request_id: Option<String>) -> Self {
        self.with(|parts| parts.request_id = request_id)
    }

    pub(crate) fn with_http_status(self, status: u16) -> Self {
        self.with(|parts| parts.http_status = Some(status))
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        self.with(|parts| parts.retry_after = retry_after)
    }

    pub(crate) fn with_remark(self, remark: &str) -> Self {
        self.with(|parts| {
            parts.message.push_str("; ");
            parts.message.push_str(remark);
        })
    }

    /// `words` are free of secrets.
    pub(crate) fn with_source(self, words: String, os_code: Option<i32>) -> Self {
        self.with(|parts| parts.source = Some(Source { words, os_code }))
    }

    /// What sort of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// KMS's own error code, such as `Forbidden.NoPermission`, where KMS answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id under which KMS logged the request, where KMS answered.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether the same call may succeed later with nothing changed.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// What happened and what to do about it, without secrets.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status of KMS's answer, where KMS answered.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The operating system's number for what is below this failure, such as that of a refused connection. What the
    /// system or a library said about it is the [`source`](std::error::Error::source).
    #[must_use]
    pub fn os_code(&self) -> Option<i32> {
        self.0.source.as_ref()?.os_code
    }

    /// What this failure speaks against; the endpoint where nothing better is known.
    pub(crate) fn scope(&self) -> Scope {
        self.0.scope
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("request_id", &self.0.request_id)
            .field("retryable", &self.0.retryable)
            .field("message", &self.0.message)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Source {}
