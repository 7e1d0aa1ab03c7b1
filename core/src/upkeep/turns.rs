//! When an endpoint that throttles is asked again, by all secrets of the process together. Pure: the time and the random draw come
//! in from outside.
//!
//! Whoever is turned away learns neither how many others are nor when they will be served; only that the crowd is still there
//! after so long tells how large it is. So each process has one turn in each of a row of windows that grow geometrically,
//! always at the same place in them: `since + first × draw`, then `since + first × growth^(draw + k - 2)`. As many ask in each
//! second of a window as in the next one's `growth` seconds, and each window is as wide as what remains can need.
//! `simulation::fleet` holds it against other ways.

use std::time::Duration;

use tokio::time::Instant;

use crate::upkeep::limits::{
    BETWEEN_SECRETS_IN_TURN, FIRST_WINDOW, GROWTH_UNHURRIED, GROWTH_URGENT, LONGEST_BETWEEN_TURNS,
    LONGEST_BETWEEN_URGENT_TURNS,
};
use crate::upkeep::schedule::LONGEST_RETRY_AFTER;

/// Whether somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// An AccessKey was rejected, or none is at hand.
    Urgent,
    /// What is in use is good: the schedule wants to know whether it still is.
    Unhurried,
}

impl Haste {
    /// A longer `Retry-After` is not kept: one that was meant for a crowd, or is a mistake, is to keep nobody for an hour whose
    /// AccessKey is rejected.
    pub(crate) fn longest_retry_after(self) -> Duration {
        match self {
            Haste::Urgent => LONGEST_BETWEEN_URGENT_TURNS,
            Haste::Unhurried => LONGEST_RETRY_AFTER,
        }
    }
}

/// What a request is for, as far as it says when the next one leaves after one that was throttled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    pub(crate) haste: Haste,
    /// When all who ask for the same reason began to; none for the moment at which the request is turned away.
    pub(crate) since: Option<Instant>,
    /// Over how long they are spread.
    pub(crate) first: Duration,
}

impl Occasion {
    /// Somebody waits, for `left` at most. The first turn comes while they do.
    pub(crate) fn urgent(left: Duration) -> Self {
        Occasion { haste: Haste::Urgent, since: None, first: promised(left) }
    }

    /// Somebody waits, for `left` at most, but for something that no renewal is to wait for.
    pub(crate) fn aside(left: Duration) -> Self {
        Occasion::scheduled(None, promised(left))
    }

    /// The schedule spread all processes over `spread` from `since` on.
    pub(crate) fn scheduled(since: Option<Instant>, spread: Duration) -> Self {
        Occasion { haste: Haste::Unhurried, since, first: spread }
    }
}

/// How much of the time that somebody waits, `left`, the first turns may be spread over: the second ones are to be over before it,
/// so that each process has one in the second half of it, and whoever is throttled for less than that notices nothing.
pub(crate) fn promised(left: Duration) -> Duration {
    FIRST_WINDOW.min(left.mul_f64(0.99 / GROWTH_URGENT))
}

/// One process's turns at one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    haste: Haste,
    since: Instant,
    first: Duration,
    draw: f64,
    /// The number of the window in which the next turn lies, from 1.
    window: i32,
    next: Instant,
    /// One of the process's secrets has taken the turn; the others wait until then for what comes of it.
    taken_until: Option<Instant>,
    /// Whether anything was turned away, and it is not only held back.
    throttled: bool,
    /// When the endpoint answered.
    answered: Option<Instant>,
}

impl Turns {
    /// Turns for whoever has not asked yet: the first one lies in the first window.
    pub(crate) fn held_back(occasion: Occasion, now: Instant, draw: f64) -> Self {
        let since = occasion.since.unwrap_or(now);
        let (first, draw) = (occasion.first, draw.clamp(0.0, 1.0));
        let next = since + first.mul_f64(draw);
        Turns {
            haste: occasion.haste,
            since,
            first,
            draw,
            window: 1,
            next,
            taken_until: None,
            throttled: false,
            answered: None,
        }
    }

    /// Turns for whoever was turned away just now.
    pub(crate) fn turned_away(occasion: Occasion, now: Instant, draw: f64) -> Self {
        let mut turns = Turns::held_back(occasion, now, draw);
        turns.throttled = true;
        if turns.next <= now {
            turns.next_after(now);
        }
        turns
    }

    /// A turn came to nothing at `now`.
    pub(crate) fn again(&mut self, now: Instant) {
        self.throttled = true;
        self.answered = None;
        self.next_after(now);
    }

