//! An OIDC provider of the account, the issuer that it speaks of, and the issuer's tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::error::{Error, doing};
use crate::random_text;
use crate::state::State;

const ISSUER: &str = "https://oidc.emulator.example";
const AUDIENCE: &str = "sts.aliyuncs.com";
const SUBJECT: &str = "system:serviceaccount:default:app";
/// How long a token is valid unless its maker says otherwise.
const LIFETIME: Duration = Duration::hours(1);

/// An OIDC provider, as RAM knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Its name.
    pub name: String,
    /// The `iss` of the tokens that it stands for.
    pub issuer: String,
    /// The audiences that it takes.
    pub client_ids: Vec<String>,
    /// Fingerprints of the issuer's certificates. Tokens are refused with `PublicKeyFingerprintMismatch` while the
    /// issuer's own is not among them.
    pub fingerprints: Vec<String>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcClaims {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `aud`
    pub audience: String,
    /// `iat` and `nbf`
    pub issued: OffsetDateTime,
    /// `exp`
    pub expires: OffsetDateTime,
}

/// The one issuer whose signature the emulator can make, and the provider that stands for it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OidcIssuer {
    /// PKCS#8, in base64.
    key: String,
    /// Of the certificate that the issuer would show on the Internet.
    fingerprint: String,
    pub(crate) provider: OidcProvider,
}

/// Why a token was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    Invalid,
    Expired,
    PublicKeyFingerprintMismatch,
}

impl OidcIssuer {
    pub(crate) fn create(name: &str) -> Result<Self, Error> {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| Error::new("generating the OIDC issuer's key failed"))?;
        let fingerprint = random_text(b"0123456789abcdef", 40);
        Ok(Self {
            key: BASE64.encode(key),
            provider: OidcProvider {
                name: name.to_owned(),
                issuer: ISSUER.to_owned(),
                client_ids: vec![AUDIENCE.to_owned()],
                fingerprints: vec![fingerprint.clone()],
            },
            fingerprint,
        })
    }

    fn key(&self) -> Result<EcdsaKeyPair, Error> {
        let bytes = BASE64.decode(&self.key).map_err(doing("reading the OIDC issuer's key"))?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new())
            .map_err(doing("reading the OIDC issuer's key"))
    }

    /// A token as JSON Web Token, signed with ES256.
    pub(crate) fn sign(&self, claims: &OidcClaims) -> Result<String, Error> {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "ES256", "typ": "JWT", "kid": "1"}));
        let body = part(json!({
            "iss": claims.issuer,
            "sub": claims.subject,
            "aud": [claims.audience],
            "iat": claims.issued.unix_timestamp(),
            "nbf": claims.issued.unix_timestamp(),
            "exp": claims.expires.unix_timestamp(),
        }));
        let signed = format!("{header}.{body}");
        let signature = self
            .key()?
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| Error::new("signing an OIDC token failed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What a token says, if it comes from the issuer, is meant for the provider and valid now.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Result<OidcClaims, BadToken> {
        let invalid = || BadToken::Invalid;
        let (signed, signature) = token.rsplit_once('.').ok_or_else(invalid)?;
        let (header, body) = signed.split_once('.').ok_or_else(invalid)?;
        let decode = |text: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        if decode(header).ok_or_else(invalid)?["alg"] != "ES256" {
            return Err(invalid());
        }
        let body = decode(body).ok_or_else(invalid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| invalid())?;
        let key = self.key().map_err(|_| invalid())?;
        if !self.provider.fingerprints.contains(&self.fingerprint) {
            return Err(BadToken::PublicKeyFingerprintMismatch);
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| invalid())?;
        let text = |name: &str| body[name].as_str().map(str::to_owned).ok_or_else(invalid);
        let time = |name: &str| {
            body[name]
                .as_i64()
                .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
                .ok_or_else(invalid)
        };
        let audience = match &body["aud"] {
            Value::Array(list) => list.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        let claims = OidcClaims {
            issuer: text("iss")?,
            subject: text("sub")?,
            audience: audience.ok_or_else(invalid)?.to_owned(),
            issued: time("iat")?,
            expires: time("exp")?,
        };
        if claims.issuer != self.provider.issuer || !self.provider.client_ids.contains(&claims.audience) {
            return Err(invalid());
        }
        if claims.expires <= now {
            return Err(BadToken::Expired);
        }
        if claims.issued > now {
            return Err(invalid());
        }
        Ok(claims)
    }
}

impl State {
    pub(crate) fn oidc_provider_arn(&self, name: &str) -> String {
        format!("acs:ram::{}:oidc-provider/{name}", self.account_id)
    }

    pub(crate) fn oidc_issuer(&self) -> Result<&OidcIssuer, Error> {
        self.oidc.as_ref().ok_or_else(|| Error::new("this emulator has no OIDC provider"))
    }

    /// The claims of a token that the provider takes.
    pub(crate) fn oidc_claims(&self, now: OffsetDateTime) -> Result<OidcClaims, Error> {
        let provider = &self.oidc_issuer()?.provider;
        Ok(OidcClaims {
            issuer: provider.issuer.clone(),
            subject: SUBJECT.to_owned(),
            audience: provider.client_ids.first().cloned().unwrap_or_default(),
            issued: now,
            expires: now + LIFETIME,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_right_token_is_taken() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let issuer = OidcIssuer::create("p").unwrap();
        let right = OidcClaims {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            audience: AUDIENCE.to_owned(),
            issued: now,
            expires: now + Duration::SECOND,
        };
        let token = issuer.sign(&right).unwrap();
        assert_eq!(issuer.verify(&token, now), Ok(right.clone()));
        assert_eq!(issuer.verify(&token, right.expires), Err(BadToken::Expired));
        for wrong in [
            OidcClaims { issuer: "https://elsewhere".to_owned(), ..right.clone() },
            OidcClaims { audience: "other".to_owned(), ..right.clone() },
            OidcClaims { issued: now + Duration::MINUTE, ..right.clone() },
        ] {
            assert_eq!(
                issuer.verify(&issuer.sign(&wrong).unwrap(), now),
                Err(BadToken::Invalid),
                "{wrong:?}"
            );
        }
        let stranger = OidcIssuer::create("p").unwrap();
        assert_eq!(issuer.verify(&stranger.sign(&right).unwrap(), now), Err(BadToken::Invalid));
        for garbage in ["", "a.b", "a.b.c", &token[..token.len() - 4], &format!("{token}.x")] {
            assert_eq!(issuer.verify(garbage, now), Err(BadToken::Invalid), "{garbage}");
        }
        let mut moved = issuer.clone();
        moved.provider.fingerprints = vec!["00".to_owned()];
        assert_eq!(moved.verify(&token, now), Err(BadToken::PublicKeyFingerprintMismatch));
    }
}
