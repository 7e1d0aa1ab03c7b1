//! The wish that the configuration be read anew: SIGHUP.

#[cfg(unix)]
pub(super) struct Reload(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Reload {
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Reload)
    }

    pub(super) async fn told(&mut self) {
        self.0.recv().await;
    }
}

/// Windows has no such signal: an agent is started anew.
#[cfg(not(unix))]
pub(super) struct Reload;

#[cfg(not(unix))]
impl Reload {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Reload)
    }

    pub(super) async fn told(&mut self) {
        std::future::pending().await
    }
}
