//! A fleet of processes against KMS's quota, in virtual time: prints a JSON object a line.
//!
//! `scenario`, `client`, `processes`, `quota` (requests a second), `best_possible_seconds`, `half_seconds` and
//! `last_process_seconds` (null: not within two days), `ratio` of the last to the best possible, `requests`, `throttled_share`, `peak_rate`
//! (requests in the busiest second), and `series`: requests a second, as the mean of each sixtieth of the time.
//! With `--quick`, one size.

use kmsak::fleet::{Client, Fleet, HORIZON, Outcome, Scenario};
use serde_json::{Value, json};

const SEED: u64 = 20_261_124;
const POINTS: usize = 60;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let sizes: &[u32] = if quick { &[10_000] } else { &[1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000] };
    let quotas: &[u32] = if quick { &[450] } else { &[450, 1_000, 2_000] };
    for (scenario, called) in [
        (Scenario::ScheduledRotation, "scheduled rotation"),
        (Scenario::ImmediateRotation, "immediate rotation"),
        (Scenario::Outage, "back after an outage"),
    ] {
        for &processes in sizes {
            for &quota in quotas {
                for (client, name) in [(Client::Kmsak, "kmsak"), (Client::Official, "official")] {
                    let outcome = Fleet { scenario, client, processes, quota, seed: SEED }.simulate();
                    println!("{}", row(called, name, processes, quota, &outcome));
                }
            }
        }
    }
}

fn row(scenario: &str, client: &str, processes: u32, quota: u32, outcome: &Outcome) -> Value {
    let finished = outcome.last < HORIZON;
    json!({
        "scenario": scenario,
        "client": client,
        "processes": processes,
        "quota": quota,
        "best_possible_seconds": outcome.best_possible.as_secs_f64(),
        "half_seconds": outcome.half.as_secs_f64(),
        "last_process_seconds": finished.then_some(outcome.last.as_secs_f64()),
        "ratio": finished.then_some(outcome.ratio()),
        "requests": outcome.requests,
        "throttled_share": outcome.throttled as f64 / outcome.requests as f64,
        "peak_rate": outcome.peak(),
        "series": series(&outcome.by_second),
    })
}

/// Pairs of a time in seconds and the mean rate around it.
fn series(by_second: &[u32]) -> Vec<(f64, f64)> {
    let width = by_second.len().div_ceil(POINTS).max(1);
    by_second
        .chunks(width)
        .enumerate()
        .map(|(number, chunk)| {
            let middle = (number * width) as f64 + chunk.len() as f64 / 2.0;
            (middle, chunk.iter().map(|&rate| f64::from(rate)).sum::<f64>() / chunk.len() as f64)
        })
        .collect()
}
