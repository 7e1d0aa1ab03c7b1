//! The checks as lines with marks, or as JSON.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::print_line;

pub(super) struct Report {
    json: bool,
    colour: bool,
    progress: bool,
    checks: Vec<Value>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Report {
            json,
            colour: terminal && !json && !no_colour,
            progress: terminal && !json,
            checks: Vec::new(),
        }
    }

    /// What is being looked at: seen on a terminal only, until the result takes its place.
    pub(super) fn begin(&self, check: &str) {
        if self.progress {
            write(&format!("  {check} ...\r"));
        }
    }

    pub(super) fn good(&mut self, check: &str, message: &str) {
        self.add(check, "ok", "✓", "32", message);
    }

    /// Odd, but an application would work.
    pub(super) fn warning(&mut self, check: &str, message: &str) {
        self.add(check, "warning", "!", "33", message);
    }

    /// Told once: what fails for an endpoint may well fail for each secret.
    pub(super) fn failed(&mut self, check: &str, message: &str) {
        if !self.checks.contains(&entry(check, "failed", message)) {
            self.add(check, "failed", "✗", "31", message);
        }
    }

    fn add(&mut self, check: &str, state: &str, mark: &str, colour: &str, message: &str) {
        self.checks.push(entry(check, state, message));
        if self.json {
            return;
        }
        let clear = if self.progress { "\x1b[K" } else { "" };
        if self.colour {
            write(&format!("{clear}\x1b[{colour}m{mark}\x1b[0m {check}: {message}\n"));
        } else {
            write(&format!("{clear}{mark} {check}: {message}\n"));
        }
    }

    pub(super) fn finish(self, code: u8) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let report = json!({ "works": code == 0, "exitCode": code, "checks": self.checks });
        print_line(&format!("{report:#}"))
    }
}

fn entry(check: &str, state: &str, message: &str) -> Value {
    json!({ "check": check, "state": state, "message": message })
}

/// A reader that went away does not stop the checks: the exit code still tells.
fn write(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}
