//! The folder that a client can be pointed at.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::control::{Control, Listener};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::ram::at_start::{ADMINISTRATOR, ASSUMER, LONG_SESSION, OIDC_ROLE, RAM_ROLE, READER};
use crate::ram::oidc_provider::OidcClaims;
use crate::state::OPERATOR;
use crate::storage::{create_folder, write_private};

/// The files of a folder that [`Emulator::write_folder`](crate::Emulator::write_folder) wrote.
#[derive(Debug, Clone)]
pub struct Folder {
    /// `clientKey.json`
    pub client_key: PathBuf,
    /// `clientKey_Password.txt`
    pub password: PathBuf,
    /// `ca.pem`
    pub ca: PathBuf,
    /// `on_the_cloud.properties`: through the instance gateways.
    pub on_the_cloud: PathBuf,
    /// `off_the_cloud.properties`: through the shared gateways.
    pub off_the_cloud: PathBuf,
    /// `with_access_key.properties`: the AccessKey of the RAM user `reader`.
    pub with_access_key: PathBuf,
    /// `with_sts_token.properties`: a token of STS for the RAM role `ram-reader`, valid for twelve hours.
    pub with_sts_token: PathBuf,
    /// `with_ecs_ram_role.properties`: the role of the metadata service.
    pub with_ecs_ram_role: PathBuf,
    /// `with_ram_role.properties`: the RAM role `ram-reader`, assumed by the RAM user `assumer`.
    pub with_ram_role: PathBuf,
    /// `with_oidc_role.properties`: the RAM role `oidc-reader`, for the token in `oidc_token`.
    pub with_oidc_role: PathBuf,
    /// `oidc_token`: a token of the emulator's own OIDC issuer, valid for a month.
    pub oidc_token: PathBuf,
    /// `operator.ini`: the AccessKeys of the administrators of both accounts, in the form of `~/.alibabacloud/credentials.ini`.
    pub operator: PathBuf,
    /// `admin.json`: the URLs of all endpoints, and the AccessKey of the RAM user `operator`.
    pub admin: PathBuf,
}

const CLIENT_KEY: &str = "clientKey.json";
const PASSWORD: &str = "clientKey_Password.txt";
const CA: &str = "ca.pem";
const OIDC_TOKEN: &str = "oidc_token";

/// What the accounts are called in `operator.ini`.
const PROFILES: [&str; 2] = ["default", "member"];

/// A pod's token is renewed by its cluster; nobody renews this one.
const OIDC_TOKEN_LIFETIME: time::Duration = time::Duration::days(30);

/// Regions for further gateways (all but the emulator's own), so that a client sees them as different places.
const REGIONS: [&str; 10] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-beijing",
    "cn-shenzhen",
    "cn-chengdu",
    "cn-zhangjiakou",
    "cn-qingdao",
    "cn-guangzhou",
    "cn-heyuan",
    "cn-wulanchabu",
];

