//! A gateway as one source describes it, on its way to a checked endpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::endpoint;
use super::gateway::{Gateway, Given};
use super::limits as limit;
use super::settings::{Layer, Settings, Value};
use super::warnings::Warnings;
use super::{EndpointConfig, keys};
use crate::error::{Error, Result};
use crate::identity::IdentityConfig;
use crate::kms::GatewayKind;
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::transport::{self, TransportConfig};

/// A gateway with the source that it came from.
pub(super) struct Described<'a> {
    pub(super) gateway: Gateway,
    pub(super) layer: &'a Layer,
    /// `cache_client_region_id[0]`, or how to call one that came from code.
    pub(super) name: String,
    pub(super) in_code: bool,
}

impl Described<'_> {
    /// What to call a field: by its JSON name, or by the name of its method.
    pub(super) fn subject(&self, json: &str, method: &str) -> String {
        if self.in_code { format!("{method} of {}", self.name) } else { format!("{}.{json}", self.name) }
    }

    /// The V2 client lists an instance among the regions.
    pub(super) fn kind(&self) -> GatewayKind {
        match text(&self.gateway.endpoint).map(endpoint::authority) {
            Some(Ok(authority)) if endpoint::is_instance(&authority) => GatewayKind::Instance,
            _ => self.gateway.kind,
        }
    }

    pub(super) fn endpoint(
        &self,
        settings: &Settings,
        earlier: &[EndpointConfig],
        warnings: &mut Warnings,
    ) -> Result<EndpointConfig> {
        let gateway = &self.gateway;
        let wrong = |subject: String| move |what: String| Error::configuration(format!("{subject} {what}"));
        let region_id = text(&gateway.region_id)
            .map(|id| endpoint::region_id(id).map_err(wrong(self.subject("regionId", "region_id"))))
            .transpose()?;
        let given = text(&gateway.endpoint)
            .map(|host| endpoint::authority(host).map_err(wrong(self.subject("endpoint", "endpoint"))))
            .transpose()?;
        let kind = self.kind();
        let region_id = region_id.or_else(|| given.as_deref().and_then(endpoint::region_of));
        let authority = match (kind, given, &region_id) {
            (_, Some(authority), Some(_)) | (GatewayKind::Instance, Some(authority), None) => Some(authority),
            (GatewayKind::Instance, None, _) => None,
            (GatewayKind::Shared, None, Some(region)) if gateway.vpc => {
                Some(format!("kms-vpc.{region}.aliyuncs.com"))
            }
            (GatewayKind::Shared, None, Some(region)) => Some(format!("kms.{region}.aliyuncs.com")),
            (GatewayKind::Shared, _, None) => {
                let subject = self.subject("regionId", "region_id");
                return Err(warnings.missing(
                    &format!("{subject} is missing"),
                    &[&subject],
                    "expected a region id such as cn-hangzhou",
                ));
            }
        };
        let transport = self.transport(settings)?;
        let environment = |name: &str| settings.places.variable(name)?.into_string().ok();
        let past =
            authority.as_deref().and_then(|host| transport::proxy_passed_over(&transport, host, environment));
        past.into_iter().for_each(|sentence| warnings.push(sentence));
        let identity = self.identity(settings, warnings)?;
        if transport.ignore_ssl_certs {
            warnings.push(format!(
                "{} is true: whoever answers in KMS's place is believed and sees each secret that is asked for; \
                 configure a CA instead",
                self.subject("ignoreSslCerts", "ignore_ssl_certs")
            ));
        }
        if authority.is_none() && matches!(identity, IdentityConfig::AccessKey(_)) {
            let subject = self.subject("endpoint", "endpoint");
            return Err(warnings.missing(
                &format!("{subject} is missing"),
                &[&subject],
                "expected that of the KMS instance, <instance id>.cryptoservice.kms.aliyuncs.com, which only a ClientKey \
                 would name",
            ));
        }
        let identity = earlier
            .iter()
            .map(|endpoint| &endpoint.identity)
            .find(|known| ***known == identity)
            .cloned()
            .unwrap_or_else(|| Arc::new(identity));
        Ok(EndpointConfig { gateway: kind, authority, region_id, identity, transport })
    }

    pub(super) fn base(&self) -> Option<&Path> {
        self.layer.base.as_deref()
    }

    fn transport(&self, settings: &Settings) -> Result<TransportConfig> {
        let gateway = &self.gateway;
        let ca = gateway.ca.as_ref().map(|ca| match ca {
            Given::File(path) => {
                settings.places.find(path, self.base(), &self.subject("caFilePath", "ca_file"))
            }
            Given::Bytes(bytes) => Ok(inline(&self.subject("ca", "ca"), bytes)),
        });
        let timeout = |own, json, key, default| match own {
            Some(timeout) => limit::TIMEOUT.check(&self.subject(json, key), timeout),
            None => settings.duration(key, limit::TIMEOUT, default),
        };
        let proxy = |own: &Option<String>, json, key: &'static str| {
            let (given, subject) = match text(own) {
                Some(own) => (own, self.subject(json, key)),
                None => match settings.text(key) {
                    Some((global, layer)) => (global, layer.subject(key)),
                    None => return Ok(None),
                },
            };
            endpoint::proxy(given).map(Some).map_err(|what| Error::configuration(format!("{subject} {what}")))
        };
        Ok(TransportConfig {
            ca: ca.transpose()?.map(Arc::new),
            more_public_cas: settings.more_public_cas.clone(),
            of_instance: self.kind() == GatewayKind::Instance,
            ignore_ssl_certs: gateway.ignore_ssl_certs,
            connect_timeout: timeout(
                gateway.connect_timeout,
                "connectTimeout",
                keys::CONNECT_TIMEOUT,
                limit::CONNECT_TIMEOUT,
            )?,
            read_timeout: timeout(
                gateway.read_timeout,
                "readTimeout",
                keys::READ_TIMEOUT,
                limit::READ_TIMEOUT,
            )?,
            http_proxy: proxy(&gateway.http_proxy, "httpProxy", keys::HTTP_PROXY)?,
            https_proxy: proxy(&gateway.https_proxy, "httpsProxy", keys::HTTPS_PROXY)?,
            no_proxy: text(&gateway.no_proxy)
                .or_else(|| settings.text(keys::NO_PROXY).map(|(hosts, _)| hosts))
                .map(str::to_owned),
        })
    }
}

pub(super) fn inline(name: &str, bytes: &ProtectedBytes) -> Source {
    Source::Inline { name: name.to_owned(), bytes: ProtectedBytes::copy_from(bytes.as_bytes()) }
}

pub(super) fn path(layer: &Layer, key: &str) -> Option<PathBuf> {
    match layer.values.get(key) {
        Some(Value::Path(path)) => Some(path.clone()),
        _ => layer.text(key).map(PathBuf::from),
    }
}

pub(super) fn bytes(layer: &Layer, key: &str) -> ProtectedBytes {
    match layer.values.get(key) {
        Some(Value::Bytes(bytes)) => ProtectedBytes::copy_from(bytes.as_bytes()),
        Some(Value::Text(text)) => ProtectedBytes::copy_from(text.as_bytes()),
        _ => ProtectedBytes::copy_from(&[]),
    }
}

pub(super) fn text(given: &Option<String>) -> Option<&str> {
    given.as_deref().filter(|text| !text.trim().is_empty())
}
