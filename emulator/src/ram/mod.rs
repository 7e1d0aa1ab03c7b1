//! Resource Access Management: who there is in the account, and what each may do.

pub(crate) mod api;
pub(crate) mod at_start;
pub(crate) mod condition;
pub(crate) mod last_use;
pub(crate) mod oidc_provider;
pub(crate) mod permission;
pub(crate) mod policy;
pub(crate) mod role;
pub(crate) mod sts_token;
pub(crate) mod system_policies;
pub(crate) mod trust;
pub(crate) mod user;
