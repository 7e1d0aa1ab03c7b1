//! `kmsak serve`: an agent that hands out AccessKeys to the processes of a host or a pod.

mod agent;
mod any_secret;
mod clients;
mod connections;
mod explained;
mod files;
mod guard;
mod kept;
mod kms_agent;
mod listener;
mod metrics;
#[cfg(target_os = "linux")]
mod notify;
#[cfg(not(target_os = "linux"))]
#[path = "notify_nobody.rs"]
mod notify;
mod options;
mod probe;
mod reload;
mod routes;
mod status;
pub(crate) mod tls;
mod token;
mod turns;
#[cfg(unix)]
mod unix_socket;
#[cfg(not(unix))]
#[path = "no_unix_socket.rs"]
mod unix_socket;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use kmsak::LogLevel;
use rustls::ServerConfig;
use tokio::sync::watch;

use self::agent::Agent;
use self::clients::Clients;
use self::connections::Connections;
use self::guard::{Guard, Hosts};
use self::kms_agent::Interface;
use self::listener::{Listener, Reception};
use self::options::Options;
use self::reload::Reload;
use self::tls::{Tls, TlsArguments};
use self::token::Token;
use self::unix_socket::UnixSocket;
use crate::configuration::ConfigurationArguments;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::log;

const EXAMPLES: &str = "\
Examples:
  kmsak serve --config on_the_cloud.properties --secret acs/ram/user/app --token-file /run/kmsak/token
  export ALIBABA_CLOUD_CREDENTIALS_URI=http://127.0.0.1:9390/token/$(cat /run/kmsak/token)/credentials/acs/ram/user/app
  curl -H \"X-Kmsak-Token: $(cat /run/kmsak/token)\" http://127.0.0.1:9390/secrets/acs/ram/user/app
  kmsak serve --unix /run/kmsak/agent.sock --clients /etc/kmsak/clients.toml
  kmsak serve --kms-agent --any-secret --config on_the_cloud.properties   # token in KMS_TOKEN
  kmsak serve --probe

SIGHUP reads the configuration anew, SIGTERM ends in good order. See docs/agent.md for the interface and its guards.";

