//! AccessKeys from a program: mode `External` of the aliyun CLI's profiles. It runs without a shell, and its standard error is not
//! read: it may hold a secret.

mod together;

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::source::Source;
use super::{AccessKey, Asking, World, answer, command};
use crate::error::{Error, Kind, Result, Scope};
use crate::process::threads;
use crate::shown::plain;
use together::Together;

/// As in the official SDKs.
const LONGEST: Duration = Duration::from_secs(60);

const LARGEST_OUTPUT: usize = 64 << 10;

pub(super) struct ProcessSource {
    line: String,
    longest: Duration,
}

/// A program that is ended when nobody waits for it any more, with all that it has started.
struct Running(Child, Together);

impl Drop for Running {
    fn drop(&mut self) {
        // Ended and waited for already.
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        self.1.end(&self.0);
        drop(self.0.kill());
        drop(self.0.wait());
    }
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
        let (child, together) = Together::start(&mut command)
            .map_err(|error| self.wrong(&format!("cannot be started ({error})")))?;
        let mut running = Running(child, together);
        let Some(output) = running.0.stdout.take() else { return Err(self.wrong("has no output")) };
        let (tell, reading) = oneshot::channel();
        threads::start("kmsak-external", move || {
            // As large as it will get, for a vector that grows leaves copies behind.
            let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_OUTPUT + 1));
            let read = output.take(LARGEST_OUTPUT as u64 + 1).read_to_end(&mut bytes).map(|_| bytes);
            // Whoever asked may have given up.
            drop(tell.send(read));
        })
        .map_err(|error| self.wrong(&format!("cannot be read, as the system refuses a thread ({error})")))?;
        let Ok(read) = timeout(self.longest, reading).await else {
            return Err(self.wrong(&format!("did not end within {} s", self.longest.as_secs_f64())));
        };
        let Ok(Ok(bytes)) = read else { return Err(self.wrong("broke off")) };
        if bytes.len() > LARGEST_OUTPUT {
            return Err(self.wrong("writes more than 64 KiB"));
        }
        self.ended_well(running).await?;
        Ok(bytes)
    }

    /// Waits for its end, which comes at once when its output is closed.
    async fn ended_well(&self, mut running: Running) -> Result<()> {
        for _ in 0..100 {
            match running.0.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.wrong(&format!("ended with {status}"))),
                Ok(None) => tokio::time::sleep(Duration::from_millis(20)).await,
                // The application ignores SIGCHLD, or waits for all children itself: what the program wrote has to tell.
                #[cfg(unix)]
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
                Err(error) => return Err(self.wrong(&format!("cannot be waited for ({error})"))),
            }
        }
        Err(self.wrong("closed its output and did not end"))
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
