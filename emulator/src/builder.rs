//! How an emulator is set up and started.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::admin;
use crate::client_key;
use crate::cloud::Cloud;
use crate::control::{Control, Keys, LOOPBACK, Listener};
use crate::emulator::Emulator;
use crate::endpoint::Endpoint;
use crate::error::{Error, doing};
use crate::region::is_region_id;
use crate::server::{Tls, listen};
use crate::state::{DEFAULT_ACCESS_POINT, DEFAULT_INSTANCE, State};
use crate::storage::Storage;
use crate::world::{DEFAULT_QUOTA, World};

/// Five years, as ClientKeys have from KMS by default.
const CLIENT_KEY_VALIDITY: Duration = Duration::from_secs(5 * 365 * 24 * 60 * 60);

const LONGEST_VALIDITY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// The most gateways of one kind: their ports with `port(N)` lie in blocks of ten.
pub(crate) const MOST_GATEWAYS: u8 = 10;

/// Sets up an [`Emulator`].
#[derive(Debug, Clone)]
pub struct Builder {
    region: String,
    instance_id: String,
    instance_gateways: usize,
    shared_gateways: usize,
    listen: IpAddr,
    names: Vec<String>,
    port: Option<u16>,
    dir: Option<PathBuf>,
    threads: usize,
    quota: u32,
    generated_keys: bool,
    client_key_validity: Duration,
    instance_openapi: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            region: "cn-hangzhou".to_owned(),
            instance_id: DEFAULT_INSTANCE.to_owned(),
            instance_gateways: 1,
            shared_gateways: 1,
            listen: LOOPBACK,
            names: Vec::new(),
            port: None,
            dir: None,
            threads: 1,
            quota: DEFAULT_QUOTA,
            generated_keys: false,
            client_key_validity: CLIENT_KEY_VALIDITY,
            instance_openapi: true,
        }
    }
}

