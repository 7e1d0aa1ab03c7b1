//! One fetch of one secret: which endpoints are asked, when, and when to stop. Its limits stand in [`limits`].

use std::sync::Arc;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Kind, Result, Scope};
use crate::kms::SecretRequest;
use crate::secret::Secret;
use crate::upkeep::backoff::{Backoff, within};
use crate::upkeep::endpoint::{self, Endpoint};
use crate::upkeep::limits::{AFTER_RECOVERY, MOST_BESIDE, PATIENCE, pause_beside};
use crate::upkeep::live::Live;
use crate::upkeep::turns::Occasion;

/// What a fetch brought.
pub(crate) struct Fetched {
    pub(crate) secret: Secret,
    /// When it was asked for.
    pub(crate) asked: Instant,
}

/// A fetch. Whoever drives it may drop the future of [`run`](Fetch::run) and call it again: what was sent stays under way.
pub(crate) struct Fetch {
    live: Arc<Live>,
    request: Arc<SecretRequest>,
    deadline: Instant,
    occasion: Occasion,
    /// How often it may ask each endpoint.
    most_tries: u32,
    /// The endpoints in the order in which they are asked first.
    places: Vec<Place>,
    under_way: JoinSet<Result<Secret>>,
    /// What is known of those under way, the oldest first.
    flights: Vec<Flight>,
    /// When the next request leaves beside those under way.
    beside_at: Option<Instant>,
    /// How many were sent to endpoints that had one under way.
    beside: u32,
    /// An endpoint failed just now: the next one is asked without waiting for those under way.
    follow: bool,
    /// KMS has said of the secret itself that there is nothing to be had.
    is_refused: bool,
    /// KMS's own refusal, which tells more than that another endpoint could not be reached.
    refusal: Option<Error>,
    last_error: Option<Error>,
}

/// An endpoint, as this fetch sees it.
struct Place {
    endpoint: Arc<Endpoint>,
    tries: u32,
    /// When it may be asked.
    next: Option<Instant>,
    /// Whether it is asked as well as soon as it answers somebody else.
    awaits_recovery: bool,
    failing_since: Option<Instant>,
}

struct Flight {
    endpoint: Arc<Endpoint>,
    sent: Instant,
    task: AbortHandle,
}

impl Fetch {
    /// A fetch that leaves the first `begin_with` endpoints to the end. Requests of an `earlier` one that are still under way are
    /// its own from now on.
    pub(crate) fn new(
        live: Arc<Live>,
        request: Arc<SecretRequest>,
        deadline: Instant,
        occasion: Occasion,
        begin_with: usize,
        earlier: Option<Fetch>,
    ) -> Self {
        let now = Instant::now();
        let (under_way, flights) = earlier.map(Fetch::into_flights).unwrap_or_default();
        let mut order = endpoint::order(live.endpoints(), now);
        if !order.is_empty() {
            let first = begin_with % order.len();
            order.rotate_left(first);
        }
        let places = order.into_iter().map(|endpoint| {
            let next = Some(now);
            Place { endpoint, tries: 0, next, awaits_recovery: false, failing_since: None }
        });
        let mut fetch = Fetch {
            request,
            deadline,
            occasion,
            most_tries: u32::MAX,
            places: places.collect(),
            under_way,
            flights,
            beside_at: None,
            beside: 0,
            follow: false,
            is_refused: false,
            refusal: None,
            last_error: None,
            live,
        };
        fetch.adopt(now);
        fetch
    }

    /// The endpoints with requests of an earlier fetch under way have been asked.
    fn adopt(&mut self, now: Instant) {
        for flight in &self.flights {
            let place = self.places.iter_mut().find(|place| Arc::ptr_eq(&place.endpoint, &flight.endpoint));
            place.into_iter().for_each(|place| place.tries = 1);
            self.beside_at = Some(now + PATIENCE);
        }
    }

    fn into_flights(mut self) -> (JoinSet<Result<Secret>>, Vec<Flight>) {
        (std::mem::take(&mut self.under_way), std::mem::take(&mut self.flights))
    }

    /// Asks each endpoint so many times at most.
    pub(crate) fn limit_tries(&mut self, most: u32) {
        if self.most_tries != most {
            self.most_tries = most;
            self.plan_beside(Instant::now());
        }
    }

    /// Somebody waits now, or nobody any more.
    pub(crate) fn set_occasion(&mut self, occasion: Occasion) {
        self.occasion = occasion;
    }

