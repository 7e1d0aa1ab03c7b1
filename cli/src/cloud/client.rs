//! Sends calls: to the right host, again where that does no harm, and told as one of three outcomes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kmsak::openapi::{OpenApi, OpenApiCall};
use serde::de::DeserializeOwned;

use super::Request;
use super::answers::without_nulls;
use super::refused::Refused;
use crate::failure::Failure;

/// Where the services are, and whom to trust there.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServiceArguments {
    /// The region of KMS, such as cn-hangzhou
    #[arg(long, global = true, value_name = "REGION", env = "ALIBABA_CLOUD_REGION_ID")]
    region: Option<String>,
    /// Where all services are, in the place of Alibaba Cloud's own hosts: https://host:port
    #[arg(long, global = true, value_name = "URL", env = "KMSAK_API_ENDPOINT")]
    api_endpoint: Option<String>,
    /// PEM certificates to trust there, in the place of the system's
    #[arg(long, global = true, value_name = "FILE", env = "KMSAK_API_CA_FILE")]
    api_ca_file: Option<PathBuf>,
}

impl ServiceArguments {
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(crate) fn api_ca_file(&self) -> Option<&PathBuf> {
        self.api_ca_file.as_ref()
    }

    /// `host` or `host:port`, where it is given.
    pub(crate) fn authority(&self) -> Result<Option<&str>, Failure> {
        let Some(url) = self.api_endpoint.as_deref() else { return Ok(None) };
        let authority = url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/');
        let fits = !authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' ']);
        if fits {
            return Ok(Some(authority));
        }
        Err(Failure::usage(format!("--api-endpoint is {url:?}: expected https://host or https://host:port")))
    }
}

/// Pauses before a call is sent again.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// Between questions to what is away for minutes, and how often it is asked.
const MINUTES: (Duration, usize) = (Duration::from_secs(10), 30);

/// Longer than this nobody waits for a service that asks for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    pub(crate) services: ServiceArguments,
    api: OpenApi,
}

impl Client {
    pub(crate) fn new(services: &ServiceArguments) -> Result<Self, Failure> {
        let api = OpenApi::new(services.api_ca_file.as_deref(), services.authority()?)?;
        Ok(Client { services: services.clone(), api })
    }

    /// The same as a role of another account.
    pub(crate) fn in_role(&self, arn: &str) -> Result<Self, Failure> {
        Ok(Client { services: self.services.clone(), api: self.api.in_role(arn, "kmsak-audit")? })
    }

    pub(crate) fn api(&self) -> &OpenApi {
        &self.api
    }

    /// The answer. A call that changes something is not sent again where it may have been carried out, unless it has a
    /// `ClientToken`.
    pub(crate) fn send<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<T, Box<Refused>> {
        debug_assert!(request.is_whole(), "{request} lacks something");
        let mut pauses = PAUSES.into_iter();
        let mut long_pauses = std::iter::repeat_n(MINUTES.0, MINUTES.1);
        loop {
            let refused = match self.once(request) {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            let may_repeat = !request.action.whole_list
                && (refused.not_carried_out()
                    || (refused.passes_by_itself()
                        && (!request.action.changes || request.action.has_token())));
            let pause = if refused.takes_minutes() { long_pauses.next() } else { pauses.next() };
            let Some(pause) = pause.filter(|_| may_repeat) else { return Err(refused) };
            let asked = refused.retry_after.unwrap_or_default().min(LONGEST_PAUSE);
            std::thread::sleep(pause.max(asked));
        }
    }

    fn once<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<T, Box<Refused>> {
        let action = request.action;
        let refused = |what: Refused| Box::new(what.of(action));
        let given = self.services.authority().map_err(|failure| refused(Refused::local(&failure)))?;
        let host = given.map(str::to_owned).or_else(|| action.product.host(self.services.region()));
        let Some(authority) = host else {
            let failure = Failure::usage(
                "which region? Name it with --region, such as --region cn-hangzhou, or in ALIBABA_CLOUD_REGION_ID",
            );
            return Err(refused(Refused::local(&failure)));
        };
        let pairs = request.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (form, query): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| action.is_in_body(name));
        let answer = self
            .api
            .call(&OpenApiCall {
                authority: &authority,
                action: action.name,
                version: action.product.version(),
                get: action.get,
                query: &query,
                form: &form,
            })
            .map_err(|error| refused(Refused::unreachable(&error)))?;
        if answer.status != 200 {
            return Err(refused(Refused::answered(&answer, self.api.who().access_key_id.as_deref())));
        }
        let understood = serde_json::from_slice(&answer.body)
            .and_then(|value| serde_json::from_value(without_nulls(value)));
        understood.map_err(|error| {
            // The error of serde_json names lines and types, and no values.
            refused(Refused::garbled(&format!("{:?} at column {}", error.classify(), error.column())))
        })
    }
}
