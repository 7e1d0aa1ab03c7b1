//! Making, changing and deleting resource shares.

use serde_json::json;

use super::associations::{self, Asked};
use super::share::Share;
use super::{conflict, invalid, missing, own_share, permissions};
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

fn checked_name<'a>(request: &Request<'a>) -> Result<Option<&'a str>, Refusal> {
    match request.given("ResourceShareName") {
        Some(name) if name.chars().count() > 50 => Err(invalid("ResourceShareName.Length")),
        other => Ok(other),
    }
}

fn allow_external(request: &Request<'_>) -> Result<Option<bool>, Refusal> {
    match request.given("AllowExternalTargets") {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(invalid("AllowExternalTargets")),
    }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = checked_name(request)?.ok_or_else(|| missing("ResourceShareName"))?;
    let asked = Asked::read(request)?;
    let permissions = permissions::asked(request)?;
    let owner = request.state().account_id.clone();
    let external = allow_external(request)?.unwrap_or(false);
    if request
        .cloud
        .shares
        .iter()
        .any(|share| share.owner == owner && share.name == name && share.deleted.is_none())
    {
        return Err(conflict("EntityAlreadyExists.ResourceShare", "The resource share exists already."));
    }
    asked.check(request, external)?;
    let now = request.now;
    request.cloud.shares.push(Share {
        id: format!("rs-{}", random_text(b"0123456789abcdefghijklmnopqrstuvwxyz", 14)),
        name: name.to_owned(),
        owner,
        allow_external: external,
        created: now,
        updated: now,
        deleted: None,
        permissions,
        associations: Vec::new(),
    });
    let place = request.cloud.shares.len() - 1;
    associations::add(request, place, &asked);
    Ok(json!({"ResourceShare": request.cloud.shares[place].written(now)}))
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let place = own_share(request)?;
    let (name, external) = (checked_name(request)?, allow_external(request)?);
    let now = request.now;
    let share = &mut request.cloud.shares[place];
    if let Some(name) = name {
        name.clone_into(&mut share.name);
    }
    if let Some(external) = external {
        share.allow_external = external;
    }
    share.updated = now;
    Ok(json!({"ResourceShare": share.written(now)}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let place = own_share(request)?;
    let now = request.now;
    let all = Asked::standing(&request.cloud.shares[place]);
    all.check_unused(request, place)?;
    let share = &mut request.cloud.shares[place];
    share.deleted = Some(now);
    share.updated = now;
    for one in share.associations.iter_mut().filter(|one| one.removed.is_none()) {
        one.removed = Some(now);
    }
    Ok(json!({}))
}
