//! A cached read beside its physical limits, in one run.

use std::hint::black_box;
use std::sync::Arc;

use arc_swap::ArcSwap;
use criterion::{Criterion, criterion_group, criterion_main};
use kmsak_benches::{APP, Stage};

fn cached_read(criterion: &mut Criterion) {
    let stage = Stage::set();
    let mut group = criterion.benchmark_group("cached read");
    let value = Arc::new(0_u64);
    group.bench_function("limit: clone an Arc", |bencher| bencher.iter(|| black_box(&value).clone()));
    let pointer = ArcSwap::new(value.clone());
    group.bench_function("limit: load an atomic pointer", |bencher| {
        bencher.iter(|| **black_box(&pointer).load());
    });
    group.bench_function("credentials", |bencher| {
        bencher.iter(|| stage.provider.credentials(black_box(APP)).expect("it is cached"));
    });
    group.bench_function("secret", |bencher| {
        bencher.iter(|| stage.provider.secret(black_box(APP)).expect("it is cached"));
    });
    group.finish();
}

criterion_group!(benches, cached_read);
criterion_main!(benches);
