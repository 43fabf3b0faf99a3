//! What it costs to wake a worker.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Moving averages in nanoseconds. Updates may be lost, which does no harm.
#[derive(Debug)]
pub(super) struct WakeCosts {
    caller: AtomicU64,
    sleeper: AtomicU64,
}

impl Default for WakeCosts {
    fn default() -> Self {
        Self { caller: AtomicU64::new(3_000), sleeper: AtomicU64::new(20_000) }
    }
}

impl WakeCosts {
    /// What the one who wakes spends.
    pub(super) fn caller(&self) -> Duration {
        Duration::from_nanos(self.caller.load(Relaxed))
    }

    /// What the one who wakes spends, before and after, and the time until the sleeper runs.
    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(2 * self.caller.load(Relaxed) + self.sleeper.load(Relaxed))
    }

    pub(super) fn observe_caller(&self, sample: Duration) {
        observe(&self.caller, sample);
    }

    pub(super) fn observe_sleeper(&self, sample: Duration) {
        observe(&self.sleeper, sample);
    }
}

fn observe(average: &AtomicU64, sample: Duration) {
    // One sample in the middle of an interruption must not count for more than a millisecond.
    let sample = u64::try_from(sample.as_nanos()).unwrap_or(u64::MAX).min(1_000_000);
    let old = average.load(Relaxed);
    average.store(old - old / 8 + sample / 8, Relaxed);
}