    /// As [`again`](Turns::again), by somebody who knows that all were served after `lasted` the last time: the turn is somewhere
    /// in what is left of that.
    pub(crate) fn again_until(&mut self, lasted: Duration, now: Instant, draw: f64) {
        let elapsed = now.saturating_duration_since(self.since);
        if lasted <= elapsed + self.first {
            return self.again(now);
        }
        self.throttled = true;
        self.answered = None;
        self.taken_until = None;
        self.next = now + (lasted - elapsed).mul_f64(draw.clamp(0.0, 1.0));
        self.first = lasted;
        self.window = 1;
        self.draw = (self.next - self.since).as_secs_f64() / lasted.as_secs_f64();
    }

    fn next_after(&mut self, now: Instant) {
        self.taken_until = None;
        let (growth, longest) = match self.haste {
            Haste::Urgent => (GROWTH_URGENT, LONGEST_BETWEEN_URGENT_TURNS),
            Haste::Unhurried => (GROWTH_UNHURRIED, LONGEST_BETWEEN_TURNS),
        };
        let elapsed = now.saturating_duration_since(self.since);
        let place = loop {
            let place = self.first.mul_f64(growth.powf(self.draw + f64::from(self.window - 1)));
            self.window += 1;
            // A window of no width would never end.
            if place > elapsed || place > elapsed + longest || self.window > 64 {
                break place;
            }
        };
        self.next = now + place.saturating_sub(elapsed).min(longest);
    }

    /// How long whoever asks with `haste` has to wait. What is urgent does not wait for turns that nobody was in a hurry with.
    pub(crate) fn wait(&self, haste: Haste, now: Instant) -> Duration {
        if self.is_over() || !self.is_for(haste) {
            return Duration::ZERO;
        }
        self.taken_until.map_or(self.next, |until| until.max(self.next)).saturating_duration_since(now)
    }

    /// A request leaves.
    pub(crate) fn take(&mut self, now: Instant) {
        if !self.is_over() {
            self.taken_until = Some(now + BETWEEN_SECRETS_IN_TURN);
        }
    }

    /// Whether the turn is still to come.
    pub(crate) fn is_ahead(&self, now: Instant) -> bool {
        !self.is_over() && self.next > now
    }

    /// Whether a request with `haste` goes by these turns.
    pub(crate) fn is_for(&self, haste: Haste) -> bool {
        self.haste == Haste::Urgent || haste == Haste::Unhurried
    }

    /// How long it has been throttled until now, if it is, and somebody waits.
    pub(crate) fn throttled_for(&self, now: Instant) -> Option<Duration> {
        let lasts = self.throttled && !self.is_over() && self.haste == Haste::Urgent;
        lasts.then(|| now.saturating_duration_since(self.since))
    }

    /// Whether the endpoint has answered.
    pub(crate) fn is_over(&self) -> bool {
        self.answered.is_some()
    }

    /// KMS asked for a pause as well: the place in the window comes on top of it.
    pub(crate) fn delay(&mut self, by: Duration) {
        self.next += by;
    }

    /// The endpoint answered: how long that took from the beginning, if it is the first answer and somebody waited for it.
    pub(crate) fn served(&mut self, now: Instant) -> Option<Served> {
        if self.answered.replace(now).is_some() || self.haste == Haste::Unhurried {
            return None;
        }
        Some(Served { after: now.saturating_duration_since(self.since), throttled: self.throttled })
    }

    /// Whether it is the same crowd that turns up at `now`: the endpoint has answered, or the turn has passed unused, but not for
    /// long.
    pub(crate) fn is_still_there(&self, now: Instant) -> bool {
        let last = self.answered.unwrap_or(self.next);
        let lasted = last.saturating_duration_since(self.since);
        now.saturating_duration_since(last) <= lasted.max(FIRST_WINDOW)
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) after: Duration,
    pub(crate) throttled: bool,
}

/// What a process remembers of the last time that its AccessKey was rejected and KMS throttled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// How long it took, or somewhat less.
    lasted: Duration,
    /// How often in a row.
    times: u32,
}

impl Memory {
    /// Less is not worth a pause.
    const LEAST: Duration = Duration::from_secs(1);

    pub(crate) fn learn(&mut self, served: Served) {
        if served.throttled {
            // A little less: those who were served last make the others wait longer than need be, and are turned away once more.
            let lasted = served.after.mul_f64(0.75);
            *self = Memory { lasted, times: self.times.saturating_add(1) };
        } else {
            *self = Memory { lasted: self.lasted / 2, times: 0 };
        }
        if self.lasted < Memory::LEAST {
            *self = Memory::default();
        }
    }

