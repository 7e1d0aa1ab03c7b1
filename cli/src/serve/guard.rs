//! Who may ask, and how a request that somebody else set in motion is told from one of a client on this host.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::{Request, StatusCode};

use super::token::Token;

pub(super) enum Guard {
    /// Over TCP: whoever shows the token.
    Token { token: ArcSwap<Token>, address: IpAddr, hosts: Vec<String> },
    /// Over a Unix socket: these user ids.
    Peers(Vec<u32>),
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
    pub(super) fn token(token: Token, address: IpAddr, hosts: &[String]) -> Self {
        Guard::Token {
            token: ArcSwap::from_pointee(token),
            address,
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        }
    }

    /// From here on the former token is a wrong one.
    pub(super) fn replace_token(&self, new: Token) {
        if let Guard::Token { token, .. } = self {
            token.store(Arc::new(new));
        }
    }

    pub(super) fn peers(user_ids: &[u32]) -> Self {
        let own = rustix::process::geteuid().as_raw();
        Guard::Peers(user_ids.iter().copied().chain([0, own]).collect())
    }

    /// Whether a Unix socket's peer may speak at all.
    pub(super) fn admits(&self, user_id: Option<u32>) -> bool {
        match self {
            Guard::Token { .. } => true,
            Guard::Peers(admitted) => user_id.is_some_and(|user_id| admitted.contains(&user_id)),
        }
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
        let Guard::Token { address, hosts, .. } = self else { return Ok(()) };
        let mut given = headers.get_all(HOST).iter();
        let host = match (given.next().map(|host| host.to_str()), given.next(), request.uri().authority()) {
            (Some(Ok(host)), None, None) => host,
            _ => return Err(FOREIGN_HOST),
        };
        if is_ours(host, *address, hosts) { Ok(()) } else { Err(FOREIGN_HOST) }
    }

    /// Whether the caller may have secrets. `in_path` is the token that stood in the path.
    pub(super) fn check_token(&self, headers: &HeaderMap, in_path: Option<&str>) -> Result<(), Refusal> {
        let Guard::Token { token, .. } = self else { return Ok(()) };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let shown =
            in_path.or_else(|| text("x-kmsak-token")).or_else(|| bearer(text(AUTHORIZATION.as_str())?));
        match shown {
            Some(shown) if token.load().is(shown) => Ok(()),
            Some(_) => Err(Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "WrongToken",
                message: "This is not the token in the agent's token file",
            }),
            None => Err(Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "MissingToken",
                message: "Send the token of the agent's token file in the header X-Kmsak-Token, as a Bearer token, or in the path",
            }),
        }
    }
}

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
