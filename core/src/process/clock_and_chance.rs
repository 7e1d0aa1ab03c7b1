//! Time and chance, behind traits so that a test can drive a year in a millisecond.

use std::fmt::Write;
use std::time::SystemTime;

/// The clock on the wall. The clock that measures waits is tokio's, which tests can pause.
pub(crate) trait Clock: Send + Sync {
    fn now(&self) -> SystemTime;
}

/// Chance. Straight from the system: a generator's state would be shared by forked children.
pub(crate) trait Random: Send + Sync {
    /// Uniform in `0.0..1.0`.
    fn draw(&self) -> f64;

    /// Unique to one request.
    fn nonce(&self) -> String;
}

pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

pub(crate) struct SystemRandom;

impl SystemRandom {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
            .expect("the system gives random bytes");
        bytes
    }
}

impl Random for SystemRandom {
    fn draw(&self) -> f64 {
        // 53 bits are what an f64 holds.
        (u64::from_le_bytes(self.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn nonce(&self) -> String {
        self.bytes::<16>().iter().fold(String::with_capacity(32), |mut nonce, byte| {
            write!(nonce, "{byte:02x}").expect("a string takes all");
            nonce
        })
    }
}
