//! The calls that give policies to users and roles, and take them away.

use serde_json::{Value, json};

use super::{already_exists, not_exist, policies, roles, users};
use crate::clock::iso8601;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

/// The user or role whose policies are meant.
enum Holder {
    User(String),
    Role(String),
}

impl Holder {
    fn user(request: &Request<'_>) -> Result<Self, Refusal> {
        let name = request.mandatory("UserName")?;
        request.allow(&format!("user/{name}"))?;
        Ok(Self::User(users::existing(request, name)?.name.clone()))
    }

    fn role(request: &Request<'_>) -> Result<Self, Refusal> {
        let name = request.mandatory("RoleName")?;
        request.allow(&format!("role/{name}"))?;
        Ok(Self::Role(roles::existing(request, name)?.name.clone()))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "User.Policy",
            Self::Role(_) => "Role.Policy",
        }
    }

    fn policies<'a>(&self, request: &'a mut Request<'_>) -> Result<&'a mut Vec<String>, Refusal> {
        let state = request.state_mut();
        match self {
            Self::User(name) => state.users.get_mut(name).map(|user| &mut user.policies),
            Self::Role(name) => state.roles.get_mut(name).map(|role| &mut role.policies),
        }
        .ok_or_else(Refusal::internal)
    }

    fn attach(&self, request: &mut Request<'_>) -> Answer {
        let policy = policies::asked(request)?;
        let list = self.policies(request)?;
        if list.iter().any(|one| one == policy) {
            return Err(already_exists(self.kind(), policy));
        }
        list.push(policy.to_owned());
        Ok(json!({}))
    }

    fn detach(&self, request: &mut Request<'_>) -> Answer {
        let policy = policies::asked(request)?;
        let list = self.policies(request)?;
        let before = list.len();
        list.retain(|one| one != policy);
        if list.len() == before { Err(not_exist(self.kind(), policy)) } else { Ok(json!({})) }
    }

    fn list(&self, request: &mut Request<'_>) -> Answer {
        let names = self.policies(request)?.clone();
        let state = request.state();
        let listed: Vec<Value> = names
            .iter()
            .filter_map(|name| {
                let mut fields = policies::written(state, name)?;
                fields["AttachDate"] = fields["CreateDate"].take();
                Some(fields)
            })
            .collect();
        Ok(json!({"Policies": {"Policy": listed}}))
    }
}

pub(super) fn attach_to_user(request: &mut Request<'_>) -> Answer {
    Holder::user(request)?.attach(request)
}

pub(super) fn detach_from_user(request: &mut Request<'_>) -> Answer {
    Holder::user(request)?.detach(request)
}

pub(super) fn of_user(request: &mut Request<'_>) -> Answer {
    Holder::user(request)?.list(request)
}

pub(super) fn attach_to_role(request: &mut Request<'_>) -> Answer {
    Holder::role(request)?.attach(request)
}

pub(super) fn detach_from_role(request: &mut Request<'_>) -> Answer {
    Holder::role(request)?.detach(request)
}

pub(super) fn of_role(request: &mut Request<'_>) -> Answer {
    Holder::role(request)?.list(request)
}

/// Who has a policy.
pub(super) fn entities(request: &mut Request<'_>) -> Answer {
    let policy = request.mandatory("PolicyName")?;
    request.allow(&format!("policy/{policy}"))?;
    policies::asked(request)?;
    let state = request.state();
    let has = |list: &[String]| list.iter().any(|one| one == policy);
    let users: Vec<Value> = state
        .users
        .values()
        .filter(|user| has(&user.policies))
        .map(|user| {
            json!({
                "UserId": user.id,
                "UserName": user.name,
                "DisplayName": user.profile.display_name,
                "AttachDate": users::date(user.created),
            })
        })
        .collect();
    let roles: Vec<Value> = state
        .roles
        .values()
        .filter(|role| has(&role.policies))
        .map(|role| {
            json!({
                "RoleId": role.id,
                "RoleName": role.name,
                "Arn": state.role_arn(&role.name),
                "Description": role.description,
                "AttachDate": iso8601(role.created),
            })
        })
        .collect();
    Ok(json!({"Groups": {"Group": []}, "Users": {"User": users}, "Roles": {"Role": roles}}))
}
