//! Sockets: listening, accepting, and one task for each connection.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kmsak::LogLevel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;

use super::clients::Peer;
use super::connections::{Connection, Connections};
use super::explained::Explained;
use super::routes::Routes;
use super::tls::{self, Tls};
use crate::failure::Failure;
use crate::log;

const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix { listener: UnixListener, path: PathBuf },
}

impl Listener {
    pub(super) async fn tcp(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))?;
        Ok(Listener::Tcp(listener))
    }

    /// Nobody but the owner can connect before the mode is widened: whom the agent admits, it tells by the peer's
    /// credentials.
    pub(super) fn unix(path: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| Failure::new(format!("cannot listen on {}: {error}", path.display()));
        if let Ok(metadata) = fs::symlink_metadata(path) {
            if !metadata.file_type().is_socket() {
                return Err(Failure::new(format!(
                    "{} is there and is not a socket: remove it, or choose another path with --unix",
                    path.display()
                )));
            }
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(Failure::new(format!(
                    "another program listens on {}: stop it, or choose another path with --unix",
                    path.display()
                )));
            }
            // Left behind by an agent that was killed.
            fs::remove_file(path).map_err(cannot)?;
        }
        let listener = UnixListener::bind(path).map_err(cannot)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).map_err(cannot)?;
        Ok(Listener::Unix { listener, path: path.to_owned() })
    }

    pub(super) fn name(&self, tls: bool) -> String {
        match self {
            Listener::Tcp(listener) => {
                let scheme = if tls { "https" } else { "http" };
                listener
                    .local_addr()
                    .map_or_else(|_| String::new(), |address| format!("{scheme}://{address}"))
            }
            Listener::Unix { path, .. } => format!("unix:{}", path.display()),
        }
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "stop the program that listens there, or choose another port with --listen"
        }
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine with --listen",
        _ => "choose another address with --listen",
    };
    Failure::new(format!("cannot listen on {address} ({error}): {remedy}"))
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix { path, .. } = self {
            // It may be gone already; the next start would remove it too.
            let _ = fs::remove_file(path);
        }
    }
}

/// What every connection needs.
pub(super) struct Reception {
    pub(super) connections: Arc<Connections>,
    pub(super) routes: Arc<Routes>,
    pub(super) tls: Option<Arc<Tls>>,
    /// For the head of a request, and for the handshake.
    pub(super) head_timeout: Duration,
}

/// Takes in connections until `stopping`.
pub(super) async fn accept(
    listener: Listener,
    reception: Arc<Reception>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = accept_one(&listener, &reception.routes) => accepted,
            _ = stopping.changed() => return,
        };
        let stream = match accepted {
            Ok(Some(stream)) => stream,
            Ok(None) => continue,
            Err(error) => {
                // Out of files, mostly: waiting lets some be closed.
                log::write(LogLevel::Warn, &format!("a connection cannot be accepted: {error}"));
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(connection) = reception.connections.admit() else { continue };
        let (reception, stopping) = (Arc::clone(&reception), stopping.clone());
        tokio::spawn(async move {
            match (stream, &reception.tls) {
                (Stream::Tcp(stream), None) => {
                    serve(stream, Peer::default(), &connection, &reception, stopping).await;
                }
                (Stream::Tcp(stream), Some(tls)) => {
                    let handshake = tls.acceptor().accept(stream);
                    tokio::select! {
                        // How a client's handshake failed is the client's affair.
                        shaken = tokio::time::timeout(reception.head_timeout, handshake) => {
                            if let Ok(Ok(stream)) = shaken {
                                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                                let peer = Peer { certificate: shown.map(tls::names_of), ..Peer::default() };
                                serve(stream, peer, &connection, &reception, stopping).await;
                            }
                        }
                        () = connection.evicted() => {}
                    }
                }
                (Stream::Unix(stream, peer), _) => {
                    serve(stream, peer, &connection, &reception, stopping).await;
                }
            }
            reception.connections.remove(&connection);
        });
    }
}

enum Stream {
    Tcp(tokio::net::TcpStream),
    Unix(UnixStream, Peer),
}

/// None for a peer that is not admitted.
async fn accept_one(listener: &Listener, routes: &Routes) -> io::Result<Option<Stream>> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            Ok(Some(Stream::Tcp(stream)))
        }
        Listener::Unix { listener, .. } => {
            let (stream, _) = listener.accept().await?;
            let known = stream.peer_cred().ok();
            let user = known.map(|peer| peer.uid());
            let peer = Peer { user, group: known.map(|peer| peer.gid()), certificate: None };
            if !routes.guard.admits(&peer) {
                let who = user.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
                log::write(
                    LogLevel::Warn,
                    &format!("the user {who} may not use the agent: see --allow-uid and --clients"),
                );
                return Ok(None);
            }
            Ok(Some(Stream::Unix(stream, peer)))
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    connection: &Arc<Connection>,
    reception: &Reception,
    mut stopping: watch::Receiver<bool>,
) {
    let Reception { connections, routes, head_timeout, .. } = reception;
    let service = service_fn(|request| async {
        connections.begin_answer(connection);
        let answer = routes.answer(request, &peer).await;
        connections.end_answer(connection);
        Ok::<_, std::convert::Infallible>(answer)
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        // From the moment that one may come.
        .header_read_timeout(*head_timeout)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Explained::new(stream)), service);
    tokio::pin!(conversation);
    tokio::select! {
        // How a client's connection ended is the client's affair.
        _ = conversation.as_mut() => return,
        () = connection.evicted() => return,
        _ = stopping.changed() => conversation.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = conversation.as_mut() => {}
        () = connection.evicted() => {}
    }
}
