//! Alibaba Cloud's V3 signature, `ACS3-HMAC-SHA256`: over the request, in the Authorization header. See "Request syntax and
//! signature method V3" in Alibaba Cloud's documentation of its OpenAPI.

use std::fmt::Write as _;
use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};

use super::AccessKey;
use crate::date;
use crate::transport::{HttpRequest, Method};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call in the RPC style: parameters stand in the query, and in the few calls that want it so in a form.
pub(crate) struct Call<'a> {
    /// `host` or `host:port`.
    pub(crate) authority: &'a str,
    pub(crate) action: &'a str,
    pub(crate) version: &'a str,
    pub(crate) method: Method,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
    /// Empty for nearly all.
    pub(crate) form: &'a [(&'a str, &'a str)],
    pub(crate) user_agent: &'a str,
}

/// The request that makes `call` at the time `now`, signed with `key`; `nonce` is unique to it. Nothing secret stands in its URL.
pub(crate) fn sign(call: &Call<'_>, key: &AccessKey, now: SystemTime, nonce: &str) -> HttpRequest {
    let query = encode_pairs(call.parameters);
    let body = encode_pairs(call.form).into_bytes();
    let mut signed = vec![
        ("host", call.authority.to_owned()),
        ("x-acs-action", call.action.to_owned()),
        ("x-acs-content-sha256", sha256(&body)),
        ("x-acs-date", date::iso_date(now)),
        ("x-acs-signature-nonce", nonce.to_owned()),
        ("x-acs-version", call.version.to_owned()),
    ];
    if let Some(token) = key.token() {
        signed.push(("x-acs-security-token", token.to_owned()));
    }
    if !body.is_empty() {
        signed.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    }
    signed.sort_unstable_by_key(|(name, _)| *name);
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let text = string_to_sign(call.method, &query, &signed, &names, &body);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.secret()), text.as_bytes());
    let mut headers = vec![
        ("accept", "application/json".to_owned()),
        ("user-agent", call.user_agent.to_owned()),
        (
            "authorization",
            format!(
                "{ALGORITHM} Credential={},SignedHeaders={names},Signature={}",
                key.id(),
                hex(signature.as_ref())
            ),
        ),
    ];
    // The HTTP library writes the host itself, as it stands in the URL.
    headers.extend(signed.into_iter().filter(|(name, _)| *name != "host"));
    HttpRequest { method: call.method, url: format!("https://{}/?{query}", call.authority), headers, body }
}

fn string_to_sign(
    method: Method,
    query: &str,
    headers: &[(&str, String)],
    names: &str,
    body: &[u8],
) -> String {
    let method = match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
    };
    let mut canonical = format!("{method}\n/\n{query}\n");
    for (name, value) in headers {
        canonical.push_str(name);
        canonical.push(':');
        canonical.push_str(value.trim());
        canonical.push('\n');
    }
    canonical.push('\n');
    canonical.push_str(names);
    canonical.push('\n');
    canonical.push_str(&sha256(body));
    format!("{ALGORITHM}\n{}", sha256(canonical.as_bytes()))
}

/// Sorted `name=value` pairs, each percent-encoded, without those that are empty.
pub(super) fn encode_pairs(parameters: &[(&str, &str)]) -> String {
    let mut sorted: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    sorted.sort_unstable();
    let pairs: Vec<_> =
        sorted.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Percent-encoded as RFC 3986 has it.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in Alibaba Cloud's description of the signature, "Fixed parameter example".
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let key = AccessKey::new("YourAccessKeyId", "YourAccessKeySecret", "", "a test").unwrap();
        let call = Call {
            authority: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            method: Method::Post,
            parameters: &[
                ("RegionId", "cn-shanghai"),
                ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
            ],
            form: &[],
            user_agent: "test",
        };
        let now = date::parse_iso_date("2023-10-26T10:22:32Z").unwrap();
        let request = sign(&call, &key, now, "3156853299f313e23d1673dc12e1703d");
        let authorization = &request.headers.iter().find(|(name, _)| *name == "authorization").unwrap().1;
        assert_eq!(
            authorization,
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;\
             x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn a_token_is_signed_and_stands_in_no_url() {
        let key = AccessKey::new("STS.1", "secret", "to/ken+==", "a test").unwrap();
        let call = Call {
            authority: "127.0.0.1:8443",
            action: "GetSecretValue",
            version: "2016-01-20",
            method: Method::Post,
            parameters: &[("SecretName", "a b*+~é/"), ("Empty", "")],
            form: &[],
            user_agent: "test",
        };
        let request = sign(&call, &key, SystemTime::UNIX_EPOCH, "n");
        assert_eq!(request.url, "https://127.0.0.1:8443/?SecretName=a%20b%2A%2B~%C3%A9%2F");
        let header =
            |wanted: &str| request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        assert_eq!(header("x-acs-security-token").unwrap(), "to/ken+==");
        assert!(header("authorization").unwrap().contains(";x-acs-security-token;x-acs-signature-nonce;"));
        assert_eq!(header("host"), None);
    }
}