pub(crate) fn write(control: &Control, dir: &Path) -> Result<Folder, Error> {
    create_folder(dir)?;
    let folder = Folder {
        client_key: dir.join(CLIENT_KEY),
        password: dir.join(PASSWORD),
        ca: dir.join(CA),
        on_the_cloud: dir.join("on_the_cloud.properties"),
        off_the_cloud: dir.join("off_the_cloud.properties"),
        with_access_key: dir.join("with_access_key.properties"),
        with_sts_token: dir.join("with_sts_token.properties"),
        with_ecs_ram_role: dir.join("with_ecs_ram_role.properties"),
        with_ram_role: dir.join("with_ram_role.properties"),
        with_oidc_role: dir.join("with_oidc_role.properties"),
        oidc_token: dir.join(OIDC_TOKEN),
        operator: dir.join("operator.ini"),
        admin: dir.join("admin.json"),
    };
    let client_key = control
        .world
        .read(|state, _| state.default_client_key.clone())
        .ok_or_else(|| Error::new("this emulator has no ClientKey of its own"))?;
    write_private(&folder.client_key, client_key.json.as_bytes())?;
    write_private(&folder.password, client_key.password.as_bytes())?;
    write_private(&folder.ca, control.ca_pem.as_bytes())?;

    let instances: Vec<Value> = gateways(control, |endpoint| matches!(endpoint, Endpoint::Instance(_)))
        .map(|(region, endpoint)| {
            json!({
                "regionId": region,
                "endpoint": endpoint,
                "passwordFromFilePath": PASSWORD,
                "clientKeyFile": CLIENT_KEY,
                "ignoreSslCerts": false,
                "caFilePath": CA,
            })
        })
        .collect();
    let text = format!(
        "# Through the KMS instance gateway, as on a server in a VPC of the instance.\n\
         cache_client_dkms_config_info={}\n",
        Value::Array(instances)
    );
    write_private(&folder.on_the_cloud, text.as_bytes())?;

    let regions = regions(control, |endpoint| matches!(endpoint, Endpoint::Shared(_)));
    let text = format!(
        "# Through the shared gateway, as from anywhere on the Internet.\n\
         credentials_type=client_key\n\
         client_key_private_key_path={CLIENT_KEY}\n\
         client_key_password_from_file_path={PASSWORD}\n\
         cache_client_region_id={regions}\n"
    );
    write_private(&folder.off_the_cloud, text.as_bytes())?;

    write_identities(control, &folder)?;
    write_private(&folder.operator, operators(control).as_bytes())?;

    let mut admin = summary(control);
    admin["operator"] = control.world.read(|state, _| {
        let key = state.access_key_of_user(OPERATOR);
        key.map_or(Value::Null, |key| json!({"accessKeyId": key.id, "accessKeySecret": key.secret}))
    });
    write_private(&folder.admin, format!("{admin:#}\n").as_bytes())?;
    Ok(folder)
}

/// A profile for the administrator of each account, as long as it is there.
fn operators(control: &Control) -> String {
    control.world.read_all(|cloud, _| {
        let mut text = String::new();
        for (account, profile) in cloud.accounts.iter().zip(PROFILES) {
            if let Ok(key) = account.access_key_of_user(ADMINISTRATOR) {
                let (account, id, secret) = (&account.account_id, &key.id, &key.secret);
                text.push_str(&format!(
                    "# The administrator of the account {account}.\n[{profile}]\ntype=access_key\n\
                     access_key_id={id}\naccess_key_secret={secret}\n\n"
                ));
            }
        }
        text
    })
}

/// The entries of gateways that take the OpenAPI.
fn regions(control: &Control, wanted: impl Fn(Endpoint) -> bool) -> Value {
    gateways(control, wanted)
        .map(|(region, endpoint)| json!({"regionId": region, "endpoint": endpoint, "caFilePath": CA}))
        .collect()
}