impl Builder {
    /// The region; `cn-hangzhou` by default. A folder that has a state keeps its own.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = region.to_owned();
        self
    }

    /// The id of the KMS instance; `kst-hzz000000000000000` by default. A folder that has a state keeps its own.
    #[must_use]
    pub fn instance_id(mut self, id: &str) -> Self {
        self.instance_id = id.to_owned();
        self
    }

    /// How many instance gateways listen, 1 to 10; all serve the same secrets, each can have faults of its own.
    #[must_use]
    pub fn instance_gateways(mut self, count: usize) -> Self {
        self.instance_gateways = count;
        self
    }

    /// How many shared gateways listen, 1 to 10; all serve the same secrets, each can have faults of its own.
    #[must_use]
    pub fn shared_gateways(mut self, count: usize) -> Self {
        self.shared_gateways = count;
        self
    }

    /// The address on which the services listen; 127.0.0.1 by default. It stands in their certificates and URLs,
    /// those of `0.0.0.0` and `::` with the loopback address in its place. The admin interface stays on loopback.
    #[must_use]
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = address;
        self
    }

    /// One more host name or address in the services' certificates, by which clients elsewhere call this machine.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Fixed ports instead of free ones: `port` the instance gateway, then +1 shared gateway, +2 STS over
    /// HTTP, +3 STS over HTTPS, +4 OSS over HTTP, +5 OSS over HTTPS, +6 admin interface, +7 metadata service; further
    /// instance gateways from +11, further shared gateways from +21.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Keeps the state in this folder, encrypted, and writes the files there that a client needs
    /// (see [`Emulator::write_folder`]). The folder is made if need be. Started again with the same folder,
    /// the emulator has the same CA, ClientKeys, secrets and AccessKeys, and the same ports if they are free.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// How many threads serve requests; 1 by default.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// How many `GetSecretValue` a second the shared gateways answer together; 450 by default, as the real ones.
    #[must_use]
    pub fn shared_quota(mut self, per_second: u32) -> Self {
        self.quota = per_second;
        self
    }

    /// Generates the RSA key of each ClientKey. Otherwise the first four are well-known test keys, so that
    /// an emulator starts within milliseconds.
    #[must_use]
    pub fn generated_keys(mut self) -> Self {
        self.generated_keys = true;
        self
    }

    /// Instances of an image before 3.0.0, which know nothing but ClientKeys and protobuf.
    #[must_use]
    pub fn without_instance_openapi(mut self) -> Self {
        self.instance_openapi = false;
        self
    }

    /// How long ClientKeys are valid; five years by default.
    #[must_use]
    pub fn client_key_validity(mut self, validity: Duration) -> Self {
        self.client_key_validity = validity;
        self
    }

    /// Starts listening. The emulator stops when the result is dropped.
    pub fn start(self) -> Result<Emulator, Error> {
        for (name, count) in
            [("instance_gateways", self.instance_gateways), ("shared_gateways", self.shared_gateways)]
        {
            if !(1..=usize::from(MOST_GATEWAYS)).contains(&count) {
                return Err(Error::new(format!("{name} is {count}: use 1 to {MOST_GATEWAYS}")));
            }
        }
        if !is_region_id(&self.region) {
            let region = &self.region;
            return Err(Error::new(format!("{region:?} is no region id: use one like cn-hangzhou")));
        }
        if let Some(name) = self.names.iter().find(|name| !is_host(name)) {
            return Err(Error::new(format!("{name:?} is neither a host name nor an address")));
        }
        if self.client_key_validity > LONGEST_VALIDITY {
            return Err(Error::new("a ClientKey is valid for a century at most"));
        }
        let (storage, cloud) = match &self.dir {
            Some(dir) => {
                let (storage, cloud) = Storage::open(dir)?;
                (Some(storage), cloud)
            }
            None => (None, None),
        };
        let mut cloud = match cloud {
            Some(cloud) => cloud,
            None => Cloud::new(&self.region, &self.instance_id, OffsetDateTime::now_utc())?,
        };
        let state = cloud.first_mut();
        let keys = Keys::new(self.generated_keys, state.client_keys.len());
        if state.default_client_key.is_none() {
            let now = OffsetDateTime::now_utc();
            let (files, mut registered) = client_key::issue(
                &state.instance_id,
                DEFAULT_ACCESS_POINT,
                (now, now + self.client_key_validity),
                &keys.next().private_key()?,
                None,
            )?;
            registered.created = Some(now);
            state.register_client_key(registered)?;
            state.default_client_key = Some(files);
        }

        let sockets = self.bind(&cloud.ports)?;
        let ports: BTreeMap<Listener, u16> =
            sockets.iter().map(|(listener, _, port)| (*listener, *port)).collect();
        cloud.ports = ports.iter().map(|(listener, port)| (listener.to_string(), *port)).collect();
        let authority = cloud.authority.clone();
        let host = match self.listen {
            IpAddr::V4(address) if address.is_unspecified() => LOOPBACK,
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        let mut names = server_names(cloud.first());
        names.push(host.to_string());
        names.extend(self.names.iter().cloned());
        let ca_pem = authority.pem();
        let http1: &[&[u8]] = &[b"http/1.1"];
        let http2: &[&[u8]] = &[b"h2", b"http/1.1"];
        let tls = |protocols| -> Result<Arc<Tls>, Error> {
            Ok(Arc::new(Tls {
                right: authority.server(&names, protocols)?,
                authority: authority.clone(),
                names: names.clone(),
                wrong: Mutex::new(HashMap::new()),
            }))
        };
        let (instance_tls, other_tls) = (tls(http1)?, tls(http2)?);
        if let Some(storage) = &storage {
            storage.save(&cloud)?;
        }
        let (region, instance_id) = (cloud.first().region.clone(), cloud.first().instance_id.clone());
        let control = Arc::new(Control {
            world: Arc::new(World::new(cloud, storage, self.quota, self.instance_openapi, keys)),
            region,
            instance_id,
            ca_pem,
            host,
            ports,
            client_key_validity: self.client_key_validity,
        });

        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.threads)
            .thread_name("kmsak-emulator")
            .enable_all()
            .build()
            .map_err(doing("starting the emulator's threads"))?;
        {
            let _inside = runtime.enter();
            for (listener, socket, _) in sockets {
                let socket = tokio::net::TcpListener::from_std(socket).map_err(doing("listening"))?;
                match listener {
                    Listener::Admin => {
                        runtime.spawn(admin::listen(control.clone(), socket));
                    }
                    Listener::Service(endpoint) => {
                        let tls = endpoint.is_tls().then(|| match endpoint {
                            Endpoint::Instance(_) => instance_tls.clone(),
                            _ => other_tls.clone(),
                        });
                        runtime.spawn(listen(control.world.clone(), endpoint, socket, tls));
                    }
                }
            }
            runtime.spawn(keep_schedule(control.world.clone()));
        }
        let thread = std::thread::Builder::new()
            .name("kmsak-emulator-main".to_owned())
            .spawn(move || {
                // An error means that the emulator was dropped, which is what this waits for too.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(Duration::from_secs(2));
            })
            .map_err(doing("starting the emulator's threads"))?;
        let emulator = Emulator::running(control, stop, thread);
        if let Some(dir) = &self.dir {
            emulator.write_folder(dir)?;
        }
        Ok(emulator)
    }

    fn bind(&self, recorded: &BTreeMap<String, u16>) -> Result<Vec<(Listener, TcpListener, u16)>, Error> {
        let mut listeners = vec![
            (Listener::Service(Endpoint::Instance(0)), 0),
            (Listener::Service(Endpoint::Shared(0)), 1),
            (Listener::Service(Endpoint::Sts), 2),
            (Listener::Service(Endpoint::StsHttps), 3),
            (Listener::Service(Endpoint::Oss), 4),
            (Listener::Service(Endpoint::OssHttps), 5),
            (Listener::Admin, 6),
            (Listener::Service(Endpoint::Metadata), 7),
        ];
        for index in 1..self.instance_gateways {
            listeners.push((Listener::Service(Endpoint::Instance(index)), 10 + index));
        }
        for index in 1..self.shared_gateways {
            listeners.push((Listener::Service(Endpoint::Shared(index)), 20 + index));
        }
        let mut bound = Vec::new();
        for (listener, distance) in listeners {
            let host = if listener == Listener::Admin { LOOPBACK } else { self.listen };
            let at = |port| SocketAddr::new(host, port);
            let socket = match self.port {
                Some(first) => {
                    let port = u16::try_from(usize::from(first) + distance).map_err(|_| {
                        Error::new(format!("port {first} is too high: the emulator uses some ports after it"))
                    })?;
                    TcpListener::bind(at(port)).map_err(|error| cannot_listen(at(port), listener, &error))?
                }
                None => {
                    let earlier = recorded.get(&listener.to_string()).copied().unwrap_or(0);
                    TcpListener::bind(at(earlier))
                        .or_else(|_| TcpListener::bind(at(0)))
                        .map_err(|error| cannot_listen(at(0), listener, &error))?
                }
            };
            socket.set_nonblocking(true).map_err(doing("setting up a socket"))?;
            let port = socket.local_addr().map_err(doing("setting up a socket"))?.port();
            bound.push((listener, socket, port));
        }
        Ok(bound)
    }
}

