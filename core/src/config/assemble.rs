//! From the settings of all sources to one checked [`Config`].

use std::path::{Path, PathBuf};

use super::described::{Described, path};
use super::gateway::Gateway;
use super::limits as limit;
use super::settings::{Origin, Settings};
use super::warnings::Warnings;
use super::{
    CONFIG_VARIABLE, Config, DEFAULT_FILE, EndpointConfig, RefreshConfig, RenewalConfig, keys, lists,
};
use crate::error::{Error, Result};
use crate::rejection::Rejections;
use crate::secret::MOST_FLEET_SIZE;
use crate::secret::name::check_name;
use crate::shown::{self, quoted};
use crate::transport::trouble_with_public_cas;

pub(super) fn config(
    settings: &Settings,
    in_code: &[Gateway],
    usual_places: bool,
    language: String,
    mut warnings: Warnings,
) -> Result<Config> {
    let described = describe(settings, in_code, usual_places, &mut warnings)?;
    let mut endpoints: Vec<EndpointConfig> = Vec::new();
    for gateway in &described {
        let endpoint = gateway.endpoint(settings, &endpoints, &mut warnings)?;
        endpoints.push(endpoint);
    }
    let is_public =
        |endpoint: &EndpointConfig| endpoint.transport.ca.is_none() && !endpoint.transport.ignore_ssl_certs;
    if endpoints.iter().any(is_public) {
        trouble_with_public_cas().into_iter().for_each(|sentence| warnings.push(sentence));
    }
    let interval = match settings.optional_duration(keys::ROTATION_INTERVAL, limit::INTERVAL)? {
        Some(interval) => interval,
        None => settings.duration(keys::REFRESH_SECRET_TTL, limit::INTERVAL, limit::ROTATION_INTERVAL)?,
    };
    // The official clients' monitors fetch again what has outlived its rotation interval; the schedule does that here.
    settings.optional_duration(keys::MONITOR_PERIOD, limit::MONITOR)?;
    settings.optional_duration(keys::MONITOR_CUSTOMER, limit::MONITOR)?;
    let cache_file = cache_file(settings)?;
    if let (Some(_), Some(endpoint)) = (&cache_file, endpoints.first())
        && !endpoints.iter().any(|endpoint| endpoint.identity.has_lasting_secret())
    {
        return Err(Error::configuration(format!(
            "cache_file needs a ClientKey or a fixed AccessKey (credentials_type=ak), whose secret it is sealed with: {} has \
             neither that lasts, so leave cache_file out",
            endpoint.identity.kind()
        )));
    }
    Ok(Config {
        endpoints,
        secret_names: secret_names(settings)?,
        refresh: RefreshConfig {
            interval,
            delay: settings.duration(keys::DELAY_INTERVAL, limit::ADDITION, limit::DELAY_INTERVAL)?,
            jitter: settings.duration(keys::JITTER_INTERVAL, limit::ADDITION, limit::JITTER_INTERVAL)?,
        },
        renewal: RenewalConfig {
            deadline: settings.duration(keys::RENEW_DEADLINE, limit::DEADLINE, limit::RENEW_DEADLINE)?,
            tokens: settings.count(keys::RENEW_TOKENS, 1, limit::MOST_RENEW_TOKENS, limit::RENEW_TOKENS)?,
            refill: settings.duration(
                keys::RENEW_REFILL_INTERVAL,
                limit::REFILL,
                limit::RENEW_REFILL_INTERVAL,
            )?,
            rejections: rejections(settings)?,
        },
        fetch_deadline: settings.duration(keys::FETCH_DEADLINE, limit::DEADLINE, limit::FETCH_DEADLINE)?,
        fleet_size: fleet_size(settings)?,
        max_stale: settings.optional_duration(keys::MAX_STALE, limit::AGE)?,
        cache_file,
        warnings: warnings.into_sentences(),
        language,
    })
}