/// A properties file for each of the identities that can read secrets, as long as it is there.
fn write_identities(control: &Control, folder: &Folder) -> Result<(), Error> {
    let shared = regions(control, |endpoint| matches!(endpoint, Endpoint::Shared(_)));
    let instances = regions(control, |endpoint| matches!(endpoint, Endpoint::Instance(_)));
    let gateways = format!(
        "# Through the shared gateway, and in the place of that line through the instance gateway:\n\
         cache_client_region_id={shared}\n\
         # cache_client_region_id={instances}\n"
    );
    let sts = control.authority(Listener::Service(Endpoint::StsHttps)).unwrap_or_default();
    let sts = format!("sts_endpoint={sts}\nsts_ca_file_path={CA}\n");
    let role_arn = |name| control.world.read(|state, _| state.role_arn(name));
    let access_key = |user: &str| {
        control.world.read(|state, _| state.access_key_of_user(user)).ok().map(|key| {
            format!("credentials_access_key_id={}\ncredentials_access_secret={}\n", key.id, key.secret)
        })
    };

    let text = access_key(READER).map(|key| format!("credentials_type=ak\n{key}{gateways}"));
    write_or_remove(&folder.with_access_key, "# With the AccessKey of a RAM user.", text)?;

    let token = control.issue_sts_token(RAM_ROLE, "emulator", LONG_SESSION).ok();
    let text = token.map(|token| {
        let (id, secret) = (&token.access_key_id, &token.access_key_secret);
        let security_token = &token.security_token;
        format!(
            "credentials_type=sts\ncredentials_access_key_id={id}\ncredentials_access_secret={secret}\n\
             credentials_security_token={security_token}\n{gateways}"
        )
    });
    let comment = "# With a token of STS, which somebody else fetched. It ends twelve hours after the emulator's start.";
    write_or_remove(&folder.with_sts_token, comment, text)?;

    let role = control.world.read(|state, _| state.metadata.role.clone());
    let metadata = control.authority(Listener::Service(Endpoint::Metadata)).unwrap_or_default();
    let text = role.map(|role| {
        format!(
            "credentials_type=ecs_ram_role\ncredentials_role_name={role}\n\
             ecs_metadata_endpoint=http://{metadata}\n{gateways}"
        )
    });
    let comment = "# With the RAM role of an ECS instance, from the metadata service.";
    write_or_remove(&folder.with_ecs_ram_role, comment, text)?;

    let text = access_key(ASSUMER).map(|key| {
        let arn = role_arn(RAM_ROLE);
        format!(
            "credentials_type=ram_role\n{key}credentials_role_arn={arn}\n\
             credentials_role_session_name=app\n{sts}{gateways}"
        )
    });
    let comment = "# With a RAM role that a RAM user assumes, through STS.";
    write_or_remove(&folder.with_ram_role, comment, text)?;

    let token = control.world.read(|state, now| {
        let claims = state.oidc_claims(now)?;
        state.oidc_issuer()?.sign(&OidcClaims { expires: now + OIDC_TOKEN_LIFETIME, ..claims })
    });
    let token = token.ok();
    let text = token.as_ref().map(|_| {
        let (arn, provider) = (role_arn(OIDC_ROLE), control.oidc_provider_arn().unwrap_or_default());
        format!(
            "credentials_type=oidc_role_arn\ncredentials_role_arn={arn}\n\
             credentials_oidc_provider_arn={provider}\ncredentials_oidc_token_file_path={OIDC_TOKEN}\n\
             credentials_role_session_name=app\n{sts}{gateways}"
        )
    });
    let comment = "# With a RAM role for who has a token of an OIDC issuer (RRSA), through STS.";
    write_or_remove(&folder.with_oidc_role, comment, text)?;
    match token {
        Some(token) => write_private(&folder.oidc_token, token.as_bytes()),
        None => remove(&folder.oidc_token),
    }
}

fn write_or_remove(path: &Path, comment: &str, text: Option<String>) -> Result<(), Error> {
    match text {
        Some(text) => write_private(path, format!("{comment}\n{text}").as_bytes()),
        None => remove(path),
    }
}

/// What was written at an earlier start is wrong once its identity is gone.
fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::new(format!("removing {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn gateways(control: &Control, wanted: impl Fn(Endpoint) -> bool) -> impl Iterator<Item = (&str, String)> {
    let own = control.region.as_str();
    let regions = std::iter::once(own).chain(REGIONS.into_iter().filter(move |region| *region != own));
    control
        .ports
        .keys()
        .filter_map(move |listener| match listener {
            Listener::Service(endpoint) if wanted(*endpoint) => control.authority(*listener),
            _ => None,
        })
        .zip(regions)
        .map(|(endpoint, region)| (region, endpoint))
}

/// Where everything is, without any secret: the line that the program prints, and the admin interface's index.
pub(crate) fn summary(control: &Control) -> Value {
    let endpoints: serde_json::Map<String, Value> = control
        .ports
        .keys()
        .filter_map(|listener| match listener {
            Listener::Admin => None,
            Listener::Service(endpoint) => {
                let scheme = if endpoint.is_tls() { "https" } else { "http" };
                Some((endpoint.to_string(), json!(format!("{scheme}://{}", control.authority(*listener)?))))
            }
        })
        .collect();
    let key_id =
        control.world.read(|state, _| state.default_client_key.as_ref().map(|key| key.key_id.clone()));
    json!({
        "admin": format!("http://{}", control.authority(Listener::Admin).unwrap_or_default()),
        "endpoints": endpoints,
        "region": control.region,
        "instanceId": control.instance_id,
        "accounts": control.world.read_all(|cloud, _| {
            let accounts = cloud.accounts.iter().zip(PROFILES);
            accounts
                .map(|(account, profile)| json!({"id": account.account_id, "profile": profile}))
                .collect::<Vec<_>>()
        }),
        "clientKeyId": key_id,
        "secret": "acs/ram/user/app",
    })
}
