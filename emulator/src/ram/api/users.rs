//! The calls about users.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{already_exists, conflict, not_exist, part};
use crate::authentication::Caller;
use crate::clock::iso8601;
use crate::ram::user::{Profile, User};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

pub(crate) fn date(at: Option<OffsetDateTime>) -> String {
    iso8601(at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

fn checked_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let (code, what) = if name.len() > 64 {
        ("Length", "is longer than 64 characters")
    } else if !name.chars().all(allowed) {
        ("InvalidChars", "has other characters than letters, digits and . _ -")
    } else {
        return Ok(());
    };
    Err(Refusal::front(
        400,
        &format!("InvalidParameter.UserName.{code}"),
        format!("The parameter UserName {what}."),
    ))
}

/// The user that a request names; without a name, the caller itself.
pub(super) fn asked(request: &Request<'_>) -> Result<String, Refusal> {
    match (request.given("UserName"), &request.caller) {
        (Some(name), _) => checked_name(name).map(|()| name.to_owned()),
        (None, Caller::User(name)) => Ok(name.clone()),
        (None, _) => Err(crate::authentication::missing("UserName")),
    }
}

pub(super) fn existing<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a User, Refusal> {
    request.state().users.get(name).ok_or_else(|| not_exist("User", name))
}

fn written(user: &User) -> Value {
    json!({
        "UserId": user.id,
        "UserName": user.name,
        "DisplayName": user.profile.display_name,
        "MobilePhone": user.profile.mobile_phone,
        "Email": user.profile.email,
        "Comments": user.profile.comments,
        "CreateDate": date(user.created),
        "UpdateDate": date(user.created),
    })
}

/// Takes over what the request says of a user, in parameters that begin with `prefix`.
fn read(request: &Request<'_>, prefix: &str, profile: &mut Profile) -> Result<(), Refusal> {
    for (name, field) in [
        ("DisplayName", &mut profile.display_name),
        ("MobilePhone", &mut profile.mobile_phone),
        ("Email", &mut profile.email),
        ("Comments", &mut profile.comments),
    ] {
        if let Some(text) = request.given(&format!("{prefix}{name}")) {
            if text.chars().count() > 128 {
                return Err(super::invalid(&format!("{name}.Length")));
            }
            text.clone_into(field);
        }
    }
    Ok(())
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("UserName")?;
    checked_name(name)?;
    request.allow(&format!("user/{name}"))?;
    let mut profile = Profile { display_name: name.to_owned(), ..Profile::default() };
    read(request, "", &mut profile)?;
    if request.state().users.contains_key(name) {
        return Err(already_exists("User", name));
    }
    let now = request.now;
    let user = request.state_mut().create_user(name, &[], now).map_err(|_| super::invalid("UserName"))?;
    user.profile = profile;
    Ok(json!({"User": written(user)}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let name = asked(request)?;
    request.allow(&format!("user/{name}"))?;
    Ok(json!({"User": written(existing(request, &name)?)}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.allow("user/*")?;
    let users = request.state().users.values().map(|user| (user.name.clone(), written(user))).collect();
    part(request, users, "Users", "User")
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = asked(request)?;
    request.allow(&format!("user/{name}"))?;
    let mut user = existing(request, &name)?.clone();
    if request.given("NewUserName").is_some_and(|new| new != name) {
        return Err(Refusal::front(
            400,
            "InvalidParameter.NewUserName",
            "The emulator's users keep their names.",
        ));
    }
    read(request, "New", &mut user.profile)?;
    let answer = json!({"User": written(&user)});
    request.state_mut().users.insert(name, user);
    Ok(answer)
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("UserName")?;
    request.allow(&format!("user/{name}"))?;
    let user = existing(request, name)?;
    if !user.access_keys.is_empty() {
        return Err(conflict("User.AccessKey", "The user still has AccessKeys."));
    }
    if !user.policies.is_empty() {
        return Err(conflict("User.Policy", "The user still has policies."));
    }
    request.state_mut().users.remove(name);
    Ok(json!({}))
}
