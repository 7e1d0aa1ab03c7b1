//! Who may ask, and how a request that somebody else set in motion is told from one of a client on this host.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::{Request, StatusCode};

use super::clients::{Client, Clients, Peer};
use super::token::Token;

pub(super) struct Guard {
    /// What Host may say. Neither a Unix socket nor a verified name can be reached by DNS rebinding.
    pub(super) hosts: Option<Hosts>,
    /// Over TCP, who shows it may have every secret.
    pub(super) token: ArcSwapOption<Token>,
    /// The headers that it may stand in, beside the agent's own.
    pub(super) token_headers: Vec<String>,
    /// Over a Unix socket, these may have every secret.
    pub(super) users: Option<Vec<u32>>,
    /// Unless clients alone may have any: then the users may ask for no more than /health and /ready.
    pub(super) clients_only: bool,
    /// Others may have some.
    pub(super) clients: ArcSwap<Clients>,
}

pub(super) struct Hosts {
    pub(super) address: IpAddr,
    pub(super) allowed: Vec<String>,
}

/// Who was let in.
pub(super) enum Admitted {
    ToEverything,
    /// To its own secrets.
    Client(Arc<Client>),
}

impl fmt::Display for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Admitted::ToEverything => f.write_str("the agent's own client"),
            Admitted::Client(client) => write!(f, "the client {}", client.name),
        }
    }
}

impl Admitted {
    pub(super) fn may_ask_for(&self, secret: &str) -> bool {
        match self {
            Admitted::ToEverything => true,
            Admitted::Client(client) => client.may_ask_for(secret),
        }
    }
}

/// Why a request is not answered.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// Set by proxies and by browsers, never by a client that calls the agent for itself.
const FOREIGN_HEADERS: [&str; 8] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "origin", "referer", "sec-fetch-site"];

impl Guard {
    /// Root, the agent's own user and those that were allowed.
    pub(super) fn trusted(user_ids: &[u32], own: u32) -> Vec<u32> {
        user_ids.iter().copied().chain([0, own]).collect()
    }

    /// Whether a Unix socket's peer may speak at all.
    pub(super) fn admits(&self, peer: &Peer) -> bool {
        match &self.users {
            None => true,
            Some(_) => self.is_trusted(peer) || self.clients.load().of_peer(peer).is_some(),
        }
    }

    fn is_trusted(&self, peer: &Peer) -> bool {
        self.users.as_ref().zip(peer.user).is_some_and(|(users, user)| users.contains(&user))
    }

    /// Server-side request forgery comes through proxies, DNS rebinding with a foreign Host.
    pub(super) fn check_origin<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        let forwarded = headers.keys().any(|name| {
            name.as_str().starts_with("x-forwarded-") || FOREIGN_HEADERS.contains(&name.as_str())
        });
        if forwarded {
            return Err(Refusal {
                status: StatusCode::FORBIDDEN,
                code: "Forwarded",
                message: "The request was forwarded or comes from a browser: call the agent directly",
            });
        }
        let Some(Hosts { address, allowed }) = &self.hosts else { return Ok(()) };
        let mut given = headers.get_all(HOST).iter();
        let host = match (given.next().map(|host| host.to_str()), given.next(), request.uri().authority()) {
            (Some(Ok(host)), None, None) => host,
            _ => return Err(FOREIGN_HOST),
        };
        if is_ours(host, *address, allowed) { Ok(()) } else { Err(FOREIGN_HOST) }
    }

    /// Who the caller is. `in_path` is the token that stood in the path.
    pub(super) fn admit(
        &self,
        headers: &HeaderMap,
        in_path: Option<&str>,
        peer: &Peer,
    ) -> Result<Admitted, Refusal> {
        if self.is_trusted(peer) && !self.clients_only {
            return Ok(Admitted::ToEverything);
        }
        let clients = self.clients.load();
        if let Some(client) = clients.of_peer(peer) {
            return Ok(Admitted::Client(client));
        }
        if peer.certificate.is_some() && clients.are_none() {
            return Ok(Admitted::ToEverything);
        }
        let refused = |code, message| Refusal { status: StatusCode::UNAUTHORIZED, code, message };
        let Some(shown) = in_path.or_else(|| self.shown(headers)) else {
            return Err(match &peer.certificate {
                Some(_) => refused(
                    "UnknownClient",
                    "The agent's clients file knows no name of this client certificate",
                ),
                None if self.users.is_some() => {
                    refused("UnknownClient", "The agent's clients file knows neither this user nor its group")
                }
                None => refused("MissingToken", MISSING_TOKEN),
            });
        };
        if self.token.load().as_ref().is_some_and(|token| token.is(shown)) {
            return Ok(Admitted::ToEverything);
        }
        let client = clients.of_token(shown).map(Admitted::Client);
        client.ok_or_else(|| refused("WrongToken", "This is not the token in the agent's token file"))
    }

    fn shown<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let own = text("x-kmsak-token").or_else(|| bearer(text(AUTHORIZATION.as_str())?));
        own.or_else(|| self.token_headers.iter().find_map(|name| text(name)))
    }
}

const MISSING_TOKEN: &str =
    "Send the token of the agent's token file in the header X-Kmsak-Token, as a Bearer token, or in the path";

/// The token in an Authorization header, whose scheme may stand in any case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

const FOREIGN_HOST: Refusal = Refusal {
    status: StatusCode::MISDIRECTED_REQUEST,
    code: "ForeignHost",
    message: "The Host header does not name this agent: call it by its loopback address or allow the name with --allow-host",
};

/// With any port: some SDKs leave it away.
fn is_ours(host: &str, address: IpAddr, allowed: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    let is_ip = bare.parse::<IpAddr>().is_ok_and(|ip| ip == address || ip.is_loopback());
    is_ip || name == "localhost" || allowed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_of_a_token_is_read_in_any_case() {
        for header in ["Bearer t0ken", "bearer t0ken", "BEARER  t0ken", " Bearer t0ken "] {
            assert_eq!(bearer(header), Some("t0ken"), "{header:?}");
        }
        for header in ["", "Bearer", "Bearer ", "Basic t0ken", "Bearert0ken", "t0ken"] {
            assert_eq!(bearer(header), None, "{header:?}");
        }
    }

    #[test]
    fn our_names_and_no_others() {
        let address = "127.0.0.1".parse().unwrap();
        let allowed = ["agent.internal".to_owned()];
        for ours in
            ["127.0.0.1", "127.0.0.1:9390", "localhost:80", "LOCALHOST", "[::1]:9390", "agent.internal:1"]
        {
            assert!(is_ours(ours, address, &allowed), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "127.0.0.1.nip.io",
            "10.0.0.1:9390",
            "localhost.evil.example",
            "a:b",
            "169.254.1.1",
        ] {
            assert!(!is_ours(foreign, address, &allowed), "{foreign}");
        }
    }
}
