//! How Parhelion runs work in parallel.
//!
//! Everything above this crate speaks to one small trait, [`Executor`]; the
//! helpers of [`ExecutorExt`] turn it into loops over chunks, maps and joins.
//! Three implementations are here: [`WorkStealing`], a pool of our own, pinned to
//! cores; [`RayonExecutor`], a rayon pool; and [`Sequential`], the simple twin every parallel
//! path is compared with. None of them touches global state. Around any of them, [`Interruptible`] lets
//! work end early: when a [`CancelToken`] says so, or at a deadline.
//!
//! ```
//! use parhelion_scheduler::{ExecutorExt, WorkStealing};
//!
//! let executor = WorkStealing::new(2)?;
//! let mut values = vec![1u64; 1000];
//! executor.for_each_chunk_mut(&mut values, 100, |index, chunk| {
//!     chunk.iter_mut().for_each(|v| *v += index as u64);
//! });
//! assert_eq!(values[999], 10);
//! # Ok::<(), parhelion_scheduler::Error>(())
//! ```
//!
//! `unsafe` is confined to the jobs of the pool (`pool/job.rs`, which the joins and scopes beside
//! it build on), the frames of a worker, its thread-local pointer, tasks that run aside, and a system call.

mod aside;
mod cpu;
mod executor;
mod interrupt;
mod interruptible;
mod pool;
mod rayon_pool;
mod scratch;
mod sequential;
mod sync;

pub use aside::{Aside, Spawn};
pub use cpu::{Cpu, Pin, Topology, allowed_cpus, available_threads, cpu_quota};
pub use executor::{Executor, ExecutorExt};
pub use interrupt::{CancelOnDrop, CancelToken, Control, Interruption, checkpoint};
pub use interruptible::Interruptible;
pub use pool::{Builder, Event, EventKind, Gate, Grain, Pass, Record, Scope, Submission, WorkStealing};
pub use rayon_pool::RayonExecutor;
pub use scratch::Scratch;
pub use sequential::Sequential;

/// What can go wrong when a pool is built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Zero threads were asked for.
    #[error("a pool needs at least 1 thread, got 0")]
    NoThreads,
    /// More threads than the pool can count.
    #[error("a pool has at most {most} threads, got {threads}")]
    TooManyThreads {
        /// How many threads were asked for.
        threads: usize,
        /// How many there can be.
        most: usize,
    },
    /// An empty set of CPUs was given to pin threads to.
    #[error("threads need at least 1 CPU to be pinned to, got none")]
    NoCpus,
    /// A CPU was given that this process may not use, or that does not exist.
    #[error("expected CPUs among {allowed:?}, got {cpu}")]
    CpuNotAllowed {
        /// The CPU asked for.
        cpu: usize,
        /// The affinity mask of the thread that builds the pool.
        allowed: Vec<usize>,
    },
    /// Text that names no [`Pin`].
    #[error("expected physical, logical, none or a list of CPUs such as 0,2,4-7, got {got:?}")]
    UnknownPin {
        /// The text.
        got: String,
    },
    /// The operating system refused to start the pool's threads.
    #[error("could not start a pool of {threads} threads: {reason}")]
    Spawn {
        /// How many threads were asked for.
        threads: usize,
        /// What the pool builder reported.
        reason: String,
    },
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
