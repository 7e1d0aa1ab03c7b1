//! What stands in for KMS in a provider for tests: the versions that each secret has, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Kind, Result};
use crate::process::protected::ProtectedBytes;
use crate::secret::Secret;

/// One version of a secret.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) value: Arc<ProtectedBytes>,
    pub(crate) holds_access_key: bool,
}

/// The versions of each secret. Holds no lock, for the sake of forks: a child goes on from where its parent was.
pub(crate) struct Script(BTreeMap<String, Versions>);

struct Versions {
    all: Vec<Version>,
    /// How many were fetched.
    fetched: AtomicUsize,
}

impl Script {
    pub(crate) fn new(secrets: BTreeMap<String, Vec<Version>>) -> Self {
        let versions = |all| Versions { all, fetched: AtomicUsize::new(0) };
        Script(secrets.into_iter().map(|(name, all)| (name, versions(all))).collect())
    }

    /// The next version of `name`; the last one again where there is none.
    pub(crate) fn fetch(&self, name: &str) -> Result<Secret> {
        let versions = self.versions(name)?;
        let next = |fetched: usize| Some((fetched + 1).min(versions.all.len()));
        let fetched = versions.fetched.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let before = fetched.unwrap_or_else(|same| same);
        Ok(versions.secret(name, before.min(versions.all.len() - 1), "ACSCurrent"))
    }

    /// Whether the next fetch of `name` answers another version than the one before.
    pub(crate) fn goes_on(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|versions| versions.fetched.load(Ordering::Relaxed) < versions.all.len())
    }

    /// The version that has the stage label `stage`.
    pub(crate) fn at_stage(&self, name: &str, stage: &str) -> Result<Secret> {
        let versions = self.versions(name)?;
        let current = versions.fetched.load(Ordering::Relaxed).saturating_sub(1);
        let index = match stage {
            "ACSCurrent" => Some(current),
            "ACSPrevious" => current.checked_sub(1),
            _ => None,
        };
        let missing = || not_found(format!("no version of {name} has the stage label {stage} yet"));
        index.map(|index| versions.secret(name, index, stage)).ok_or_else(missing)
    }

    /// The version called `id`, if it was fetched already; as with KMS the current one of a secret that holds an AccessKey.
    pub(crate) fn version(&self, name: &str, id: &str) -> Result<Secret> {
        let versions = self.versions(name)?;
        let current = versions.fetched.load(Ordering::Relaxed).saturating_sub(1);
        let called = (0..=current).find(|index| version_id(*index) == id);
        let managed = versions.all[current].holds_access_key;
        let index = if managed { Some(current) } else { called };
        let index = index.ok_or_else(|| not_found(format!("{name} has no version {id} yet")))?;
        let mut secret = versions.secret(name, index, "ACSCurrent");
        match current - index {
            0 => {}
            1 => secret.version_stages = vec!["ACSPrevious".to_owned()].into(),
            _ => secret.version_stages = Vec::new().into(),
        }
        Ok(secret)
    }

    fn versions(&self, name: &str) -> Result<&Versions> {
        self.0.get(name).filter(|versions| !versions.all.is_empty()).ok_or_else(|| {
            let known: Vec<_> = self.0.keys().map(String::as_str).collect();
            not_found(format!("the provider for tests has no secret {name}, only [{}]", known.join(", ")))
        })
    }
}

impl Versions {
    fn secret(&self, name: &str, index: usize, stage: &str) -> Secret {
        secret(name, index, stage, &self.all[index])
    }
}

/// The secret as KMS would answer it.
pub(crate) fn secret(name: &str, index: usize, stage: &str, version: &Version) -> Secret {
    let value = version.value.as_bytes();
    Secret {
        name: name.into(),
        secret_type: if version.holds_access_key { "RamCredentials" } else { "Generic" }.into(),
        value: ProtectedBytes::copy_from(value),
        binary: std::str::from_utf8(value).is_err(),
        version_id: version_id(index).into(),
        version_stages: vec![stage.to_owned()].into(),
        create_time: None,
        request_id: "".into(),
        last_rotation_date: None,
        next_rotation_date: None,
        rotation_interval: None,
        automatic_rotation: None,
        extended_config: None,
    }
}

fn version_id(index: usize) -> String {
    format!("v{}", index + 1)
}

/// As KMS says it.
fn not_found(message: String) -> Error {
    Error::new(Kind::NotFound, message).with_code("Forbidden.ResourceNotFound").with_http_status(404)
}
