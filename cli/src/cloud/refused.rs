//! Why a service did not do what it was asked, and what to do about it: a sentence for each code that its API describes.

use std::time::Duration;

use kmsak::openapi::OpenApiAnswer;

use super::{Action, Product};
use crate::failure::{Failure, exit_code};

#[derive(Debug)]
pub(crate) struct Refused {
    /// The service's own code; empty where there was no answer.
    pub(crate) code: String,
    status: u16,
    pub(crate) retry_after: Option<Duration>,
    sentence: String,
    exit_code: u8,
    network: bool,
    request_id: Option<String>,
    action: Option<&'static Action>,
    access_key_id: Option<String>,
}

/// What some codes of Alibaba Cloud's services begin with.
const BUSY: [&str; 6] =
    ["Throttling", "Rejected.Throttling", "ServiceUnavailable", "SerivceUn", "System.Busy", "InternalError"];

/// What the codes begin with by which a service says that it does not know who asks.
const WHO: [&str; 5] = [
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "MissingSecurityToken",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
];

/// Temporary states that end within minutes.
const FOR_A_WHILE: [&str; 2] = ["Forbidden.KMSInstanceInUpgrade", "Forbidden.RamRoleNotFound"];

impl Refused {
    fn with(sentence: String, exit_code: u8) -> Self {
        Refused {
            code: String::new(),
            status: 0,
            retry_after: None,
            sentence,
            exit_code,
            network: false,
            request_id: None,
            action: None,
            access_key_id: None,
        }
    }

    /// Nobody was asked.
    pub(super) fn local(failure: &Failure) -> Self {
        Refused::with(failure.message().to_owned(), failure.code())
    }

    pub(super) fn unreachable(error: &kmsak::Error) -> Self {
        let mut refused = Refused::with(error.message().to_owned(), exit_code(error.kind()));
        refused.network = error.kind() == kmsak::Kind::Network;
        refused.retry_after = None;
        refused
    }

    pub(super) fn garbled(what: &str) -> Self {
        let sentence = format!(
            "the answer is not what its API describes ({what}): look for a proxy on the way, and check --api-endpoint"
        );
        Refused::with(sentence, 10)
    }

    pub(super) fn answered(answer: &OpenApiAnswer, access_key_id: Option<&str>) -> Self {
        let code = answer.code.clone().unwrap_or_default();
        let mut refused = Refused::with(String::new(), 0);
        refused.exit_code = match answer.status {
            _ if BUSY[..2].iter().any(|busy| code.contains(busy)) => 9,
            429 => 9,
            500.. => 10,
            _ if WHO.iter().any(|begin| code.starts_with(begin)) => 7,
            _ if code == "Forbidden.DKMSInstanceNotFound" => 8,
            404 => 8,
            401 | 403 => 7,
            _ if code.is_empty() => 10,
            _ => 1,
        };
        refused.status = answer.status;
        refused.retry_after = answer.retry_after;
        refused.request_id = answer.request_id.clone();
        refused.access_key_id = access_key_id.map(str::to_owned);
        refused.sentence = match explained(&code) {
            Some(sentence) => sentence.to_owned(),
            None if code.is_empty() => format!(
                "HTTP {} without a code: look for a proxy on the way, and check --api-endpoint",
                answer.status
            ),
            None => match told(&answer.message) {
                words if words.is_empty() => "look the code up in the API's documentation".to_owned(),
                words => format!("the service says: \"{words}\""),
            },
        };
        refused.code = code;
        refused
    }

    pub(super) fn of(mut self, action: &'static Action) -> Self {
        self.action = Some(action);
        self
    }

    /// Turned away before anything was done.
    pub(crate) fn not_carried_out(&self) -> bool {
        self.status == 429 || self.takes_minutes() || BUSY[..2].iter().any(|busy| self.code.contains(busy))
    }

    /// It is turned away for some minutes.
    pub(super) fn takes_minutes(&self) -> bool {
        FOR_A_WHILE.contains(&self.code.as_str())
    }

    /// It may be carried out or not, and may be otherwise in a moment.
    pub(crate) fn passes_by_itself(&self) -> bool {
        self.network
            || self.status >= 500
            || self.not_carried_out()
            || BUSY.iter().any(|busy| self.code.starts_with(busy))
    }

    /// The thing that was asked about is not there.
    pub(crate) fn is_absent(&self) -> bool {
        const ABSENT: [&str; 9] = [
            "Forbidden.ResourceNotFound",
            "Forbidden.KeyNotFound",
            "ResourceNotExists",
            "EntityNotExist.",
            "EntityNotExists.",
            "Zone.NotExists",
            "Zone.Invalid.Id",
            "ConfigRuleNotExists",
            "InvalidAccessKeyId.NotFound.ClientKey",
        ];
        ABSENT.iter().any(|code| self.code.starts_with(code)) || self.is_absent_client_key()
    }

    /// KMS says of a ClientKey that is not there what it says of an AccessKey that is not.
    fn is_absent_client_key(&self) -> bool {
        self.code == "InvalidAccessKeyId.NotFound"
            && self
                .action
                .is_some_and(|action| action.name.ends_with("ClientKey") && action.name != "CreateClientKey")
    }

