//! A client with nothing in common with the emulator's code but the libraries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kmsak_emulator::{AccessKey, AccessKeyStatus, ClientKey, Emulator, OffsetDateTime, StsToken};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message;
use reqwest::blocking::{Client, ClientBuilder, Response};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};

pub(crate) const SECRET: &str = "acs/ram/user/app";

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SecretRequest {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) stage: String,
    #[prost(string, tag = "3")]
    pub(crate) version_id: String,
    #[prost(bool, tag = "4")]
    pub(crate) extended: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SecretAnswer {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) kind: String,
    #[prost(string, tag = "3")]
    pub(crate) data: String,
    #[prost(string, tag = "4")]
    pub(crate) data_type: String,
    #[prost(string, repeated, tag = "5")]
    pub(crate) stages: Vec<String>,
    #[prost(string, tag = "6")]
    pub(crate) version_id: String,
    #[prost(string, tag = "7")]
    pub(crate) created: String,
    #[prost(string, tag = "8")]
    pub(crate) request_id: String,
    #[prost(string, tag = "9")]
    pub(crate) last_rotation: String,
    #[prost(string, tag = "10")]
    pub(crate) next_rotation: String,
    #[prost(string, tag = "11")]
    pub(crate) extended_config: String,
    #[prost(string, tag = "12")]
    pub(crate) automatic: String,
    #[prost(string, tag = "13")]
    pub(crate) interval: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorAnswer {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
    #[prost(string, tag = "2")]
    pub(crate) code: String,
    #[prost(string, tag = "3")]
    pub(crate) message: String,
    #[prost(string, tag = "4")]
    pub(crate) request_id: String,
}

pub(crate) type Headers = Vec<(String, String)>;

/// How long to wait for what comes at once, unless the machine has too much to do.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A client that trusts the emulator's CA and nothing else.
pub(crate) fn https(emulator: &Emulator) -> Client {
    https_builder(emulator).build().unwrap()
}

pub(crate) fn https_builder(emulator: &Emulator) -> ClientBuilder {
    // Another test may have installed it first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = reqwest::Certificate::from_pem_bundle(emulator.ca_pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only(certificates).no_proxy().timeout(PATIENCE)
}

pub(crate) fn private_key(key: &ClientKey) -> RsaKeyPair {
    let json: serde_json::Value = serde_json::from_str(&key.json).unwrap();
    let archive = BASE64.decode(json["PrivateKeyData"].as_str().unwrap()).unwrap();
    let store = p12_keystore::KeyStore::from_pkcs12(
        &archive,
        &key.password,
        p12_keystore::Pkcs12ImportPolicy::Strict,
    )
    .unwrap();
    let (_, chain) = store.private_key_chain().unwrap();
    RsaKeyPair::from_pkcs8(chain.key().as_der()).unwrap()
}

pub(crate) fn rsa_sign(key: &RsaKeyPair, text: &str) -> Vec<u8> {
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    signature
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(crate) fn encode(text: &str) -> String {
    const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, SET).to_string()
}

pub(crate) fn http_date(at: OffsetDateTime) -> String {
    httpdate::fmt_http_date(at.into())
}

pub(crate) fn iso(at: OffsetDateTime) -> String {
    let at = at.replace_nanosecond(0).unwrap();
    at.format(&time::format_description::well_known::Rfc3339).unwrap()
}

/// A request to the instance gateway, before and after signing.
pub(crate) struct InstanceRequest {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl InstanceRequest {
    pub(crate) fn new(emulator: &Emulator, key_id: &str, body: &SecretRequest) -> Self {
        Self::at(emulator.now(), key_id, body.encode_to_vec())
    }

    pub(crate) fn at(now: OffsetDateTime, key_id: &str, body: Vec<u8>) -> Self {
        let headers = [
            ("accept", "application/x-protobuf"),
            ("content-type", "application/x-protobuf"),
            ("date", &http_date(now)),
            ("x-kms-apiversion", "dkms-gcs-0.2"),
            ("x-kms-apiname", "GetSecretValue"),
            ("x-kms-signaturemethod", "RSA_PKCS1_SHA_256"),
            ("x-kms-acccesskeyid", key_id),
            ("content-sha256", &sha256(&body).to_uppercase()),
            ("user-agent", "test"),
        ];
        Self {
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body,
        }
    }

