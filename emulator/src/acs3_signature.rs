//! The V3 signature, `ACS3-HMAC-SHA256` and `ACS3-RSA-SHA256`, and the V4 signature, `ACS4-HMAC-SHA256`: over the request,
//! in the Authorization header. They differ in the key alone: V4 derives one for a day, a region and a product.

use ring::hmac;

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

impl<'a> Authorization<'a> {
    /// The AccessKey id; in V4 the scope of the key comes after it.
    pub(crate) fn access_key_id(&self) -> &'a str {
        self.credential.split_once('/').map_or(self.credential, |(id, _)| id)
    }

    /// The key of a V4 signature: the scope must be of the day on which the request says it was made.
    pub(crate) fn v4_key(&self, secret: &str, date: &str) -> Option<Vec<u8>> {
        let scope: Vec<&str> = self.credential.split('/').skip(1).collect();
        let [day, region, product, "aliyun_v4_request"] = scope[..] else { return None };
        if day != date.get(..10)?.replace('-', "") {
            return None;
        }
        let mut key = format!("aliyun_v4{secret}").into_bytes();
        for part in [day, region, product, "aliyun_v4_request"] {
            let step = hmac::Key::new(hmac::HMAC_SHA256, &key);
            key = hmac::sign(&step, part.as_bytes()).as_ref().to_vec();
        }
        Some(key)
    }
}

/// The headers that a signature must cover.
pub(crate) const MANDATORY: [&str; 5] =
    ["x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

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
