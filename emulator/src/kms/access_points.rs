//! The calls about application access points.

use serde_json::{Value, json};

use super::NamedAccessPoint;
use crate::journal::What;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const METHOD: &str = "ClientKey";
const MOST_POLICIES: usize = 3;

fn existing<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a NamedAccessPoint, Refusal> {
    request.state().named_access_points.get(name).ok_or_else(Refusal::no_such_resource)
}

fn policies(request: &Request<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let policies: Option<Vec<String>> = request.json("Policies")?;
    if let Some(list) = &policies {
        if list.is_empty() || list.len() > MOST_POLICIES {
            return Err(Refusal::invalid_parameter("Policies"));
        }
        if !list.iter().all(|name| request.state().permission_policies.contains_key(name)) {
            return Err(Refusal::no_such_resource());
        }
    }
    Ok(policies)
}

fn written(request: &Request<'_>, point: &NamedAccessPoint) -> Value {
    json!({
        "Arn": request.arn(&format!("applicationaccesspoint/{}", point.name)),
        "Name": point.name,
        "AuthenticationMethod": METHOD,
        "Policies": json!(point.policies).to_string(),
        "Description": point.description,
    })
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.new_name()?;
    request.permit(&format!("applicationaccesspoint/{name}"))?;
    if request.given("AuthenticationMethod").is_some_and(|method| method != METHOD) {
        return Err(Refusal::invalid_parameter("AuthenticationMethod"));
    }
    request.needed("Policies")?;
    let policies = policies(request)?.unwrap_or_default();
    let description = request.text("Description", 8192)?.unwrap_or("").to_owned();
    if request.state().named_access_points.contains_key(name) {
        return Err(Refusal::resource_exists());
    }
    let point = NamedAccessPoint { name: name.to_owned(), description, policies };
    let answer = written(request, &point);
    request.state_mut().named_access_points.insert(name.to_owned(), point);
    request.state_mut().resolve_access_points();
    Ok(answer)
}

pub(super) fn describe(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("applicationaccesspoint/{name}"))?;
    Ok(written(request, existing(request, name)?))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.permit("applicationaccesspoint/*")?;
    let names = request.state().named_access_points.keys();
    let points = names.map(|name| json!({"Name": name, "AuthenticationMethod": METHOD})).collect();
    request.page(20, points, ["ApplicationAccessPoints", "ApplicationAccessPoint"])
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("applicationaccesspoint/{name}"))?;
    let mut point = existing(request, name)?.clone();
    if let Some(policies) = policies(request)? {
        point.policies = policies;
    }
    if let Some(description) = request.text("Description", 8192)? {
        description.clone_into(&mut point.description);
    }
    request.state_mut().named_access_points.insert(name.to_owned(), point);
    request.state_mut().resolve_access_points();
    Ok(json!({}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("applicationaccesspoint/{name}"))?;
    existing(request, name)?;
    let now = request.now;
    let revoked = request.state_mut().delete_access_point(name);
    request.happened.extend(revoked.into_iter().map(|key_id| (now, What::ClientKeyRevoked { key_id })));
    Ok(json!({}))
}
