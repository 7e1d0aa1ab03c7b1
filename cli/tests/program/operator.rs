//! An operator at the emulator: the program with an administrator's AccessKey, and where all services are.

use std::path::PathBuf;
use std::process::{Command, Output};

use kmsak_emulator::Emulator;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Kms, kmsak, stderr, stdout};

pub(crate) struct Operator {
    pub(crate) kms: Kms,
    /// The operator's own files.
    pub(crate) home: TempDir,
}

impl Operator {
    pub(crate) fn start() -> Self {
        Operator { kms: Kms::start(), home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn emulator(&self) -> &Emulator {
        &self.kms.emulator
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `kmsak` with `arguments`, as the administrator of the first account.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = kmsak(arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ALIBABA_CLOUD_") {
                command.env_remove(name);
            }
        }
        command
            .env("KMSAK_API_ENDPOINT", format!("https://{}", self.emulator().shared_endpoint()))
            .env("KMSAK_API_CA_FILE", self.kms.path("ca.pem"))
            .env("ALIBABA_CLOUD_CREDENTIALS_FILE", self.kms.path("operator.ini"))
            .env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
            .env("HOME", self.home.path())
            .env_remove("XDG_STATE_HOME")
            .current_dir(self.home.path());
        command
    }

    /// The same as the administrator of the other account.
    pub(crate) fn of_member(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("ALIBABA_CLOUD_PROFILE", "member");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What is printed by a run that must succeed.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        serde_json::from_str(&self.told(&all)).unwrap()
    }

    /// The sentence of a run that must fail with this exit code.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        stderr(&output)
    }

    pub(crate) fn instance(&self) -> String {
        self.emulator().instance_id().to_owned()
    }

    /// The arguments of `app create` for an application called `web`, on and off the cloud.
    pub(crate) fn create_web(&self) -> Vec<String> {
        let instance = self.instance();
        let endpoint = self.emulator().instance_endpoint();
        ["admin", "app", "create", "web", "--instance", &instance, "--secret", "acs/ram/user/app"]
            .into_iter()
            .chain(["--allow", "127.0.0.0/8", "--allow-public", "127.0.0.1/32", "--out", "web"])
            .chain(["--instance-endpoint", &endpoint, "--yes"])
            .map(str::to_owned)
            .collect()
    }
}

pub(crate) fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}