/// Run an agent that hands out AccessKeys to this host or pod
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// A secret to hand out, beside the configuration's secret_names; may be given several times
    #[arg(long, short, value_name = "NAME")]
    secret: Vec<String>,
    /// The address to listen on [default: 127.0.0.1:9390, or 127.0.0.1:2025 with --kms-agent]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "unix")]
    listen: Option<SocketAddr>,
    /// A Unix socket to listen on instead; peers are told by their user id and need no token. Not on Windows
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// A user id that may use the Unix socket, beside root and the agent's own
    #[arg(long, value_name = "UID", requires = "unix")]
    allow_uid: Vec<u32>,
    /// The file with the token; made with mode 0600 and a random token if it is not there
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Who may ask for which secret, TOML: by user, group, client certificate or token
    #[arg(long, value_name = "FILE")]
    clients: Option<PathBuf>,
    /// Give nothing to root, the agent's own user and --allow-uid unless the clients file names them: for a socket that containers
    /// share
    #[arg(long, requires = "clients", requires = "unix")]
    clients_only: bool,
    /// Hand out any secret that KMS lets the agent read, COUNT of them at most [default: 1000]
    #[arg(long, value_name = "COUNT", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    any_secret: Option<Option<u32>>,
    /// Answer as Alibaba Cloud's KMS Agent does, too
    #[arg(long)]
    kms_agent: bool,
    /// The configuration file of KMS Agent, TOML
    #[arg(long, value_name = "FILE", requires = "kms_agent")]
    kms_agent_config: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsArguments,
    /// A further name by which clients may call the agent in the Host header
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Allow an address that other machines can reach. Nothing is encrypted: think twice
    #[arg(long)]
    allow_remote: bool,
    /// Connections at the same time; beyond them the one that has been idle longest is closed [default: 1024]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    max_connections: Option<u32>,
    /// Seconds in which the head of a request must arrive; ends slow and idle connections alike
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=600))]
    head_timeout: u32,
    /// Seconds for which SDKs may believe an answer, as its Expiration says. SDKs ask again 15 minutes before, Go's 3
    #[arg(long, value_name = "SECONDS", default_value_t = 960, value_parser = clap::value_parser!(u32).range(60..=86_400))]
    lifetime: u32,
    /// Run as the service that Windows' service control manager has started; what goes wrong is in the log file. On Windows alone
    #[arg(long, conflicts_with = "probe")]
    service: bool,
    /// Ask the agent that listens there whether it is ready, and say so by the exit code
    #[arg(long)]
    probe: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.service {
            return self.run_as_service();
        }
        if self.probe {
            return probe::run(&self.place(&self.options()?)?);
        }
        self.stay().map(|()| ExitCode::SUCCESS)
    }

    #[cfg(windows)]
    fn run_as_service(self) -> Result<ExitCode, Failure> {
        crate::service::run(move || {
            if !log::has_file() {
                return Err(Failure::usage(
                    "where does the service log to? It has no standard error: name a file with --log-file",
                ));
            }
            self.stay()
        })
    }

    #[cfg(not(windows))]
    fn run_as_service(self) -> Result<ExitCode, Failure> {
        Err(Failure::usage(
            "--service is for Windows: leave it out, systemd and launchd take a program as it is",
        ))
    }

    fn stay(self) -> Result<(), Failure> {
        let options = self.options()?;
        self.refuse_carelessness(&options)?;
        keep_out_of_core_dumps()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Failure::doing("cannot start"))?;
        let done = runtime.block_on(self.serve(options));
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    }

    async fn serve(self, options: Options) -> Result<(), Failure> {
        // From here on a signal ends the agent in good order, even while it starts.
        let mut ending = Ending::listen().map_err(Failure::doing("cannot listen for signals"))?;
        let mut reload = Reload::listen().map_err(Failure::doing("cannot listen for signals"))?;

        // Made if need be, so that it is not taken for one that has changed.
        self.token(&options)?;
        let mut files = self.files()?;
        let tls = self.tls.open()?.map(Arc::new);
        let configuration = self.configuration.clone().on_base(&options.base);
        let clients = self.clients()?;
        let agent = Agent::open(&configuration, self.handed_out(&options, &clients), self.lifetime)?;
        let agent = Arc::new(agent);
        let token = self.token(&options)?;
        let head_timeout = Duration::from_secs(self.head_timeout.into());
        let listener = match &self.unix {
            Some(path) => Listener::Unix(UnixSocket::bind(path)?),
            None => Listener::tcp(options.listen).await?,
        };
        let hosts = Hosts {
            address: options.listen.ip(),
            allowed: self.allow_host.iter().map(|host| host.to_ascii_lowercase()).collect(),
        };
        let guard = Guard {
            hosts: Some(hosts).filter(|_| self.unix.is_none() && tls.is_none()),
            token: token.map(Arc::new).into(),
            token_headers: options.file.token_headers.clone(),
            users: self.unix.as_ref().map(|_| Guard::trusted(&self.allow_uid, unix_socket::own_user_id())),
            clients_only: self.clients_only,
            clients: Arc::new(clients).into(),
        };
        let connections =
            Arc::new(Connections::new(connections::within_file_limit(options.most_connections)));
        let place = listener.name(tls.is_some());
        log::write(LogLevel::Info, &format!("listening on {place}"));
        // What is only starting cannot be stopped, and KMS may be away.
        #[cfg(windows)]
        crate::service::started();
        // Whoever does not read it can look at the log.
        let _ = writeln!(std::io::stdout(), "{}", serde_json::json!({ "listening": place }));
        let routes = Arc::new(routes::Routes {
            agent: Arc::clone(&agent),
            guard,
            connections: Arc::clone(&connections),
            interface: self.kms_agent.then(|| Interface::new(&options.file)),
            place,
        });
        let (stop, stopping) = watch::channel(false);
        let reception = Reception {
            connections: connections.clone(),
            routes: routes.clone(),
            tls: tls.clone(),
            head_timeout,
        };
        let accepting = tokio::spawn(listener::accept(listener, Arc::new(reception), stopping));
        let keeping = tokio::spawn(agent::keep_trying(agent.clone()));
        tokio::select! {
            () = agent.first_fetches() => {}
            () = ending.told() => return finish(stop, &connections, accepting).await,
        }
        notify::tell("READY=1\n");
        let mut look = tokio::time::interval(files::LOOK_EVERY);
        loop {
            tokio::select! {
                () = ending.told() => break,
                _ = look.tick() => {
                    if files.changed() {
                        let read = self.files().and_then(|new| {
                            files.look_at(new);
                            self.guards(tls.as_deref(), &options)
                        });
                        match read {
                            Ok(guards) => {
                                files.were_used();
                                guards.take_over(&agent, &routes.guard, tls.as_deref());
                                log::write(LogLevel::Info, "tokens, clients and certificates were read anew");
                            }
                            Err(failure) if files.could_not_be_used(failure.message()) => log::write(
                                LogLevel::Error,
                                &format!(
                                    "a changed file cannot be used, what was read from it stays: {}",
                                    failure.message()
                                ),
                            ),
                            Err(_) => {}
                        }
                    }
                }
                () = reload.told() => {
                    notify::reloading();
                    tokio::select! {
                        read = self.read_anew(&agent, &routes.guard, tls.as_deref(), &options) => match read {
                            Ok(()) => log::write(LogLevel::Info, "the configuration was read anew"),
                            Err(failure) => log::write(
                                LogLevel::Error,
                                &format!("the new configuration cannot be used, the old one stays: {}", failure.message()),
                            ),
                        },
                        // KMS may not answer.
                        () = ending.told() => break,
                    }
                    notify::tell("READY=1\n");
                }
            }
        }
        keeping.abort();
        finish(stop, &connections, accepting).await
    }

    /// Who may ask, by its files as they are now.
    fn guards(&self, tls: Option<&Tls>, options: &Options) -> Result<Guards, Failure> {
        Ok(Guards {
            clients: self.clients()?,
            token: self.token(options)?,
            tls: tls.map(Tls::read).transpose()?,
        })
    }

    /// That and the configuration; either both are taken over or neither.
    async fn read_anew(
        &self,
        agent: &Agent,
        guard: &Guard,
        tls: Option<&Tls>,
        options: &Options,
    ) -> Result<(), Failure> {
        let guards = self.guards(tls, options)?;
        let configuration = self.configuration.clone().on_base(&options.base);
        agent.reload(&configuration, self.handed_out(options, &guards.clients)).await?;
        guards.take_over(agent, guard, tls);
        Ok(())
    }
}

/// Who may ask, read whole before any of it is taken over.
struct Guards {
    clients: Clients,
    token: Option<Token>,
    tls: Option<ServerConfig>,
}

impl Guards {
    fn take_over(self, agent: &Agent, guard: &Guard, tls: Option<&Tls>) {
        if let Some((tls, config)) = tls.zip(self.tls) {
            tls.take_over(config);
        }
        guard.token.store(self.token.map(Arc::new));
        agent.now().also_hand_out(self.clients.secrets());
        guard.clients.store(Arc::new(self.clients));
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

#[cfg(target_os = "linux")]
fn keep_out_of_core_dumps() -> Result<(), Failure> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Failure::doing("cannot switch core dumps off"))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn keep_out_of_core_dumps() -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(Failure::doing("cannot switch core dumps off"))
}

/// Windows makes dumps where the machine is set up for it, which no program may switch off for itself.
#[cfg(not(unix))]
fn keep_out_of_core_dumps() -> Result<(), Failure> {
    Ok(())
}
