//! How far this machine's clock is from KMS's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// The offset learnt from KMS's answers, zero at first. Lock-free.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

impl Skew {
    /// KMS's time when this machine's clock shows `local`.
    pub(crate) fn correct(&self, local: SystemTime) -> SystemTime {
        let offset = self.0.load(Ordering::Relaxed);
        let size = Duration::from_millis(offset.unsigned_abs());
        let corrected = if offset < 0 { local.checked_sub(size) } else { local.checked_add(size) };
        corrected.unwrap_or(local)
    }

    /// KMS's clock showed `server` when this machine's showed `local`.
    pub(crate) fn learn(&self, local: SystemTime, server: SystemTime) {
        let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let offset = match server.duration_since(local) {
            Ok(ahead) => milliseconds(ahead),
            Err(behind) => -milliseconds(behind.duration()),
        };
        self.0.store(offset, Ordering::Relaxed);
    }

    /// In milliseconds; positive when KMS's clock is ahead.
    pub(crate) fn milliseconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_learnt_offset_is_applied_either_way() {
        let skew = Skew::default();
        let local = SystemTime::UNIX_EPOCH + 1_000_000 * MINUTE;
        assert_eq!(skew.correct(local), local);
        skew.learn(local, local + 20 * MINUTE);
        assert_eq!(skew.correct(local), local + 20 * MINUTE);
        skew.learn(local, local - 20 * MINUTE);
        assert_eq!(skew.correct(local + MINUTE), local - 19 * MINUTE);
    }

    #[test]
    fn an_absurd_date_does_no_harm() {
        let skew = Skew::default();
        let local = SystemTime::UNIX_EPOCH + 1_000_000 * MINUTE;
        skew.learn(local, SystemTime::UNIX_EPOCH);
        assert_eq!(skew.correct(local), SystemTime::UNIX_EPOCH);
        skew.correct(SystemTime::UNIX_EPOCH);
    }
}
