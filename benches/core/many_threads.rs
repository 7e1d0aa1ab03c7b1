//! Cached reads by many threads at once, and the slowest read while a refresh hangs. Ratios are within one run.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use kmsak_benches::{APP, Stage};
use kmsak_emulator::Fault;

const READS: u32 = 2_000_000;

fn main() {
    let stage = Stage::set();
    println!("reads a second by threads, the median of 5 runs");
    let one = median_throughput(&stage, 1);
    for threads in [1, 2, 4, 8] {
        let throughput = if threads == 1 { one } else { median_throughput(&stage, threads) };
        println!("  {threads}: {:>6.1} million, {:.2} times one thread", throughput / 1e6, throughput / one);
    }
    println!("the slowest of {READS} reads");
    println!("  while nothing happens:   {:?}", slowest_read(&stage));
    let mark = stage.emulator.mark();
    stage.emulator.inject(Fault::hang()).expect("a fault");
    let refresh = stage.provider.begin_refresh(APP);
    stage
        .emulator
        .wait_for(mark, Duration::from_secs(10), |event| {
            event.request().is_some_and(|request| request.fault == Some("hang"))
        })
        .expect("the refresh hangs");
    println!("  while a refresh hangs:   {:?}", slowest_read(&stage));
    assert!(refresh.wait_timeout(Duration::ZERO).is_none(), "the refresh hung all the time");
}

fn median_throughput(stage: &Stage, threads: u32) -> f64 {
    let mut runs: Vec<f64> = (0..5).map(|_| throughput(stage, threads)).collect();
    runs.sort_by(f64::total_cmp);
    runs[2]
}

fn throughput(stage: &Stage, threads: u32) -> f64 {
    let barrier = Barrier::new(threads as usize + 1);
    let started = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..READS {
                    std::hint::black_box(stage.provider.credentials(APP).expect("it is cached"));
                }
            });
        }
        barrier.wait();
        Instant::now()
    });
    f64::from(READS) * f64::from(threads) / started.elapsed().as_secs_f64()
}

fn slowest_read(stage: &Stage) -> Duration {
    (0..READS)
        .map(|_| {
            let started = Instant::now();
            std::hint::black_box(stage.provider.credentials(APP).expect("it is cached"));
            started.elapsed()
        })
        .max()
        .expect("there were some")
}
