//! IMS, version 2019-08-15: the credential report.

use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

pub(crate) fn knows(_action: &str) -> bool {
    false
}

pub(crate) fn act(_request: &mut Request<'_>) -> Answer {
    Err(no_such_action())
}
