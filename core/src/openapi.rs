//! Calls of Alibaba Cloud's services in the RPC style, signed by whom the default chain finds: what `kmsak admin` and
//! `kmsak audit` stand on. No part of the library's promise, and linked into nothing that does not use it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use crate::config::identity::{METADATA, STS_CONNECT_TIMEOUT};
use crate::error::{Error, Kind, Result};
use crate::event::Subscribers;
use crate::identity::acs3::{self, Call};
use crate::identity::sts::StsPlace;
use crate::identity::{Identity as _, IdentityInfo, Kept, Role, SourceConfig, SourceKind, World};
use crate::pending::Pending;
use crate::process::clock_and_chance::{SystemRandom, WallClock};
use crate::process::engine::{self, Engine};
use crate::process::lock::Mutex;
use crate::process::skew::Skew;
use crate::process::source::Source;
use crate::transport::plain::{self, PlainFailure};
use crate::transport::{
    HttpRequest, HttpResponse, HttpsTransport, Method, Transport as _, TransportConfig, text_error,
};

/// Some calls do much before they answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Who calls, and how to get there. Blocking; safe to use from any thread.
pub struct OpenApi {
    source: SourceConfig,
    kept: Kept,
    world: World,
    peers: Mutex<HashMap<String, Arc<HttpsTransport>>>,
    engine: Arc<Engine>,
}

/// One call.
pub struct OpenApiCall<'a> {
    /// `host` or `host:port`.
    pub authority: &'a str,
    /// Such as `CreateKey`.
    pub action: &'a str,
    /// The API's date.
    pub version: &'a str,
    /// GET in the place of POST.
    pub get: bool,
    /// What stands in the query.
    pub query: &'a [(&'a str, &'a str)],
    /// What stands in the body, as a form.
    pub form: &'a [(&'a str, &'a str)],
}

/// What was answered, whatever its status.
pub struct OpenApiAnswer {
    /// HTTP's.
    pub status: u16,
    /// As it came; wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
    /// The service's own code, where it refuses.
    pub code: Option<String>,
    /// The service's own words, which are not for logs as they are.
    pub message: String,
    /// The service's id of the request, where it refuses.
    pub request_id: Option<String>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

impl OpenApi {
    /// Asks nobody yet. `ca_file` holds the CAs to trust instead of the system's; `sts` is `host` or `host:port` of an STS
    /// other than Alibaba Cloud's.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when the file cannot be used.
    pub fn new(ca_file: Option<&Path>, sts: Option<&str>) -> Result<Self> {
        let ca = ca_file.map(std::path::absolute).transpose().map_err(|error| {
            Error::configuration(format!("the working directory is not there ({error}): go to another"))
        })?;
        let ca = ca.map(Source::File);
        if let Some(ca) = &ca {
            crate::transport::check_ca(ca)?;
        }
        let transport = TransportConfig {
            ca: ca.map(Arc::new),
            more_public_cas: None,
            of_instance: false,
            ignore_ssl_certs: false,
            connect_timeout: STS_CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
        };
        let source = SourceConfig {
            kind: SourceKind::Default,
            variables: Arc::new(|name| std::env::var_os(name)),
            metadata: METADATA.to_owned(),
            sts: StsPlace { endpoint: sts.map(str::to_owned), region_id: None, vpc: false, transport },
        };
        let world = World {
            clock: Arc::new(WallClock),
            random: Arc::new(SystemRandom),
            skew: Arc::new(Skew::default()),
            subscribers: Subscribers::new(),
            user_agent: concat!("kmsak/", env!("CARGO_PKG_VERSION"), " (cli)").into(),
        };
        OpenApi::of(source, world)
    }

    fn of(source: SourceConfig, world: World) -> Result<Self> {
        let kept = Kept::new(source.source(&world), world.clone());
        Ok(OpenApi { source, kept, world, peers: Mutex::new(HashMap::new()), engine: Engine::get()? })
    }

