//! The profiles of the aliyun CLI: `.aliyun/config.json` in the user's home, read anew each time and never written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::ecs_role::EcsRoleSource;
use super::fixed::Fixed;
use super::oidc_role::OidcRoleSource;
use super::process::ProcessSource;
use super::role::RoleSource;
use super::source::{EcsRole, OidcRole, Role, Source, SourceConfig, SourceKind};
use super::sts::is_true;
use super::{AccessKey, Kept, Variables, World, home};
use crate::error::{Error, Result, Scope};
use crate::process::source::read_file;
use crate::secret::json_string;
use crate::shown::{self, plain, quoted};

/// Raw, so that no secret is decoded into memory that is not wiped, and an odd profile spoils no other.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    current: Option<&'a RawValue>,
    #[serde(borrow, default)]
    profiles: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mode: Option<&'a RawValue>,
    #[serde(borrow, default)]
    access_key_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    access_key_secret: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sts_token: Option<&'a RawValue>,
    #[serde(default)]
    sts_expiration: Option<u64>,
    #[serde(borrow, default)]
    ram_role_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    ram_role_arn: Option<&'a RawValue>,
    #[serde(borrow, default)]
    ram_session_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role_session_name: Option<&'a RawValue>,
    #[serde(default)]
    expired_seconds: Option<u32>,
    #[serde(borrow, default)]
    sts_region: Option<&'a RawValue>,
    #[serde(default)]
    enable_vpc: Option<bool>,
    #[serde(borrow, default)]
    source_profile: Option<&'a RawValue>,
    #[serde(borrow, default)]
    policy: Option<&'a RawValue>,
    #[serde(borrow, default)]
    external_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    oidc_provider_arn: Option<&'a RawValue>,
    #[serde(borrow, default)]
    oidc_token_file: Option<&'a RawValue>,
    #[serde(borrow, default)]
    process_command: Option<&'a RawValue>,
}

/// The source that the profile in use describes; none where there is no such file, or it is not to be read.
///
/// # Errors
/// When the file is there and does not say who asks.
pub(super) fn read(config: &SourceConfig, world: &World) -> Result<Option<Box<dyn Source>>> {
    let variable =
        |name: &str| (config.variables)(name)?.into_string().ok().filter(|value| !value.is_empty());
    if is_true(variable("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")) {
        return Ok(None);
    }
    let Some(path) = path(&config.variables) else { return Ok(None) };
    let bytes = read_file(&path).map_err(|error| error.with_scope(Scope::Identity))?;
    let file: File<'_> = serde_json::from_slice(&bytes)
        .map_err(|_| wrong(&path, "is not the JSON that the aliyun CLI writes: run aliyun configure"))?;
    let name = variable("ALIBABA_CLOUD_PROFILE").unwrap_or_else(|| text(file.current).to_string());
    let reading = Reading { path: &path, file: &file, config, world };
    reading.source(&name, &mut BTreeSet::new()).map(Some)
}

/// The file, if there is one.
pub(super) fn path(variables: &Variables) -> Option<PathBuf> {
    if let Some(given) = variables("ALIBABA_CLOUD_CONFIG_FILE").filter(|path| !path.is_empty()) {
        return Some(given.into());
    }
    Some(home::folder(variables)?.join(".aliyun").join("config.json")).filter(|path| path.is_file())
}

struct Reading<'a> {
    path: &'a Path,
    file: &'a File<'a>,
    config: &'a SourceConfig,
    world: &'a World,
}

