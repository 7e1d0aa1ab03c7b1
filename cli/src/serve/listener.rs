//! Sockets: listening, accepting, and one task for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kmsak::LogLevel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::clients::Peer;
use super::connections::{Connection, Connections};
use super::explained::Explained;
use super::routes::Routes;
use super::tls::{self, Tls};
use super::unix_socket::UnixSocket;
use crate::failure::Failure;
use crate::log;

const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixSocket),
}

impl Listener {
    pub(super) async fn tcp(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))?;
        Ok(Listener::Tcp(listener))
    }

    pub(super) fn name(&self, tls: bool) -> String {
        match self {
            Listener::Tcp(listener) => {
                let scheme = if tls { "https" } else { "http" };
                listener
                    .local_addr()
                    .map_or_else(|_| String::new(), |address| format!("{scheme}://{address}"))
            }
            Listener::Unix(socket) => socket.name(),
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
            accepted = accept_one(&listener) => accepted,
            _ = stopping.changed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, mostly: waiting lets some be closed.
                log::write(LogLevel::Warn, &format!("a connection cannot be accepted: {error}"));
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if !reception.routes.guard.admits(&peer) {
            let who = peer.user.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
            log::write(
                LogLevel::Warn,
                &format!("the user {who} may not use the agent: see --allow-uid and --clients"),
            );
            continue;
        }
        let Some(connection) = reception.connections.admit() else { continue };
        let (reception, stopping) = (Arc::clone(&reception), stopping.clone());
        tokio::spawn(async move {
            match (stream, &reception.tls) {
                (Stream::Tcp(stream), None) => {
                    serve(stream, peer, &connection, &reception, stopping).await;
                }
                (Stream::Tcp(stream), Some(tls)) => {
                    let handshake = tls.acceptor().accept(stream);
                    tokio::select! {
                        // How a client's handshake failed is the client's affair.
                        shaken = tokio::time::timeout(reception.head_timeout, handshake) => {
                            if let Ok(Ok(stream)) = shaken {
                                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                                let peer = Peer { certificate: shown.map(tls::names_of), ..peer };
                                serve(stream, peer, &connection, &reception, stopping).await;
                            }
                        }
                        () = connection.evicted() => {}
                    }
                }
                #[cfg(unix)]
                (Stream::Unix(stream), _) => {
                    serve(stream, peer, &connection, &reception, stopping).await;
                }
            }
            reception.connections.remove(&connection);
        });
    }
}

pub(super) enum Stream {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// And what the system tells of who speaks: over TCP nothing.
async fn accept_one(listener: &Listener) -> io::Result<(Stream, Peer)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            Ok((Stream::Tcp(stream), Peer::default()))
        }
        Listener::Unix(socket) => socket.accept().await,
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