    /// The same as a role that this one assumes.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn in_role(&self, arn: &str, session_name: &str) -> Result<Self> {
        let role = Role {
            base: self.source.kind.clone(),
            arn: arn.to_owned(),
            session_name: Some(session_name.to_owned()),
            policy: None,
            external_id: None,
            duration_seconds: None,
        };
        OpenApi::of(self.source.with(SourceKind::Role(Box::new(role))), self.world.clone())
    }

    /// Who calls, as far as it is known.
    pub fn who(&self) -> IdentityInfo {
        self.kept.who()
    }

    /// The services' time, as far as it is known.
    pub fn now(&self) -> SystemTime {
        self.world.now()
    }

    /// Makes one call; a second time where the service complains of this machine's clock.
    ///
    /// # Errors
    /// Why nobody could be asked: no identity, no network, no TLS. A refusal is an answer.
    pub fn call(&self, call: &OpenApiCall<'_>) -> Result<OpenApiAnswer> {
        let peer = self.peer(call.authority)?;
        let key = {
            let kept = self.kept.clone();
            self.wait_for(async move { kept.key().await })?
        };
        let mut clock_mended = false;
        loop {
            let request = acs3::sign(
                &Call {
                    authority: call.authority,
                    action: call.action,
                    version: call.version,
                    method: if call.get { Method::Get } else { Method::Post },
                    parameters: call.query,
                    form: call.form,
                    user_agent: &self.world.user_agent,
                },
                &key,
                self.world.now(),
                &self.world.random.nonce(),
            );
            let transport = peer.clone();
            let response = self.wait_for(async move { transport.send(request).await })?;
            let answer = read(response.status, &response);
            let of_clock = |code: &str| code.starts_with("InvalidTimeStamp") || code == "IllegalTimestamp";
            if !clock_mended
                && answer.code.as_deref().is_some_and(of_clock)
                && let Some(server) = response.date
            {
                clock_mended = true;
                self.world.skew.learn(self.world.clock.now(), server);
                continue;
            }
            return Ok(OpenApiAnswer { body: response.body, ..answer });
        }
    }

    /// What is answered at an `http://` URL, with its status; for what stands on this machine or beside it.
    ///
    /// # Errors
    /// [`Kind::Network`] without the URL, which may hold a token.
    pub fn get_plain(&self, url: &str, patience: Duration) -> Result<(u16, Zeroizing<Vec<u8>>)> {
        let request = HttpRequest {
            method: Method::Get,
            url: url.to_owned(),
            headers: vec![("user-agent", self.world.user_agent.to_string())],
            body: Vec::new(),
        };
        match self.wait_for(async move { plain::exchange(request, patience).await })? {
            Ok(response) => Ok((response.status, response.body)),
            Err(PlainFailure::Silent(what) | PlainFailure::Garbled(what)) => {
                Err(Error::new(Kind::Network, what).with_retryable(true))
            }
        }
    }

    fn peer(&self, authority: &str) -> Result<Arc<HttpsTransport>> {
        let mut peers = self.peers.lock();
        if let Some(known) = peers.get(authority) {
            return Ok(known.clone());
        }
        let config = &self.source.sts.transport;
        let made = Arc::new(HttpsTransport::new(config, authority, &self.world.user_agent)?);
        peers.insert(authority.to_owned(), made.clone());
        Ok(made)
    }

    fn wait_for<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (reply, pending) = Pending::new();
        engine::spawn(self.engine.handle(), async move { reply.send(future.await) });
        pending.wait()
    }
}

fn read(status: u16, response: &HttpResponse) -> OpenApiAnswer {
    let refused = text_error::read(&response.body).filter(|_| status != 200).unwrap_or_default();
    OpenApiAnswer {
        status,
        body: Zeroizing::default(),
        code: Some(refused.code).filter(|code| !code.is_empty()),
        message: refused.message,
        request_id: refused.request_id,
        retry_after: response.retry_after,
    }
}

impl std::fmt::Debug for OpenApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenApi").field("who", &self.who()).finish_non_exhaustive()
    }
}
