//! A call of an RPC product, once it is known who calls.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::authentication::Caller;
use crate::call::Call;
use crate::cloud::Cloud;
use crate::journal::What;
use crate::refusal::Refusal;
use crate::state::State;

/// The fields of an answer.
pub(crate) type Fields = Map<String, Value>;

/// What a product makes of a request.
pub(crate) type Answer = Result<Value, Refusal>;

pub(crate) struct Request<'a> {
    pub(crate) cloud: &'a mut Cloud,
    /// The caller's account, by its place.
    pub(crate) account: usize,
    pub(crate) caller: Caller,
    pub(crate) call: &'a Call,
    pub(crate) now: OffsetDateTime,
    pub(crate) happened: &'a mut Vec<(OffsetDateTime, What)>,
    /// An RSA key that was made beforehand, if the call may need one.
    pub(crate) private_key: Option<Vec<u8>>,
    /// The version of the secret that the answer holds.
    pub(crate) version_id: Option<String>,
}

impl<'a> Request<'a> {
    pub(crate) fn state(&self) -> &State {
        &self.cloud.accounts[self.account]
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        &mut self.cloud.accounts[self.account]
    }

    pub(crate) fn action(&self) -> &'a str {
        &self.call.action
    }

    /// A parameter that is not empty.
    pub(crate) fn given(&self, name: &str) -> Option<&'a str> {
        self.call.parameter(name).filter(|value| !value.is_empty())
    }

    /// Whether RAM allows the call on a resource; one of another account is named by its own ARN.
    pub(crate) fn permits(&self, action: &str, resource: &str) -> bool {
        self.state().permits(&self.caller, action, resource, self.call.source)
    }

    /// A list of objects, `Name.1.Field`, ...: as many of them as have any of the fields.
    pub(crate) fn repeated_objects<const N: usize>(
        &self,
        name: &str,
        fields: [&str; N],
    ) -> Vec<[Option<&'a str>; N]> {
        (1..)
            .map(|index| fields.map(|field| self.given(&format!("{name}.{index}.{field}"))))
            .take_while(|object| object.iter().any(Option::is_some))
            .collect()
    }
}

pub(crate) fn as_fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
