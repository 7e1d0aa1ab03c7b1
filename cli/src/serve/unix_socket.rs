//! A Unix socket: who speaks is told by the kernel.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use tokio::net::UnixListener;

use super::clients::Peer;
use super::listener::Stream;
use crate::failure::Failure;

pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

pub(super) fn own_user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl UnixSocket {
    /// Nobody but the owner can connect before the mode is widened: whom the agent admits, it tells by the peer's
    /// credentials.
    pub(super) fn bind(path: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create the folder",
                io::ErrorKind::PermissionDenied => "let this user write to the folder",
                _ => "choose another path with --unix",
            };
            Failure::new(format!("cannot listen on {} ({error}): {remedy}", path.display()))
        };
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
        Ok(UnixSocket { listener, path: path.to_owned() })
    }

    pub(super) fn name(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let known = stream.peer_cred().ok();
        let user = known.map(|peer| peer.uid());
        let peer = Peer { user, group: known.map(|peer| peer.gid()), certificate: None };
        Ok((Stream::Unix(stream), peer))
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // It may be gone already; the next start would remove it too.
        let _ = fs::remove_file(&self.path);
    }
}