fn cannot_listen(at: SocketAddr, listener: Listener, error: &std::io::Error) -> Error {
    let remedy = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "stop the program that listens there, or choose another first port (--port)"
        }
        std::io::ErrorKind::PermissionDenied => "choose a first port above 1023 (--port)",
        _ => "choose an address of this machine (--listen)",
    };
    let place = if at.port() == 0 { at.ip().to_string() } else { at.to_string() };
    Error::new(format!("cannot listen on {place} ({listener}, {error}): {remedy}"))
}

fn is_host(name: &str) -> bool {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    is_name || name.parse::<IpAddr>().is_ok()
}

fn server_names(state: &State) -> Vec<String> {
    let (instance, region) = (&state.instance_id, &state.region);
    vec![
        format!("{instance}.cryptoservice.kms.aliyuncs.com"),
        format!("kms.{region}.aliyuncs.com"),
        format!("kms-vpc.{region}.aliyuncs.com"),
        "sts.aliyuncs.com".to_owned(),
        format!("sts.{region}.aliyuncs.com"),
        format!("sts-vpc.{region}.aliyuncs.com"),
        format!("oss-{region}.aliyuncs.com"),
        format!("oss-{region}-internal.aliyuncs.com"),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ]
}

/// Rotates and deletes on time even when nobody asks for anything.
async fn keep_schedule(world: Arc<World>) {
    loop {
        let wait = world.next_due().map(|due| due - world.clock.now());
        match wait {
            None => world.schedule_changed.notified().await,
            Some(wait) => {
                let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
                tokio::select! {
                    () = tokio::time::sleep(wait) => world.read(|_, _| ()),
                    () = world.schedule_changed.notified() => {}
                }
            }
        }
    }
}
