//! The profiles of the aliyun CLI: `.aliyun/config.json` in the user's home, read anew each time and never written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::ecs_role::EcsRoleSource;
use super::fixed::Fixed;
use super::object::Object;
use super::oidc_role::OidcRoleSource;
use super::process::ProcessSource;
use super::role::RoleSource;
use super::source::{EcsRole, OidcRole, Role, Source, SourceConfig, SourceKind};
use super::sts::is_true;
use super::{AccessKey, Kept, Variables, World, home};
use crate::error::{Error, Result, Scope};
use crate::process::source::read_file;
use crate::shown::{self, plain, quoted};

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
    let file = Object::parse(&bytes)
        .ok_or_else(|| wrong(&path, "is not the JSON that the aliyun CLI writes: run aliyun configure"))?;
    let name = variable("ALIBABA_CLOUD_PROFILE").unwrap_or_else(|| file.text("current").to_string());
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
    file: &'a Object<'a>,
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
        let needed = |key: &str| profile.optional(key).ok_or_else(|| fail(&format!("{key} is missing")));
        let duration = profile
            .number("expired_seconds")
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0);
        let with = |kind| self.config.with(kind);
        let (region, vpc) = (profile.optional("sts_region"), profile.is_true("enable_vpc"));
        let role = |base: Kept| {
            let role = Role {
                base: SourceKind::Default,
                arn: needed("ram_role_arn")?,
                session_name: profile.optional("ram_session_name"),
                policy: profile.optional("policy"),
                external_id: profile.optional("external_id"),
                duration_seconds: duration,
            };
            Ok::<_, Error>(Box::new(RoleSource::new(role, base, self.config).at(region.clone(), vpc)))
        };
        let access_key = |token: &str| {
            let from = format!("the profile {shown} in {}", shown::path(self.path));
            AccessKey::new(&profile.text("access_key_id"), &profile.text("access_key_secret"), token, &from)
                .map_err(|error| error.with_scope(Scope::Identity))
        };
        let fixed = |key| Box::new(Arc::new(Fixed(key)));
        Ok(match profile.text("mode").as_str() {
            "AK" => fixed(access_key("")?.from("static_ak")),
            "StsToken" => {
                let token = profile.text("sts_token");
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
                let base = needed("source_profile")?;
                role(Kept::new(self.source(&base, seen)?, self.world.clone()))?
            }
            "EcsRamRole" => {
                let role_name = profile.optional("ram_role_name");
                let role = EcsRole { role_name };
                Box::new(EcsRoleSource::new(role.clone(), &with(SourceKind::EcsRole(role))))
            }
            "OIDC" => {
                let role = OidcRole {
                    role_arn: profile.optional("ram_role_arn"),
                    provider_arn: profile.optional("oidc_provider_arn"),
                    token_file: profile.optional("oidc_token_file").map(PathBuf::from),
                    session_name: profile
                        .optional("ram_session_name")
                        .or_else(|| profile.optional("role_session_name")),
                    policy: profile.optional("policy"),
                    duration_seconds: duration,
                };
                Box::new(OidcRoleSource::new(role, self.config).at(region.clone(), vpc))
            }
            "External" => Box::new(ProcessSource::new(needed("process_command")?)),
            // A login that needs a browser: what the CLI got by it is used for as long as it lasts.
            mode @ ("CloudSSO" | "OAuth") => {
                let end = profile.number("sts_expiration").map(Duration::from_secs);
                let end = end.and_then(|end| UNIX_EPOCH.checked_add(end));
                if end.is_none_or(|end| end <= self.world.now()) {
                    return Err(fail(&format!(
                        "the login of its mode {mode} has ended, which only the aliyun CLI can renew: run aliyun sts \
                         GetCallerIdentity --profile {shown}"
                    )));
                }
                let origin = if mode == "OAuth" { "oauth" } else { "cloud_sso" };
                fixed(access_key(&profile.text("sts_token"))?.until(end).from(origin))
            }
            other => return Err(fail(&format!("its mode is {}, which kmsak does not know", quoted(other)))),
        })
    }

    fn profile(&self, name: &str) -> Option<Object<'_>> {
        self.file.objects("profiles").into_iter().find(|profile| *profile.text("name") == name)
    }
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::configuration(format!("{} {what}", shown::path(path))).with_scope(Scope::Identity)
}
