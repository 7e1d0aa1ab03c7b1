//! Where the bytes of a ClientKey and its password come from.

use std::path::{Path, PathBuf};

use serde_json::Value;
use zeroize::Zeroizing;

use super::ClientKey;
use crate::error::{Error, Kind, Result};
use crate::lenient_json;
use crate::process::protected::ProtectedBytes;
use crate::process::source::{Source, is_utf16, read_file};
use crate::shown;

/// Where a ClientKey comes from. Files are read again when they change.
#[derive(Debug)]
pub(crate) struct ClientKeySource {
    pub(crate) key: Source,
    pub(crate) password: PasswordSource,
}

impl ClientKeySource {
    /// Reads the ClientKey and its password now.
    ///
    /// # Errors
    /// [`Kind::ClientKey`] when either cannot be read or they do not fit each other.
    pub(crate) fn load(&self) -> Result<ClientKey> {
        let as_client_key = |error: Error| Error::new(Kind::ClientKey, error.message());
        let json = self.key.read().map_err(as_client_key)?;
        let password = self.password.read().map_err(as_client_key)?;
        ClientKey::load(&json, &password, &self.key.name(), &self.password.name())
    }

    /// The files to watch: whichever of the ClientKey and its password is a file.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let key = match &self.key {
            Source::File(path) => Some(path.as_path()),
            Source::Inline { .. } => None,
        };
        let password = match &self.password {
            PasswordSource::File(path) => Some(path.as_path()),
            PasswordSource::Environment(_) | PasswordSource::Inline { .. } => None,
        };
        key.into_iter().chain(password).collect()
    }
}

impl PartialEq for ClientKeySource {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.password == other.password
    }
}

/// Where a ClientKey's password comes from.
#[derive(Debug)]
pub(crate) enum PasswordSource {
    /// An absolute path.
    File(PathBuf),
    /// The environment variable's name; read again when the ClientKey is.
    Environment(String),
    /// As [`Source::Inline`].
    Inline { name: String, bytes: ProtectedBytes },
}

impl PasswordSource {
    /// What to call it in a sentence.
    fn name(&self) -> String {
        match self {
            PasswordSource::File(path) => shown::path(path),
            PasswordSource::Environment(name) => format!("the environment variable {name}"),
            PasswordSource::Inline { name, .. } => name.clone(),
        }
    }

    /// The password, out of its JSON form and without the blanks and line ends around it: KMS issues none with such.
    pub(crate) fn read(&self) -> Result<Zeroizing<String>> {
        let bytes = match self {
            PasswordSource::File(path) => read_file(path)?,
            PasswordSource::Environment(name) => {
                let value = std::env::var_os(name).ok_or_else(|| {
                    Error::configuration(format!(
                        "the environment variable {name}, which is to hold the ClientKey's password, is not set"
                    ))
                })?;
                Zeroizing::new(value.into_encoded_bytes())
            }
            PasswordSource::Inline { bytes, .. } => Zeroizing::new(bytes.as_bytes().to_vec()),
        };
        if is_utf16(&bytes) {
            return Err(Error::configuration(format!(
                "the password from {} is UTF-16: save it as UTF-8",
                self.name()
            )));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            Error::configuration(format!(
                "the password from {} is not UTF-8 text: save it as plain text",
                self.name()
            ))
        })?;
        let in_json = unwrap_json(trimmed(text));
        let password =
            Zeroizing::new(trimmed(in_json.as_ref().map_or(text, |text| text.as_str())).to_owned());
        if password.is_empty() {
            return Err(Error::configuration(format!(
                "the password from {} is empty: put the ClientKey's password there",
                self.name()
            )));
        }
        Ok(password)
    }
}

impl PartialEq for PasswordSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (PasswordSource::File(ours), PasswordSource::File(theirs)) => ours == theirs,
            (PasswordSource::Environment(ours), PasswordSource::Environment(theirs)) => ours == theirs,
            (PasswordSource::Inline { bytes: ours, .. }, PasswordSource::Inline { bytes: theirs, .. }) => {
                ours.as_bytes() == theirs.as_bytes()
            }
            _ => false,
        }
    }
}

/// Without blanks and line ends, the marks that nobody sees among them.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || !shown::is_line_safe(character))
}

/// Some users keep `{"ClientKeyPassword": "..."}`. A password of KMS never has a brace.
fn unwrap_json(text: &str) -> Option<Zeroizing<String>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    match lenient_json::read(text).ok()?.as_object_mut()?.remove("ClientKeyPassword")? {
        Value::String(password) => Some(Zeroizing::new(password)),
        _ => None,
    }
}
