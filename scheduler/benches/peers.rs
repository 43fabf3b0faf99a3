//! Join and loop overhead beside rayon and chili, for criterion's statistics: `cargo bench -p
//! parhelion-scheduler --features peers`. The example `compare` prints one interleaved table.

use std::hint::black_box;
use std::num::NonZeroUsize;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use parhelion_scheduler::{Grain, WorkStealing, available_threads};
use rayon::prelude::*;

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

fn chili_pool(threads: usize) -> chili::ThreadPool {
    let thread_count = NonZeroUsize::new(threads);
    chili::ThreadPool::with_config(chili::Config { thread_count, ..chili::Config::default() })
}

fn fibonacci_ours(pool: &WorkStealing, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fibonacci_ours(pool, n - 1), || fibonacci_ours(pool, n - 2));
    a + b
}

fn fibonacci_rayon(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = rayon::join(|| fibonacci_rayon(n - 1), || fibonacci_rayon(n - 2));
    a + b
}

fn fibonacci_chili(scope: &mut chili::Scope<'_>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = scope.join(|scope| fibonacci_chili(scope, n - 1), |scope| fibonacci_chili(scope, n - 2));
    a + b
}

fn empty_join(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("empty join");
    let (ours, rayon, chili) = (WorkStealing::new(1).expect("a pool"), rayon_pool(1), chili_pool(1));
    group.bench_function("ours", |b| ours.enter(|| b.iter(|| ours.join(|| black_box(1), || black_box(2)))));
    group.bench_function("rayon", |b| {
        rayon.install(|| b.iter(|| rayon::join(|| black_box(1), || black_box(2))))
    });
    let mut scope = chili.scope();
    group.bench_function("chili", |b| b.iter(|| scope.join(|_| black_box(1), |_| black_box(2))));
    group.finish();
}

fn fibonacci(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fibonacci 24");
    for threads in [1, available_threads()] {
        let (ours, rayon, chili) =
            (WorkStealing::new(threads).expect("a pool"), rayon_pool(threads), chili_pool(threads));
        let id = |name| BenchmarkId::new(name, threads);
        group.bench_function(id("ours"), |b| ours.enter(|| b.iter(|| fibonacci_ours(&ours, 24))));
        group.bench_function(id("rayon"), |b| rayon.install(|| b.iter(|| fibonacci_rayon(24))));
        let mut scope = chili.scope();
        group.bench_function(id("chili"), |b| b.iter(|| fibonacci_chili(&mut scope, 24)));
    }
    group.finish();
}

/// From within the pool, and from outside.
fn chunks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("64 chunks");
    let threads = available_threads();
    let (ours, rayon) = (WorkStealing::new(threads).expect("a pool"), rayon_pool(threads));
    let touch = |chunk: &mut [u64]| chunk.iter_mut().for_each(|value| *value = value.wrapping_mul(3));
    for len in [1usize << 10, 1 << 14, 1 << 18] {
        let mut data = vec![1u64; len];
        let id = |name| BenchmarkId::new(name, len);
        let chunk = len / 64;
        group.bench_function(id("ours"), |b| {
            ours.enter(|| b.iter(|| ours.for_each_chunk_mut(&mut data, chunk, |_, chunk| touch(chunk))));
        });
        group.bench_function(id("ours, outside"), |b| {
            b.iter(|| ours.for_each_chunk_mut(&mut data, chunk, |_, chunk| touch(chunk)));
        });
        group.bench_function(id("ours, measured"), |b| {
            ours.enter(|| {
                b.iter(|| ours.for_each_batch_mut(&mut data, Grain::Measured, |_, batch| touch(batch)))
            });
        });
        group.bench_function(id("rayon"), |b| {
            rayon.install(|| b.iter(|| data.par_chunks_mut(chunk).for_each(touch)));
        });
        group.bench_function(id("rayon, outside"), |b| {
            b.iter(|| rayon.install(|| data.par_chunks_mut(chunk).for_each(touch)));
        });
    }
    group.finish();
}

criterion_group!(benches, empty_join, fibonacci, chunks);
criterion_main!(benches);
