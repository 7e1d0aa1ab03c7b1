//! What a peer shows of itself to whoever connects, before anything is asked of it: for programs that explain to a
//! person what is wrong.

use std::time::SystemTime;

use crate::certificate::Certificate;

/// See [`Config::probe`](crate::Config::probe).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The server's clock, from the `Date` header of its answer.
    pub date: Option<SystemTime>,
    /// The end of its certificate's validity.
    pub certificate_not_after: Option<SystemTime>,
}

/// The end of the validity of a certificate (DER).
pub(super) fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    Certificate::of(certificate)?.not_after
}
