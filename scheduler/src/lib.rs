//! How Parhelion runs work in parallel.
//!
//! Everything above this crate speaks to one small trait, [`Executor`]; the
//! helpers of [`ExecutorExt`] turn it into loops over chunks, maps and joins.
//! Two implementations are here: [`Sequential`], the simple twin every parallel
//! path is compared with, and [`RayonExecutor`], a rayon pool of its own size
//! that touches no global state.
//!
//! ```
//! use parhelion_scheduler::{ExecutorExt, RayonExecutor};
//!
//! let executor = RayonExecutor::new(2)?;
//! let mut values = vec![1u64; 1000];
//! executor.for_each_chunk_mut(&mut values, 100, |index, chunk| {
//!     chunk.iter_mut().for_each(|v| *v += index as u64);
//! });
//! assert_eq!(values[999], 10);
//! # Ok::<(), parhelion_scheduler::Error>(())
//! ```
#![deny(unsafe_code)]

mod executor;
mod rayon_pool;
mod sequential;

pub use executor::{Executor, ExecutorExt};
pub use rayon_pool::RayonExecutor;
pub use sequential::Sequential;

use std::num::NonZeroUsize;

/// What can go wrong when a pool is built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Zero threads were asked for.
    #[error("a pool needs at least 1 thread, got 0")]
    NoThreads,
    /// The operating system refused to start the pool's threads.
    #[error("could not start a pool of {threads} threads: {reason}")]
    Spawn {
        /// How many threads were asked for.
        threads: usize,
        /// What the pool builder reported.
        reason: String,
    },
}

/// The number of threads worth starting by default: the parallelism the
/// operating system grants this process (affinity mask and cgroup quota
/// included), or 1 where it cannot be told.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
