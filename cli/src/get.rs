//! `kmsak get`

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use clap::{Args, ValueEnum};
use kmsak::{Event, Provider, Secret};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::{secret_json, variables};

const EXAMPLES: &str = "\
Examples:
  kmsak get acs/ram/user/app
  kmsak get acs/ram/user/app --config on_the_cloud.properties --format json
  eval \"$(kmsak get acs/ram/user/app --format env)\"
  kmsak get database-password --format value > password
  kmsak get acs/ram/user/app --version-stage ACSPrevious
  kmsak get acs/ram/user/app --watch";

/// Print a secret: the AccessKey in a managed RAM secret, or any secret's value
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Get {
    /// The secret's name, such as acs/ram/user/app
    secret: String,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// How to print it
    #[arg(long, short, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// The stage label of the version, such as ACSPrevious; asked of KMS each time
    #[arg(long, value_name = "STAGE", conflicts_with = "watch")]
    version_stage: Option<String>,
    /// Stay, and print it again after each change: with JSON, one line each
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The fields of KMS's answer, with AccessKeyId and AccessKeySecret for a managed RAM secret
    Json,
    /// Lines for a shell: export NAME='value'
    Env,
    /// Lines for a .env file: NAME='value', in double quotes where a quote or line end in the value needs it
    Dotenv,
    /// The value alone, byte for byte as KMS holds it
    Value,
}

impl Get {
    pub(crate) fn stays(&self) -> bool {
        self.watch
    }

    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let provider = self.configuration.open()?;
        if self.watch {
            return self.watch(&provider);
        }
        let progress = self.progress();
        let secret = match &self.version_stage {
            Some(stage) => provider.secret_at_stage(&self.secret, stage)?,
            None => provider.secret(&self.secret)?,
        };
        drop(progress);
        self.print(&secret)?;
        Ok(ExitCode::SUCCESS)
    }

    fn watch(&self, provider: &Provider) -> Result<ExitCode, Failure> {
        let (changed, changes) = mpsc::channel();
        let name = self.secret.clone();
        let _subscription = provider.subscribe(move |event| {
            if let Event::Fetched { secret, version_id } = event
                && *secret == name
            {
                // The receiver ends with the program.
                let _ = changed.send(version_id.clone());
            }
        })?;
        let progress = self.progress();
        let mut shown: Arc<Secret> = provider.secret(&self.secret)?;
        drop(progress);
        self.print(&shown)?;
        for version_id in changes {
            if version_id == shown.version_id() {
                continue;
            }
            shown = provider.secret(&self.secret)?;
            self.print(&shown)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn progress(&self) -> Progress {
        Progress::begin(&format!("fetching {}", self.secret))
    }

    fn print(&self, secret: &Secret) -> Result<(), Failure> {
        let text = match self.format {
            Format::Json => {
                let fields = Value::Object(secret_json::of(secret)?);
                let text = if self.watch { format!("{fields}") } else { format!("{fields:#}") };
                (text + "\n").into_bytes()
            }
            Format::Env => {
                lines(secret, |name, value| Ok(format!("export {name}={}\n", shell_quoted(value))))?
            }
            Format::Dotenv => lines(secret, |name, value| Ok(format!("{name}={}\n", dotenv_quoted(value)?)))?,
            Format::Value => {
                let mut bytes = secret.as_bytes().to_vec();
                if self.watch || (std::io::stdout().is_terminal() && !bytes.ends_with(b"\n")) {
                    bytes.push(b'\n');
                }
                bytes
            }
        };
        let mut output = std::io::stdout().lock();
        output
            .write_all(&text)
            .and_then(|()| output.flush())
            .map_err(Failure::doing("cannot write to standard output"))
    }
}

/// One line for each variable of a secret: an AccessKey under the names that everybody reads, or the fields of a
/// value that is a flat JSON object.
fn lines(secret: &Secret, line: impl Fn(&str, &str) -> Result<String, Failure>) -> Result<Vec<u8>, Failure> {
    let mut text = String::new();
    if secret_json::is_ram(secret) {
        let (id, access_key_secret) = secret_json::access_key(secret)?;
        for (name, value) in variables::of(&id, &access_key_secret) {
            text.push_str(&line(name, value)?);
        }
        return Ok(text.into_bytes());
    }
    // Numbers as they are written: 1.10 is a version, and an account id has more digits than a float.
    let Ok(fields) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(secret.as_bytes()) else {
        return Err(Failure::usage(format!(
            "the value of {} is not a JSON object, so its fields have no names: use --format value or json",
            secret.name()
        )));
    };
    for (name, value) in &fields {
        let value = match serde_json::from_str(value.get()) {
            Ok(Value::String(text)) => text,
            Ok(Value::Number(_) | Value::Bool(_)) => value.get().to_owned(),
            Ok(Value::Null) => String::new(),
            Ok(Value::Array(_) | Value::Object(_)) | Err(_) => {
                return Err(Failure::usage(format!(
                    "the field {name:?} of {} is not plain text: use --format value or json",
                    secret.name()
                )));
            }
        };
        if !variables::is_name(name) {
            return Err(Failure::usage(format!(
                "the field {name:?} of {} cannot be the name of a variable: use --format value or json",
                secret.name()
            )));
        }
        if value.contains('\0') {
            return Err(Failure::usage(format!(
                "the field {name:?} of {} holds a NUL, which no variable can: use --format value or json",
                secret.name()
            )));
        }
        text.push_str(&line(name, &value)?);
    }
    Ok(text.into_bytes())
}

/// Safe in any POSIX shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The readers of .env files agree on little: single quotes take everything literally, double quotes know escapes.
fn dotenv_quoted(text: &str) -> Result<String, Failure> {
    if !text.contains(['\'', '\n', '\r']) {
        return Ok(format!("'{text}'"));
    }
    if text.contains(['$', '`']) {
        return Err(Failure::usage(
            "a value holds both quotes or line ends and $ or `, which readers of .env files take differently: use --format env or json",
        ));
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_every_character() {
        assert_eq!(shell_quoted("a'b$c"), r"'a'\''b$c'");
        assert_eq!(dotenv_quoted("a$b\"c").unwrap(), "'a$b\"c'");
        assert_eq!(dotenv_quoted("it's\n\"x\"").unwrap(), "\"it's\\n\\\"x\\\"\"");
        assert!(dotenv_quoted("it's $HOME").is_err());
    }
}
