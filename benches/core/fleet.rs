//! A fleet of processes against KMS's quota, in virtual time: prints a JSON object a line, in no order.
//!
//! `scenario`, `client`, `processes`, `quota` (requests a second), `best_possible_seconds`, `half_seconds` and
//! `last_process_seconds` (null: not within two days), `ratio` of the last to the best possible, `requests`, `throttled_share`,
//! `neighbour_share` (of what somebody else in the account asks meanwhile, the share that is throttled), `peak_rate` (requests in the
//! busiest second after the first, in which nobody knows anything yet), and `series`: requests a second, as the mean of each
//! sixtieth of the time. With `--quick`, one size.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread::{self, available_parallelism};

use kmsak::simulation::fleet::{Client, Fleet, HORIZON, Outcome, Scenario};
use serde_json::{Value, json};

const SEED: u64 = 20_261_124;
const POINTS: usize = 60;
/// `GetSecretValue` requests a second of an account at the shared gateway.
const QUOTA: u32 = 450;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let fleets = Mutex::new(fleets(quick).into_iter());
    let workers = available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(fleet) = fleets.lock().expect("no worker panics").next() else { return };
                    println!("{}", row(&fleet, &fleet.simulate()));
                }
            });
        }
    });
}

fn fleets(quick: bool) -> Vec<Fleet> {
    let sizes: &[u32] = if quick { &[10_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    let everywhere =
        [Client::Kmsak, Client::KmsakTold { per_cent: 125 }, Client::GrowingJitter, Client::Official];
    let only_where_all_are_at_once =
        [Client::KmsakRemembering, Client::KmsakTold { per_cent: 50 }, Client::FullJitter, Client::Adaptive];
    let mut fleets = Vec::new();
    for scenario in [Scenario::ScheduledRotation, Scenario::ImmediateRotation, Scenario::Outage] {
        let at_once = scenario == Scenario::ImmediateRotation;
        let more = if at_once { &only_where_all_are_at_once[..] } else { &[] };
        for &processes in sizes {
            for &client in everywhere.iter().chain(more) {
                fleets.push(Fleet { scenario, client, processes, quota: QUOTA, seed: SEED });
            }
        }
    }
    fleets
}

fn row(fleet: &Fleet, outcome: &Outcome) -> Value {
    let finished = outcome.last < HORIZON;
    let scenario = match fleet.scenario {
        Scenario::ScheduledRotation => "scheduled rotation",
        Scenario::ImmediateRotation => "immediate rotation",
        Scenario::Outage => "back after an outage",
    };
    let client = match fleet.client {
        Client::Kmsak => "kmsak",
        Client::KmsakRemembering => "kmsak, the third time",
        Client::KmsakTold { per_cent: 50 } => "kmsak, told half the size",
        Client::KmsakTold { .. } => "kmsak, told 1.25 times the size",
        Client::GrowingJitter => "growing jitter (kmsak before)",
        Client::FullJitter => "full jitter",
        Client::Adaptive => "adaptive",
        Client::Official => "official",
    };
    json!({
        "scenario": scenario,
        "client": client,
        "processes": fleet.processes,
        "quota": fleet.quota,
        "best_possible_seconds": outcome.best_possible.as_secs_f64(),
        "half_seconds": outcome.half.as_secs_f64(),
        "last_process_seconds": finished.then_some(outcome.last.as_secs_f64()),
        "ratio": finished.then_some(outcome.ratio()),
        "requests": outcome.requests,
        "throttled_share": outcome.throttled_share(),
        "neighbour_share": outcome.neighbour_share(),
        "peak_rate": outcome.peak_after_first(),
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
