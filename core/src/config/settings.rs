//! The settings of every source, the stronger source first.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{keys, options};
use crate::error::{Error, Result};
use crate::process::protected::ProtectedBytes;
use crate::process::source::{MAX_FILE_BYTES, Source, cannot_read, metadata};
use crate::shown;
use crate::shown::quoted;

/// One setting as it was given.
pub(super) enum Value {
    Text(Zeroizing<String>),
    Path(PathBuf),
    Bytes(ProtectedBytes),
    Duration(Duration),
}

/// Who gave a setting, for messages.
#[derive(Clone)]
pub(super) enum Origin {
    Code,
    Environment,
    Properties(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Code => f.write_str("set in code"),
            Origin::Environment => f.write_str("in the environment"),
            Origin::Properties(name) => write!(f, "in {name}"),
        }
    }
}

/// What one source gives.
pub(super) struct Layer {
    pub(super) origin: Origin,
    /// The second place for relative paths.
    pub(super) base: Option<PathBuf>,
    pub(super) values: BTreeMap<&'static str, Value>,
    /// What stands under names of the writer's own, which a setting may refer to.
    pub(super) own: BTreeMap<String, Zeroizing<String>>,
    /// The keys whose values come from variables with kmsak's prefix.
    pub(super) prefixed: BTreeSet<&'static str>,
}

impl Layer {
    pub(super) fn new(origin: Origin, base: Option<PathBuf>, values: BTreeMap<&'static str, Value>) -> Self {
        Layer { origin, base, values, own: BTreeMap::new(), prefixed: BTreeSet::new() }
    }

    /// What to call the setting `key` of this source.
    pub(super) fn subject(&self, key: &str) -> String {
        let name = match self.origin {
            Origin::Code => options::in_code(key).to_owned(),
            Origin::Environment if self.prefixed.contains(key) => keys::prefixed(key),
            Origin::Environment | Origin::Properties(_) => key.to_owned(),
        };
        format!("{name} {}", self.origin)
    }

    /// The text that stands at `name`, a key or a name of the writer's own, unless it is blank.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.text(name).or_else(|| self.own.get(name).map(|text| text.trim()).filter(|text| !text.is_empty()))
    }

    /// The text that stands at `key`, unless it is blank.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    fn has(&self, key: &str) -> bool {
        match self.values.get(key) {
            Some(Value::Text(text)) => !text.trim().is_empty(),
            other => other.is_some(),
        }
    }
}

/// Finds a resource by name.
pub(super) type Resources = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Reads an environment variable.
pub(super) type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What lies around a configuration.
pub(super) struct Places {
    /// It may be gone, which matters only to relative paths.
    pub(super) working_directory: io::Result<PathBuf>,
    pub(super) resources: Option<Resources>,
    pub(super) environment: Environment,
}

impl Places {
    /// Where `path` may lie: in the working directory, or else in `base`.
    fn candidates(&self, path: &Path, base: Option<&Path>, subject: &str) -> Result<Vec<PathBuf>> {
        if path.is_absolute() {
            return Ok(vec![path.to_owned()]);
        }
        let mut candidates: Vec<PathBuf> = Vec::new();
        for folder in [Some(Path::new("")), base].into_iter().flatten() {
            let folder = match &self.working_directory {
                Ok(here) => here.join(folder),
                Err(_) if folder.is_absolute() => folder.to_owned(),
                Err(_) => continue,
            };
            let candidate = folder.join(path);
            if !candidates.contains(&candidate) {
                candidates.push(candidate);
            }
        }
        match &self.working_directory {
            Err(error) if candidates.is_empty() && self.resources.is_none() => {
                Err(Error::configuration(format!(
                    "{subject} is a relative path, and the working directory cannot be told ({error}): change to one that \
                 exists, or write the whole path"
                )))
            }
            _ => Ok(candidates),
        }
    }

