//! One run of a command: looks, makes things so, says what it did. Each step looks before it changes anything, so that a command
//! can be run again after any end, and says "already so" of what it finds done.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::cloud::client::{Client, ServiceArguments};
use crate::cloud::refused::Refused;
use crate::cloud::{Action, Request};
use crate::failure::Failure;
use crate::output::print_line;
use crate::progress::Progress;

/// What all of the operator's commands take.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
    /// Print each call that would change something, with its parameters, and change nothing
    #[arg(long, global = true)]
    dry_run: bool,
    /// Do not ask before something is deleted
    #[arg(long, short = 'y', global = true)]
    yes: bool,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Print no lines.
    #[arg(skip)]
    silent: bool,
}

impl RunArguments {
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// For a command that prints in a form of its own.
    pub(crate) fn silent(&self) -> Self {
        RunArguments { silent: true, ..self.clone() }
    }
}

/// How often a command begins anew after a change of which nobody knows whether it was made.
const ATTEMPTS: usize = 4;

pub(crate) struct Run {
    pub(crate) client: Client,
    json: bool,
    silent: bool,
    dry_run: bool,
    yes: bool,
    /// The calls that the command makes, as `kmsak admin permissions` tells them.
    calls: &'static [&'static Action],
    steps: RefCell<Vec<Value>>,
    result: RefCell<Map<String, Value>>,
    /// A change was sent and not answered.
    unsure: Cell<bool>,
    /// The command runs for another time.
    anew: Cell<bool>,
    /// Why a line could not be printed.
    unprinted: RefCell<Option<Failure>>,
}

impl Run {
    /// Runs `command`, and again from its beginning where a change may have been made or not: it looks first.
    pub(crate) fn of(
        arguments: &RunArguments,
        calls: &'static [&'static Action],
        command: impl Fn(&Run) -> Result<(), Failure>,
    ) -> Result<ExitCode, Failure> {
        let run = Run {
            client: Client::new(&arguments.services)?,
            json: arguments.json,
            silent: arguments.silent,
            dry_run: arguments.dry_run,
            yes: arguments.yes,
            calls,
            steps: RefCell::default(),
            result: RefCell::default(),
            unsure: Cell::new(false),
            anew: Cell::new(false),
            unprinted: RefCell::default(),
        };
        let mut outcome = command(&run);
        for attempt in 1..ATTEMPTS {
            if outcome.is_ok() || !run.unsure.replace(false) {
                break;
            }
            std::thread::sleep(Duration::from_secs(attempt as u64));
            run.anew.set(true);
            outcome = command(&run);
        }
        let told = run.finish(outcome.is_ok());
        // Why it was not done is the more important.
        outcome?;
        told.map(|()| ExitCode::SUCCESS)
    }

    /// The same in a role of another account. What it says is not in the JSON.
    pub(crate) fn in_role(&self, arn: &str) -> Result<Run, Failure> {
        Ok(Run {
            client: self.client.in_role(arn)?,
            json: self.json,
            silent: self.silent,
            dry_run: self.dry_run,
            yes: self.yes,
            calls: self.calls,
            steps: RefCell::default(),
            result: RefCell::default(),
            unsure: Cell::new(false),
            anew: Cell::new(false),
            unprinted: RefCell::default(),
        })
    }

    /// Whether what this run finds begun may be its own beginning.
    pub(crate) fn has_begun_anew(&self) -> bool {
        self.anew.get()
    }

    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Asks.
    pub(crate) fn look<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<T, Failure> {
        self.try_look(request).map_err(Failure::from)
    }

    /// Asks for what may not be there.
    pub(crate) fn find<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<Option<T>, Failure> {
        match self.try_look(request) {
            Ok(answer) => Ok(Some(answer)),
            Err(refused) if refused.is_absent() => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    pub(crate) fn try_look<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<T, Box<Refused>> {
        debug_assert!(!request.action.changes, "{request} changes something");
        self.send(request)
    }

    fn send<T: DeserializeOwned>(&self, request: &Request<T>) -> Result<T, Box<Refused>> {
        debug_assert!(
            self.calls.iter().any(|known| std::ptr::eq(*known, request.action)),
            "permissions does not tell of {request}"
        );
        let _progress =
            Progress::begin(&format!("{} {}", request.action.product.name(), request.action.name));
        self.client.send(request)
    }

    /// Changes something; in a dry run says so, and goes on with `instead`.
    pub(crate) fn change<T: DeserializeOwned>(
        &self,
        request: &Request<T>,
        instead: impl FnOnce() -> T,
    ) -> Result<T, Failure> {
        self.try_change(request, instead)?.map_err(Failure::from)
    }

    /// As [`change`](Run::change), for what may be gone already, or made by somebody who was quicker.
    pub(crate) fn try_change<T: DeserializeOwned>(
        &self,
        request: &Request<T>,
        instead: impl FnOnce() -> T,
    ) -> Result<Result<T, Box<Refused>>, Failure> {
        debug_assert!(request.action.changes, "{request} changes nothing");
        if self.dry_run {
            self.would(request);
            return Ok(Ok(instead()));
        }
        let outcome = self.send(request);
        if let Err(refused) = &outcome
            && refused.passes_by_itself()
        {
            self.unsure.set(true);
        }
        Ok(outcome)
    }

    fn would<T>(&self, request: &Request<T>) {
        self.line(&format!("would call {request}"));
        let parameters: Map<String, Value> =
            request.shown().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let (product, action) = (request.action.product.name(), request.action.name);
        self.steps.borrow_mut().push(json!({
            "state": "planned",
            "call": {"product": product, "version": request.action.product.version(), "action": action, "parameters": parameters},
        }));
    }

    pub(crate) fn made(&self, what: &str) {
        self.step("made", what);
    }

    pub(crate) fn changed(&self, what: &str) {
        self.step("changed", what);
    }

    pub(crate) fn deleted(&self, what: &str) {
        self.step("deleted", what);
    }

    pub(crate) fn already(&self, what: &str) {
        self.step("already so", what);
    }

    pub(crate) fn note(&self, what: &str) {
        self.step("note", what);
    }

    /// Said once, however often the command had to begin anew. A dry run has said what it would call.
    fn step(&self, state: &str, what: &str) {
        let is_done = matches!(state, "made" | "changed" | "deleted");
        if self.dry_run && is_done {
            return;
        }
        let known = |step: &Value| step["what"] == what && (step["state"] == state || state == "already so");
        if self.steps.borrow().iter().any(known) {
            return;
        }
        self.steps.borrow_mut().push(json!({"state": state, "what": what}));
        self.line(&format!("{state}: {what}"));
    }

    fn line(&self, line: &str) {
        if self.json || self.silent {
            return;
        }
        // What others have named may hold anything, and a terminal would obey it.
        let line = line.replace(|letter: char| letter.is_control() && letter != '\n', " ");
        if let Err(failure) = print_line(&line) {
            self.unprinted.replace(Some(failure));
        }
    }

    /// A line of a list or a description: of no interest to who reads JSON.
    pub(crate) fn print(&self, line: &str) {
        self.line(line);
    }

    /// A field of the JSON.
    pub(crate) fn tell(&self, name: &str, value: impl Into<Value>) {
        self.result.borrow_mut().insert(name.to_owned(), value.into());
    }

    /// Whether somebody can be asked: for what will be asked after a long time only.
    pub(crate) fn can_confirm(&self, what: &str) -> Result<(), Failure> {
        if self.yes || self.dry_run || std::io::stdin().is_terminal() {
            return Ok(());
        }
        Err(Failure::usage(format!("nobody can be asked whether to {what}: say --yes if so")))
    }

    /// Asks before something is deleted.
    pub(crate) fn confirm(&self, what: &str) -> Result<(), Failure> {
        self.can_confirm(what)?;
        if self.yes || self.dry_run {
            return Ok(());
        }
        crate::progress::clear();
        let mut terminal = std::io::stderr();
        write!(terminal, "kmsak: {what}? [y/N] ")
            .and_then(|()| terminal.flush())
            .map_err(Failure::doing("cannot ask"))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(Failure::doing("cannot read the answer"))?;
        if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            Ok(())
        } else {
            Err(Failure::new("nothing was deleted"))
        }
    }

    /// Asks again and again until `look` has an answer; none when `patience` is over. In a dry run it does not wait.
    pub(crate) fn wait<T>(
        &self,
        for_what: &str,
        every: Duration,
        patience: Duration,
        mut look: impl FnMut() -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        let _progress = Progress::begin(for_what);
        let end = Instant::now() + patience;
        let mut pause = every;
        loop {
            let seen = look()?;
            let left = end.saturating_duration_since(Instant::now());
            if seen.is_some() || self.dry_run || left.is_zero() {
                return Ok(seen);
            }
            std::thread::sleep(pause.min(left));
            pause = pause.mul_f64(1.05).min(every.max(LONGEST_PAUSE));
        }
    }

    fn finish(&self, done: bool) -> Result<(), Failure> {
        if !self.json {
            return self.unprinted.take().map_or(Ok(()), Err);
        }
        let mut report = self.result.borrow().clone();
        report.insert("done".to_owned(), json!(done));
        report.insert("steps".to_owned(), Value::Array(self.steps.borrow().clone()));
        print_line(&format!("{:#}", Value::Object(report)))
    }
}

