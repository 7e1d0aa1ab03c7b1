//! Who asks, without secrets.

use std::time::SystemTime;

use crate::error::Error;
use crate::field::row;

row! {
    /// Who asks KMS. No secret is in it.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct IdentityInfo {
        /// As `credentials_type` calls it: `client_key`, `ak`, `sts`, `ram_role`, `ecs_ram_role`, `oidc_role_arn` or `default`.
        pub kind: &'static str,
        /// A ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell.
        pub name: String,
        /// The AccessKey id that signs now, once there is one; none for a ClientKey.
        pub access_key_id: Option<String>,
        /// Where that AccessKey came from, as the official SDKs write it, such as `default/env` or `ram_role_arn/static_ak`.
        pub origin: Option<String>,
        /// When it ends, where it does.
        pub expires: Option<SystemTime>,
        /// Why no newer one could be had, if that is so.
        pub last_error: Option<Error>,
    }
}
