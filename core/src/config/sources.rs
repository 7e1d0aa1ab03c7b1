//! What the environment and properties files give.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::properties::{self, Malformed};
use super::settings::{Layer, Origin, Places, Value};
use super::warnings::Warnings;
use super::{DEFAULT_FILE, keys};
use crate::error::{Error, Result};
use crate::lenient_json;
use crate::process::source::{MAX_FILE_BYTES, Source, metadata};
use crate::shown::quoted;

pub(super) fn usual_file_exists(places: &Places) -> bool {
    places.working_directory.as_ref().is_ok_and(|here| metadata(&here.join(DEFAULT_FILE)).is_ok())
        || places.resources.as_ref().is_some_and(|look_up| look_up(DEFAULT_FILE).is_some())
}

pub(super) fn environment_layer(places: &Places) -> Result<Layer> {
    let mut values = BTreeMap::new();
    let mut prefixed = BTreeSet::new();
    for key in keys::ALL {
        let name = keys::prefixed(key);
        let (name, value) = match places.variable(&name) {
            Some(value) => {
                prefixed.insert(*key);
                (name.as_str(), value)
            }
            None if keys::is_read_bare(key) => match (places.environment)(key) {
                Some(value) => (*key, value),
                None => continue,
            },
            None => continue,
        };
        let text = value.into_string().map_err(|_| {
            Error::configuration(format!(
                "the environment variable {name} is not UTF-8: set it to plain text"
            ))
        })?;
        values.insert(*key, Value::Text(Zeroizing::new(text)));
    }
    Ok(Layer { prefixed, ..Layer::new(Origin::Environment, None, values) })
}

pub(super) fn file_layer(
    places: &Places,
    path: &Path,
    subject: &str,
    warnings: &mut Warnings,
) -> Result<Layer> {
    let source = places.find(path, None, subject)?;
    let base = match &source {
        Source::File(path) => path.parent().map(Path::to_path_buf),
        Source::Inline { .. } => None,
    };
    let bytes = source.read()?;
    properties_layer(&bytes, source.name(), base, warnings)
}

pub(super) fn properties_layer(
    bytes: &[u8],
    name: String,
    base: Option<PathBuf>,
    warnings: &mut Warnings,
) -> Result<Layer> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::configuration(format!("{name} is over 1 MiB, which no properties file is")));
    }
    let entries = properties::parse(bytes).map_err(|malformed| {
        Error::configuration(match malformed {
            Malformed::Escape { line } => format!(
                "line {line} of {name} has a \\u without the four hexadecimal digits of a character: write a backslash \
                 as two, or use / in paths"
            ),
            Malformed::Utf16 => format!("{name} is UTF-16: save it as UTF-8"),
        })
    })?;
    let mut values = BTreeMap::new();
    let mut own = BTreeMap::new();
    let mut lines: BTreeMap<&'static str, usize> = BTreeMap::new();
    let referred: Vec<Zeroizing<String>> =
        entries.iter().filter(|entry| refers(&entry.value)).map(|entry| entry.value.clone()).collect();
    // With or without quotes around them.
    let referred: HashSet<&str> = referred
        .iter()
        .flat_map(|list| list.split(|c: char| "\"':=,;{}[]".contains(c)))
        .map(str::trim)
        .collect();
    let mut odd = 0;
    if bytes.trim_ascii().is_empty() {
        warnings.push_in_place_of(format!("{name} is empty: write the settings into it"), keys::REGIONS);
    }
    let mut unfinished = false;
    for entry in entries {
        let known = keys::ALL.iter().copied().find(|key| *key == entry.key);
        if known.is_none() && referred.contains(entry.key.as_str()) {
            own.insert(entry.key, entry.value);
            continue;
        }
        let first = known.and_then(|key| lines.insert(key, entry.line));
        odd += usize::from(known.is_none() || first.is_some());
        match (known, first) {
            _ if odd > MOST_ODD_LINES => {}
            (None, _) => warn_of_unknown_key(&entry, &name, unfinished, warnings),
            (Some(key), Some(first)) => warnings.push(format!(
                "{key} stands on line {first} and on line {} of {name}: the last one counts",
                entry.line
            )),
            (Some(_), None) => {}
        }
        if let Some(key) = known {
            unfinished = is_unfinished(&entry.value);
            values.insert(key, Value::Text(entry.value));
        }
    }
    if odd > MOST_ODD_LINES {
        warnings.push(format!(
            "{} more lines of {name} are no settings or stand there twice: check that it is the properties file",
            odd - MOST_ODD_LINES
        ));
    }
    Ok(Layer { own, ..Layer::new(Origin::Properties(name), base, values) })
}

/// Whether a value refers to others by their names, which may be the writer's own.
fn refers(value: &str) -> bool {
    value.contains("passwordFromFilePathName") || value.contains("passwordFromEnvVariable")
}

/// As many odd lines of one file are told one by one.
const MOST_ODD_LINES: usize = 20;

/// Whether the line of this value ended before the value did.
fn is_unfinished(value: &str) -> bool {
    let value = value.trim();
    value.ends_with(',')
        || (value.starts_with(['[', '{']) && lenient_json::read(value).is_err_and(|fault| fault.breaks_off()))
}

/// The known key that a line begins with which a shell was to read, as in `export secret_names=a`.
fn exported(entry: &properties::Entry) -> Option<&'static str> {
    let (key, _) = entry.value.split_once('=').filter(|_| matches!(entry.key.as_str(), "export" | "set"))?;
    keys::ALL.iter().copied().find(|known| *known == key.trim())
}

/// Says where rather than what when the line may be a stray piece of a value, which may be secret.
fn warn_of_unknown_key(entry: &properties::Entry, name: &str, unfinished: bool, warnings: &mut Warnings) {
    let line = entry.line;
    if let Some(key) = exported(entry) {
        let sentence = format!(
            "line {line} of {name} begins with {} as for a shell, and is ignored: write {key}=..., without quotes around \
             the value",
            entry.key
        );
        warnings.push_in_place_of(sentence, key);
        return;
    }
    let sentence =
        format!("line {line} of {name} has the unknown key {}, which is ignored", quoted(&entry.key));
    if let Some(key) = keys::nearest(&entry.key, keys::ALL) {
        warnings.push_in_place_of(format!("{sentence}: did you mean {key}?"), key);
        return;
    }
    let is_name = entry.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    warnings.push(if is_name && !entry.value.is_empty() && entry.key.len() <= 80 {
        sentence
    } else if !unfinished {
        format!("line {line} of {name} is no setting and is ignored: expected key=value")
    } else {
        format!(
            "line {line} of {name} is no setting and is ignored: a value that goes on over several lines needs a \
             backslash at the end of each line but its last"
        )
    });
}