    /// The file that `path` means: in the working directory, else in `base`, else among the resources.
    pub(super) fn find(&self, path: &Path, base: Option<&Path>, subject: &str) -> Result<Source> {
        let candidates = self.candidates(path, base, subject)?;
        let mut denied = None;
        for candidate in &candidates {
            match metadata(candidate) {
                Ok(found) if found.is_dir() => {
                    return Err(Error::configuration(format!(
                        "{subject} names {}, which is a folder: name the file in it",
                        shown::path(candidate)
                    )));
                }
                Ok(_) => return Ok(Source::File(candidate.clone())),
                Err(error) if missing(&error) => {}
                // Under sudo the working directory is often one that the user may not enter.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    denied.get_or_insert_with(|| cannot_read(candidate, &error));
                }
                Err(error) => {
                    return Err(Error::configuration(format!(
                        "{subject}: {}",
                        cannot_read(candidate, &error)
                    )));
                }
            }
        }
        if let Some(resources) = &self.resources
            && let Some(name) = path.to_str()
            && let Some(bytes) = resources(name).map(Zeroizing::new)
        {
            let name = shown::path(path);
            if bytes.len() as u64 > MAX_FILE_BYTES {
                return Err(Error::configuration(format!(
                    "{subject} names the resource {name}, which is over 1 MiB: no file of a configuration is"
                )));
            }
            let bytes = ProtectedBytes::copy_from(&bytes);
            return Ok(Source::Inline { name: format!("the resource {name}"), bytes });
        }
        if let Some(denied) = denied {
            return Err(Error::configuration(format!("{subject}: {denied}")));
        }
        if shown::has_lost_a_backslash(path) {
            return Err(Error::configuration(format!(
                "{subject}: there is no file {}, whose backslashes were read as escapes: write each as \\\\, in JSON inside a \
                 properties file as \\\\\\\\, or as /",
                shown::path(path)
            )));
        }
        let places: Vec<String> = candidates.iter().map(|path| shown::path(path)).collect();
        let resources = if self.resources.is_some() { " nor a resource" } else { "" };
        Err(Error::configuration(match places.as_slice() {
            [only] => {
                format!("{subject}: there is no file {only}{resources}: put it there or correct the path")
            }
            [] => {
                format!(
                    "{subject}: there is no resource {}: put it there or correct the path",
                    shown::path(path)
                )
            }
            _ => format!(
                "{subject}: there is neither {}{resources}: put the file there or correct the path",
                places.join(" nor ")
            ),
        }))
    }

    /// As [`Places::find`], for the file with a password, in the place of whose path the password itself may stand.
    pub(super) fn find_password(&self, path: &Path, base: Option<&Path>, subject: &str) -> Result<Source> {
        self.find(path, base, subject).map_err(|error| {
            if shown::is_surely_a_path(path) {
                return error;
            }
            Error::configuration(format!(
                "{subject} leads to no file that can be read (it is not shown, as it may be the password itself): write \
                 the path of the file that holds the password"
            ))
        })
    }

    /// Where a file that need not exist yet is to be.
    pub(super) fn place(&self, path: &Path, base: Option<&Path>, subject: &str) -> Result<PathBuf> {
        let candidates = self.candidates(path, base, subject)?;
        let is_folder = |path: &Path| metadata(path).is_ok_and(|found| found.is_dir());
        let with_folder = |path: &&PathBuf| path.parent().is_some_and(is_folder);
        candidates
            .iter()
            .find(|path| metadata(path).is_ok_and(|found| found.is_file()))
            .or_else(|| candidates.iter().find(with_folder))
            .cloned()
            .ok_or_else(|| {
                Error::configuration(format!(
                    "{subject}: the folder of {} does not exist: create it or correct the path",
                    shown::path(candidates.first().map_or(path, PathBuf::as_path))
                ))
            })
    }

    /// Where the usual file is looked for, in words.
    pub(super) fn usual_folders(&self) -> String {
        let here = match &self.working_directory {
            Ok(here) => shown::path(here),
            Err(_) => "the working directory, which cannot be told".to_owned(),
        };
        if self.resources.is_some() { format!("{here} and among the resources") } else { here }
    }

    /// An environment variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    pub(super) fn is_set(&self, variable: &str) -> bool {
        // A name with `=` or NUL cannot be asked for.
        !variable.is_empty() && !variable.contains(['=', '\0']) && self.variable(variable).is_some()
    }
}

