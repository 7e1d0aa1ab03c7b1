//! The core as a subject of the benchmarks: see benches/README.md for the protocol.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kmsak::Provider;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    phase("started")?;
    let mut arguments = std::env::args().skip(1);
    let (Some(config), Some(secret)) = (arguments.next(), arguments.next()) else {
        return Err("usage: kmsak-subject CONFIG SECRET".into());
    };
    let mut opened = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        if words == ["load"] {
            phase("loaded")?;
            continue;
        }
        if words == ["open"] {
            opened = Some(Provider::from_file(&config)?);
            phase("opened")?;
            continue;
        }
        let Some(provider) = &opened else {
            if words == ["quit"] {
                break;
            }
            return Err(format!("{line}: open comes first").into());
        };
        match words[..] {
            ["first"] => {
                provider.credentials(&secret)?;
                phase("first")?;
            }
            ["read", threads, reads] => {
                say(&json!({ "nanoseconds": read(provider, &secret, threads.parse()?, reads.parse()?) }))?;
            }
            ["hang"] => {
                let (provider, secret) = (provider.clone(), secret.clone());
                thread::spawn(move || provider.refresh(&secret));
                say(&json!({ "begun": true }))?;
            }
            ["slowest", reads] => {
                let slowest = slowest(provider, &secret, reads.parse()?);
                say(&json!({ "nanoseconds": slowest.as_nanos() as u64 }))?;
            }
            ["many", threads, ref names @ ..] => {
                say(&crowd(threads.parse()?, names, |name| provider.credentials(name).is_ok()))?;
            }
            ["renew", threads, ref names @ ..] => {
                let mut held = Vec::new();
                for name in names {
                    held.push((*name, provider.credentials(name)?.access_key_id().to_owned()));
                }
                say(&crowd(threads.parse()?, &held, |(name, rejected)| {
                    provider.renew(name, rejected).is_ok_and(|renewed| renewed.access_key_id() != rejected)
                }))?;
            }
            ["quit"] => break,
            _ => return Err(format!("{line}: no such command").into()),
        }
    }
    Ok(())
}

fn read(provider: &Provider, secret: &str, threads: usize, reads: u64) -> u64 {
    let barrier = Barrier::new(threads + 1);
    let began = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..reads {
                    black_box(provider.credentials(black_box(secret)).expect("it is cached"));
                }
            });
        }
        let began = Instant::now();
        barrier.wait();
        began
    });
    began.elapsed().as_nanos() as u64
}

fn slowest(provider: &Provider, secret: &str, reads: u64) -> Duration {
    let time = || {
        let began = Instant::now();
        black_box(provider.credentials(black_box(secret)).expect("it is cached"));
        began.elapsed()
    };
    (0..reads).map(|_| time()).max().unwrap_or_default()
}

/// Each of `threads` threads goes through `work`; `succeeds` says how one call went.
fn crowd<T: Sync>(threads: usize, work: &[T], succeeds: impl Fn(&T) -> bool + Sync) -> Value {
    let barrier = Barrier::new(threads + 1);
    let (began, failed) = thread::scope(|scope| {
        let crowd: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    work.iter().filter(|one| !succeeds(one)).count()
                })
            })
            .collect();
        let began = Instant::now();
        barrier.wait();
        (began, crowd.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>())
    });
    json!({ "seconds": began.elapsed().as_secs_f64(), "failed": failed })
}

fn phase(name: &str) -> std::io::Result<()> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    say(&json!({ "phase": name, "at": at }))
}

fn say(line: &Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
