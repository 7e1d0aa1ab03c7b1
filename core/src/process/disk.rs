//! Files on a disk that may not answer, such as a network file system whose server is gone: whoever looks there hangs, for ever.
//! So nobody looks from kmsak's own thread, and nobody without end from a thread of the application's.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::lock::Mutex;
use super::places::Places;
use super::threads;

/// What an open waits for a file.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Threads that may hang at the same time; where so many do, another would hang as well.
const MOST_THREADS: usize = 32;

static THREADS: Places = Places::new(MOST_THREADS);

/// What `look` finds on a thread of its own; none where that takes longer than [`PATIENCE`], or too many hang already. Where no
/// thread can start, it runs on this one.
pub(crate) fn in_time<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    within(PATIENCE, look)
}

fn within<T: Send + 'static>(limit: Duration, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (look, found) = kept(look);
    wait_within(limit, look).then(|| found.lock().take()).flatten()
}

/// As [`in_time`], but waits as long as it takes, and for a thread as well; none where too many hang already.
pub(crate) async fn aside<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (look, found) = kept(look);
    wait_aside(look).await.then(|| found.lock().take()).flatten()
}

/// A look at a disk. Boxed, or all that waits for one would be compiled for each.
type Look = Box<dyn FnOnce() + Send>;

/// `look`, and where it will put what it finds.
fn kept<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> (Look, Arc<Mutex<Option<T>>>) {
    let found = Arc::new(Mutex::new(None));
    let place = found.clone();
    let look = move || {
        let seen = look();
        *place.lock() = Some(seen);
    };
    (Box::new(look), found)
}

/// Whether `look` was done in time.
fn wait_within(limit: Duration, look: Look) -> bool {
    let Some(place) = THREADS.take() else { return false };
    let (tell, told) = mpsc::sync_channel(1);
    let look = move || {
        look();
        // Before it is told, so that whoever looks at one file after another needs one place.
        drop(place);
        // Whoever asked may have given up.
        let _ = tell.send(());
    };
    if let Err((_, look)) = threads::start_or_give_back("kmsak-file", Box::new(look)) {
        look();
    }
    told.recv_timeout(limit).is_ok()
}

/// Whether `look` was done.
async fn wait_aside(look: Look) -> bool {
    let Some(place) = THREADS.take() else { return false };
    let (tell, told) = oneshot::channel();
    threads::start_in_time("kmsak-file", &tokio::runtime::Handle::current(), move || {
        look();
        drop(place);
        // As above.
        let _ = tell.send(());
    });
    told.await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_found_comes_back() {
        assert_eq!(aside(|| 1).await, Some(1));
        assert_eq!(in_time(|| 2), Some(2));
        threads::in_tests::REFUSED.set(true);
        assert_eq!(in_time(|| 3), Some(3), "on this thread");
    }

    #[tokio::test]
    async fn a_disk_that_hangs_keeps_nobody_waiting_and_takes_few_threads() {
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(std::sync::Mutex::new(released));
        let hang = || {
            let released = released.clone();
            // Ends when the test does.
            move || drop(released.lock().map(|released| released.recv()))
        };
        assert_eq!(within(Duration::from_millis(10), hang()), None);
        let mut hanging = tokio::task::JoinSet::new();
        for _ in 0..2 * MOST_THREADS {
            hanging.spawn(aside(hang()));
        }
        for _ in 0..MOST_THREADS {
            let turned_away = hanging.join_next().await.expect("some are").expect("no panic");
            assert_eq!(turned_away, None);
        }
        assert_eq!(in_time(|| 1), None, "where so many hang");
        drop(release);
    }
}
