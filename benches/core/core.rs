//! The core beside its physical limits, in one run.

#![allow(missing_docs, reason = "criterion's macros write public functions without")]

mod cached_read;
mod cryptography;

use criterion::{criterion_group, criterion_main};

criterion_group!(core, cached_read::cached_reads, cryptography::limits);
criterion_main!(core);
