//! Listening, TLS, HTTP, and what faults do to connections and requests.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use rustls::ServerConfig;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::body::Body;
use crate::call::{Call, Success, truncate};
use crate::certificates::{Authority, WrongCertificate};
use crate::clock::http_date;
use crate::endpoint::Endpoint;
use crate::faults::FaultKind;
use crate::journal::{Moments, RequestRecord, What};
use crate::refusal::Refusal;
use crate::request_body;
use crate::world::{World, parts_of};

/// Larger requests are answered with 413, as KMS does.
const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// A client that has not finished its handshake or its headers by now has gone.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The TLS settings of one listener, right and wrong.
pub(crate) struct Tls {
    pub(crate) authority: Authority,
    pub(crate) names: Vec<String>,
    pub(crate) right: Arc<ServerConfig>,
    pub(crate) wrong: Mutex<HashMap<WrongCertificate, Arc<ServerConfig>>>,
}

impl Tls {
    fn wrong(&self, which: WrongCertificate) -> Option<Arc<ServerConfig>> {
        let mut made = self.wrong.lock();
        if let Some(config) = made.get(&which) {
            return Some(config.clone());
        }
        let config = self.authority.wrong_server(which, &self.names).ok()?;
        made.insert(which, config.clone());
        Some(config)
    }
}

/// Accepts connections for one endpoint until its task is dropped.
pub(crate) async fn listen(
    world: Arc<World>,
    endpoint: Endpoint,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
) {
    loop {
        // Accepting fails when the process has no file descriptor left, for one; waiting helps then.
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        world.journal.connected(endpoint);
        let connection = world.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let context = Connection {
            world: world.clone(),
            endpoint,
            source: canonical(peer),
            number: connection,
            connected: world.clock.now(),
            handshaken: None,
            end: Arc::new(Notify::new()),
        };
        tokio::spawn(context.run(stream, tls.clone()));
    }
}

/// An IPv4 client of a dual-stack listener is an IPv4 client.
fn canonical(peer: SocketAddr) -> IpAddr {
    peer.ip().to_canonical()
}

