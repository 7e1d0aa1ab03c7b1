//! Who asks, from code.

use std::path::PathBuf;
use std::time::Duration;

use super::builder::Builder;
use super::settings::Value;
use super::{keys, options};

impl Builder {
    /// Who asks the gateways that have no ClientKey of their own: `client_key`, or in its place `ak`, `sts`, `ram_role`,
    /// `ecs_ram_role`, `oidc_role_arn` or `default`, the chain of the official SDKs.
    pub fn credentials_type(self, credentials_type: impl Into<String>) -> Self {
        self.put_text(keys::CREDENTIALS_TYPE, credentials_type)
    }

    /// The id of the AccessKey that asks (`ak`, `sts`), or that assumes the role (`ram_role`).
    pub fn access_key_id(self, id: impl Into<String>) -> Self {
        self.put_text(keys::ACCESS_KEY_ID, id)
    }

    /// The secret of that AccessKey, which is copied into protected memory.
    pub fn access_key_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.put_bytes(keys::ACCESS_SECRET, secret)
    }

    /// The security token that belongs to the AccessKey, for `sts`.
    pub fn security_token(self, token: impl AsRef<[u8]>) -> Self {
        self.put_bytes(keys::SECURITY_TOKEN, token)
    }

    /// The name of the ECS instance's RAM role, for `ecs_ram_role`; the metadata service names it where this does not.
    pub fn role_name(self, name: impl Into<String>) -> Self {
        self.put_text(keys::ROLE_NAME, name)
    }

    /// The ARN of the role to assume, for `ram_role` and `oidc_role_arn`.
    pub fn role_arn(self, arn: impl Into<String>) -> Self {
        self.put_text(keys::ROLE_ARN, arn)
    }

    /// What the role's session is called in KMS's audit trail, for `ram_role` and `oidc_role_arn`.
    pub fn role_session_name(self, name: impl Into<String>) -> Self {
        self.put_text(keys::ROLE_SESSION_NAME, name)
    }

    /// How long an assumed role's token lasts: an hour unless told, in whole seconds from 15 min to 12 h.
    pub fn role_session_duration(self, duration: Duration) -> Self {
        self.put(keys::DURATION_SECONDS, options::duration(keys::DURATION_SECONDS, duration))
    }

    /// A RAM policy, as JSON, that narrows what an assumed role may do.
    pub fn role_policy(self, policy: impl Into<String>) -> Self {
        self.put_text(keys::POLICY, policy)
    }

    /// The external id that the role's trust policy asks for, for `ram_role`.
    pub fn role_external_id(self, id: impl Into<String>) -> Self {
        self.put_text(keys::EXTERNAL_ID, id)
    }

    /// Who assumes the role, for `ram_role`: `ak` unless told, `ecs_ram_role`, `oidc_role_arn` or `default`.
    pub fn role_source_type(self, source_type: impl Into<String>) -> Self {
        self.put_text(keys::SOURCE_TYPE, source_type)
    }

    /// The ARN of the OIDC identity provider, for `oidc_role_arn`; the environment's `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` where this does
    /// not name one.
    pub fn oidc_provider_arn(self, arn: impl Into<String>) -> Self {
        self.put_text(keys::OIDC_PROVIDER_ARN, arn)
    }

    /// The file with the OIDC token, which is read anew each time, for `oidc_role_arn`; the environment's
    /// `ALIBABA_CLOUD_OIDC_TOKEN_FILE` where this does not name one.
    pub fn oidc_token_file(self, path: impl Into<PathBuf>) -> Self {
        self.put(keys::OIDC_TOKEN_FILE_PATH, Value::Path(path.into()))
    }

    /// Where an ECS instance asks for its role: `http://100.100.100.200` unless told.
    pub fn ecs_metadata_endpoint(self, endpoint: impl Into<String>) -> Self {
        self.put_text(keys::ECS_METADATA_ENDPOINT, endpoint)
    }

    /// The region whose STS is asked for a role.
    pub fn sts_region_id(self, region_id: impl Into<String>) -> Self {
        self.put_text(keys::STS_REGION_ID, region_id)
    }

    /// The STS to ask for a role, `host` or `host:port`; it wins over the region.
    pub fn sts_endpoint(self, endpoint: impl Into<String>) -> Self {
        self.put_text(keys::STS_ENDPOINT, endpoint)
    }

    /// A file of PEM certificates to trust instead of the public CAs where STS is asked.
    pub fn sts_ca_file(self, path: impl Into<PathBuf>) -> Self {
        self.put(keys::STS_CA_FILE_PATH, Value::Path(path.into()))
    }
}
