//! The two JSON arrays, `cache_client_region_id` and `cache_client_dkms_config_info`.

use std::time::Duration;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::GatewayKind;
use super::gateway::{Gateway, Given, GivenPassword};
use super::keys;
use super::limits::TIMEOUT;
use super::settings::{Layer, Origin, Settings};
use super::warnings::Warnings;
use crate::error::{Error, Result};
use crate::lenient_json::{self, Fault, Place};
use crate::shown;
use crate::shown::quoted;

/// The gateways that `text`, the value of `key` in `layer`, describes.
pub(super) fn read(
    settings: &Settings,
    layer: &Layer,
    key: &'static str,
    text: &str,
    warnings: &mut Warnings,
) -> Result<Vec<Gateway>> {
    let wrong = |what: &str, remedy: &str| no_list(layer, key, what, remedy);
    if text.starts_with(['"', '\'']) {
        return Err(wrong("it stands in quotes", ": leave the quotes around it away"));
    }
    let parsed = lenient_json::read(text).map_err(|fault| no_json(layer, key, &fault))?;
    let Value::Array(elements) = parsed else { return Err(wrong("it is not an array", "")) };
    if elements.is_empty() {
        return Err(wrong("it is empty", ""));
    }
    let mut gateways = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        let Value::Object(fields) = element else {
            return Err(wrong(&format!("element {index} is not an object"), ""));
        };
        let mut element = Element { settings, layer, name: format!("{key}[{index}]"), fields };
        gateways.push(element.gateway(key, warnings)?);
    }
    Ok(gateways)
}

fn no_list(layer: &Layer, key: &str, what: &str, remedy: &str) -> Error {
    const EXAMPLE: &str = r#"[{"regionId":"cn-hangzhou"}]"#;

    let subject = layer.subject(key);
    Error::configuration(format!(
        "{subject} is not a JSON array of objects such as {EXAMPLE} ({what}){remedy}"
    ))
}

/// Says where it goes wrong and never what stands there, which may be a password.
fn no_json(layer: &Layer, key: &str, fault: &Fault) -> Error {
    const JOIN_LINES: &str =
        ": a value that goes on over several lines needs a backslash at the end of each line but its last";
    const QUOTE_FOR_SHELL: &str = ": in a shell, put the whole of it in single quotes";
    const QUOTE: &str = ": put names and texts in double quotes";

    let at = |place: &Place| format!("at character {} of line {}", place.column, place.line);
    let what = match fault {
        Fault::Ends => "it ends before its last bracket".to_owned(),
        Fault::Unclosed(place) => format!("the text that begins {} has no closing quote", at(place)),
        Fault::Backslash(place) => format!("the backslash {} escapes nothing", at(place)),
        Fault::Wrong(place) => format!("it goes wrong {}", at(place)),
    };
    let remedy = match (fault, &layer.origin) {
        // The properties syntax has halved them once before.
        (Fault::Backslash(_), Origin::Properties(_)) => {
            ": write a backslash as \\\\\\\\, or write / in a path"
        }
        (Fault::Backslash(_), _) => ": write a backslash as \\\\, or write / in a path",
        (_, Origin::Environment) => QUOTE_FOR_SHELL,
        (Fault::Ends | Fault::Unclosed(_), Origin::Properties(_)) => JOIN_LINES,
        (Fault::Ends | Fault::Unclosed(_), Origin::Code) => "",
        (Fault::Wrong(_), _) => QUOTE,
    };
    no_list(layer, key, &what, remedy)
}

struct Element<'a> {
    settings: &'a Settings,
    layer: &'a Layer,
    name: String,
    fields: Map<String, Value>,
}

