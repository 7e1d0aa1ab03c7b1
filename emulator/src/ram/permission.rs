//! What a caller may do.

use std::net::IpAddr;

use crate::authentication::Caller;
use crate::ram::condition::Context;
use crate::ram::policy::allowed;
use crate::state::State;

impl State {
    /// Whether RAM lets a caller do something. ClientKeys are none of RAM's business: their access points decide.
    pub(crate) fn permits(&self, caller: &Caller, action: &str, resource: &str, source: IpAddr) -> bool {
        let context = Context::from_source(source);
        let by = |names: &[String]| {
            let documents = names.iter().filter_map(|name| self.policy_document(name));
            allowed(documents, action, resource, &context)
        };
        match caller {
            Caller::Root => true,
            Caller::ClientKey(_) => false,
            Caller::User(name) => self.users.get(name).is_some_and(|user| by(&user.policies)),
            Caller::Role(token) => {
                let narrowed = match &token.policy {
                    Some(policy) => allowed(std::iter::once(policy.as_str()), action, resource, &context),
                    None => true,
                };
                narrowed && self.roles.get(&token.role).is_some_and(|role| by(&role.policies))
            }
        }
    }
}
