//! The V3 signature, `ACS3-HMAC-SHA256` and `ACS3-RSA-SHA256`: over the request, in the Authorization header.

use crate::call::Call;
use crate::encoding::{canonical_query, sha256_hex};

/// The parts of an Authorization header.
pub(crate) struct Authorization<'a> {
    pub(crate) algorithm: &'a str,
    pub(crate) credential: &'a str,
    pub(crate) signed_headers: Vec<&'a str>,
    pub(crate) signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(crate) fn parse(header: &'a str) -> Option<Self> {
        let (algorithm, rest) = header.split_once(' ')?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value.split(';').collect()),
                "Signature" => signature = Some(value),
                _ => return None,
            }
        }
        Some(Self {
            algorithm,
            credential: credential?,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }
}

/// The headers that a signature must cover.
pub(crate) const MANDATORY: [&str; 6] =
    ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

/// What a client signs; none if a header that it says it signed is not there.
pub(crate) fn string_to_sign(call: &Call, authorization: &Authorization<'_>) -> Option<String> {
    let query = canonical_query(call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut headers = String::new();
    for name in &authorization.signed_headers {
        let value = if *name == "host" { call.host.as_str() } else { call.header(name)? };
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let canonical = format!(
        "{}\n{}\n{query}\n{headers}\n{}\n{}",
        call.method,
        call.path,
        authorization.signed_headers.join(";"),
        call.header("x-acs-content-sha256")?,
    );
    Some(format!("{}\n{}", authorization.algorithm, sha256_hex(canonical.as_bytes())))
}
