//! A cached read beside its physical limits.

use std::hint::black_box;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use criterion::Criterion;
use kmsak_benches::{APP, Stage};

pub(crate) fn cached_reads(criterion: &mut Criterion) {
    let stage = Stage::set();
    let mut group = criterion.benchmark_group("cached read");
    let pointer = AtomicPtr::new(ptr::null_mut::<u64>());
    group.bench_function("atomic pointer load", |bencher| {
        bencher.iter(|| black_box(&pointer).load(Ordering::Acquire));
    });
    let value = Arc::new(0_u64);
    group.bench_function("clone of an Arc", |bencher| bencher.iter(|| black_box(&value).clone()));
    group.bench_function("credentials", |bencher| {
        bencher.iter(|| stage.provider.credentials(black_box(APP)).expect("it is cached"));
    });
    group.bench_function("secret", |bencher| {
        bencher.iter(|| stage.provider.secret(black_box(APP)).expect("it is cached"));
    });
    group.finish();
}
