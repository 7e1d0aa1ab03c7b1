use super::*;

fn fleet(scenario: Scenario, client: Client, processes: u32) -> Outcome {
    Fleet { scenario, client, processes, quota: 450, seed: 7 }.simulate()
}

#[test]
fn the_last_process_has_it_within_one_and_a_half_times_the_best_possible() {
    for scenario in [Scenario::ScheduledRotation, Scenario::ImmediateRotation, Scenario::Outage] {
        for processes in [10_000, 30_000, 100_000] {
            let outcome = fleet(scenario, Client::Kmsak, processes);
            assert!(
                outcome.ratio() <= 1.5,
                "{scenario:?} {processes}: {:?}, best {:?}",
                outcome.last,
                outcome.best_possible
            );
        }
    }
}

/// The shares and peaks that docs/benchmarks.md shows, with a little room.
#[test]
fn so_many_are_throttled_at_most() {
    let told = |per_cent| Client::KmsakTold { per_cent };
    for (client, processes, most_throttled, highest_peak, largest_ratio) in [
        (Client::Kmsak, 10_000, 0.65, 4.0, 1.5),
        (Client::Kmsak, 100_000, 0.85, 40.0, 1.5),
        (Client::KmsakRemembering, 10_000, 0.62, 9.0, 1.5),
        (Client::KmsakRemembering, 100_000, 0.62, 9.0, 1.5),
        (told(50), 10_000, 0.5, 3.0, 1.6),
        (told(125), 10_000, 0.0, 2.0, 1.5),
        (told(125), 100_000, 0.0, 2.0, 1.5),
    ] {
        let outcome = fleet(Scenario::ImmediateRotation, client, processes);
        let (share, ratio) = (outcome.throttled_share(), outcome.ratio());
        let peak = f64::from(outcome.peak_after_first()) / 450.0;
        assert!(
            share <= most_throttled && peak <= highest_peak && ratio <= largest_ratio,
            "{client:?} {processes}: {share} throttled, peak {peak}, last {ratio}"
        );
    }
}

#[test]
fn a_fleet_that_knows_its_size_is_not_throttled_after_an_outage() {
    for processes in [10_000, 100_000, 1_000_000] {
        let outcome = fleet(Scenario::Outage, Client::KmsakTold { per_cent: 125 }, processes);
        let (share, peak) = (outcome.throttled_share(), f64::from(outcome.peak_after_first()) / 450.0);
        assert!(
            share < 0.02 && peak <= 2.0 && outcome.ratio() <= 1.5,
            "{processes}: {share} throttled, peak {peak}, last {}",
            outcome.ratio()
        );
    }
}

#[test]
fn a_fleet_that_fits_into_the_quota_is_not_throttled_by_a_scheduled_rotation() {
    assert_eq!(fleet(Scenario::ScheduledRotation, Client::Kmsak, 300_000).throttled, 0);
}

#[test]
fn a_small_fleet_is_served_while_its_applications_wait() {
    // Told nothing, told the truth, and of those who remember each one the first time and later.
    for client in [Client::Kmsak, Client::KmsakTold { per_cent: 100 }] {
        for processes in [1, 450, 1_000, 3_600] {
            let outcome = fleet(Scenario::ImmediateRotation, client, processes);
            assert!(outcome.last < Duration::from_secs(10), "{client:?} {processes}: {:?}", outcome.last);
        }
    }
}

#[test]
fn nobody_is_left_behind_and_each_success_is_one_request() {
    for scenario in [Scenario::ScheduledRotation, Scenario::ImmediateRotation, Scenario::Outage] {
        for client in [
            Client::Kmsak,
            Client::KmsakRemembering,
            Client::GrowingJitter,
            Client::FullJitter,
            Client::Adaptive,
            Client::Official,
        ] {
            let outcome = fleet(scenario, client, 5_000);
            assert!(outcome.last < HORIZON && outcome.half <= outcome.last, "{scenario:?} {client:?}");
            assert_eq!(outcome.requests - outcome.throttled, 5_000, "{scenario:?} {client:?}");
        }
    }
}
