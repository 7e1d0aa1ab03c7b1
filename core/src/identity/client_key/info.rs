//! What a ClientKey tells of itself without asking KMS.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::field::row;

row! {
    /// What a ClientKey says of itself, none of it secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct ClientKeyInfo {
        /// `KAAP.` and a UUID.
        pub key_id: String,
        /// The KMS instance in the certificate's subject, such as `kst-hzz000000000000000`; none for a ClientKey whose
        /// certificate does not name one.
        pub instance_id: Option<String>,
        /// The start of the ClientKey's validity.
        pub not_before: SystemTime,
        /// The end of the ClientKey's validity.
        pub not_after: SystemTime,
    }
}

impl ClientKeyInfo {
    /// The host of the instance's gateway inside its VPC, such as
    /// `kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com`, where the certificate names an instance.
    #[must_use]
    pub fn instance_endpoint(&self) -> Option<String> {
        self.instance_id.as_ref().map(|id| format!("{id}.cryptoservice.kms.aliyuncs.com"))
    }

    /// The sentence to warn with when `now` lies outside the ClientKey's validity. Not an error: the local clock may
    /// be wrong, and KMS decides.
    #[must_use]
    pub fn validity_warning(&self, now: SystemTime) -> Option<String> {
        self.warning(now, "this machine's clock", "check the clock")
    }

    /// As [`validity_warning`](ClientKeyInfo::validity_warning), `now` being the time that KMS told.
    pub(crate) fn validity_warning_by_kms(&self, now: SystemTime) -> Option<String> {
        self.warning(now, "KMS's clock", "use another ClientKey until then")
    }

    fn warning(&self, now: SystemTime, clock: &str, remedy: &str) -> Option<String> {
        if now > self.not_after {
            Some(format!(
                "the ClientKey {} expired at {}: create a new one in KMS and replace the ClientKey and password files",
                self.key_id,
                rfc3339(self.not_after)
            ))
        } else if now < self.not_before {
            Some(format!(
                "the ClientKey {} is valid from {} only and {clock} says {}: {remedy}",
                self.key_id,
                rfc3339(self.not_before),
                rfc3339(now)
            ))
        } else {
            None
        }
    }
}

fn rfc3339(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_else(|_| "a time out of range".to_owned())
}