    pub(crate) fn get(&self, name: &str) -> String {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn remove(mut self, name: &str) -> Self {
        self.headers.retain(|(one, _)| one != name);
        self
    }

    pub(crate) fn sign(self, key: &RsaKeyPair) -> Self {
        let mut text = format!(
            "POST\n{}\n{}\n{}\n",
            self.get("content-sha256"),
            self.get("content-type"),
            self.get("date")
        );
        let mut signed: Vec<_> = self.headers.iter().filter(|(name, _)| name.starts_with("x-kms-")).collect();
        signed.sort();
        for (name, value) in signed {
            text.push_str(&format!("{name}:{value}\n"));
        }
        text.push('/');
        let signature = base64(&rsa_sign(key, &text));
        self.set("authorization", &format!("Bearer {signature}"))
    }

    pub(crate) fn send(&self, client: &Client, authority: &str) -> Response {
        let mut request = client.post(format!("https://{authority}/")).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.send().unwrap()
    }
}

/// What `GetSecretValue` through the first instance gateway comes to.
pub(crate) fn fetch(
    emulator: &Emulator,
    client: &Client,
    request: &InstanceRequest,
) -> Result<SecretAnswer, (u16, String, String)> {
    let answer = request.send(client, &emulator.instance_endpoint());
    instance_answer(answer)
}

pub(crate) fn instance_answer(answer: Response) -> Result<SecretAnswer, (u16, String, String)> {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/x-protobuf");
    assert!(answer.headers().contains_key("date"));
    let body = answer.bytes().unwrap();
    if status == 200 {
        return Ok(SecretAnswer::decode(body).unwrap());
    }
    let error = ErrorAnswer::decode(body).unwrap();
    assert_eq!(error.status, i32::from(status));
    assert!(!error.request_id.is_empty());
    Err((status, error.code, error.message))
}

/// A correct fetch of a secret with the emulator's own ClientKey.
pub(crate) fn simple_fetch(
    emulator: &Emulator,
    client: &Client,
    name: &str,
) -> Result<SecretAnswer, (u16, String, String)> {
    let key = emulator.client_key().unwrap();
    let body = SecretRequest { name: name.to_owned(), ..SecretRequest::default() };
    let request = InstanceRequest::new(emulator, &key.key_id, &body).sign(&private_key(&key));
    fetch(emulator, client, &request)
}

/// Parameters of an RPC request.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) parameters: Vec<(String, String)>,
}

impl Rpc {
    pub(crate) fn new(now: OffsetDateTime, version: &str, action: &str, format: &str) -> Self {
        let nonce = uuid::Uuid::new_v4().to_string();
        Self { parameters: Vec::new() }
            .set("Action", action)
            .set("Version", version)
            .set("Format", format)
            .set("Timestamp", &iso(now))
            .set("SignatureNonce", &nonce)
            .set("SignatureVersion", "1.0")
    }

    pub(crate) fn kms(emulator: &Emulator, action: &str) -> Self {
        Self::new(emulator.now(), "2016-01-20", action, "JSON")
    }

    pub(crate) fn secret(emulator: &Emulator) -> Self {
        Self::kms(emulator, "GetSecretValue").set("SecretName", SECRET)
    }

