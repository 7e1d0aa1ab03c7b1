//! `kmsak credential-process`

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use serde_json::json;

use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::secret_json;

const EXAMPLES: &str = "\
In ~/.aliyun/config.json:
  {\"current\": \"kms\", \"profiles\": [{\"name\": \"kms\", \"mode\": \"External\", \"region_id\": \"cn-hangzhou\",
   \"process_command\": \"kmsak credential-process --config /etc/kmsak/managed_credentials_providers.properties acs/ram/user/app\"}]}";

/// Print the AccessKey for a profile of mode External, of the aliyun CLI and of the SDKs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CredentialProcess {
    /// The managed RAM secret, such as acs/ram/user/app
    secret: String,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// Let the SDK keep the AccessKey for this long; it asks again about 3 minutes before. Without it, most SDKs run
    /// this program for every call
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    lifetime: Option<u32>,
}

impl CredentialProcess {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let provider = self.configuration.open()?;
        let progress = Progress::begin(&format!("fetching {}", self.secret));
        let credentials = provider.credentials(&self.secret)?;
        drop(progress);
        let mut answer = json!({
            "mode": "AK",
            "access_key_id": credentials.access_key_id(),
            "access_key_secret": credentials.access_key_secret(),
        });
        if let Some(lifetime) = self.lifetime {
            let expiration = SystemTime::now() + Duration::from_secs(lifetime.into());
            answer["expiration"] = secret_json::moment(expiration).into();
        }
        let mut output = std::io::stdout().lock();
        writeln!(output, "{answer}")
            .and_then(|()| output.flush())
            .map_err(Failure::doing("cannot write to standard output"))?;
        Ok(ExitCode::SUCCESS)
    }
}
