//! STS 2015-04-01: who the operator is.

use serde::Deserialize;

use super::Product::Sts;
use super::answers::text;
use super::{Action, Request, actions};

actions! {
    WHO = Action::read(Sts, "GetCallerIdentity", &[]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Caller {
    #[serde(default, deserialize_with = "text")]
    pub(crate) account_id: String,
}

pub(crate) fn who() -> Request<Caller> {
    Request::of(&WHO)
}
