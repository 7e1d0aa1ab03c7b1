use std::time::Duration;

use super::Failure;

/// KMS's quota, as a bucket that holds what one second brings.
pub(super) struct Kms {
    quota: f64,
    left: f64,
    at: Duration,
    away_until: Duration,
}

impl Kms {
    pub(super) fn new(quota: f64, away_until: Duration) -> Self {
        Kms { quota, left: quota, at: Duration::ZERO, away_until }
    }

    /// Times never go back from call to call.
    pub(super) fn ask(&mut self, now: Duration) -> Result<(), Failure> {
        if now < self.away_until {
            return Err(Failure::Unreachable);
        }
        if !self.has_room(now) {
            return Err(Failure::Throttled);
        }
        self.left -= 1.0;
        Ok(())
    }

    /// Whether somebody else's request would be answered.
    pub(super) fn has_room(&mut self, now: Duration) -> bool {
        self.left = (self.left + (now - self.at).as_secs_f64() * self.quota).min(self.quota);
        self.at = now;
        self.left >= 1.0
    }
}