fn missing(error: &io::Error) -> bool {
    // On Windows no name holds what some lost backslashes leave behind.
    let cannot_be = cfg!(windows) && error.kind() == io::ErrorKind::InvalidFilename;
    cannot_be || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Every source, the strongest first.
pub(super) struct Settings {
    pub(super) layers: Vec<Layer>,
    pub(super) places: Places,
    /// A file of CAs to trust beside the public ones.
    pub(super) more_public_cas: Option<PathBuf>,
}

impl Settings {
    /// The strongest source that gives any of `keys`.
    pub(super) fn layer_of(&self, keys: &[&str]) -> Option<&Layer> {
        self.layers.iter().find(|layer| keys.iter().any(|key| layer.has(key)))
    }

    /// What the strongest properties file among the sources is called.
    pub(super) fn properties(&self) -> Option<&str> {
        self.layers.iter().find_map(|layer| match &layer.origin {
            Origin::Properties(name) => Some(name.as_str()),
            Origin::Code | Origin::Environment => None,
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<(&str, &Layer)> {
        let layer = self.layer_of(&[key])?;
        layer.text(key).map(|text| (text, layer))
    }

    /// Milliseconds, as everywhere in the official clients' configuration.
    pub(super) fn duration(&self, key: &'static str, bounds: Bounds, default: Duration) -> Result<Duration> {
        Ok(self.optional_duration(key, bounds)?.unwrap_or(default))
    }

    pub(super) fn optional_duration(&self, key: &'static str, bounds: Bounds) -> Result<Option<Duration>> {
        let Some(layer) = self.layer_of(&[key]) else { return Ok(None) };
        let subject = layer.subject(key);
        match layer.values.get(key) {
            Some(Value::Duration(duration)) => bounds.check(&subject, *duration).map(Some),
            _ => layer.text(key).map(|text| bounds.parse(&subject, text)).transpose(),
        }
    }

    pub(super) fn count(&self, key: &'static str, least: u32, most: u32, default: u32) -> Result<u32> {
        let Some((text, layer)) = self.text(key) else { return Ok(default) };
        text.parse().ok().filter(|count| (least..=most).contains(count)).ok_or_else(|| {
            Error::configuration(format!(
                "{} is {}: expected a whole number from {least} to {most}",
                layer.subject(key),
                quoted(text)
            ))
        })
    }

    /// A comma separated list without its blanks and repetitions.
    pub(super) fn list(&self, key: &'static str) -> Option<(Vec<String>, &Layer)> {
        let (text, layer) = self.text(key)?;
        let mut known = HashSet::new();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty() && known.insert(*item));
        Some((items.map(str::to_owned).collect(), layer))
    }
}

/// What a number of milliseconds may be.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Bounds {
    pub(super) fn parse(self, subject: &str, text: &str) -> Result<Duration> {
        let text = text.trim();
        let number =
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        match number {
            Some(number) if (self.least..=self.most).contains(&number) => Ok(Duration::from_millis(number)),
            _ => Err(self.wrong(subject, &quoted(text))),
        }
    }

    pub(super) fn check(self, subject: &str, duration: Duration) -> Result<Duration> {
        if duration < Duration::from_millis(self.least) || duration > Duration::from_millis(self.most) {
            return Err(self.wrong(subject, &in_milliseconds(duration)));
        }
        Ok(duration)
    }

    fn wrong(self, subject: &str, given: &str) -> Error {
        Error::configuration(format!(
            "{subject} is {given}: expected a whole number of milliseconds from {} to {}",
            self.least, self.most
        ))
    }
}

/// In the unit that is expected, unless that would hide a part.
fn in_milliseconds(duration: Duration) -> String {
    if duration.subsec_nanos().is_multiple_of(1_000_000) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{duration:?}")
    }
}
