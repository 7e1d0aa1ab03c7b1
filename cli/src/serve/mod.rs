//! `kmsak serve`: an agent that hands out AccessKeys to the processes of a host or a pod.

mod agent;
mod connections;
mod explained;
mod guard;
mod listener;
mod metrics;
mod notify;
mod probe;
mod routes;
mod token;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use kmsak::LogLevel;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use self::agent::Agent;
use self::connections::Connections;
use self::guard::Guard;
use self::listener::Listener;
use self::token::Token;
use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::log;

const EXAMPLES: &str = "\
Examples:
  kmsak serve --config on_the_cloud.properties --secret acs/ram/user/app --token-file /run/kmsak/token
  export ALIBABA_CLOUD_CREDENTIALS_URI=http://127.0.0.1:9390/token/$(cat /run/kmsak/token)/credentials/acs/ram/user/app
  curl -H \"X-Kmsak-Token: $(cat /run/kmsak/token)\" http://127.0.0.1:9390/secrets/acs/ram/user/app
  kmsak serve --unix /run/kmsak/agent.sock --secret acs/ram/user/app
  kmsak serve --probe

SIGHUP reads the configuration anew, SIGTERM ends in good order. See docs/cli.md for the interface and its guards.";

/// Run an agent that hands out AccessKeys to this host or pod
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// A secret to hand out, beside the configuration's secret_names; may be given several times
    #[arg(long, short, value_name = "NAME")]
    secret: Vec<String>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9390", conflicts_with = "unix")]
    listen: SocketAddr,
    /// A Unix socket to listen on instead; peers are told by their user id and need no token
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// A user id that may use the Unix socket, beside root and the agent's own
    #[arg(long, value_name = "UID", requires = "unix")]
    allow_uid: Vec<u32>,
    /// The file with the token; made with mode 0600 and a random token if it is not there
    #[arg(long, value_name = "FILE", required_unless_present_any = ["unix", "probe"])]
    token_file: Option<PathBuf>,
    /// A further name by which clients may call the agent in the Host header
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Allow an address that other machines can reach. Nothing is encrypted: think twice
    #[arg(long)]
    allow_remote: bool,
    /// Connections at the same time; beyond them the one that has been idle longest is closed
    #[arg(long, value_name = "COUNT", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    max_connections: u32,
    /// Seconds in which the head of a request must arrive; ends slow and idle connections alike
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=600))]
    head_timeout: u32,
    /// Seconds for which SDKs may believe an answer, as its Expiration says. SDKs ask again 15 minutes before, Go's 3
    #[arg(long, value_name = "SECONDS", default_value_t = 960, value_parser = clap::value_parser!(u32).range(60..=86_400))]
    lifetime: u32,
    /// Ask the agent that listens there whether it is ready, and say so by the exit code
    #[arg(long)]
    probe: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.probe {
            return probe::run(self.unix.as_deref(), self.listen);
        }
        if self.unix.is_none() && !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(Failure::usage(format!(
                "{} can be reached from other machines and nothing is encrypted: listen on 127.0.0.1, or say --allow-remote",
                self.listen
            )));
        }
        keep_out_of_core_dumps()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Failure::doing("cannot start"))?;
        let done = runtime.block_on(self.serve());
        runtime.shutdown_timeout(Duration::from_secs(1));
        done.map(|()| ExitCode::SUCCESS)
    }

    async fn serve(self) -> Result<(), Failure> {
        // From here on a signal ends the agent in good order, even while it starts.
        let listen_for = |kind| signal(kind).map_err(Failure::doing("cannot listen for signals"));
        let mut terminate = listen_for(SignalKind::terminate())?;
        let mut interrupt = listen_for(SignalKind::interrupt())?;
        let mut reload = listen_for(SignalKind::hangup())?;

        let agent = Arc::new(Agent::open(&self.configuration, &self.secret, self.lifetime)?);
        let token = self.token_file.as_deref().map(Token::read_or_make).transpose()?;
        let head_timeout = Duration::from_secs(self.head_timeout.into());
        let listener = match &self.unix {
            Some(path) => Listener::unix(path)?,
            None => Listener::tcp(self.listen).await?,
        };
        let guard = match &self.unix {
            Some(_) => Guard::peers(&self.allow_uid),
            None => {
                let token = token.ok_or_else(|| Failure::usage("--token-file is missing"))?;
                Guard::token(token, self.listen.ip(), &self.allow_host)
            }
        };
        let most = connections::within_file_limit(self.max_connections);
        let connections = Arc::new(Connections::new(most));
        log::write(LogLevel::Info, &format!("listening on {}", listener.name()));
        // Whoever does not read it can look at the log.
        let _ = writeln!(std::io::stdout(), "{}", serde_json::json!({ "listening": listener.name() }));
        let routes =
            Arc::new(routes::Routes { agent: agent.clone(), guard, connections: connections.clone() });
        let (stop, stopping) = watch::channel(false);
        let accepting = tokio::spawn(listener::accept(
            listener,
            connections.clone(),
            routes.clone(),
            head_timeout,
            stopping,
        ));
        let keeping = tokio::spawn(agent::keep_trying(agent.clone()));
        tokio::select! {
            () = agent.first_fetches() => {}
            _ = terminate.recv() => return finish(stop, &connections, accepting).await,
            _ = interrupt.recv() => return finish(stop, &connections, accepting).await,
        }
        notify::tell("READY=1\n");
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = reload.recv() => {
                    notify::reloading();
                    tokio::select! {
                        read = self.read_anew(&agent, &routes.guard) => match read {
                            Ok(()) => log::write(LogLevel::Info, "the configuration was read anew"),
                            Err(failure) => log::write(
                                LogLevel::Error,
                                &format!("the new configuration cannot be used, the old one stays: {}", failure.message()),
                            ),
                        },
                        // KMS may not answer.
                        _ = terminate.recv() => break,
                        _ = interrupt.recv() => break,
                    }
                    notify::tell("READY=1\n");
                }
            }
        }
        keeping.abort();
        finish(stop, &connections, accepting).await
    }

    /// The token file and the configuration; either both are taken over or neither.
    async fn read_anew(&self, agent: &Agent, guard: &Guard) -> Result<(), Failure> {
        let token = self.token_file.as_deref().map(Token::read_or_make).transpose()?;
        agent.reload(&self.configuration, &self.secret).await?;
        if let Some(token) = token {
            guard.replace_token(token);
        }
        Ok(())
    }
}

/// Lets the answers under way go out, for five seconds at most.
async fn finish(
    stop: watch::Sender<bool>,
    connections: &Connections,
    accepting: tokio::task::JoinHandle<()>,
) -> Result<(), Failure> {
    notify::tell("STOPPING=1\n");
    log::write(LogLevel::Info, "stopping");
    // Fails when nobody listens any more, which is what it is for.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(Duration::from_secs(5), async {
        let _ = accepting.await;
        connections.all_closed().await;
    })
    .await;
    Ok(())
}

fn keep_out_of_core_dumps() -> Result<(), Failure> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Failure::doing("cannot switch core dumps off"))
}