    /// Whether a request is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.flights.is_empty()
    }

    /// Fetches from whichever endpoint answers first.
    ///
    /// # Errors
    /// KMS's refusal, which no retry can mend, as soon as no endpoint is left that might answer otherwise; else the
    /// latest failure.
    pub(crate) async fn run(&mut self) -> Result<Fetched> {
        loop {
            let now = Instant::now();
            // What is due leaves at once: a timer would round it up to the next millisecond.
            self.heed_rests(now);
            while let Some(place) = self.due(now) {
                self.send(place, now);
            }
            // Nobody is left to be asked beside the others.
            self.beside_at = self.beside_at.filter(|at| *at > now);
            if now >= self.deadline || !self.goes_on() {
                return Err(self.verdict(now));
            }
            let wake = self.next_sending().map_or(self.deadline, |next| next.min(self.deadline));
            let endpoints = self.live.clone();
            tokio::select! {
                biased;
                Some(done) = self.under_way.join_next_with_id() => {
                    if let Some(result) = self.landed(done) {
                        return result;
                    }
                }
                () = endpoint::recovery(endpoints.endpoints()) => self.hurry(),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// The next answer to a request that is still under way, though nobody waits for it; none when none is left.
    pub(crate) async fn linger(&mut self) -> Option<Fetched> {
        while let Some(done) = self.under_way.join_next_with_id().await {
            if let Some((_, Ok(fetched))) = self.take_flight(done) {
                return Some(fetched);
            }
        }
        None
    }

    fn goes_on(&self) -> bool {
        !self.flights.is_empty()
            || self.next_sending().is_some()
            || self.places.iter().any(|place| place.awaits_recovery)
    }

    /// An endpoint that is due may have been given a rest by others meanwhile.
    fn heed_rests(&mut self, now: Instant) {
        for index in 0..self.places.len() {
            let is_due = self.places[index].next.is_some_and(|next| next <= now);
            if !is_due || self.flights_to(&self.places[index]) > 0 {
                continue;
            }
            let place = &mut self.places[index];
            let rest = place.endpoint.rests_for(self.occasion.haste, now);
            if !rest.is_zero() {
                place.next = place.endpoint.book_retry(now + rest, self.deadline);
                place.awaits_recovery = place.next.is_some();
            }
        }
    }

    /// The place to ask now, if any.
    fn due(&self, now: Instant) -> Option<usize> {
        if now >= self.deadline {
            return None;
        }
        let beside = self.beside_at.is_some_and(|at| at <= now);
        let begin = self.flights.is_empty() || self.follow || beside;
        let ready = |place: &Place| place.next.is_some_and(|next| next <= now);
        let fresh = |place: &Place| begin && place.tries == 0 && ready(place);
        let again = |place: &Place| place.tries > 0 && ready(place) && self.flights_to(place) == 0;
        let found = self.places.iter().position(fresh).or_else(|| self.places.iter().position(again));
        found.or_else(|| if beside { self.beside_others(now) } else { None })
    }

    /// When something is sent next, if nothing happens before.
    fn next_sending(&self) -> Option<Instant> {
        let begin = self.flights.is_empty() || self.follow;
        let waiting = |place: &&Place| match place.tries {
            0 => begin,
            _ => self.flights_to(place) == 0,
        };
        let by_place = self.places.iter().filter(waiting).filter_map(|place| place.next).min();
        by_place.into_iter().chain(self.beside_at).min().filter(|next| *next < self.deadline)
    }

    fn flights_to(&self, place: &Place) -> usize {
        self.flights.iter().filter(|flight| Arc::ptr_eq(&flight.endpoint, &place.endpoint)).count()
    }

    /// The place with the fewest requests under way, to ask once more over a new connection.
    fn beside_others(&self, now: Instant) -> Option<usize> {
        if self.beside >= MOST_BESIDE {
            return None;
        }
        let asked = |index: &usize| {
            let place = &self.places[*index];
            let rests = !place.endpoint.rests_for(self.occasion.haste, now).is_zero();
            place.next.is_some() && !rests && place.tries < self.most_tries && self.flights_to(place) > 0
        };
        (0..self.places.len()).filter(asked).min_by_key(|index| self.flights_to(&self.places[*index]))
    }

    fn send(&mut self, index: usize, now: Instant) {
        let under_way = self.flights_to(&self.places[index]);
        let place = &mut self.places[index];
        place.tries += 1;
        place.awaits_recovery = false;
        self.beside += u32::from(under_way > 0);
        self.follow = false;
        let endpoint = place.endpoint.clone();
        endpoint.take_turn(now);
        let task = self.under_way.spawn({
            let (live, request, endpoint) = (self.live.clone(), self.request.clone(), endpoint.clone());
            let occasion = self.occasion;
            async move {
                let tell = |event| live.tell(event);
                endpoint.ask(&request, occasion, live.environment(), live.skew(), &tell).await
            }
        });
        self.flights.push(Flight { endpoint, sent: now, task });
        self.plan_beside(now);
    }

    /// Sets when a request leaves beside those under way, if none of them ends before.
    fn plan_beside(&mut self, now: Instant) {
        let fresh = self.places.iter().any(|place| place.tries == 0 && place.next.is_some());
        let pause =
            if fresh { Some(PATIENCE) } else { self.beside_others(now).map(|_| pause_beside(self.beside)) };
        // Where the deadline is nearer than that, the last request has time left to be answered.
        let left = self.deadline.saturating_duration_since(now);
        self.beside_at = pause.and_then(|pause| within(pause, None, left)).map(|pause| now + pause);
    }

    /// An endpoint answers again: those that wait for their retry of it need not wait so long.
    fn hurry(&mut self) {
        let now = Instant::now();
        let haste = self.occasion.haste;
        let is_back = |place: &&mut Place| {
            place.awaits_recovery
                && place.endpoint.is_well()
                && place.endpoint.rests_for(haste, now).is_zero()
        };
        for place in self.places.iter_mut().filter(is_back) {
            let soon = now + AFTER_RECOVERY.mul_f64(self.live.environment().random.draw());
            place.next = Some(place.next.map_or(soon, |next| next.min(soon)));
        }
    }

    /// A request ended; what came of the fetch, if that ends it.
    fn landed(&mut self, done: Result<(Id, Result<Secret>), JoinError>) -> Option<Result<Fetched>> {
        let (endpoint, error) = match self.take_flight(done)? {
            (_, Ok(fetched)) => return Some(Ok(fetched)),
            (endpoint, Err(error)) => (endpoint, error),
        };
        let now = Instant::now();
        if error.retryable() {
            self.plan_retry(&endpoint, &error, now);
        } else {
            self.rule_out(&endpoint, &error);
        }
        self.last_error = Some(error);
        self.follow = true;
        if self.flights.is_empty() {
            self.beside_at = None;
        }
        None
    }

    fn take_flight(
        &mut self,
        done: Result<(Id, Result<Secret>), JoinError>,
    ) -> Option<(Arc<Endpoint>, Result<Fetched>)> {
        let (id, result) = match done {
            Ok((id, result)) => (id, result),
            Err(defect) => {
                let error = Error::new(Kind::Server, format!("kmsak met a defect of its own: {defect}"));
                (defect.id(), Err(error.with_retryable(true)))
            }
        };
        let flight = self.flights.iter().position(|flight| flight.task.id() == id)?;
        let Flight { endpoint, sent, .. } = self.flights.remove(flight);
        Some((endpoint, result.map(|secret| Fetched { secret, asked: sent })))
    }

    /// Sets when `endpoint` is asked again after `error`, if there is time left for that.
    fn plan_retry(&mut self, endpoint: &Arc<Endpoint>, error: &Error, now: Instant) {
        let is_refused = self.is_refused;
        let (most_tries, deadline, haste) = (self.most_tries, self.deadline, self.occasion.haste);
        let draw = self.live.environment().random.draw();
        let Some(place) = self.places.iter_mut().find(|place| Arc::ptr_eq(&place.endpoint, endpoint)) else {
            return;
        };
        let failing_for = now - *place.failing_since.get_or_insert(now);
        let rests = Some(endpoint.rests_for(haste, now)).filter(|rests| !rests.is_zero());
        let left = deadline.saturating_duration_since(now);
        let wait = match rests {
            // The next turn is at random already.
            Some(turn) if error.kind() == Kind::Throttled => (turn < left).then_some(turn),
            _ => {
                let wait = Backoff::after(error).wait(failing_for, rests, draw);
                Backoff::after(error).before_deadline(wait, rests, left)
            }
        };
        let wait = wait.filter(|_| place.tries < most_tries && !is_refused);
        place.awaits_recovery = wait.is_some();
        place.next = wait.and_then(|wait| endpoint.book_retry(now + wait, deadline));
    }

    /// Does not ask `endpoint` again, nor those that would say the same.
    fn rule_out(&mut self, endpoint: &Arc<Endpoint>, error: &Error) {
        let scope = error.scope();
        for place in &mut self.places {
            let alike = scope != Scope::Endpoint && place.endpoint.is_like(endpoint);
            // What KMS says of the secret itself is asked of the others once: one of them may have it.
            let answered = scope == Scope::Secret && place.tries > 0;
            if Arc::ptr_eq(&place.endpoint, endpoint) || alike || answered {
                place.next = None;
                place.awaits_recovery = false;
            }
        }
        self.is_refused |= scope == Scope::Secret;
        if scope != Scope::Endpoint {
            self.refusal.get_or_insert_with(|| error.clone());
        }
    }

    fn verdict(&mut self, now: Instant) -> Error {
        let rests = self.places.iter().map(|place| place.endpoint.rests_for(self.occasion.haste, now));
        let rest = rests.min().filter(|rest| !rest.is_zero());
        let said = self.refusal.take().or_else(|| self.last_error.take());
        match (said, rest) {
            (Some(said), Some(rest)) if said.kind() == Kind::Throttled => endpoint::until_turn(&said, rest),
            (Some(said), _) => said,
            (None, Some(rest)) => endpoint::resting(rest),
            (None, None) => no_answer(&self.live),
        }
    }
}

impl Drop for Fetch {
    /// Gives up what is still under way. An endpoint that had time enough to answer it has failed.
    fn drop(&mut self) {
        for flight in self.flights.drain(..) {
            flight.task.abort();
            if flight.sent.elapsed() >= PATIENCE {
                flight.endpoint.hung(flight.sent, &|event| self.live.tell(event));
            }
        }
    }
}

fn no_answer(live: &Live) -> Error {
    let names: Vec<&str> = live.endpoints().iter().map(|endpoint| endpoint.name()).collect();
    Error::new(
        Kind::Network,
        format!(
            "{} did not answer in time: check the network and the firewall between here and there",
            names.join(" and ")
        ),
    )
    .with_retryable(true)
}
