//! A call of an RPC product, once it is known who calls.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::authentication::{Caller, missing};
use crate::call::Call;
use crate::cloud::Cloud;
use crate::journal::What;
use crate::refusal::Refusal;
use crate::rpc::not_authorized;
use crate::state::State;

/// What the tokens begin with by which lists go on.
const TOKEN: &str = "after-";

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

    /// Lets those pass whom RAM allows the call, in the words of all products but KMS. `product` and `resource` are as in
    /// RAM's policies: `pvtz`, `acs:pvtz:*:<account>:*`.
    pub(crate) fn authorize(&self, product: &str) -> Result<(), Refusal> {
        let resource = format!("acs:{product}:*:{}:*", self.state().account_id);
        if self.permits(&format!("{product}:{}", self.action()), &resource) {
            Ok(())
        } else {
            Err(not_authorized())
        }
    }

    /// A parameter that must be there.
    pub(crate) fn mandatory(&self, name: &str) -> Result<&'a str, Refusal> {
        self.given(name).ok_or_else(|| missing(name))
    }

    /// A number between 1 and `most`; `or` if it is not given.
    pub(crate) fn count(
        &self,
        name: &str,
        or: usize,
        most: usize,
        wrong: impl Fn(&str) -> Refusal,
    ) -> Result<usize, Refusal> {
        let Some(text) = self.given(name) else { return Ok(or) };
        text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| wrong(name))
    }

    /// The part of a list that `PageNumber` and `PageSize` ask for: `list` is what the list and its elements are called.
    pub(crate) fn numbered_page(
        &self,
        items: Vec<Value>,
        [name, inner]: [&str; 2],
        default_size: usize,
        most: usize,
        wrong: impl Fn(&str) -> Refusal,
    ) -> Answer {
        let number = self.count("PageNumber", 1, usize::MAX, &wrong)?;
        let size = self.count("PageSize", default_size, most, &wrong)?;
        let mut answer = json!({"TotalCount": items.len(), "PageNumber": number, "PageSize": size});
        let shown: Vec<Value> =
            items.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
        answer[name] = json!({inner: shown});
        Ok(answer)
    }

    /// The part of a list that `MaxResults` and `NextToken` ask for, and the token for the next part.
    pub(crate) fn after_token(
        &self,
        items: Vec<Value>,
        size: usize,
        wrong: impl Fn(&str) -> Refusal,
    ) -> Result<(Vec<Value>, Option<String>), Refusal> {
        let start = match self.given("NextToken") {
            None => 0,
            Some(text) => text
                .strip_prefix(TOKEN)
                .and_then(|number| number.parse::<usize>().ok())
                .ok_or_else(|| wrong("NextToken"))?,
        };
        let end = start.saturating_add(size);
        let next = (end < items.len()).then(|| format!("{TOKEN}{end}"));
        Ok((items.into_iter().skip(start).take(size).collect(), next))
    }

    /// A list in the style `Name.1`, `Name.2`, ... of the OpenAPI.
    pub(crate) fn repeated(&self, name: &str) -> Vec<&'a str> {
        (1..).map_while(|index| self.given(&format!("{name}.{index}"))).collect()
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
