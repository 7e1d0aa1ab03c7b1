//! The folder that a client can be pointed at.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::control::{Control, Listener};
use crate::endpoint::Endpoint;
use crate::error::Error;
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
    /// `admin.json`: the URLs of all endpoints, and the AccessKey of the RAM user `operator`.
    pub admin: PathBuf,
}

const CLIENT_KEY: &str = "clientKey.json";
const PASSWORD: &str = "clientKey_Password.txt";
const CA: &str = "ca.pem";

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

    let regions: Vec<Value> = gateways(control, |endpoint| matches!(endpoint, Endpoint::Shared(_)))
        .map(|(region, endpoint)| json!({"regionId": region, "endpoint": endpoint, "caFilePath": CA}))
        .collect();
    let text = format!(
        "# Through the shared gateway, as from anywhere on the Internet.\n\
         credentials_type=client_key\n\
         client_key_private_key_path={CLIENT_KEY}\n\
         client_key_password_from_file_path={PASSWORD}\n\
         cache_client_region_id={}\n",
        Value::Array(regions)
    );
    write_private(&folder.off_the_cloud, text.as_bytes())?;

    let mut admin = summary(control);
    admin["operator"] = control.world.read(|state, _| {
        let key = state.users.get(OPERATOR).and_then(|user| user.access_keys.last());
        key.map_or(Value::Null, |key| json!({"accessKeyId": key.id, "accessKeySecret": key.secret}))
    });
    write_private(&folder.admin, format!("{admin:#}\n").as_bytes())?;
    Ok(folder)
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
        "clientKeyId": key_id,
        "secret": "acs/ram/user/app",
    })
}