/// What takes hours is not asked about each second: the account has a quota.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What is asked for at once.
const PAGE: usize = 100;

/// Every page of a list, where `page` gives the items of one, [`PAGE`] at most, and how many there are in all, or 0 where the
/// service does not say.
pub(crate) fn every_page<T>(
    mut page: impl FnMut(usize) -> Result<(Vec<T>, u64), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    for number in 1.. {
        let (items, total) = page(number)?;
        let is_full = items.len() >= PAGE;
        let is_empty = items.is_empty();
        all.extend(items);
        let is_last = if total > 0 { all.len() as u64 >= total } else { !is_full };
        if is_empty || is_last {
            break;
        }
    }
    Ok(all)
}

/// Every part of a list, where `part` gives the items of one and what asks for the next.
pub(crate) fn every_part<T>(
    mut part: impl FnMut(Option<&str>) -> Result<(Vec<T>, Option<String>), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let (items, more) = part(next.as_deref())?;
        all.extend(items);
        match more.filter(|more| !more.is_empty() && next.as_ref() != Some(more)) {
            Some(more) => next = Some(more),
            None => return Ok(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_asked_for_and_no_more() {
        for told in [true, false] {
            for count in [0, 1, 99, 100, 101, 250] {
                let mut asked = 0;
                let all = every_page(|page| {
                    asked += 1;
                    let begin = (page - 1) * PAGE;
                    let items: Vec<usize> = (begin..count.min(begin + PAGE)).collect();
                    Ok((items, if told { count as u64 } else { 0 }))
                });
                assert_eq!(all.unwrap(), (0..count).collect::<Vec<_>>(), "{count}");
                assert!(asked <= count / PAGE + 1, "{count}: {asked}");
            }
        }
    }
}
