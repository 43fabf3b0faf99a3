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

/// The longest that a sample counts for, in nanoseconds: beyond it, an interruption or a busy core was in the way.
const LONGEST: u64 = 200_000;

/// Follows samples down faster than up: what waking takes when nothing is in the way is what a decision needs, and a
/// few disturbed samples would have the next loops run on one thread.
fn observe(average: &AtomicU64, sample: Duration) {
    let sample = u64::try_from(sample.as_nanos()).unwrap_or(u64::MAX).min(LONGEST);
    let old = average.load(Relaxed);
    let new = if sample < old { old - (old - sample) / 8 } else { old + (sample - old) / 32 };
    average.store(new, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples: impl IntoIterator<Item = u64>) -> u64 {
        let costs = WakeCosts::default();
        samples.into_iter().for_each(|micros| costs.observe_sleeper(Duration::from_micros(micros)));
        costs.sleeper.load(Relaxed) / 1000
    }

    #[test]
    fn steady_samples_become_the_average() {
        assert_eq!(after([5; 100]), 5);
        assert!((58..=60).contains(&after([60; 200])));
    }

    #[test]
    fn a_few_disturbed_samples_hardly_count() {
        assert!(after([20, 20, 5_000, 20, 20, 5_000]) < 32);
    }

    #[test]
    fn no_average_goes_beyond_the_longest_sample() {
        assert!(after([10_000; 1000]) <= 200);
    }
}
