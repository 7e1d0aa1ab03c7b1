//! Which ClientKey and password a gateway is asked with.

use super::described::{Described, bytes, inline, path};
use super::gateway::{Given, GivenPassword};
use super::keys;
use super::settings::Settings;
use super::warnings::Warnings;
use crate::error::{Error, Result};
use crate::identity::client_key::{ClientKeySource, PasswordSource};
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::shown;

impl Described<'_> {
    /// The gateway's own ClientKey and password, each falling back on the one that all gateways share.
    pub(super) fn client_key(&self, settings: &Settings, warnings: &Warnings) -> Result<ClientKeySource> {
        let key = match &self.gateway.client_key {
            Some(Given::File(path)) => {
                settings.places.find(path, self.base(), &self.subject("clientKeyFile", "client_key_file"))?
            }
            Some(Given::Bytes(bytes)) => inline(&self.subject("clientKeyContent", "client_key"), bytes),
            None => self.common_client_key(settings, warnings)?,
        };
        let password = match &self.gateway.password {
            Some(GivenPassword::File(path)) => {
                let subject = self.subject("passwordFromFilePath", "client_key_password_file");
                password_file(settings.places.find_password(path, self.base(), &subject)?)?
            }
            Some(GivenPassword::Environment(name)) => {
                let name = name.trim();
                if !settings.places.is_set(name) {
                    return match common_password(settings)? {
                        Some(password) => Ok(ClientKeySource { key, password }),
                        None => Err(not_set(
                            &self.subject("passwordFromEnvVariable", "client_key_password_env"),
                            name,
                        )),
                    };
                }
                PasswordSource::Environment(name.to_owned())
            }
            Some(GivenPassword::Bytes(bytes)) => {
                let name = self.subject("password", "client_key_password");
                PasswordSource::Inline { name, bytes: ProtectedBytes::copy_from(bytes.as_bytes()) }
            }
            None => common_password(settings)?.ok_or_else(|| self.no_password(warnings))?,
        };
        Ok(ClientKeySource { key, password })
    }

    fn common_client_key(&self, settings: &Settings, warnings: &Warnings) -> Result<Source> {
        let Some(layer) = settings.layer_of(&[keys::CLIENT_KEY_PATH, keys::CLIENT_KEY_CONTENT]) else {
            return Err(self.no_client_key(warnings));
        };
        if let Some(path) = path(layer, keys::CLIENT_KEY_PATH) {
            let subject = layer.subject(keys::CLIENT_KEY_PATH);
            return settings.places.find(&path, layer.base.as_deref(), &subject);
        }
        let name = layer.subject(keys::CLIENT_KEY_CONTENT);
        Ok(Source::Inline { name, bytes: bytes(layer, keys::CLIENT_KEY_CONTENT) })
    }

    fn no_client_key(&self, warnings: &Warnings) -> Error {
        let (place, settings) = if self.in_code {
            (String::new(), "client_key_file in code, of this gateway or for all,")
        } else {
            (format!(" {}", self.layer.origin), "its clientKeyFile, or client_key_private_key_path,")
        };
        warnings.missing(
            &format!("{}{place} has no ClientKey", self.name),
            &[
                &format!("{}.clientKeyFile", self.name),
                &format!("{}.clientKeyContent", self.name),
                keys::CLIENT_KEY_PATH,
                keys::CLIENT_KEY_CONTENT,
            ],
            &format!("set {settings} to the clientKey_****.json file that KMS issued"),
        )
    }

    fn no_password(&self, warnings: &Warnings) -> Error {
        let (place, settings) = if self.in_code {
            (
                String::new(),
                "client_key_password_file, client_key_password_env or client_key_password in code,",
            )
        } else {
            (
                format!(" {}", self.layer.origin),
                "its passwordFromFilePath, or client_key_password_from_file_path, \
                 client_key_password_from_env_variable",
            )
        };
        let field = |field| format!("{}.{field}", self.name);
        warnings.missing(
            &format!("the ClientKey of {}{place} has no password", self.name),
            &[
                &field("passwordFromFilePath"),
                &field("passwordFromFilePathName"),
                &field("passwordFromEnvVariable"),
                &field("password"),
                keys::PASSWORD_PATH,
                keys::PASSWORD_ENV,
                keys::PASSWORD,
            ],
            &format!("set {settings} or the environment variable client_key_password"),
        )
    }
}

/// The password that all gateways share, in the official clients' order: the named environment variable, the file,
/// `client_key_password`.
fn common_password(settings: &Settings) -> Result<Option<PasswordSource>> {
    let layer = settings.layer_of(&[keys::PASSWORD_ENV, keys::PASSWORD_PATH, keys::PASSWORD]);
    let mut unset = None;
    if let Some(layer) = layer {
        if let Some(name) = layer.text(keys::PASSWORD_ENV) {
            if settings.places.is_set(name) {
                return Ok(Some(PasswordSource::Environment(name.to_owned())));
            }
            unset = Some(not_set(&layer.subject(keys::PASSWORD_ENV), name));
        }
        if let Some(path) = path(layer, keys::PASSWORD_PATH) {
            let subject = layer.subject(keys::PASSWORD_PATH);
            return password_file(settings.places.find_password(&path, layer.base.as_deref(), &subject)?)
                .map(Some);
        }
        if layer.values.contains_key(keys::PASSWORD) {
            let password = bytes(layer, keys::PASSWORD);
            if !password.as_bytes().is_empty() {
                let name = layer.subject(keys::PASSWORD);
                return Ok(Some(PasswordSource::Inline { name, bytes: password }));
            }
        }
    }
    if settings.places.is_set(keys::PASSWORD) {
        return Ok(Some(PasswordSource::Environment(keys::PASSWORD.to_owned())));
    }
    unset.map_or(Ok(None), Err)
}

fn not_set(subject: &str, name: &str) -> Error {
    Error::configuration(if shown::is_surely_a_name(name) {
        format!(
            "{subject} names the environment variable {name}, which is not set: set it to the ClientKey's password"
        )
    } else {
        format!(
            "{subject} names an environment variable that is not set (it is not shown, as it may be the password \
             itself): write the name of the variable there, and set that to the ClientKey's password"
        )
    })
}

fn password_file(source: Source) -> Result<PasswordSource> {
    Ok(match source {
        Source::File(path) => PasswordSource::File(path),
        Source::Inline { name, bytes } => PasswordSource::Inline { name, bytes },
    })
}
