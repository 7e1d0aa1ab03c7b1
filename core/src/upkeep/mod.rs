//! Keeping secrets current: who is asked, when and how often, what is cached, and what follows a rejected AccessKey.

pub(crate) mod backoff;
pub(crate) mod cache;
pub(crate) mod cache_file;
pub(crate) mod client_key_expiry;
mod clock_watch;
pub(crate) mod endpoint;
pub(crate) mod environment;
pub(crate) mod fetch;
mod file_watch;
pub(crate) mod keeper;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod schedule;
pub(crate) mod script;
pub(crate) mod token_bucket;
pub(crate) mod turns;
