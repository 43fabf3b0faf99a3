//! The helpers over an executor give what they give on one thread, for whatever arguments.

use std::sync::OnceLock;

use parhelion_scheduler::{Executor, ExecutorExt, Grain, RayonExecutor, Sequential, WorkStealing};
use proptest::prelude::*;

fn ours() -> &'static [WorkStealing] {
    static POOLS: OnceLock<Vec<WorkStealing>> = OnceLock::new();
    POOLS.get_or_init(|| [1, 2, 3, 7].map(|threads| WorkStealing::new(threads).expect("a pool")).into())
}

fn executors() -> Vec<&'static dyn Executor> {
    static RAYON: OnceLock<RayonExecutor> = OnceLock::new();
    let rayon = RAYON.get_or_init(|| RayonExecutor::new(3).expect("a pool"));
    ours().iter().map(|pool| pool as &dyn Executor).chain([rayon as &dyn Executor]).collect()
}

/// A step that shows who came when.
fn mix(state: u64, value: u64) -> u64 {
    (state ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}

/// A sum over a tree whose shape follows from the seed.
fn tree(executor: &(impl ExecutorExt + ?Sized), seed: u64, size: usize) -> u64 {
    if size <= 1 {
        return mix(seed, size as u64);
    }
    let left = 1 + (seed as usize) % (size - 1);
    let (a, b) =
        executor.join(|| tree(executor, mix(seed, 1), left), || tree(executor, mix(seed, 2), size - left));
    mix(a, b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loops(data in prop::collection::vec(any::<u64>(), 0..600), len in 1usize..700, piece in 0usize..80) {
        let touch = |index: usize, chunk: &mut [u64]| {
            let mut state = index as u64;
            for value in chunk {
                state = mix(state, *value);
                *value = state;
            }
        };
        let mut expected = data.clone();
        Sequential.for_each_chunk_mut(&mut expected, len, touch);
        let squares = Sequential.map(data.len(), |i| mix(i as u64, data[i]));
        let fold = |range: std::ops::Range<usize>| data[range].iter().copied().fold(1, mix);
        let reduced = Sequential.map_reduce(data.len(), piece, fold, mix);
        for executor in executors() {
            let mut chunks = data.clone();
            executor.for_each_chunk_mut(&mut chunks, len, touch);
            prop_assert_eq!(&chunks, &expected);
            prop_assert_eq!(executor.map(data.len(), |i| mix(i as u64, data[i])), squares.clone());
            prop_assert_eq!(executor.map_reduce(data.len(), piece, fold, mix), reduced);
        }
        for pool in ours() {
            let mut chunks = data.clone();
            pool.for_each_chunk_mut(&mut chunks, len, touch);
            prop_assert_eq!(&chunks, &expected);
        }
    }

    #[test]
    fn trees(seed: u64, size in 1usize..400) {
        let expected = tree(&Sequential, seed, size);
        for executor in executors() {
            prop_assert_eq!(tree(executor, seed, size), expected);
            prop_assert_eq!(executor.enter_pool(|| tree(executor, seed, size)), expected);
        }
    }

    #[test]
    fn reductions_of_the_pool_depend_on_the_grain_alone(len in 0usize..500, items in 0usize..100) {
        let map = |range: std::ops::Range<usize>| mix(range.start as u64, range.end as u64);
        let results: Vec<_> =
            ours().iter().map(|pool| pool.map_reduce(len, Grain::Items(items), map, mix)).collect();
        prop_assert!(results.iter().all(|result| *result == results[0]));
        prop_assert_eq!(results[0].is_none(), len == 0);
    }
}
