//! What the command line, KMS Agent's file and the environment come to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use super::Serve;
use super::agent::{HandedOut, VersionsKept};
use super::any_secret::AnySecret;
use super::clients::Clients;
use super::files::Files;
use super::kms_agent::File;
use super::tls;
use super::token::Token;
use crate::agent_client::{self, Place};
use crate::failure::Failure;

const OWN_PORT: u16 = 9390;

pub(super) struct Options {
    /// KMS Agent's; as it is without one, and without its headers, where the agent is not to answer for it.
    pub(super) file: File,
    pub(super) listen: SocketAddr,
    pub(super) most_connections: u32,
    /// Lines of a properties file, for what nobody says.
    pub(super) base: String,
    any: Option<Arc<AnySecret>>,
    versions: VersionsKept,
}

impl Serve {
    pub(super) fn options(&self) -> Result<Options, Failure> {
        let mut file = self.kms_agent_config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let mut base = String::new();
        if self.kms_agent {
            base = file.as_properties(self.configuration.properties_file().is_none());
        } else {
            file.token_headers.clear();
            file.token_variables.clear();
        }
        let port = if self.kms_agent { file.port } else { OWN_PORT };
        let most_of_mode = if self.kms_agent { file.most_connections } else { 1024 };
        let any = self.any_secret.map(|most| most.unwrap_or(file.cache_size));
        Ok(Options {
            listen: self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
            most_connections: self.max_connections.unwrap_or(most_of_mode),
            base,
            any: any.map(|most| Arc::new(AnySecret::new(most as usize))),
            versions: VersionsKept { for_time: file.time_to_live, while_away: file.ignore_transient_errors },
            file,
        })
    }

    /// The file is read as a whole, so that a mistake in it is told before anything is done.
    pub(super) fn clients(&self) -> Result<Clients, Failure> {
        self.clients.as_deref().map(Clients::read).transpose().map(Option::unwrap_or_default)
    }

    pub(super) fn handed_out(&self, options: &Options, clients: &Clients) -> HandedOut {
        let of_clients = clients.secrets().map(str::to_owned);
        HandedOut {
            names: self.secret.iter().cloned().chain(of_clients).collect(),
            any: options.any.clone(),
            versions: options.versions,
        }
    }

    /// The token of the file, or as KMS Agent has it that of the environment.
    pub(super) fn token(&self, options: &Options) -> Result<Option<Token>, Failure> {
        if let Some(path) = &self.token_file {
            return Token::read_or_make(path).map(Some);
        }
        for name in &options.file.token_variables {
            if let Some(value) = std::env::var(name).ok().filter(|value| !value.trim().is_empty()) {
                return Token::from_variable(name, &value).map(Some);
            }
        }
        let others = self.unix.is_some() || self.clients.is_some() || self.tls.tls_client_ca.is_some();
        match (others, options.file.token_variables.first()) {
            (true, _) => Ok(None),
            (false, Some(variable)) => Err(Failure::usage(format!(
                "which token must clients show? Set {variable} to it or to file:///var/run/kmstoken, or name a file with --token-file"
            ))),
            (false, None) => Err(Failure::usage(
                "which token must clients show? Name its file with --token-file (it is made if it is not there), or listen on a Unix socket with --unix",
            )),
        }
    }

    /// Those by which clients are told. They must be read once more after this, so that no change is missed.
    pub(super) fn files(&self) -> Result<Files, Failure> {
        let clients = self.clients()?;
        let tls = [&self.tls.tls_cert, &self.tls.tls_key, &self.tls.tls_client_ca];
        let named = [&self.token_file, &self.clients].into_iter().chain(tls).flatten();
        Ok(Files::new(named.chain(&clients.token_files).map(|path| path.as_path())))
    }

    pub(super) fn refuse_carelessness(&self, options: &Options) -> Result<(), Failure> {
        let listen = options.listen;
        let guarded = self.unix.is_some() || self.tls.tls_cert.is_some() || self.allow_remote;
        if !guarded && !listen.ip().is_loopback() {
            return Err(Failure::usage(format!(
                "{listen} can be reached from other machines and nothing is encrypted: listen on 127.0.0.1, encrypt with --tls-cert and --tls-key, or say --allow-remote",
            )));
        }
        Ok(())
    }

    /// Where the agent of this command line can be asked, from beside it.
    pub(super) fn place(&self, options: &Options) -> Result<Place, Failure> {
        if let Some(path) = &self.unix {
            return Ok(Place::Unix(path.clone()));
        }
        let mut listen = options.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(if listen.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        let mut place = Place::tcp(listen);
        if let (Some(path), Place::Tcp { tls, .. }) = (&self.tls.tls_cert, &mut place) {
            *tls = Some(agent_client::expecting(first(path)?)?);
        }
        Ok(place)
    }
}

fn first(path: &Path) -> Result<rustls::pki_types::CertificateDer<'static>, Failure> {
    let chain = tls::certificates(path)?;
    chain.into_iter().next().ok_or_else(|| Failure::new(format!("{} holds no certificate", path.display())))
}