    /// Over how long the first request is spread. Longer than somebody waits, `left`, only where KMS has throttled for longer
    /// twice in a row: it may have been others in the account, and a rotation is to cost a small fleet no failed call.
    pub(crate) fn spread(self, left: Duration) -> Duration {
        if self.times > 1 { self.lasted } else { self.lasted.min(promised(left)) }
    }

    pub(crate) fn lasted(self) -> Duration {
        self.lasted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn places(mut turns: Turns, start: Instant, number: usize) -> Vec<f64> {
        let mut places = Vec::new();
        for _ in 0..number {
            places.push((turns.next - start).as_secs_f64());
            turns.again(turns.next);
        }
        places
    }

    fn close(places: &[f64], expected: &[f64]) {
        for (place, expected) in places.iter().zip(expected) {
            assert!((place - expected).abs() < 0.001, "{places:?}");
        }
    }

    #[test]
    fn one_turn_in_each_window_at_the_same_place() {
        let now = Instant::now();
        let urgent = Occasion::urgent(SECOND * 20);
        close(&places(Turns::turned_away(urgent, now, 0.5), now, 4), &[4.0, 10.881, 20.130, 37.240]);
        close(&places(Turns::turned_away(urgent, now, 1.0), now, 3), &[8.0, 14.8, 27.38]);
    }

    #[test]
    fn turns_are_never_further_apart_than_the_longest() {
        let now = Instant::now();
        let urgent = places(Turns::turned_away(Occasion::urgent(SECOND * 10), now, 0.3), now, 30);
        assert!(urgent.windows(2).all(|pair| pair[1] - pair[0] <= 120.001), "{urgent:?}");
        let unhurried = Occasion::scheduled(Some(now), SECOND * 1800);
        let unhurried = places(Turns::turned_away(unhurried, now, 0.3), now, 30);
        assert!(unhurried.windows(2).all(|pair| pair[1] - pair[0] <= 600.001), "{unhurried:?}");
    }

    #[test]
    fn the_first_turn_comes_while_somebody_waits() {
        for left in [1, 10, 20] {
            let now = Instant::now();
            let turns = Turns::turned_away(Occasion::urgent(SECOND * left), now, 1.0);
            assert!(turns.wait(Haste::Urgent, now) <= (SECOND * left).mul_f64(0.8));
            assert!(turns.wait(Haste::Urgent, now) <= FIRST_WINDOW);
        }
    }

    #[test]
    fn what_is_urgent_does_not_wait_for_those_who_are_not_in_a_hurry() {
        let now = Instant::now();
        let unhurried = Turns::turned_away(Occasion::scheduled(None, SECOND * 1800), now, 0.9);
        assert_eq!(unhurried.wait(Haste::Urgent, now), Duration::ZERO);
        assert!(unhurried.wait(Haste::Unhurried, now) > Duration::ZERO);
        let urgent = Turns::turned_away(Occasion::urgent(SECOND * 10), now, 0.9);
        assert!(urgent.wait(Haste::Unhurried, now) > Duration::ZERO);
    }

    #[test]
    fn a_window_without_width_ends() {
        let now = Instant::now();
        let mut turns = Turns::turned_away(Occasion::urgent(Duration::ZERO), now, 0.0);
        turns.again(now + SECOND);
    }

    #[test]
    fn a_memory_keeps_nobody_waiting_for_longer_than_they_can_until_it_is_confirmed() {
        let served = |seconds, throttled| Served { after: SECOND * seconds, throttled };
        let left = SECOND * 15;
        let mut memory = Memory::default();
        assert_eq!(memory.spread(left), Duration::ZERO);
        memory.learn(served(200, true));
        assert_eq!((memory.spread(left), memory.lasted()), (FIRST_WINDOW, SECOND * 150));
        memory.learn(served(160, true));
        assert_eq!(memory.spread(left), SECOND * 120);
        memory.learn(served(1, false));
        assert_eq!((memory.spread(left), memory.lasted()), (FIRST_WINDOW, SECOND * 60));
        for _ in 0..8 {
            memory.learn(served(1, false));
        }
        assert_eq!(memory, Memory::default());
    }

    #[test]
    fn the_next_turn_of_whoever_remembers_lies_in_what_is_left() {
        let now = Instant::now();
        let mut turns = Turns::held_back(Occasion::urgent(SECOND * 10), now, 0.5);
        turns.again_until(SECOND * 200, now + SECOND * 4, 0.5);
        close(&places(turns, now, 2), &[102.0, 102.0 + 120.0]);
    }
}
