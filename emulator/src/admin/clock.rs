//! The emulator's clock, read and moved.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Answer, Failure, date};
use crate::clock::iso8601;
use crate::control::Control;

pub(super) fn read(control: &Control) -> Value {
    json!({
        "now": iso8601(control.world.clock.now()),
        "offsetSeconds": control.world.clock.offset().as_seconds_f64(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct MoveClock {
    /// Seconds ahead, or back if negative.
    advance_seconds: Option<f64>,
    now: Option<String>,
    #[serde(default)]
    reset: bool,
}

pub(super) fn move_to(control: &Control, what: MoveClock) -> Answer {
    let zero = time::Duration::ZERO;
    match (what.advance_seconds, what.now, what.reset) {
        (Some(seconds), None, false) if seconds.is_finite() => {
            let by = time::Duration::saturating_seconds_f64(seconds);
            control.world.move_clock(|clock| clock.offset().saturating_add(by))?;
        }
        (None, Some(text), false) => {
            let to = date(&text)?;
            control.world.move_clock(|_| to - OffsetDateTime::now_utc())?;
        }
        (None, None, true) => {
            control.world.move_clock(|_| zero)?;
        }
        _ => {
            return Err(Failure::new(
                400,
                "give one of advanceSeconds (a number), now (YYYY-MM-DDThh:mm:ssZ) and reset (true)",
            ));
        }
    }
    Ok(read(control))
}
