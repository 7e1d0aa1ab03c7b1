//! IMS 2019-08-15: the credential report, an account's AccessKeys in one answer.

use serde::Deserialize;

use super::Product::Ims;
use super::answers::text;
use super::{Action, Request, actions};

actions! {
    // It makes a report and nothing else, so a look may ask for one.
    GENERATE_REPORT = Action::read(Ims, "GenerateCredentialReport", &[]);
    GET_REPORT = Action::read(Ims, "GetCredentialReport", &["NextToken", "MaxItems*"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReportState {
    /// `STARTED`, `INPROGRESS` or `COMPLETED`.
    #[serde(default)]
    pub(crate) state: String,
}

pub(crate) fn generate_report() -> Request<ReportState> {
    Request::of(&GENERATE_REPORT)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Report {
    /// The base64 of CSV.
    #[serde(default)]
    pub(crate) content: String,
    #[serde(default, deserialize_with = "text")]
    is_truncated: String,
    #[serde(default)]
    next_token: Option<String>,
    #[serde(default)]
    pub(crate) generated_time: String,
}

impl Report {
    pub(crate) fn next(&self) -> Option<String> {
        let truncated = self.is_truncated.eq_ignore_ascii_case("true");
        self.next_token.clone().filter(|token| truncated && !token.is_empty())
    }
}

/// An answer must stay under 1 MiB.
pub(crate) fn get_report(next: Option<&str>) -> Request<Report> {
    Request::of(&GET_REPORT).maybe("NextToken", next).with("MaxItems", 1000)
}
