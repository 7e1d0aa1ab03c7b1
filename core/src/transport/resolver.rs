//! Names into addresses, by the system's own look-up, which blocks: for half a minute where DNS is a black hole. Whoever asks for a
//! host that is being looked up shares that look-up, and there are a handful of threads at most, however many requests wait.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::process::fork::PerProcess;
use crate::process::lock::Mutex;
use crate::process::threads;

/// Threads that look names up at the same time. More than the endpoints that a configuration usually has: a name that is stuck
/// keeps no other waiting.
const MOST_THREADS: usize = 8;

type LookUp = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type Answer = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// All look-ups of this process. A forked child has none of its parent's threads, and begins anew.
static LOOK_UPS: PerProcess<LookUps> = PerProcess::empty();

/// The system's names.
pub(super) struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        let make = || Ok::<_, Infallible>(Arc::new(LookUps::new(by_the_system)));
        let Ok(look_ups) = LOOK_UPS.get_or_make(make, drop);
        let answer = look_ups.begin(name.as_str(), &Handle::current());
        Box::pin(async move {
            match answer.await {
                Ok(Ok(addresses)) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Ok(Err(error)) => Err(io::Error::new(error.kind(), error.to_string()).into()),
                Err(lost) => Err(lost.into()),
            }
        })
    }
}

fn by_the_system(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}

struct LookUps {
    how: Box<LookUp>,
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    /// Who waits for each host that is being looked up or will be.
    waiting: HashMap<String, Vec<oneshot::Sender<Answer>>>,
    /// The hosts that no thread has begun with.
    queue: VecDeque<String>,
    threads: usize,
}

impl LookUps {
    fn new(how: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        LookUps { how: Box::new(how), jobs: Mutex::default() }
    }

    fn begin(self: &Arc<Self>, host: &str, runtime: &Handle) -> oneshot::Receiver<Answer> {
        let (waiter, answer) = oneshot::channel();
        let mut jobs = self.jobs.lock();
        if let Some(waiting) = jobs.waiting.get_mut(host) {
            waiting.push(waiter);
            return answer;
        }
        jobs.waiting.insert(host.to_owned(), vec![waiter]);
        jobs.queue.push_back(host.to_owned());
        if jobs.threads < MOST_THREADS {
            jobs.threads += 1;
            drop(jobs);
            let look_ups = self.clone();
            threads::start_in_time("kmsak-names", runtime, move || look_ups.work());
        }
        answer
    }

    /// Looks up what is queued, and ends.
    fn work(&self) {
        loop {
            let host = {
                let mut jobs = self.jobs.lock();
                match jobs.queue.pop_front() {
                    Some(host) => host,
                    None => {
                        jobs.threads -= 1;
                        return;
                    }
                }
            };
            let answer = (self.how)(&host).map_err(Arc::new);
            let waiting = self.jobs.lock().waiting.remove(&host).unwrap_or_default();
            for waiter in waiting {
                // Whoever gave up has dropped the other end.
                drop(waiter.send(answer.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Look-ups that hang until the test lets each end, and how many there were.
    fn black_hole() -> (Arc<LookUps>, mpsc::Sender<()>, Arc<AtomicUsize>) {
        let (release, released) = mpsc::channel::<()>();
        let released = std::sync::Mutex::new(released);
        let begun = Arc::new(AtomicUsize::new(0));
        let count = begun.clone();
        let look_ups = LookUps::new(move |host| {
            count.fetch_add(1, Ordering::SeqCst);
            released.lock().expect("no panic in here").recv().map_err(io::Error::other)?;
            if host.starts_with("unknown") {
                Err(io::Error::other("no such host"))
            } else {
                Ok(vec![([127, 0, 0, 1], 0).into()])
            }
        });
        (Arc::new(look_ups), release, begun)
    }

    #[tokio::test]
    async fn whoever_asks_for_a_host_shares_one_look_up() {
        let (look_ups, release, begun) = black_hole();
        let runtime = Handle::current();
        let hosts = ["kms.test", "unknown.test"];
        let answers: Vec<_> = (0..200).map(|number| look_ups.begin(hosts[number % 2], &runtime)).collect();
        assert!(look_ups.jobs.lock().threads <= 2);
        for _ in hosts {
            release.send(()).expect("they wait");
        }
        for (number, answer) in answers.into_iter().enumerate() {
            let answer = answer.await.expect("an answer");
            assert_eq!(answer.is_ok(), number % 2 == 0, "{answer:?}");
        }
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_handful_of_threads_looks_all_hosts_up_and_ends() {
        let (look_ups, release, begun) = black_hole();
        let runtime = Handle::current();
        let answers: Vec<_> =
            (0..100).map(|host| look_ups.begin(&format!("kms-{host}.test"), &runtime)).collect();
        assert_eq!(look_ups.jobs.lock().threads, MOST_THREADS);
        for _ in 0..100 {
            release.send(()).expect("they wait");
        }
        for answer in answers {
            answer.await.expect("an answer").expect("an address");
        }
        assert_eq!(begun.load(Ordering::SeqCst), 100);
        while look_ups.jobs.lock().threads > 0 {
            tokio::task::yield_now().await;
        }
        assert!(look_ups.jobs.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_resolved_fails_as_the_system_says_it() {
        let names = SystemNames;
        let found: Vec<SocketAddr> =
            names.resolve("localhost".parse().expect("a name")).await.expect("it is").collect();
        assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
        let error = names
            .resolve("name.invalid".parse().expect("a name"))
            .await
            .map(drop)
            .expect_err("there is none");
        assert!(error.is::<io::Error>(), "{error}");
    }
}
