//! `kmsak serve --probe`: for images that hold no other program that could ask.

use std::process::ExitCode;

use crate::agent_client::Place;
use crate::failure::Failure;

pub(super) fn run(place: &Place) -> Result<ExitCode, Failure> {
    match place.get("/ready", "")? {
        (200, _) => Ok(ExitCode::SUCCESS),
        (_, why) => Err(Failure::new(format!("the agent is not ready: {}", why.trim()))),
    }
}
