//! Where the bytes of a ClientKey, a password or a CA come from, and how they are read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zeroize::Zeroizing;

use super::shown;
use crate::client_key::ClientKey;
use crate::error::{Error, Kind, Result};
use crate::protected::ProtectedBytes;

/// No file that a configuration names has a reason to be larger.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 20;

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

/// Bytes from a file, or given in the configuration.
#[derive(Debug)]
pub(crate) enum Source {
    /// An absolute path.
    File(PathBuf),
    /// From the configuration or from a [`Builder::resources`](super::Builder::resources) look-up; the name says
    /// which, for errors.
    Inline { name: String, bytes: ProtectedBytes },
}

impl Source {
    /// What to call it in a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::File(path) => shown::path(path),
            Source::Inline { name, .. } => name.clone(),
        }
    }

    /// The bytes as they are now.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when the file cannot be read or is over 1 MiB.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        match self {
            Source::File(path) => read_file(path),
            Source::Inline { bytes, .. } => Ok(Zeroizing::new(bytes.as_bytes().to_vec())),
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Source::File(ours), Source::File(theirs)) => ours == theirs,
            (Source::Inline { bytes: ours, .. }, Source::Inline { bytes: theirs, .. }) => {
                ours.as_bytes() == theirs.as_bytes()
            }
            _ => false,
        }
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

    /// The password, without the line ends that files have and out of its JSON form.
    pub(super) fn read(&self) -> Result<Zeroizing<String>> {
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
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Error::configuration(format!(
                "the password from {} is not UTF-8 text: save it as plain text",
                self.name()
            ))
        })?;
        let password = text.trim_end_matches(['\r', '\n', '\0']);
        let password = unwrap_json(password).unwrap_or_else(|| Zeroizing::new(password.to_owned()));
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

/// Some users keep `{"ClientKeyPassword": "..."}`. A password of KMS never has a brace.
fn unwrap_json(text: &str) -> Option<Zeroizing<String>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    match serde_json::from_str::<Value>(text).ok()?.as_object_mut()?.remove("ClientKeyPassword")? {
        Value::String(password) => Some(Zeroizing::new(password)),
        _ => None,
    }
}

/// Reads a whole file of at most 1 MiB.
pub(super) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let shown = shown::path(path);
    let failed = |error: io::Error| Error::configuration(cannot_read(path, &error));
    let size = fs::metadata(path).map_err(failed)?;
    if size.is_dir() {
        return Err(Error::configuration(format!("{shown} is a folder: name the file in it")));
    }
    let file = File::open(path).map_err(failed)?;
    // As large as it will get, for a vector that grows leaves copies behind.
    let capacity = usize::try_from(size.len().min(MAX_FILE_BYTES)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::configuration(format!(
            "{shown} is over 1 MiB, which no file of a configuration is"
        )));
    }
    Ok(bytes)
}

/// The sentence for a file that is there but cannot be read, or is not there.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> String {
    let shown = shown::path(path);
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {shown}: put it there or correct the path"),
        io::ErrorKind::PermissionDenied => {
            format!(
                "{shown} may not be read by this process: let its user read the file and enter the folders above"
            )
        }
        _ => format!("{shown} cannot be read: {error}"),
    }
}
