//! The command line, and what stays until the end.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use kmsak::LogLevel;
use kmsak_csi::{Providers, listen, serve};
use tokio::signal::unix::{SignalKind, signal};

/// Secrets of Alibaba Cloud KMS as files of pods: a provider for the Secrets Store CSI Driver
#[derive(Debug, Parser)]
#[command(name = "kmsak-csi", version, after_help = "See docs/kubernetes.md for the SecretProviderClass.")]
struct Program {
    /// The socket on which the driver looks for this provider
    #[arg(long, value_name = "PATH", default_value = "/var/run/secrets-store-csi-providers/kmsak.sock")]
    socket: PathBuf,
    /// The folder in which the tokens of pods' service accounts lie while they are used
    #[arg(long, value_name = "DIR", default_value = "/run/kmsak-csi")]
    tokens: PathBuf,
    /// Let every SecretProviderClass that brings no identity ask as this process does, with the role of its node or of its own
    /// service account. Whoever may make one can then read whatever that role may
    #[arg(long)]
    allow_own_identity: bool,
    /// How much to log on standard error; no line ever holds a secret
    #[arg(long, value_enum, value_name = "LEVEL", env = "KMSAK_LOG_LEVEL", default_value = "info")]
    log_level: Most,
    /// Ask whether the provider answers on its socket, and say so by the exit code
    #[arg(long)]
    probe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Most {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

pub(crate) fn main() -> ExitCode {
    let program = Program::parse();
    match program.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            log(LogLevel::Error, &why);
            ExitCode::FAILURE
        }
    }
}

impl Program {
    fn run(&self) -> Result<(), String> {
        if self.probe {
            let connected = std::os::unix::net::UnixStream::connect(&self.socket);
            return connected
                .map(drop)
                .map_err(|error| format!("nobody answers on {}: {error}", self.socket.display()));
        }
        let most = match self.log_level {
            Most::Error => LogLevel::Error,
            Most::Warn => LogLevel::Warn,
            Most::Info => LogLevel::Info,
            Most::Debug => LogLevel::Debug,
            Most::Trace => LogLevel::Trace,
        };
        kmsak::forward_logs(most, Some(Box::new(log)));
        keep_out_of_core_dumps()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start: {error}"))?;
        let done = runtime.block_on(self.serve());
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    }

    async fn serve(&self) -> Result<(), String> {
        let listen_for = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
        let mut terminate = listen_for(SignalKind::terminate())?;
        let mut interrupt = listen_for(SignalKind::interrupt())?;
        let cannot = |path: &PathBuf, error: std::io::Error| format!("{}: {error}", path.display());
        let providers = Providers::new(self.tokens.clone(), self.allow_own_identity);
        let providers = providers.map_err(|error| cannot(&self.tokens, error))?;
        let listener = listen(&self.socket).map_err(|error| cannot(&self.socket, error))?;
        log(LogLevel::Info, &format!("listening on {}", self.socket.display()));
        tokio::select! {
            () = serve(listener, Arc::new(providers)) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // It may be gone already; the next start would remove it too.
        let _ = std::fs::remove_file(&self.socket);
        Ok(())
    }
}

fn keep_out_of_core_dumps() -> Result<(), String> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| format!("cannot switch core dumps off: {error}"))
}

/// A standard error that is closed is no reason to stop.
fn log(level: LogLevel, line: &str) {
    let _ = writeln!(std::io::stderr(), "kmsak-csi: {level}: {line}");
}
