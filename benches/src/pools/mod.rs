//! Thread pools side by side: ours, rayon's and chili's, with the same work to do.

pub mod break_even;
pub mod proofs;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use parhelion_scheduler::{Pin, Topology, WorkStealing};
use rayon::prelude::*;

use crate::Result;

/// What to call the pools.
pub const OURS: &str = "parhelion";
/// See [`OURS`].
pub const RAYON: &str = "rayon 1.12";
/// See [`OURS`].
pub const CHILI: &str = "chili 0.2";

/// One pool of each kind, with as many threads.
///
/// chili's caller works beside the pool's threads, so that its pool has a thread less, but always one: where
/// the others have a single thread, chili has two.
#[derive(Clone, Debug)]
pub struct Pools {
    /// How many threads work at once.
    pub threads: usize,
    /// Ours.
    pub ours: WorkStealing,
    /// rayon's.
    pub rayon: Arc<rayon::ThreadPool>,
    chili: Arc<Chili>,
}

struct Chili(chili::ThreadPool);

impl std::fmt::Debug for Chili {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chili").finish_non_exhaustive()
    }
}

impl Pools {
    /// Starts them; none is pinned.
    ///
    /// # Errors
    /// If the system refuses threads.
    pub fn new(threads: usize) -> Result<Self> {
        Self::start(threads, &Pin::None)
    }

    /// Starts them, ours and rayon's pinned to physical cores. chili's cannot be.
    ///
    /// # Errors
    /// If the system refuses threads, or there are not as many CPUs.
    pub fn pinned(threads: usize) -> Result<Self> {
        Self::start(threads, &Pin::PhysicalCores)
    }

    fn start(threads: usize, pin: &Pin) -> Result<Self> {
        let ours = WorkStealing::builder().threads(threads).pin(pin.clone()).build()?;
        let places = pin.place(threads, &Topology::read())?;
        let bind = move |index: usize| {
            if let Some(&Some(cpu)) = places.get(index) {
                bind_to(cpu);
            }
        };
        let rayon = rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(bind).build()?;
        let thread_count = NonZeroUsize::new(threads.saturating_sub(1).max(1));
        let chili = chili::ThreadPool::with_config(chili::Config { thread_count, ..Default::default() });
        Ok(Self { threads, ours, rayon: Arc::new(rayon), chili: Arc::new(Chili(chili)) })
    }

    /// Runs `work` with a scope of chili's on the calling thread.
    pub fn with_chili<R>(&self, work: impl FnOnce(&mut chili::Scope<'_>) -> R) -> R {
        work(&mut self.chili.0.scope())
    }
}

/// Binds the calling thread to a CPU, where the system allows that.
fn bind_to(cpu: usize) {
    #[cfg(target_os = "linux")]
    {
        let mut set = rustix::thread::CpuSet::new();
        set.set(cpu);
        // A thread that stays free is slower at worst.
        let _ = rustix::thread::sched_setaffinity(None, &set);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = cpu;
}

/// Dependent multiplications: about a nanosecond a unit. The result depends on `seed`.
#[inline(never)]
#[must_use]
pub fn work(seed: u64, units: u64) -> u64 {
    let mut x = black_box(seed) | 1;
    for _ in 0..units {
        x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7);
    }
    black_box(x)
}

/// How many units take so many nanoseconds on one thread alone.
#[must_use]
pub fn units(nanoseconds: f64) -> u64 {
    const MANY: u64 = 1_000_000;
    let time = |_| {
        let start = Instant::now();
        let _ = work(1, MANY);
        start.elapsed().as_nanos() as f64
    };
    let fastest = (0..9).map(time).fold(f64::INFINITY, f64::min);
    (nanoseconds * MANY as f64 / fastest) as u64
}

/// `count` numbers, each of them work, added up: a loop whose grain the pool finds.
pub fn loop_ours(pool: &WorkStealing, count: usize, units: u64) -> u64 {
    let sum = |range: std::ops::Range<usize>| sum(range.map(|index| work(index as u64, units)));
    pool.map_reduce(count, parhelion_scheduler::Grain::Measured, sum, u64::wrapping_add).unwrap_or_default()
}

/// The same by rayon.
#[must_use]
pub fn loop_rayon(count: usize, units: u64) -> u64 {
    (0..count).into_par_iter().map(|index| work(index as u64, units)).reduce(|| 0, u64::wrapping_add)
}

/// The same by chili: halves down to single numbers.
pub fn loop_chili(scope: &mut chili::Scope<'_>, range: std::ops::Range<usize>, units: u64) -> u64 {
    match range.len() {
        0 => 0,
        1 => work(range.start as u64, units),
        len => {
            let middle = range.start + len / 2;
            let (a, b) = scope.join(
                |scope| loop_chili(scope, range.start..middle, units),
                |scope| loop_chili(scope, middle..range.end, units),
            );
            a.wrapping_add(b)
        }
    }
}

/// The same by nobody's help.
#[must_use]
pub fn loop_alone(count: usize, units: u64) -> u64 {
    sum((0..count).map(|index| work(index as u64, units)))
}

fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pools_add_up_to_the_same() {
        for pools in [Pools::new(2).unwrap(), Pools::pinned(1).unwrap()] {
            for count in [0, 1, 2, 1000] {
                let expected = loop_alone(count, 3);
                assert_eq!(pools.ours.enter(|| loop_ours(&pools.ours, count, 3)), expected);
                assert_eq!(pools.rayon.install(|| loop_rayon(count, 3)), expected);
                assert_eq!(pools.with_chili(|scope| loop_chili(scope, 0..count, 3)), expected);
            }
        }
    }
}
