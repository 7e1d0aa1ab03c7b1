//! Fetching and waiting, with an ear for whoever comes meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use super::Keeper;
use super::outcome::Taken;
use super::round::{Ask, Round};
use crate::error::{Error, Result};
use crate::kms::SecretRequest;
use crate::process::logs;
use crate::upkeep::backoff::Backoff;
use crate::upkeep::endpoint;
use crate::upkeep::fetch::{Fetch, Fetched};
use crate::upkeep::limits::MOST_TRIES_OF_A_LONE_PROBE;
use crate::upkeep::live::Live;
use crate::upkeep::turns::Haste;

/// How often whoever waits for a turn looks whether another process has had its own.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Keeper {
    /// Fetches, and lets newcomers in meanwhile. None when a renewal has waited long enough for a fetch that was begun for
    /// something else, and when another process of those that share a file has put there what all wait for.
    pub(super) async fn fetch_listening(
        &mut self,
        round: &mut Round,
        following: &mut Round,
        asks: &mut UnboundedReceiver<Ask>,
        deadline: Instant,
    ) -> Option<Result<Fetched>> {
        if let Some(script) = &self.live.state().script {
            let fetched = script.fetch(&self.name).map(|secret| Fetched { secret, asked: Instant::now() });
            return Some(fetched);
        }
        let live = self.live.clone();
        let request = Arc::new(SecretRequest::current(&self.name));
        let earlier = self.lingering.take();
        let occasion = self.occasion(round.is_awaited(), deadline);
        let mut fetch = Fetch::new(self.live.clone(), request, deadline, occasion, self.lagging, earlier);
        let mut look = Instant::now() + BETWEEN_LOOKS;
        loop {
            fetch.set_occasion(self.occasion(round.is_awaited(), deadline));
            // The schedule itself is the retry of a probe that nobody waits for.
            let alone = !round.is_awaited() && (self.failing_since.is_some() || self.is_of_a_crowd());
            fetch.limit_tries(if alone { MOST_TRIES_OF_A_LONE_PROBE } else { u32::MAX });
            let half = self.live.state().config.renewal.deadline / 2;
            let cut = following.renewals.first().map(|renewal| renewal.until - half);
            tokio::select! {
                biased;
                result = fetch.run() => {
                    if result.is_err() && fetch.is_under_way() {
                        self.lingering = Some(fetch);
                    }
                    return Some(result);
                }
                Some(ask) = asks.recv() => self.accept(ask, round, Some(&mut *following)),
                () = sleep_until(cut.unwrap_or(deadline)), if cut.is_some() => {
                    self.lingering = Some(fetch);
                    return None;
                }
                () = self.too_stale() => self.forget(),
                () = sleep_until(look), if !round.renewals.is_empty() && live.cache_file().is_some() => {
                    self.look(&live, round).await;
                    look = Instant::now() + BETWEEN_LOOKS;
                    if round.is_empty() {
                        self.lingering = Some(fetch);
                        return None;
                    }
                }
            }
        }
    }

    pub(super) async fn wait_listening(
        &mut self,
        wait: Duration,
        round: &mut Round,
        following: &mut Round,
        asks: &mut UnboundedReceiver<Ask>,
    ) {
        let end = Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(end) => return,
                Some(ask) = asks.recv() => self.accept(ask, round, Some(&mut *following)),
                () = self.too_stale() => self.forget(),
            }
        }
    }

    /// Where others may know more before this process's turn comes, in a file that they share, that is looked at while it is waited for.
    pub(super) async fn await_turn(
        &mut self,
        live: &Live,
        round: &mut Round,
        following: &mut Round,
        asks: &mut UnboundedReceiver<Ask>,
        deadline: Instant,
    ) {
        let now = Instant::now();
        let rest = endpoint::all_rest_for(live.endpoints(), Haste::Urgent, now);
        if rest.is_zero() || now + rest >= deadline || live.cache_file().is_none() {
            return;
        }
        let turn = now + rest;
        while !round.is_empty() {
            let left = turn.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.wait_listening(left.min(BETWEEN_LOOKS), round, following, asks).await;
            self.look(live, round).await;
        }
    }

    pub(super) fn before_next_try(
        &self,
        error: &Error,
        failing_for: Duration,
        deadline: Instant,
    ) -> Option<Duration> {
        if let Some(script) = &self.live.state().script {
            return script.goes_on(&self.name).then_some(Duration::ZERO);
        }
        let draw = self.live.environment().random.draw();
        let pause = Backoff::after(error).pause(failing_for, error.retry_after(), draw);
        let left = deadline.saturating_duration_since(Instant::now());
        Backoff::after(error).before_deadline(pause, error.retry_after(), left)
    }

    /// An answer that came when nobody waited for it any more.
    pub(super) fn keep_late_answer(&mut self, late: Fetched) {
        match self.take_over(late) {
            Ok(Taken::New { snapshot, asked }) => {
                self.answer_and_keep(&mut Round::default(), &snapshot, asked);
            }
            Ok(Taken::LagsBehind { error, .. }) | Err(error) => {
                logs::debug!("a late answer for {} is not used: {error}", self.name);
            }
        }
    }
}

/// The next answer to what `lingering` has under way; none when nothing is left of it.
pub(super) async fn late_answer(lingering: &mut Option<Fetch>) -> Option<Fetched> {
    match lingering {
        Some(fetch) => fetch.linger().await,
        None => std::future::pending().await,
    }
}
