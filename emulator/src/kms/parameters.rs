//! KMS's parameters, and what it says of those that are missing or wrong.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::Duration;

use crate::refusal::Refusal;
use crate::request::{Answer, Request};

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::service(400, "MissingParameter", format!("The parameter {name} is needed but not provided."))
}

/// A condition of a list, as `Filters` names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Filter {
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

impl<'a> Request<'a> {
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, Refusal> {
        self.given(name).ok_or_else(|| missing(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.given(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid_parameter(name)),
        }
    }

    /// The part of a list that the request asks for.
    pub(super) fn page(&self, default_size: usize, items: Vec<Value>, list: [&str; 2]) -> Answer {
        self.numbered_page(items, list, default_size, 100, Refusal::invalid_parameter)
    }

    /// A parameter that holds JSON text.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.given(name)
            .map(|text| serde_json::from_str(text).map_err(|_| Refusal::invalid_parameter(name)))
            .transpose()
    }

    /// A text that has `most` bytes at most.
    pub(super) fn text(&self, name: &str, most: usize) -> Result<Option<&'a str>, Refusal> {
        match self.given(name) {
            Some(text) if text.len() > most => Err(Refusal::invalid_parameter(name)),
            other => Ok(other),
        }
    }

    /// At most ten conditions of the kinds in `known`, each with one to ten values.
    pub(super) fn filters(&self, known: &[&str]) -> Result<Vec<Filter>, Refusal> {
        let filters: Vec<Filter> = self.json("Filters")?.unwrap_or_default();
        let sound = filters.len() <= 10
            && filters
                .iter()
                .all(|one| known.contains(&one.key.as_str()) && (1..=10).contains(&one.values.len()));
        if sound { Ok(filters) } else { Err(Refusal::invalid_parameter("Filters")) }
    }

    /// The name of a new network rule, policy or access point.
    pub(super) fn new_name(&self) -> Result<&'a str, Refusal> {
        let name = self.needed("Name")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.len() <= 64 && name.chars().all(allowed) {
            Ok(name)
        } else {
            Err(Refusal::invalid_parameter("Name"))
        }
    }

    /// An interval like `30d`, `6h`, `3600s`; none if it is not given.
    pub(super) fn interval(&self, least: Duration, most: Duration) -> Result<Option<Duration>, Refusal> {
        const NAME: &str = "RotationInterval";
        let Some(text) = self.given(NAME) else { return Ok(None) };
        let parse = || {
            let unit = text.chars().last()?;
            let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
            let seconds = match unit {
                'd' => 86_400,
                'h' => 3600,
                'm' => 60,
                's' => 1,
                _ => return None,
            };
            let interval = Duration::seconds(number.checked_mul(seconds)?);
            (least..=most).contains(&interval).then_some(interval)
        };
        parse().map(Some).ok_or_else(|| Refusal::invalid_parameter(NAME))
    }
}
