use super::*;

fn fleet(scenario: Scenario, processes: u32) -> Outcome {
    Fleet { scenario, client: Client::Kmsak, processes, quota: 450, seed: 7 }.simulate()
}

#[test]
fn the_last_process_has_it_within_one_and_a_half_times_the_best_possible() {
    for scenario in [Scenario::ScheduledRotation, Scenario::ImmediateRotation, Scenario::Outage] {
        for processes in [10_000, 30_000, 100_000] {
            let outcome = fleet(scenario, processes);
            assert!(
                outcome.ratio() <= 1.5,
                "{scenario:?} {processes}: {:?}, best {:?}",
                outcome.last,
                outcome.best_possible
            );
        }
    }
}

#[test]
fn a_fleet_that_fits_into_the_quota_is_not_throttled_by_a_scheduled_rotation() {
    assert_eq!(fleet(Scenario::ScheduledRotation, 100_000).throttled, 0);
}

#[test]
fn nobody_is_left_behind_and_each_success_is_one_request() {
    for scenario in [Scenario::ScheduledRotation, Scenario::ImmediateRotation, Scenario::Outage] {
        let outcome = fleet(scenario, 20_000);
        assert!(outcome.last < HORIZON && outcome.half <= outcome.last, "{scenario:?}");
        assert_eq!(outcome.requests - outcome.throttled, 20_000, "{scenario:?}");
    }
}
