//! AccessKeys from a program: mode `External` of the aliyun CLI's profiles. It runs without a shell, and its standard error is not
//! read: it may hold a secret.

mod program;
mod together;

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;
use zeroize::Zeroizing;

use super::source::Source;
use super::{AccessKey, Asking, World, answer, command};
use crate::error::{Error, Kind, Result, Scope};
use crate::shown::plain;
use program::Program;

/// As in the official SDKs.
const LONGEST: Duration = Duration::from_secs(60);

pub(super) struct ProcessSource {
    line: String,
    longest: Duration,
}

impl ProcessSource {
    pub(super) fn new(line: String) -> Self {
        ProcessSource { line, longest: LONGEST }
    }

    fn wrong(&self, what: &str) -> Error {
        // The program alone: its arguments may hold a secret.
        let program = command::split(&self.line).map(|words| plain(&words[0], 120)).unwrap_or_default();
        Error::new(
            Kind::Denied,
            format!("the process_command {program} {what}: run it by hand, as the user of this process"),
        )
        .with_scope(Scope::Identity)
        .with_retryable(true)
    }

    async fn run(&self) -> Result<Zeroizing<Vec<u8>>> {
        let words = command::split(&self.line).ok_or_else(|| {
            Error::configuration("process_command is empty, or a quote in it stays open: mend the profile")
                .with_scope(Scope::Identity)
        })?;
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let (program, output) = Program::start(command).map_err(|what| self.wrong(&what))?;
        let told = timeout(self.longest, output).await;
        drop(program);
        match told {
            Ok(Ok(output)) => output.map_err(|what| self.wrong(&what)),
            Ok(Err(_)) => Err(self.wrong("broke off")),
            Err(_) => Err(self.wrong(&format!("did not end within {} s", self.longest.as_secs_f64()))),
        }
    }
}

impl Source for ProcessSource {
    fn kind(&self) -> &'static str {
        "external"
    }

    fn name(&self) -> String {
        String::new()
    }

    fn ask<'a>(&'a self, _: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let output = self.run().await?;
            answer::of_process(&output, "process_command").map(|key| key.from("external"))
        })
    }
}

#[cfg(test)]
mod tests;
