//! The wish that the configuration be read anew: SIGHUP; on Windows `sc.exe control NAME paramchange`.

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

/// Windows has no such signal; a service is told that its parameters have changed.
#[cfg(windows)]
pub(super) struct Reload;

#[cfg(windows)]
impl Reload {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Reload)
    }

    pub(super) async fn told(&mut self) {
        crate::service::change_told().await;
    }
}