    pub(crate) fn identity(emulator: &Emulator, format: &str) -> Self {
        Self::new(emulator.now(), "2015-04-01", "GetCallerIdentity", format)
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.remove(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn remove(mut self, name: &str) -> Self {
        self.parameters.retain(|(one, _)| one != name);
        self
    }

    fn string_to_sign(&self, method: &str) -> String {
        format!("{method}&%2F&{}", encode(&self.query()))
    }

    /// Names the ClientKey, without a signature yet.
    pub(crate) fn for_client_key(self, key: &ClientKey) -> Self {
        self.set("AccessKeyId", &key.key_id)
            .set("SignatureMethod", "SHA256withRSA")
            .set("SignatureType", "PRIVATEKEY")
    }

    pub(crate) fn sign_rsa(self, method: &str, key: &RsaKeyPair) -> Self {
        let signature = base64(&rsa_sign(key, &self.string_to_sign(method)));
        self.set("Signature", &signature)
    }

    /// Names the AccessKey, without a signature yet.
    pub(crate) fn for_access_key(self, key: &AccessKey) -> Self {
        self.set("AccessKeyId", &key.id).set("SignatureMethod", "HMAC-SHA1")
    }

    pub(crate) fn sign_hmac(self, method: &str, key: &AccessKey) -> Self {
        let algorithm = match self.parameters.iter().any(|(_, value)| value == "HMAC-SHA256") {
            true => hmac::HMAC_SHA256,
            false => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let secret = hmac::Key::new(algorithm, format!("{}&", key.secret).as_bytes());
        let text = self.string_to_sign(method);
        let signature = base64(hmac::sign(&secret, text.as_bytes()).as_ref());
        self.set("Signature", &signature)
    }

    /// Signs with a token of STS, for GET.
    pub(crate) fn sign_with_token(self, token: &StsToken) -> Self {
        let key = temporary_key(token);
        self.for_access_key(&key).set("SecurityToken", &token.security_token).sign_hmac("GET", &key)
    }

    pub(crate) fn query(&self) -> String {
        let mut pairs: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }

    pub(crate) fn post(&self, client: &Client, url: &str) -> Response {
        client.post(format!("{url}/?{}", self.query())).send().unwrap()
    }

    pub(crate) fn get(&self, client: &Client, url: &str) -> Response {
        client.get(format!("{url}/?{}", self.query())).send().unwrap()
    }

    pub(crate) fn form(&self, client: &Client, url: &str) -> Response {
        client
            .post(format!("{url}/"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(self.query())
            .send()
            .unwrap()
    }
}

/// The part of a token that signs.
pub(crate) fn temporary_key(token: &StsToken) -> AccessKey {
    AccessKey {
        id: token.access_key_id.clone(),
        secret: token.access_key_secret.clone(),
        status: AccessKeyStatus::Active,
        created: token.issued,
    }
}

/// The token in an answer of STS or of the metadata service.
pub(crate) fn token_of(emulator: &Emulator, credentials: &serde_json::Value) -> StsToken {
    let id = credentials["AccessKeyId"].as_str().unwrap();
    let known = emulator.sts_tokens().into_iter().find(|one| one.access_key_id == id).unwrap();
    assert_eq!(credentials["AccessKeySecret"], known.access_key_secret.as_str());
    assert_eq!(credentials["SecurityToken"], known.security_token.as_str());
    assert_eq!(credentials["Expiration"], iso(known.expiration));
    known
}

/// The status and the JSON body.
pub(crate) fn json(answer: Response) -> (u16, serde_json::Value) {
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/json"), "{kind}");
    (status, answer.json().unwrap())
}

/// The status and the error code of a JSON body.
pub(crate) fn refusal(answer: Response) -> (u16, String) {
    let (status, body) = json(answer);
    assert!(body["RequestId"].is_string());
    (status, body["Code"].as_str().unwrap_or("").to_owned())
}

/// A V3 request; `secret` signs it unless an RSA key does.
pub(crate) struct Acs3 {
    pub(crate) headers: Headers,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) algorithm: &'static str,
}

impl Acs3 {
    pub(crate) fn new(now: OffsetDateTime, host: &str, version: &str, action: &str) -> Self {
        let nonce = uuid::Uuid::new_v4().to_string();
        let headers = [
            ("host", host),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &sha256(b"")),
            ("x-acs-date", &iso(now)),
            ("x-acs-signature-nonce", &nonce),
            ("x-acs-version", version),
        ];
        Self {
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            query: Vec::new(),
            algorithm: "ACS3-HMAC-SHA256",
        }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(one, _)| one != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn remove(mut self, name: &str) -> Self {
        self.headers.retain(|(one, _)| one != name);
        self
    }

    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    fn query_text(&self) -> String {
        let mut pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.sort();
        pairs.join("&")
    }

    /// Signs with whatever `sign` does with the string to sign.
    pub(crate) fn sign(mut self, credential: &str, sign: impl FnOnce(&str) -> Vec<u8>) -> Self {
        self.headers.sort();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String = self.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let digest = self
            .headers
            .iter()
            .find(|(name, _)| name == "x-acs-content-sha256")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        let canonical = format!("GET\n/\n{}\n{lines}\n{names}\n{digest}", self.query_text());
        let text = format!("{}\n{}", self.algorithm, sha256(canonical.as_bytes()));
        let signature = hex(&sign(&text));
        let header =
            format!("{} Credential={credential},SignedHeaders={names},Signature={signature}", self.algorithm);
        self.headers.push(("authorization".to_owned(), header));
        self
    }

    pub(crate) fn sign_hmac(self, key: &AccessKey) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret.as_bytes());
        self.sign(&key.id, |text| hmac::sign(&secret, text.as_bytes()).as_ref().to_vec())
    }

    pub(crate) fn sign_with_token(self, token: &StsToken) -> Self {
        self.set("x-acs-security-token", &token.security_token).sign_hmac(&temporary_key(token))
    }

    pub(crate) fn send(&self, client: &Client, url: &str) -> Response {
        let mut request = client.get(format!("{url}/?{}", self.query_text()));
        for (name, value) in &self.headers {
            if name != "host" {
                request = request.header(name, value);
            }
        }
        request.send().unwrap()
    }
}
