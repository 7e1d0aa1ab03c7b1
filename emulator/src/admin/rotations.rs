//! Rotations: at once, by schedule, and for how long both AccessKeys work.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Failure, date, done};
use crate::control::Control;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Schedule {
    name: String,
    interval_seconds: Option<i64>,
    first: Option<String>,
    #[serde(default)]
    broken: bool,
}

pub(super) fn schedule(control: &Control, what: &Schedule) -> Answer {
    if what.broken {
        return done(control.world.change(|state, _, _| state.break_rotation(&what.name)));
    }
    let schedule = match what.interval_seconds {
        None => None,
        Some(seconds) => {
            let interval = time::Duration::seconds(seconds);
            let first = match &what.first {
                Some(text) => date(text)?,
                None => control.world.clock.now().saturating_add(interval),
            };
            Some((interval, first))
        }
    };
    done(control.world.change(|state, _, _| state.schedule_rotation(&what.name, schedule)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Rotate {
    secret: String,
    #[serde(default)]
    overlap_seconds: f64,
}

fn seconds(seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Failure::new(400, format!("{seconds} is no number of seconds")))
}

pub(super) fn rotate(control: &Control, what: &Rotate) -> Answer {
    let rotation = control.rotate(&what.secret, seconds(what.overlap_seconds)?)?;
    serde_json::to_value(rotation).map_err(|error| Failure::new(500, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Overlaps {
    scheduled_seconds: f64,
    immediate_seconds: f64,
}

pub(super) fn set_overlaps(control: &Control, what: &Overlaps) -> Answer {
    done(control.set_overlaps(seconds(what.scheduled_seconds)?, seconds(what.immediate_seconds)?))
}

pub(super) fn overlaps(control: &Control) -> Value {
    control.world.read(|state, _| {
        json!({
            "scheduledSeconds": state.scheduled_overlap,
            "immediateSeconds": state.immediate_overlap,
        })
    })
}
