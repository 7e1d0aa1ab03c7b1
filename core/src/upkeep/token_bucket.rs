//! What bounds the renewals that a faulty application can cause. Pure: time comes in from outside.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of renewals: full at first, one comes back each `refill`.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    capacity: u32,
    refill: Duration,
    tokens: u32,
    /// Since when the next token has been on its way.
    since: Instant,
}

impl TokenBucket {
    pub(crate) fn new(capacity: u32, refill: Duration, now: Instant) -> Self {
        TokenBucket { capacity, refill, tokens: capacity, since: now }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.tokens == 0 {
            return Err(self.refill.saturating_sub(now.saturating_duration_since(self.since)));
        }
        if self.tokens == self.capacity {
            self.since = now;
        }
        self.tokens -= 1;
        Ok(())
    }

    /// Whether [`take`](TokenBucket::take) would fail.
    pub(crate) fn is_empty(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens == 0
    }

    fn fill(&mut self, now: Instant) {
        if self.refill.is_zero() {
            self.tokens = self.capacity;
            return;
        }
        let periods = now.saturating_duration_since(self.since).as_nanos() / self.refill.as_nanos();
        let missing = self.capacity - self.tokens;
        match u32::try_from(periods) {
            Ok(periods) if periods < missing => {
                self.tokens += periods;
                self.since += self.refill * periods;
            }
            _ => {
                self.tokens = self.capacity;
                self.since = now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn five_at_once_then_one_each_ten_minutes() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(5, 10 * MINUTE, start);
        for _ in 0..5 {
            bucket.take(start).expect("it is full at first");
        }
        assert!(bucket.is_empty(start));
        assert_eq!(bucket.take(start), Err(10 * MINUTE));
        assert_eq!(bucket.take(start + 9 * MINUTE), Err(MINUTE));
        assert!(!bucket.is_empty(start + 10 * MINUTE));
        bucket.take(start + 10 * MINUTE).expect("one came back");
        assert_eq!(bucket.take(start + 15 * MINUTE), Err(5 * MINUTE));
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(2, MINUTE, start);
        bucket.take(start).expect("full");
        let later = start + 1000 * MINUTE;
        bucket.take(later).expect("full again");
        bucket.take(later).expect("two in all");
        assert_eq!(bucket.take(later), Err(MINUTE));
    }

    #[test]
    fn without_capacity_nothing_is_given() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(0, MINUTE, start);
        assert!(bucket.take(start + 10 * MINUTE).is_err());
    }
}
