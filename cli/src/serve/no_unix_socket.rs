//! Windows has Unix sockets, but does not tell whose user speaks through one.

use std::io;
use std::path::Path;

use super::clients::Peer;
use super::listener::Stream;
use crate::failure::Failure;

pub(super) enum UnixSocket {}

/// There are none.
pub(super) fn own_user_id() -> u32 {
    0
}

impl UnixSocket {
    pub(super) fn bind(_: &Path) -> Result<Self, Failure> {
        Err(Failure::usage(
            "this system does not tell who speaks through a Unix socket: use --listen and --token-file",
        ))
    }

    pub(super) fn name(&self) -> String {
        match *self {}
    }

    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match *self {}
    }
}