/// All gateways come from one source: the strongest that names any. In it, instances win over regions.
fn describe<'a>(
    settings: &'a Settings,
    in_code: &[Gateway],
    usual_places: bool,
    warnings: &mut Warnings,
) -> Result<Vec<Described<'a>>> {
    if !in_code.is_empty() {
        return Ok(in_code
            .iter()
            .enumerate()
            .map(|(index, gateway)| Described {
                gateway: gateway.clone(),
                layer: &settings.layers[0],
                name: format!("gateway {}", index + 1),
                in_code: true,
            })
            .collect());
    }
    let Some(layer) = settings.layer_of(&[keys::INSTANCES, keys::REGIONS]) else {
        return Err(warnings.missing(
            "no KMS gateway is configured",
            &[keys::REGIONS, keys::INSTANCES],
            &where_to_set_gateways(settings, usual_places),
        ));
    };
    let (key, text) = match (layer.text(keys::INSTANCES), layer.text(keys::REGIONS)) {
        (Some(text), regions) => {
            if regions.is_some() {
                warnings.push(format!(
                    "cache_client_region_id {} is ignored, as cache_client_dkms_config_info is set as well",
                    layer.origin
                ));
            }
            (keys::INSTANCES, text)
        }
        (None, Some(text)) => (keys::REGIONS, text),
        (None, None) => return Err(Error::configuration("cache_client_region_id is not text")),
    };
    let gateways = lists::read(settings, layer, key, text, warnings)?;
    Ok(gateways
        .into_iter()
        .enumerate()
        .map(|(index, gateway)| Described { gateway, layer, name: format!("{key}[{index}]"), in_code: false })
        .collect())
}

fn where_to_set_gateways(settings: &Settings, usual_places: bool) -> String {
    let file = match (settings.places.variable(CONFIG_VARIABLE), settings.properties()) {
        (Some(path), _) if usual_places => {
            format!("{}, which {CONFIG_VARIABLE} names,", shown::path(Path::new(&path)))
        }
        (_, Some(name)) => name.to_owned(),
        _ if usual_places => format!("{DEFAULT_FILE} (looked for in {})", settings.places.usual_folders()),
        _ => {
            return "add one in code, or in a properties file set cache_client_region_id to a JSON array of regions or \
                    cache_client_dkms_config_info to one of KMS instances"
                .to_owned();
        }
    };
    let by_variable = settings.layers.iter().any(|layer| matches!(layer.origin, Origin::Environment));
    let variable = if by_variable { " or as an environment variable of that name" } else { "" };
    format!("set cache_client_region_id or cache_client_dkms_config_info in {file}{variable}")
}

fn secret_names(settings: &Settings) -> Result<Vec<String>> {
    let Some((names, layer)) = settings.list(keys::SECRET_NAMES) else { return Ok(Vec::new()) };
    for name in &names {
        if check_name(name).is_err() {
            return Err(Error::configuration(format!(
                "{} holds {}: expected names such as acs/ram/user/app, separated by commas",
                layer.subject(keys::SECRET_NAMES),
                quoted(name)
            )));
        }
    }
    Ok(names)
}

fn fleet_size(settings: &Settings) -> Result<Option<u32>> {
    if settings.text(keys::FLEET_SIZE).is_none() {
        return Ok(None);
    }
    settings.count(keys::FLEET_SIZE, 1, MOST_FLEET_SIZE, 1).map(Some)
}

fn rejections(settings: &Settings) -> Result<Rejections> {
    let Some((codes, layer)) = settings.list(keys::REJECTION_CODES) else { return Ok(Rejections::usual()) };
    Rejections::of(codes).map_err(|wrong| {
        Error::configuration(format!(
            "{} holds {}: expected error codes such as InvalidAccessKeyId.NotFound, or with words of the \
             message Unauthorized:AccessKeyId, separated by commas",
            layer.subject(keys::REJECTION_CODES),
            quoted(&wrong)
        ))
    })
}

fn cache_file(settings: &Settings) -> Result<Option<PathBuf>> {
    let Some(layer) = settings.layer_of(&[keys::CACHE_FILE]) else { return Ok(None) };
    let Some(path) = path(layer, keys::CACHE_FILE) else { return Ok(None) };
    let subject = layer.subject(keys::CACHE_FILE);
    settings.places.place(&path, layer.base.as_deref(), &subject).map(Some)
}
