//! `--clients FILE`: who may ask for which secret.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::token::Token;
use crate::failure::Failure;

/// What the connection tells of who is at its other end.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer {
    /// User and group of a Unix socket's peer.
    pub(super) user: Option<u32>,
    pub(super) group: Option<u32>,
    /// The names in the client certificate, which the agent's CA has signed.
    pub(super) certificate: Option<Vec<String>>,
}

#[derive(Default)]
pub(super) struct Clients {
    list: Vec<Arc<Client>>,
    /// Their tokens' files.
    pub(super) token_files: Vec<PathBuf>,
}

pub(super) struct Client {
    pub(super) name: String,
    uids: Vec<u32>,
    gids: Vec<u32>,
    certificates: Vec<String>,
    token: Option<Token>,
    secrets: Vec<Pattern>,
}

enum Pattern {
    One(String),
    Beginning(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    client: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    uids: Vec<u32>,
    #[serde(default)]
    gids: Vec<u32>,
    #[serde(default)]
    certificates: Vec<String>,
    token_file: Option<PathBuf>,
    secrets: Vec<String>,
}

impl Clients {
    /// Token files are looked for beside the file that names them.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::new(format!("{}: {why}", path.display())).with_code(3);
        let text = std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            wrong(format!("line {line}: {}", error.message()))
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut names = HashSet::new();
        let mut clients = Clients::default();
        for entry in file.client {
            if entry.name.is_empty() || !names.insert(entry.name.clone()) {
                return Err(wrong(format!(
                    "two clients are called {:?}: give each a name of its own",
                    entry.name
                )));
            }
            let name = entry.name.clone();
            clients.token_files.extend(entry.token_file.as_ref().map(|path| folder.join(path)));
            let checked = entry.check(folder).map_err(|why| wrong(format!("client {name}: {why}")))?;
            clients.list.push(Arc::new(checked));
        }
        if clients.list.is_empty() {
            return Err(wrong("no client stands there: add [[client]] with name, secrets and one of uids, gids, certificates and token_file".to_owned()));
        }
        Ok(clients)
    }

    pub(super) fn are_none(&self) -> bool {
        self.list.is_empty()
    }

    /// The secrets that are named in full.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flat_map(|client| &client.secrets).filter_map(|pattern| match pattern {
            Pattern::One(name) => Some(name.as_str()),
            Pattern::Beginning(_) => None,
        })
    }

    pub(super) fn of_peer(&self, peer: &Peer) -> Option<Arc<Client>> {
        self.list.iter().find(|client| client.is(peer)).cloned()
    }

    pub(super) fn of_token(&self, shown: &str) -> Option<Arc<Client>> {
        let is = |client: &&Arc<Client>| client.token.as_ref().is_some_and(|token| token.is(shown));
        self.list.iter().find(is).cloned()
    }
}

impl Client {
    fn is(&self, peer: &Peer) -> bool {
        let certificate = peer.certificate.iter().flatten();
        peer.user.is_some_and(|user| self.uids.contains(&user))
            || peer.group.is_some_and(|group| self.gids.contains(&group))
            || certificate.into_iter().any(|name| self.certificates.contains(name))
    }

    pub(super) fn may_ask_for(&self, secret: &str) -> bool {
        self.secrets.iter().any(|pattern| match pattern {
            Pattern::One(name) => name == secret,
            Pattern::Beginning(beginning) => secret.starts_with(beginning.as_str()),
        })
    }
}

impl Entry {
    fn check(self, folder: &Path) -> Result<Client, String> {
        let told_by = self.uids.len() + self.gids.len() + self.certificates.len();
        if told_by == 0 && self.token_file.is_none() {
            return Err("nothing tells who it is: add uids, gids, certificates or token_file".to_owned());
        }
        if self.secrets.is_empty() {
            return Err("it may ask for nothing: add secrets".to_owned());
        }
        let token = self.token_file.map(|path| Token::read(&folder.join(path))).transpose();
        Ok(Client {
            name: self.name,
            uids: self.uids,
            gids: self.gids,
            certificates: self.certificates,
            token: token.map_err(|failure| failure.message().to_owned())?,
            secrets: self.secrets.into_iter().map(pattern).collect::<Result<_, _>>()?,
        })
    }
}

fn pattern(text: String) -> Result<Pattern, String> {
    match text.split_once('*') {
        None if text.is_empty() => Err("\"\" is no secret's name".to_owned()),
        None => Ok(Pattern::One(text)),
        Some((beginning, "")) => Ok(Pattern::Beginning(beginning.to_owned())),
        Some(_) => Err(format!("{text:?}: a * stands at the end alone")),
    }
}
