//! The processors: which there are, which this process may use, and how much of them.

mod mask;
mod pin;
mod quota;
mod topology;

pub(crate) use mask::restrict_to;
pub use pin::Pin;
pub(crate) use pin::neighbours;
pub use quota::cpu_quota;
pub use topology::{Cpu, Topology};

use std::num::NonZeroUsize;
use std::path::Path;

/// The CPUs that the calling thread may run on (its affinity mask), in ascending order. Where the
/// system cannot tell, as many as it says it has.
#[must_use]
pub fn allowed_cpus() -> Vec<usize> {
    let mut cpus: Vec<usize> =
        core_affinity::get_core_ids().into_iter().flatten().map(|core| core.id).collect();
    if cpus.is_empty() {
        cpus = (0..std::thread::available_parallelism().map_or(1, NonZeroUsize::get)).collect();
    }
    cpus.sort_unstable();
    cpus
}

/// The number of threads worth starting by default: the parallelism the
/// operating system grants this process (affinity mask and cgroup quota
/// included), or 1 where it cannot be told.
#[must_use]
pub fn available_threads() -> usize {
    let granted = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    threads_for(granted.min(allowed_cpus().len()), cpu_quota(Path::new("/")))
}

/// Whole threads that `cpus` CPUs with a quota of `quota` of them can keep running; at least 1.
fn threads_for(cpus: usize, quota: Option<f64>) -> usize {
    let quota = quota.map_or(cpus, |quota| quota.floor() as usize);
    cpus.min(quota).max(1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_quota_below_one_core_still_gives_a_thread() {
        assert_eq!(super::threads_for(8, None), 8);
        assert_eq!(super::threads_for(8, Some(2.5)), 2);
        assert_eq!(super::threads_for(2, Some(16.0)), 2);
        assert_eq!(super::threads_for(8, Some(0.25)), 1);
        assert_eq!(super::threads_for(0, None), 1);
    }
}
