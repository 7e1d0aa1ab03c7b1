//! The socket, and the driver's two calls.

use std::convert::Infallible;
use std::future::pending;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use bytes::Bytes;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::UnixListener;

use crate::authority;
use crate::grpc::{self, Code, Status};
use crate::messages::{VersionRequest, VersionResponse};
use crate::mount::mount;
use crate::providers::Providers;

/// How much of what the driver sends may wait to be read.
const PASSED_ON: usize = 65_536;
const VERSION: &str = "/v1alpha1.CSIDriverProvider/Version";
const MOUNT: &str = "/v1alpha1.CSIDriverProvider/Mount";

/// A socket that only this user may connect to, as the driver does: it is root, and the folder is its own.
///
/// # Errors
/// When the path is in use, or cannot be used.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Ok(metadata) = fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there and is not a socket"));
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there"));
        }
        // Left behind by one that was killed.
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers whoever connects, for as long as this is awaited.
pub async fn serve(listener: UnixListener, providers: Arc<Providers>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, mostly.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let providers = Arc::clone(&providers);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let providers = Arc::clone(&providers);
                async move {
                    let handle =
                        |path: String, message| async move { call(&providers, &path, message).await };
                    Ok::<_, Infallible>(grpc::answer(request, handle).await)
                }
            });
            let (sent, answers) = stream.into_split();
            let (requests, rewritten) = tokio::io::duplex(PASSED_ON);
            let connection = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(tokio::io::join(requests, answers)), service);
            // How the driver's connection ended is the driver's affair.
            tokio::select! {
                _ = connection => {}
                _ = async { drop(authority::rewrite(sent, rewritten).await); pending::<()>().await } => {}
            }
        });
    }
}

async fn call(providers: &Arc<Providers>, path: &str, message: Bytes) -> Result<Vec<u8>, Status> {
    match path {
        VERSION => {
            grpc::decode::<VersionRequest>(message)?;
            let version = VersionResponse {
                version: "v1alpha1".to_owned(),
                runtime_name: "kmsak-csi".to_owned(),
                runtime_version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            Ok(version.encode_to_vec())
        }
        MOUNT => Ok(mount(providers, grpc::decode(message)?).await?.encode_to_vec()),
        _ => Err(Status::new(Code::Unimplemented, format!("there is no {path}"))),
    }
}
