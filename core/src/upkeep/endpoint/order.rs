//! Which endpoint is asked first.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Endpoint;
use super::health::Health;

/// The order in which to ask: those that are up before those that are down; among those up as configured, but where
/// two have been measured the clearly faster one goes first; among those down, the one whose pause ends first.
pub(crate) fn order(endpoints: &[Arc<Endpoint>], now: Instant) -> Vec<Arc<Endpoint>> {
    let health: Vec<Health> = endpoints.iter().map(|endpoint| endpoint.health()).collect();
    order_by_health(&health, now).into_iter().map(|index| endpoints[index].clone()).collect()
}

fn order_by_health(health: &[Health], now: Instant) -> Vec<usize> {
    let is_down = |index: &usize| health[*index].down_until.is_some_and(|until| until > now);
    let (mut down, mut up): (Vec<usize>, Vec<usize>) = (0..health.len()).partition(is_down);
    // Sorting only the measured ones among their own places leaves the others where the configuration put them.
    let measured_at = |place: &usize| health[up[*place]].latency(now).is_some();
    let places: Vec<usize> = (0..up.len()).filter(measured_at).collect();
    let mut measured: Vec<usize> = places.iter().map(|place| up[*place]).collect();
    measured.sort_by_key(|index| speed_class(health[*index].latency(now).unwrap_or_default()));
    for (place, index) in places.into_iter().zip(measured) {
        up[place] = index;
    }
    down.sort_by_key(|index| health[*index].down_until);
    up.extend(down);
    up
}

/// Latencies within a factor of about 1.5 are alike, so that noise does not make the order flap.
fn speed_class(latency: Duration) -> i32 {
    (latency.as_secs_f64().max(0.001).ln() / 1.5_f64.ln()).floor() as i32
}

#[cfg(test)]
mod tests {
    use crate::upkeep::endpoint::health::Latency;
    use crate::upkeep::limits::LATENCY_REMEMBERED;

    use super::*;

    fn up(milliseconds: u64) -> Health {
        let latency = Latency { average: Duration::from_millis(milliseconds), at: Instant::now() };
        Health { latency: Some(latency), ..Health::default() }
    }

    fn down(now: Instant, seconds: u64) -> Health {
        Health { down_until: Some(now + Duration::from_secs(seconds)), ..Health::default() }
    }

    #[test]
    fn as_configured_until_measured() {
        let now = Instant::now();
        assert_eq!(
            order_by_health(&[Health::default(), Health::default(), Health::default()], now),
            [0, 1, 2]
        );
        assert_eq!(order_by_health(&[up(500), Health::default()], now), [0, 1]);
    }

    #[test]
    fn then_by_latency_where_the_difference_is_clear() {
        let now = Instant::now();
        assert_eq!(order_by_health(&[up(200), up(20)], now), [1, 0]);
        assert_eq!(order_by_health(&[up(21), up(20)], now), [0, 1]);
        assert_eq!(order_by_health(&[up(200), Health::default(), up(20)], now), [2, 1, 0]);
    }

    #[test]
    fn a_latency_that_is_not_measured_again_is_forgotten() {
        let now = Instant::now();
        let health = [up(200), up(20)];
        assert_eq!(order_by_health(&health, now + LATENCY_REMEMBERED / 2), [1, 0]);
        assert_eq!(order_by_health(&health, now + LATENCY_REMEMBERED * 2), [0, 1]);
    }

    #[test]
    fn those_down_come_last_and_return_when_the_pause_is_over() {
        let now = Instant::now();
        let health = [down(now, 9), up(200), down(now, 3)];
        assert_eq!(order_by_health(&health, now), [1, 2, 0]);
        assert_eq!(order_by_health(&health, now + Duration::from_secs(10)), [0, 1, 2]);
    }
}