impl Reading<'_> {
    fn source(&self, name: &str, seen: &mut BTreeSet<String>) -> Result<Box<dyn Source>> {
        let shown = plain(name, 80);
        let fail = |what: &str| wrong(self.path, &format!("says of the profile {shown}: {what}"));
        if !seen.insert(name.to_owned()) {
            return Err(fail("its source_profile leads back to it"));
        }
        let profile = self.profile(name).ok_or_else(|| {
            wrong(self.path, &format!("has no profile {shown}: set ALIBABA_CLOUD_PROFILE to one of them"))
        })?;
        let needed = |raw: Option<&RawValue>, key: &str| {
            optional(raw).ok_or_else(|| fail(&format!("{key} is missing")))
        };
        let with = |kind| self.config.with(kind);
        let (region, vpc) = (optional(profile.sts_region), profile.enable_vpc.unwrap_or(false));
        let role = |base: Kept| {
            let role = Role {
                base: SourceKind::Default,
                arn: needed(profile.ram_role_arn, "ram_role_arn")?,
                session_name: optional(profile.ram_session_name),
                policy: optional(profile.policy),
                external_id: optional(profile.external_id),
                duration_seconds: profile.expired_seconds.filter(|seconds| *seconds > 0),
            };
            Ok::<_, Error>(Box::new(RoleSource::new(role, base, self.config).at(region.clone(), vpc)))
        };
        let access_key = |token: &str| {
            let from = format!("the profile {shown} in {}", shown::path(self.path));
            AccessKey::new(&text(profile.access_key_id), &text(profile.access_key_secret), token, &from)
                .map_err(|error| error.with_scope(Scope::Identity))
        };
        let fixed = |key| Box::new(Arc::new(Fixed(key)));
        Ok(match text(profile.mode).as_str() {
            "AK" => fixed(access_key("")?.from("static_ak")),
            "StsToken" => {
                let token = text(profile.sts_token);
                if token.is_empty() {
                    return Err(fail("sts_token is missing"));
                }
                fixed(access_key(&token)?.from("static_sts"))
            }
            "RamRoleArn" => {
                let base = fixed(access_key("")?.from("static_ak"));
                role(Kept::new(base, self.world.clone()))?
            }
            "ChainableRamRoleArn" => {
                let base = needed(profile.source_profile, "source_profile")?;
                role(Kept::new(self.source(&base, seen)?, self.world.clone()))?
            }
            "EcsRamRole" => {
                let role_name = optional(profile.ram_role_name);
                let role = EcsRole { role_name };
                Box::new(EcsRoleSource::new(role.clone(), &with(SourceKind::EcsRole(role))))
            }
            "OIDC" => {
                let role = OidcRole {
                    role_arn: optional(profile.ram_role_arn),
                    provider_arn: optional(profile.oidc_provider_arn),
                    token_file: optional(profile.oidc_token_file).map(PathBuf::from),
                    session_name: optional(profile.ram_session_name)
                        .or_else(|| optional(profile.role_session_name)),
                    policy: optional(profile.policy),
                    duration_seconds: profile.expired_seconds.filter(|seconds| *seconds > 0),
                };
                Box::new(OidcRoleSource::new(role, self.config).at(region.clone(), vpc))
            }
            "External" => Box::new(ProcessSource::new(needed(profile.process_command, "process_command")?)),
            // A login that needs a browser: what the CLI got by it is used for as long as it lasts.
            mode @ ("CloudSSO" | "OAuth") => {
                let end = profile.sts_expiration.map(|end| UNIX_EPOCH + Duration::from_secs(end));
                if end.is_none_or(|end| end <= self.world.now()) {
                    return Err(fail(&format!(
                        "the login of its mode {mode} has ended, which only the aliyun CLI can renew: run aliyun sts \
                         GetCallerIdentity --profile {shown}"
                    )));
                }
                let origin = if mode == "OAuth" { "oauth" } else { "cloud_sso" };
                fixed(access_key(&text(profile.sts_token))?.until(end).from(origin))
            }
            other => return Err(fail(&format!("its mode is {}, which kmsak does not know", quoted(other)))),
        })
    }

    fn profile(&self, name: &str) -> Option<Profile<'_>> {
        self.file
            .profiles
            .iter()
            .filter_map(|raw| serde_json::from_str::<Profile<'_>>(raw.get()).ok())
            .find(|profile| *text(profile.name) == name)
    }
}

fn text(raw: Option<&RawValue>) -> Zeroizing<String> {
    raw.and_then(json_string::decode).unwrap_or_default()
}

fn optional(raw: Option<&RawValue>) -> Option<String> {
    Some(text(raw).to_string()).filter(|text| !text.trim().is_empty())
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::configuration(format!("{} {what}", shown::path(path))).with_scope(Scope::Identity)
}
