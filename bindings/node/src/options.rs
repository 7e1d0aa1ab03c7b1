//! The options of `new Provider({...})`. `lib/options.js` has checked the types, which it learns here.

use std::path::Path;
use std::time::Duration;

use kmsak::{Builder, Error, Gateway, Setting, SettingKind, camel_case};
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

/// The name of each option of a provider, or of a gateway, such as `clientKeyFile`, with what it takes: `text`, `bytes`, `path`,
/// `duration`, `count`, `flag` or `texts`.
#[napi(catch_unwind)]
#[cfg_attr(test, allow(dead_code, reason = "napi registers nothing in a test build, which clippy looks at"))]
pub(crate) fn known_options(gateway: bool) -> Vec<Vec<String>> {
    let all: Vec<_> = if gateway { Gateway::options().collect() } else { Builder::options().collect() };
    all.into_iter().map(|(name, kind)| vec![camel_case(name), word(kind).to_owned()]).collect()
}

fn word(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "text",
        SettingKind::Bytes => "bytes",
        SettingKind::Path => "path",
        SettingKind::Duration => "duration",
        SettingKind::Count => "count",
        SettingKind::Flag => "flag",
        SettingKind::Texts => "texts",
        _ => "unknown",
    }
}

/// An option that was given: one of the values is there.
#[napi(object, object_to_js = false)]
pub struct GivenOption {
    /// Its name here.
    pub name: String,
    /// A text, or bytes that were given as such.
    pub text: Option<String>,
    /// Bytes.
    pub bytes: Option<Buffer>,
    /// Milliseconds, or how many.
    pub number: Option<f64>,
    /// Yes or no.
    pub flag: Option<bool>,
    /// A list.
    pub texts: Option<Vec<String>>,
}

/// One gateway.
#[napi(object, object_to_js = false)]
pub struct GatewayOptions {
    /// Whether it is a region's shared one.
    pub shared: bool,
    /// What is said of it.
    pub given: Vec<GivenOption>,
}

/// Where a provider's configuration comes from.
#[napi(object, object_to_js = false)]
pub struct Options {
    /// What is said of it.
    pub given: Vec<GivenOption>,
    /// Names and values as in a properties file.
    pub properties: Option<Vec<Vec<String>>>,
    /// In the order of preference.
    pub gateways: Option<Vec<GatewayOptions>>,
}

impl TryFrom<Options> for Builder {
    type Error = Error;

    fn try_from(options: Options) -> Result<Self, Error> {
        let mut builder = Builder::new().language("node");
        // Node reads it when it starts, and says itself when there is something wrong with the file.
        if let Some(path) = std::env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) {
            builder = builder.more_public_cas(path);
        }
        for property in options.properties.into_iter().flatten() {
            if let [name, value] = property.as_slice() {
                builder = builder.property(name, value.clone());
            }
        }
        for gateway in options.gateways.into_iter().flatten() {
            let made = if gateway.shared { Gateway::shared("") } else { Gateway::instance() };
            let known: Vec<_> = Gateway::options().collect();
            builder = builder.gateway(set(made, gateway.given, &known, Gateway::set)?);
        }
        let known: Vec<_> = Builder::options().collect();
        set(builder, options.given, &known, Builder::set)
    }
}

fn set<T>(
    mut target: T,
    given: Vec<GivenOption>,
    known: &[(&'static str, SettingKind)],
    set: fn(T, &str, Setting<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    for option in given {
        let known = known.iter().find(|(name, _)| camel_case(name) == option.name);
        let (name, kind) = known.copied().unwrap_or((&option.name, SettingKind::Text));
        let text = option.text.unwrap_or_default();
        let texts: Vec<&str> = option.texts.iter().flatten().map(String::as_str).collect();
        let setting = match kind {
            SettingKind::Bytes => Setting::Bytes(option.bytes.as_deref().unwrap_or(text.as_bytes())),
            SettingKind::Path => Setting::Path(Path::new(&text)),
            SettingKind::Duration => Setting::Duration(duration(option.number.unwrap_or_default())),
            // JavaScript lets only what fits pass.
            SettingKind::Count => Setting::Count(option.number.unwrap_or_default() as u32),
            SettingKind::Flag => Setting::Flag(option.flag.unwrap_or_default()),
            SettingKind::Texts => Setting::Texts(&texts),
            _ => Setting::Text(&text),
        };
        target = set(target, name, setting)?;
    }
    Ok(target)
}

pub(crate) fn bytes(value: &Either<String, Buffer>) -> &[u8] {
    match value {
        Either::A(text) => text.as_bytes(),
        Either::B(buffer) => buffer,
    }
}

/// Never panics: JavaScript lets only finite numbers from 0 on pass, and the core knows each setting's limits.
pub(crate) fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1e3).unwrap_or(Duration::MAX)
}