    /// The thing that was to be made is there already: somebody was quicker.
    pub(crate) fn is_there_already(&self) -> bool {
        let codes =
            ["Rejected.ResourceExist", "EntityAlreadyExist", "Record.Invalid.Conflict", "ConfigRuleExists"];
        codes.iter().any(|code| self.code.starts_with(code))
    }
}

impl From<Box<Refused>> for Failure {
    fn from(refused: Box<Refused>) -> Self {
        let mut message = String::new();
        if let Some(action) = refused.action {
            message.push_str(&format!("{} {}: ", action.product.name(), action.name));
        }
        message.push_str(&refused.sentence);
        if needs_permission(&refused.code)
            && let Some(action) = refused.action
        {
            let who = refused.access_key_id.as_deref().unwrap_or("the operator");
            message.push_str(&format!(" (allow {} to {who})", action.permission()));
            if action.product == Product::ResourceDirectory {
                message.push_str(", of the management account or a delegated administrator");
            }
        }
        if !refused.code.is_empty() {
            message.push_str(&format!(" [code {}]", plain(&refused.code, 100)));
        }
        if let Some(id) = &refused.request_id {
            message.push_str(&format!(" [request id {}]", plain(id, 80)));
        }
        Failure::new(message).with_code(refused.exit_code)
    }
}

fn needs_permission(code: &str) -> bool {
    matches!(
        code,
        "Forbidden.NoPermission" | "NoPermission" | "Forbidden.RAM" | "AggregatorMemberNoPermission"
    ) || code.starts_with("Forbidden.Unauthorized")
}

/// Words of a service, on one line; none of them where they hold what may be a value.
fn told(message: &str) -> String {
    let risky = ["{", "Secret", "Password", "BEGIN"];
    if risky.iter().any(|sign| message.contains(sign)) { String::new() } else { plain(message, 200) }
}

fn plain(text: &str, most: usize) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(most).collect()
}

/// What a code means to the operator. Exact codes first, then what they begin with.
pub(crate) fn explained(code: &str) -> Option<&'static str> {
    let exact = super::refused_codes::EXACT.iter().find(|(known, _)| *known == code);
    let begins = || super::refused_codes::BEGINNINGS.iter().find(|(known, _)| code.starts_with(known));
    exact.or_else(begins).map(|(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::kms;

    fn answered(status: u16, code: &str, message: &str) -> Refused {
        let answer = OpenApiAnswer {
            status,
            body: zeroize::Zeroizing::default(),
            code: Some(code.to_owned()),
            message: message.to_owned(),
            request_id: Some("r-1".to_owned()),
            retry_after: None,
        };
        Refused::answered(&answer, Some("LTAI5t")).of(&kms::CREATE_POLICY)
    }

    fn boxed(status: u16, code: &str, message: &str) -> Box<Refused> {
        Box::new(answered(status, code, message))
    }

    #[test]
    fn a_refusal_says_which_permission_is_missing() {
        let failure = Failure::from(boxed(403, "Forbidden.NoPermission", "no"));
        assert!(failure.message().starts_with("kms CreatePolicy: "), "{}", failure.message());
        assert!(failure.message().contains("allow kms:CreatePolicy to LTAI5t"), "{}", failure.message());
        assert_eq!(failure.code(), 7);
    }

    #[test]
    fn what_may_hold_a_secret_is_not_repeated() {
        let failure = Failure::from(boxed(400, "Strange", "the SecretData {\"x\"} is bad"));
        assert!(!failure.message().contains("{\"x\"}"), "{}", failure.message());
        let failure = Failure::from(boxed(400, "Strange", "the weather\nis bad"));
        assert!(failure.message().contains("\"the weather is bad\""), "{}", failure.message());
    }

    #[test]
    fn a_change_is_repeated_only_where_it_was_turned_away() {
        assert!(answered(429, "Rejected.Throttling", "").not_carried_out());
        assert!(answered(400, "Throttling.User", "").not_carried_out());
        assert!(answered(403, "Forbidden.KMSInstanceInUpgrade", "").not_carried_out());
        let failed = answered(500, "InternalFailure", "");
        assert!(failed.passes_by_itself() && !failed.not_carried_out());
        assert!(answered(503, "SerivceUnvailableTemporary", "").passes_by_itself());
        assert!(!answered(400, "InvalidParameter", "").passes_by_itself());
    }

    #[test]
    fn each_refusal_has_the_exit_code_that_is_documented() {
        for (status, code, exit_code) in [
            (404, "InvalidAccessKeyId.NotFound", 7),
            (400, "InvalidAccessKeyId.Inactive", 7),
            (400, "SignatureDoesNotMatch", 7),
            (400, "InvalidSecurityToken.Expired", 7),
            (400, "MissingSecurityToken", 7),
            (403, "Forbidden.NoPermission", 7),
            (403, "Forbidden.DKMSInstanceNotFound", 8),
            (404, "Forbidden.ResourceNotFound", 8),
            (400, "Throttling.User", 9),
            (503, "SerivceUnvailableTemporary", 10),
            (400, "InvalidParameter", 1),
        ] {
            assert_eq!(Failure::from(boxed(status, code, "")).code(), exit_code, "{code}");
        }
    }
}
