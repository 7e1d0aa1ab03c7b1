//! The folder that an application is given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::private_file;
use crate::failure::Failure;

pub(super) const CLIENT_KEY: &str = "clientKey.json";
pub(super) const PASSWORD: &str = "clientKey_Password.txt";
const CA: &str = "ca.pem";
const SHARED_CA: &str = "shared_gateway_ca.pem";
pub(super) const ON_THE_CLOUD: &str = "on_the_cloud.properties";
pub(super) const OFF_THE_CLOUD: &str = "off_the_cloud.properties";
const KUBERNETES: &str = "kubernetes.yaml";
/// What a ClientKey that is being issued will look like: with it, one whose answer was lost is found again.
const PLAN: &str = ".clientKey.plan";
/// Where containers see the folder.
const MOUNTED: &str = "/etc/kmsak/client-key";

pub(super) struct Folder {
    dir: PathBuf,
}

/// What the properties files say.
pub(super) struct Properties {
    pub(super) region: String,
    pub(super) instance_endpoint: String,
    /// Where it is not Alibaba Cloud's own.
    pub(super) shared_endpoint: Option<String>,
    pub(super) shared_ca_file: Option<PathBuf>,
    pub(super) secret: String,
    /// Whether the shared gateway may be asked.
    pub(super) shared: bool,
}

impl Folder {
    pub(super) fn new(dir: &Path) -> Self {
        Folder { dir: dir.to_owned() }
    }

    /// Made, if it is not there, and nobody else's until this is dropped.
    pub(super) fn hold(&self) -> Result<private_file::Held, Failure> {
        private_file::make_folder(&self.dir)?;
        private_file::hold(&self.dir, Duration::ZERO)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn client_key(&self) -> PathBuf {
        self.path(CLIENT_KEY)
    }

    pub(super) fn password(&self) -> PathBuf {
        self.path(PASSWORD)
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.path(PLAN)
    }

    pub(super) fn shown(&self) -> String {
        self.dir.display().to_string()
    }

    /// CA and properties; each is written anew.
    pub(super) fn write(&self, properties: &Properties, ca: &str) -> Result<(), Failure> {
        // KMS writes it with CRLF.
        private_file::write(&self.path(CA), ca.replace("\r\n", "\n").as_bytes())?;
        private_file::write(&self.path(ON_THE_CLOUD), properties.on_the_cloud("").as_bytes())?;
        if properties.shared {
            if let Some(ca) = &properties.shared_ca_file {
                let pem = private_file::read(ca)?.ok_or_else(|| {
                    Failure::new(format!("there is no {}: name another with --api-ca-file", ca.display()))
                })?;
                private_file::write(&self.path(SHARED_CA), pem.as_bytes())?;
            }
            private_file::write(&self.path(OFF_THE_CLOUD), properties.off_the_cloud("").as_bytes())?;
        } else {
            // What an earlier run wrote is not true any more.
            private_file::remove(&self.path(OFF_THE_CLOUD))?;
            private_file::remove(&self.path(SHARED_CA))?;
        }
        Ok(())
    }

    /// The Secret and the ConfigMap that examples/deploy/kubernetes mounts.
    pub(super) fn write_kubernetes(&self, properties: &Properties) -> Result<(), Failure> {
        let mut files = vec![CLIENT_KEY, PASSWORD, CA];
        if properties.shared && properties.shared_ca_file.is_some() {
            files.push(SHARED_CA);
        }
        let mut yaml = String::from(
            "# What the objects in examples/deploy/kubernetes mount. It holds the ClientKey: keep it out of version control.\n\
             apiVersion: v1\nkind: Secret\nmetadata:\n  name: kmsak-client-key\ntype: Opaque\nstringData:\n",
        );
        for name in files {
            yaml.push_str(&self.in_kubernetes(name)?);
        }
        yaml.push_str("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kmsak\ndata:\n");
        let on_the_cloud = properties.on_the_cloud(MOUNTED);
        let usual = "managed_credentials_providers.properties";
        yaml.push_str(&format!("  {usual}: {}\n", Value::from(on_the_cloud)));
        private_file::write(&self.path(KUBERNETES), yaml.as_bytes())
    }

    /// A line of the Secret.
    fn in_kubernetes(&self, name: &str) -> Result<Zeroizing<String>, Failure> {
        let content = private_file::read(&self.path(name))?.unwrap_or_default();
        // JSON's strings are YAML's, too.
        Ok(Zeroizing::new(format!("  {name}: {}\n", Value::from(content.as_str()))))
    }

    /// What an earlier run wrote for Kubernetes holds the files as they are now; whether there is any.
    pub(super) fn renew_kubernetes(&self) -> Result<bool, Failure> {
        let path = self.path(KUBERNETES);
        let Some(old) = private_file::read(&path)? else { return Ok(false) };
        let mut new = Zeroizing::new(String::new());
        for line in old.lines() {
            let is = |name: &&&str| line.starts_with(&format!("  {name}: "));
            match [CLIENT_KEY, PASSWORD, CA, SHARED_CA].iter().find(is) {
                Some(name) => new.push_str(&self.in_kubernetes(name)?),
                None => {
                    new.push_str(line);
                    new.push('\n');
                }
            }
        }
        if *new != *old {
            private_file::write(&path, new.as_bytes())?;
        }
        Ok(true)
    }

    pub(super) fn kubernetes(&self) -> PathBuf {
        self.path(KUBERNETES)
    }
}

impl Properties {
    fn on_the_cloud(&self, folder: &str) -> String {
        let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let instance = json!([{
            "regionId": self.region,
            "endpoint": self.instance_endpoint,
            "passwordFromFilePath": at(PASSWORD),
            "clientKeyFile": at(CLIENT_KEY),
            "ignoreSslCerts": false,
            "caFilePath": at(CA),
        }]);
        format!(
            "# Through the KMS instance gateway: for what runs in a VPC that the instance is bound to.\n\
             cache_client_dkms_config_info={instance}\nsecret_names={}\n",
            self.secret
        )
    }

    fn off_the_cloud(&self, folder: &str) -> String {
        let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let mut region = json!({"regionId": self.region});
        if let Some(endpoint) = &self.shared_endpoint {
            region["endpoint"] = json!(endpoint);
        }
        if self.shared_ca_file.is_some() {
            region["caFilePath"] = json!(at(SHARED_CA));
        }
        format!(
            "# Through the shared gateway: for what runs where the access point's network rule lets it.\n\
             credentials_type=client_key\nclient_key_private_key_path={}\nclient_key_password_from_file_path={}\n\
             cache_client_region_id={}\nsecret_names={}\n",
            at(CLIENT_KEY),
            at(PASSWORD),
            json!([region]),
            self.secret
        )
    }
}
