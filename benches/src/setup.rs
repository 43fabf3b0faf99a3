//! The same threads for everybody.
//!
//! `PARHELION_BENCH_THREADS` says how many, 1 if it is not set. Parhelion and the peers that use rayon
//! share one pool of that size. pasta-msm starts a thread for each CPU that the process may use when it
//! starts, so on Linux a process allowed more CPUs than threads confines itself to as many and starts
//! again; that also keeps every thread from wandering.

use std::sync::Arc;

use parhelion_field_kernels::{KernelChoice, Kernels};
use parhelion_scheduler::{RayonExecutor, available_threads};
use rayon::ThreadPoolBuilder;

/// The variable that says how many threads to use.
pub const THREADS: &str = "PARHELION_BENCH_THREADS";

/// Any error, as a message.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How many threads to use.
///
/// # Errors
/// If `PARHELION_BENCH_THREADS` is no number from 1 to the number of CPUs at hand.
pub fn threads() -> Result<usize> {
    let Some(value) = std::env::var_os(THREADS) else { return Ok(1) };
    let text = value.to_string_lossy();
    let available = available_threads();
    let threads = text.parse().ok().filter(|threads| (1..=available).contains(threads));
    threads.ok_or_else(|| format!("{THREADS}: expected a number from 1 to {available}, got {text:?}").into())
}

/// Runs `work` in a pool of [`threads`] threads, in a process confined to as many CPUs.
///
/// # Errors
/// Those of [`threads`] and of `work`, and if the process cannot be confined or the pool not started.
pub fn run<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let threads = threads()?;
    #[cfg(target_os = "linux")]
    confine(threads)?;
    ThreadPoolBuilder::new().num_threads(threads).build()?.install(work)
}

/// Our kernels, on the pool of the calling thread.
///
/// # Errors
/// If `PARHELION_KERNELS` asks for what this CPU cannot run.
pub fn kernels() -> Result<Kernels> {
    Ok(Kernels::new(KernelChoice::Auto, Arc::new(RayonExecutor::ambient()))?)
}

/// Starts the process again on the first `threads` of its CPUs, unless it has no more than that.
#[cfg(target_os = "linux")]
fn confine(threads: usize) -> Result<()> {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let allowed = sched_getaffinity(None)?;
    if allowed.count() as usize <= threads {
        return Ok(());
    }
    let mut chosen = CpuSet::new();
    (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).take(threads).for_each(|cpu| chosen.set(cpu));
    sched_setaffinity(None, &chosen)?;
    Err(Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).exec().into())
}
