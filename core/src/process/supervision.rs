//! Work that goes on when a step of it panics: by a defect of ours, or by one in what the application is called with.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::logs;

/// Runs `future` to its end, or to its panic, whose words come back. What the future held is dropped by then.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(|context| match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(words(&*panic))),
    })
    .await
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|text| &**text));
    text.unwrap_or("a panic without words").to_owned()
}

/// How long to wait before work that panicked starts again: longer each time, unless it has run well for a while.
pub(crate) struct Pauses {
    next: Duration,
    began: Instant,
}

impl Pauses {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(60);

    pub(crate) fn new() -> Self {
        Pauses { next: Self::FIRST, began: Instant::now() }
    }

    /// Waits, and counts the time from then.
    pub(crate) async fn pause(&mut self) {
        if self.began.elapsed() > Self::LONGEST {
            self.next = Self::FIRST;
        }
        sleep(self.next).await;
        self.next = (self.next * 2).min(Self::LONGEST);
        self.began = Instant::now();
    }
}

/// Runs what `make` makes until it ends by itself; after each panic another is made.
pub(crate) async fn keep_running<F: Future<Output = ()>>(what: &str, mut make: impl FnMut() -> F) {
    let mut pauses = Pauses::new();
    while let Err(defect) = caught(async { make().await }).await {
        logs::error!("{what} met a defect and starts again: {defect}");
        pauses.pause().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_starts_again_and_again() {
        let began = Instant::now();
        let starts = Mutex::new(Vec::new());
        let work = || async {
            starts.lock().expect("no panic in here").push(began.elapsed());
            let begun = starts.lock().expect("no panic in here").len();
            assert!(begun > 20, "as the test wants it");
        };
        keep_running("the work", work).await;
        let starts = starts.into_inner().expect("no panic in here");
        assert_eq!(starts.len(), 21);
        let pauses: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses[0] < Duration::from_millis(200), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause < Duration::from_secs(62)), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_run_well_starts_again_soon() {
        let runs = AtomicU32::new(0);
        let began = Instant::now();
        keep_running("the work", || async {
            sleep(Duration::from_secs(100)).await;
            assert!(runs.fetch_add(1, Ordering::Relaxed) == 50, "as the test wants it");
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(51 * 101), "{:?}", began.elapsed());
    }
}
