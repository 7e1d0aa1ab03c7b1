//! Who asks KMS.

pub(crate) mod client_key;
