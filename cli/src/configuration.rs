//! `--config`, and the provider that it leads to.

use std::path::PathBuf;

use clap::Args;
use kmsak::{Builder, Config, Provider};

use crate::failure::Failure;
use crate::log;

/// What the library looks for in the working directory.
const USUAL_FILE: &str = "managed_credentials_providers.properties";

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigurationArguments {
    /// The properties file; without it the environment and managed_credentials_providers.properties in the
    /// working directory
    #[arg(long, short, value_name = "FILE", env = "KMSAK_CONFIG")]
    config: Option<PathBuf>,
    /// Settings for which any other source has a better value.
    #[arg(skip)]
    base: String,
}

impl ConfigurationArguments {
    /// The lines of a properties file under the one that is read.
    pub(crate) fn on_base(mut self, lines: &str) -> Self {
        self.base.push_str(lines);
        self
    }

    fn builder(&self) -> Builder {
        let base = match self.base.as_str() {
            "" => Builder::new(),
            lines => Builder::new().properties_text(lines, None),
        };
        let builder = match &self.config {
            Some(path) => base.properties_file(path).environment(),
            None => base.usual_places(),
        };
        builder.language("cli")
    }

    /// The properties file that is read, if there is one.
    pub(crate) fn properties_file(&self) -> Option<PathBuf> {
        let usual = || Some(PathBuf::from(USUAL_FILE)).filter(|path| path.exists());
        self.config.clone().or_else(usual)
    }

    /// The configuration, checked.
    pub(crate) fn read(&self) -> Result<Config, Failure> {
        Ok(self.builder().build()?)
    }

    /// A provider that fetches nothing before it is asked: a command that wants one secret must not wait for, or be
    /// refused over, the others in `secret_names`.
    pub(crate) fn open(&self) -> Result<Provider, Failure> {
        let config = self.without_names()?;
        let of_the_configuration = config.warnings().to_vec();
        let opened = Provider::open(config);
        let warnings = opened.as_ref().map_or(&of_the_configuration[..], Provider::start_warnings);
        warnings.iter().for_each(|warning| log::warn_of_start(warning));
        Ok(opened?)
    }

    /// As [`open`](ConfigurationArguments::open), for whoever has told what is odd about the configuration.
    pub(crate) fn open_unwarned(&self) -> Result<Provider, Failure> {
        Ok(Provider::open(self.without_names()?)?)
    }

    fn without_names(&self) -> Result<Config, Failure> {
        Ok(self.builder().secret_names([""; 0]).build()?)
    }

    /// `given`, or the only one of `secret_names`.
    pub(crate) fn secret_name(&self, given: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = given {
            return Ok(name.to_owned());
        }
        match self.read()?.secret_names() {
            [only] => Ok(only.clone()),
            [] => Err(Failure::usage(
                "which secret? Name one with --secret, or in secret_names of the configuration",
            )),
            several => Err(Failure::usage(format!(
                "which secret? Name one with --secret; the configuration's secret_names are {}",
                several.join(", ")
            ))),
        }
    }
}