impl Element<'_> {
    fn gateway(&mut self, key: &str, warnings: &mut Warnings) -> Result<Gateway> {
        let kind = if key == keys::INSTANCES { GatewayKind::Instance } else { GatewayKind::Shared };
        let mut gateway = Gateway::new(kind);
        gateway.region_id = self.text("regionId")?;
        gateway.endpoint = self.text("endpoint")?;
        gateway.vpc = self.boolean("vpc")?;
        gateway.credentials_type = self.text("credentialsType")?;
        gateway.ignore_ssl_certs = self.boolean("ignoreSslCerts")?;
        gateway.connect_timeout = self.milliseconds("connectTimeout")?;
        gateway.read_timeout = self.milliseconds("readTimeout")?;
        gateway.http_proxy = self.text("httpProxy")?;
        gateway.https_proxy = self.text("httpsProxy")?;
        gateway.no_proxy = self.text("noProxy")?;
        gateway.client_key = match (self.text("clientKeyFile")?, self.text("clientKeyContent")?) {
            (Some(path), _) => Some(Given::File(path.into())),
            (None, content) => content.map(Given::text),
        };
        gateway.password = self.password()?;
        gateway.ca = self.ca()?;
        self.warn_of_unknown(warnings);
        Ok(gateway)
    }

    fn password(&mut self) -> Result<Option<GivenPassword>> {
        let path = self.text("passwordFromFilePath")?;
        let path_name = self.text("passwordFromFilePathName")?;
        let variable = self.text("passwordFromEnvVariable")?;
        let inline = self.secret("password")?;
        if let Some(path) = path {
            return Ok(Some(GivenPassword::File(path.into())));
        }
        if let Some(variable) = variable {
            let variable = self.variable(variable);
            // The official clients go on to the file when the variable is not set.
            if self.settings.places.is_set(&variable) || (path_name.is_none() && inline.is_none()) {
                return Ok(Some(GivenPassword::Environment(variable)));
            }
        }
        if let Some(name) = path_name {
            let Some(path) = self.indirect(&name) else {
                let shown = if shown::is_surely_a_name(&name) {
                    quoted(&name)
                } else {
                    "what may be the password itself and is not shown".to_owned()
                };
                return Err(Error::configuration(format!(
                    "{}.passwordFromFilePathName names {shown}, but no setting or environment variable of that name \
                     holds the path of a password file: set it, or write the path into passwordFromFilePath",
                    self.name
                )));
            };
            return Ok(Some(GivenPassword::File(path.into())));
        }
        Ok(inline.map(|password| GivenPassword::bytes(password.as_bytes())))
    }

    /// The official clients take `passwordFromEnvVariable` for the name of a setting whose value names the
    /// variable, their documentation takes it for the variable itself; both work here.
    fn variable(&self, given: String) -> String {
        self.layer
            .named(&given)
            .filter(|named| self.settings.places.is_set(named))
            .map_or(given.clone(), str::to_owned)
    }

    fn indirect(&self, name: &str) -> Option<String> {
        self.layer.named(name).map(str::to_owned).or_else(|| {
            let variable =
                self.settings.places.is_set(name).then(|| (self.settings.places.environment)(name))??;
            variable.into_string().ok()
        })
    }

    /// `ca` and the Go client's `caCert` are PEM text, or else the path of a file with it.
    fn ca(&mut self) -> Result<Option<Given>> {
        let path = self.text("caFilePath")?;
        let inline = match self.text("ca")? {
            None => self.text("caCert")?,
            ca => ca,
        };
        Ok(path.map(|path| Given::File(path.into())).or_else(|| {
            inline.map(|ca| if ca.contains("-----BEGIN") { Given::text(ca) } else { Given::File(ca.into()) })
        }))
    }

    fn text(&mut self, field: &str) -> Result<Option<String>> {
        match self.fields.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(field, &other, "a JSON string")),
        }
    }

    /// As [`Element::text`], for what must not be shown.
    fn secret(&mut self, field: &str) -> Result<Option<Zeroizing<String>>> {
        match self.fields.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
            Some(_) => Err(Error::configuration(format!(
                "{}.{field} is not a JSON string: put it in double quotes",
                self.name
            ))),
        }
    }

    fn boolean(&mut self, field: &str) -> Result<bool> {
        match self.fields.remove(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(value),
            // The Java client reads it from a string as well.
            Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text))
                if text.trim().eq_ignore_ascii_case("false") || text.trim().is_empty() =>
            {
                Ok(false)
            }
            Some(other) => Err(self.wrong(field, &other, "true or false")),
        }
    }

    fn milliseconds(&mut self, field: &str) -> Result<Option<Duration>> {
        let subject = format!("{}.{field}", self.name);
        match self.fields.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => TIMEOUT.parse(&subject, &number.to_string()).map(Some),
            Some(Value::String(text)) => TIMEOUT.parse(&subject, &text).map(Some),
            Some(other) => Err(self.wrong(field, &other, "a whole number of milliseconds")),
        }
    }

    fn wrong(&self, field: &str, given: &Value, expected: &str) -> Error {
        let given = match given {
            Value::String(text) => quoted(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Null => "null".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        Error::configuration(format!("{}.{field} is {given}: expected {expected}", self.name))
    }

    fn warn_of_unknown(&mut self, warnings: &mut Warnings) {
        for (field, value) in std::mem::take(&mut self.fields) {
            if let Value::String(mut text) = value {
                text.zeroize();
            }
            let sentence =
                format!("{} has the unknown field {}, which is ignored", self.name, quoted(&field));
            match keys::nearest(&field, keys::FIELDS) {
                Some(meant) => warnings.push_in_place_of(
                    format!("{sentence}: did you mean {meant}?"),
                    &format!("{}.{meant}", self.name),
                ),
                None => warnings.push(sentence),
            }
        }
    }
}
