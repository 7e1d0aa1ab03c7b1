//! The errors that the emulated services answer with.

use crate::access_point::Forbidden;

/// Who refuses: the shared gateway's front end and KMS behind it write their errors differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Front,
    Service,
}

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) origin: Origin,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn service(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            origin: Origin::Service,
            retry_after: None,
        }
    }

    pub(crate) fn front(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { origin: Origin::Front, ..Self::service(status, code, message) }
    }

    pub(crate) fn throttled() -> Self {
        Self::service(429, "Rejected.Throttling", "QPS Limit Exceeded")
    }

    pub(crate) fn forbidden(what: &Forbidden, key: &str) -> Self {
        let message = match what {
            Forbidden::Operation => "This operation is forbidden by permission system.".to_owned(),
            Forbidden::Key => {
                format!("This operation for {key} is forbidden by permission system.")
            }
        };
        Self::service(403, "Forbidden.NoPermission", message)
    }

    pub(crate) fn invalid_parameter(name: &str) -> Self {
        Self::service(400, "InvalidParameter", format!("The specified parameter {name} is not valid."))
    }

    pub(crate) fn no_such_secret() -> Self {
        Self::service(404, "Forbidden.ResourceNotFound", "The specified resource is not found.")
    }

    pub(crate) fn no_such_resource() -> Self {
        Self::no_such_secret()
    }

    pub(crate) fn resource_exists() -> Self {
        Self::service(409, "Rejected.ResourceExist", "The specified resource already exists.")
    }

    pub(crate) fn resource_in_use() -> Self {
        Self::service(409, "Rejected.ResourceInUse", "The specified resource is in use.")
    }

    pub(crate) fn in_delete_window() -> Self {
        Self::service(
            409,
            "Rejected.ResourceInDeleteWindow",
            "The specified resource is scheduled to be deleted.",
        )
    }

    pub(crate) fn wrong_method() -> Self {
        Self::front(400, "UnsupportedHTTPMethod", "This http method is not supported.")
    }

    pub(crate) fn internal() -> Self {
        Self::service(500, "InternalFailure", "Internal Failure")
    }

    /// The same of the services that are not KMS.
    pub(crate) fn internal_error() -> Self {
        Self::front(500, "InternalError", "The request processing has failed due to some unknown error.")
    }

    pub(crate) fn no_such_key() -> Self {
        Self::service(404, "Forbidden.KeyNotFound", "The specified Key is not found.")
    }

    pub(crate) fn too_large() -> Self {
        Self::service(413, "RequestEntityTooLarge", "The request entity is too large.")
    }
}
