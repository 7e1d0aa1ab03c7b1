//! RPC calls of all products: who calls, which product is meant, and how answers are written.

use serde_json::{Map, json};
use time::OffsetDateTime;

use crate::authentication::{Caller, authenticate, claimed_access_key, unknown_access_key};
use crate::call::{Call, Outcome, Success};
use crate::cloud::Cloud;
use crate::document::Format;
use crate::journal::What;
use crate::product::Product;
use crate::refusal::{Origin, Refusal};
use crate::request::{Fields, Request, as_fields};
use crate::{actiontrail, config, ims, kms, pvtz, ram, resource_directory, resource_sharing, sts, vpc};

pub(crate) fn answer(
    cloud: &mut Cloud,
    call: &Call,
    now: OffsetDateTime,
    request_id: &str,
    happened: &mut Vec<(OffsetDateTime, What)>,
    private_key: Option<Vec<u8>>,
) -> Outcome {
    let access_key_id = claimed_access_key(call).map(str::to_owned);
    let result = act(cloud, call, now, happened, private_key).map(|(mut fields, version_id)| {
        fields.insert("RequestId".to_owned(), json!(request_id));
        let format = Format::of(call);
        let root = match Product::of(call) {
            Product::Kms => "KMS".to_owned(),
            _ => format!("{}Response", call.action),
        };
        Success { content_type: format.content_type(), body: format.write(&root, &fields), version_id }
    });
    Outcome { access_key_id, result }
}

fn act(
    cloud: &mut Cloud,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
    private_key: Option<Vec<u8>>,
) -> Result<(Fields, Option<String>), Refusal> {
    let product = Product::of(call);
    // The token that it brings is all the proof that it needs.
    if product == Product::Sts && call.action == sts::WITH_OIDC {
        return Ok((sts::assume_role_with_oidc(cloud.first_mut(), call, now, happened)?, None));
    }
    let account = claimed_access_key(call).and_then(|id| cloud.account_of_key(id)).unwrap_or(0);
    let caller = authenticate(&mut cloud.accounts[account], call, product.version(), now)?;
    // A ClientKey is known to KMS alone.
    if product != Product::Kms && matches!(caller, Caller::ClientKey(_)) {
        return Err(unknown_access_key());
    }
    let mut request = Request { cloud, account, caller, call, now, happened, private_key, version_id: None };
    let fields = match product {
        Product::Kms => kms::act(&mut request),
        Product::Ram => ram::api::act(&mut request),
        Product::Ims => ims::act(&mut request),
        Product::Sts => sts::act(&mut request),
        Product::ResourceSharing => resource_sharing::act(&mut request),
        Product::ResourceDirectory => resource_directory::act(&mut request),
        Product::Vpc => vpc::act(&mut request),
        Product::Pvtz => pvtz::act(&mut request),
        Product::Config => config::act(&mut request),
        Product::ActionTrail => actiontrail::act(&mut request),
    }?;
    Ok((as_fields(fields), request.version_id))
}

/// Whether any product has this call.
pub(crate) fn knows(action: &str) -> bool {
    [
        kms::knows,
        ram::api::knows,
        ims::knows,
        sts::knows,
        resource_sharing::knows,
        resource_directory::knows,
        vpc::knows,
        pvtz::knows,
        config::knows,
        actiontrail::knows,
    ]
    .iter()
    .any(|knows| knows(action))
}

/// Whether a call leaves something behind that must outlive a restart.
pub(crate) fn changes(action: &str) -> bool {
    !["Get", "List", "Describe", "BatchGet", "Check", "Lookup"].iter().any(|verb| action.starts_with(verb))
}

pub(crate) fn no_such_action() -> Refusal {
    Refusal::front(
        404,
        "InvalidAction.NotFound",
        "Specified api is not found, please check your url and method.",
    )
}

/// RAM says no, in the words of all products but KMS.
pub(crate) fn not_authorized() -> Refusal {
    Refusal::front(
        403,
        "NoPermission",
        "You are not authorized to do this action. You should be authorized by RAM.",
    )
}

pub(crate) fn write_refusal(call: &Call, refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
    let format = Format::of(call);
    let mut fields = Map::new();
    let from_kms = Product::of(call) == Product::Kms;
    if from_kms && refusal.origin == Origin::Service {
        fields.insert("HttpStatus".to_owned(), json!(refusal.status));
    }
    fields.insert("Code".to_owned(), json!(refusal.code));
    fields.insert("Message".to_owned(), json!(refusal.message));
    fields.insert("RequestId".to_owned(), json!(request_id));
    fields.insert("HostId".to_owned(), json!(call.host));
    let root = if from_kms && refusal.origin == Origin::Service { "KMS" } else { "Error" };
    (format.content_type(), format.write(root, &fields))
}