#[derive(Clone)]
struct Connection {
    world: Arc<World>,
    endpoint: Endpoint,
    source: IpAddr,
    number: u64,
    connected: OffsetDateTime,
    handshaken: Option<OffsetDateTime>,
    /// Closes the connection without another byte.
    end: Arc<Notify>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, tls: Option<Arc<Tls>>) {
        // Answers are small and awaited one by one: waiting to fill a segment only adds 40 ms.
        let _ = stream.set_nodelay(true);
        let fault = self.world.faults.strike_connection(self.endpoint);
        if fault == Some(FaultKind::Refuse) {
            return;
        }
        let Some(tls) = tls else {
            return self.serve(stream, true).await;
        };
        let config = match fault {
            Some(FaultKind::WrongCertificate { certificate }) => tls.wrong(certificate),
            _ => Some(tls.right.clone()),
        };
        let Some(config) = config else { return };
        let handshake = TlsAcceptor::from(config).accept(stream);
        let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await else {
            return;
        };
        self.handshaken = Some(self.world.clock.now());
        self.world.journal.handshaken(self.endpoint);
        let http1_only = stream.get_ref().1.alpn_protocol() != Some(b"h2");
        self.serve(stream, http1_only).await;
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http1_only: bool) {
        let end = self.end.clone();
        let service = service_fn(move |request| {
            let connection = self.clone();
            async move { connection.handle(request).await }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        let builder = if http1_only { builder.http1_only() } else { builder.http2_only() };
        let serving = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            // Errors here are clients that went away, or faults at work.
            _ = serving => {}
            () = end.notified() => {}
        }
    }

    /// Ends the connection in the middle of a request.
    async fn break_off(&self) -> ! {
        self.end.notify_one();
        std::future::pending().await
    }

    async fn handle(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = request_body::read(body, LARGEST_BODY).await.map_err(io::Error::other)?;
        let too_large = body.is_none();
        let moments = Moments {
            connected_at: self.connected,
            handshaken_at: self.handshaken,
            received_at: self.world.clock.now(),
        };
        let call = Call::new(
            self.endpoint,
            self.source,
            self.number,
            moments,
            parts,
            body.unwrap_or_default(),
            self.world.instance_openapi,
        );
        let effect = self.world.faults.strike(call.endpoint, &call.action, call.secret.as_deref());
        let mut fault = effect.end.as_ref().map(FaultKind::name);
        let truncated = effect.end == Some(FaultKind::TruncatedBody);
        if !effect.delay.is_zero() {
            fault = fault.or(Some("latency"));
            tokio::time::sleep(effect.delay).await;
        }
        let request_id = uuid::Uuid::new_v4().to_string();
        let mut access_key_id = None;
        let result = match effect.end {
            Some(FaultKind::DropConnection) => {
                self.record(&call, 0, None, String::new(), fault, None, None);
                self.break_off().await
            }
            Some(FaultKind::Hang) => {
                self.record(&call, 0, None, String::new(), fault, None, None);
                if let Some(mut cleared) = effect.cleared {
                    // Ends with an error as soon as the fault is gone.
                    while cleared.changed().await.is_ok() {}
                }
                self.break_off().await
            }
            Some(FaultKind::Error { status, code, message, retry_after }) => {
                let message = message.unwrap_or_else(|| "The emulator was told to fail.".to_owned());
                let mut refusal = Refusal::service(status, &code, message);
                refusal.retry_after = retry_after;
                Err(refusal)
            }
            Some(FaultKind::Garbage) => Ok(garbage()),
            Some(FaultKind::Throttle { retry_after, .. }) => {
                let mut refusal = throttled(call.endpoint);
                refusal.retry_after = retry_after;
                Err(refusal)
            }
            _ if too_large => Err(Refusal::too_large()),
            _ => {
                let outcome = self.world.answer(&call, &request_id);
                access_key_id = outcome.access_key_id;
                outcome.result
            }
        };
        let (status, content_type, body, refusal, version_id) = parts_of(&call, result, &request_id);
        let code = refusal.as_ref().map(|refusal| refusal.code.clone());
        self.record(&call, status, code, request_id.clone(), fault, access_key_id, version_id);
        let body = if truncated { Body::broken(body) } else { Body::whole(body) };
        let date = http_date(self.world.clock.now());
        let mut response =
            Response::builder().status(status).header(CONTENT_TYPE, content_type).header(DATE, date).header(
                match call.endpoint {
                    Endpoint::Oss | Endpoint::OssHttps => "x-oss-request-id",
                    Endpoint::Instance(_) if !call.openapi => "x-kms-requestid",
                    _ => "x-acs-request-id",
                },
                request_id,
            );
        if let Some(seconds) = refusal.and_then(|refusal| refusal.retry_after) {
            response = response.header(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.body(body).map_err(io::Error::other)
    }

    #[allow(clippy::too_many_arguments)]
    fn record(
        &self,
        call: &Call,
        status: u16,
        code: Option<String>,
        request_id: String,
        fault: Option<&'static str>,
        access_key_id: Option<String>,
        version_id: Option<String>,
    ) {
        let cut = |mut text: String| {
            truncate(&mut text);
            text
        };
        let record = RequestRecord {
            endpoint: call.endpoint,
            connection: call.connection,
            action: call.action.clone(),
            secret: call.secret.clone(),
            access_key_id: access_key_id.map(cut),
            status,
            code,
            request_id,
            fault,
            version_id,
            user_agent: call.header("user-agent").map(|text| cut(text.to_owned())),
            moments: call.moments,
        };
        self.world.journal.add(self.world.clock.now(), What::Request(record));
    }
}

/// What a proxy's sign-in page would answer in the place of the service.
fn garbage() -> Success {
    Success {
        content_type: "text/html",
        body: b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>"
            .to_vec(),
        version_id: None,
    }
}

/// STS and KMS have different words for it.
fn throttled(endpoint: Endpoint) -> Refusal {
    match endpoint {
        Endpoint::Sts | Endpoint::StsHttps => {
            Refusal::front(400, "Throttling.User", "Request was denied due to user flow control.")
        }
        _ => Refusal::throttled(),
    }
}
