//! The counters: one set per thread, as far as there are sets.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Sets of counters. Threads beyond this number share.
const SHARDS: usize = 64;
/// A set reports its change of live bytes to the common total once it reaches this size.
const REPORT: i64 = 64 * 1024;

/// What an allocator was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Successful calls of `alloc`, `alloc_zeroed` and `realloc`.
    pub allocations: u64,
    /// Bytes asked for: sizes of new blocks and growth of reallocated ones.
    pub bytes: u64,
    /// Bytes handed out and not yet returned.
    pub live: usize,
    /// The highest number of live bytes since the last reset of the peak. May be too low by
    /// up to 64 KiB for each thread that was running at the peak: changes smaller than
    /// that are gathered per thread before they are added up.
    pub peak: usize,
}

/// One set of counters, alone on its cache lines (two: CPUs fetch them in pairs).
#[repr(align(128))]
struct Shard {
    allocations: AtomicU64,
    bytes: AtomicU64,
    /// Change of live bytes not yet reported to the common total.
    unreported: AtomicI64,
}

/// All counters of one allocator.
pub(crate) struct Shards {
    shards: [Shard; SHARDS],
    /// Reported live bytes. Signed: the thread that frees may report before the one that
    /// allocated.
    live: AtomicI64,
    peak: AtomicI64,
}

impl Shards {
    pub(crate) const fn new() -> Self {
        Self {
            shards: [const {
                Shard {
                    allocations: AtomicU64::new(0),
                    bytes: AtomicU64::new(0),
                    unreported: AtomicI64::new(0),
                }
            }; SHARDS],
            live: AtomicI64::new(0),
            peak: AtomicI64::new(0),
        }
    }

    pub(crate) fn count_new(&self, size: usize) {
        let shard = self.shard();
        shard.allocations.fetch_add(1, Relaxed);
        shard.bytes.fetch_add(size as u64, Relaxed);
        self.change_live(shard, signed(size));
    }

    pub(crate) fn count_freed(&self, size: usize) {
        self.change_live(self.shard(), -signed(size));
    }

    pub(crate) fn count_resized(&self, old: usize, new: usize) {
        let shard = self.shard();
        shard.allocations.fetch_add(1, Relaxed);
        shard.bytes.fetch_add(new.saturating_sub(old) as u64, Relaxed);
        self.change_live(shard, signed(new) - signed(old));
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let mut live = self.live.load(Relaxed);
        for shard in &self.shards {
            stats.allocations += shard.allocations.load(Relaxed);
            stats.bytes += shard.bytes.load(Relaxed);
            live += shard.unreported.load(Relaxed);
        }
        stats.live = unsigned(live);
        stats.peak = unsigned(self.peak.load(Relaxed).max(live));
        stats
    }

    pub(crate) fn reset_peak(&self) {
        for shard in &self.shards {
            self.report(shard);
        }
        self.peak.store(self.live.load(Relaxed), Relaxed);
    }

    fn change_live(&self, shard: &Shard, change: i64) {
        let unreported = shard.unreported.fetch_add(change, Relaxed) + change;
        if unreported.abs() >= REPORT {
            self.report(shard);
        }
    }

    fn report(&self, shard: &Shard) {
        let change = shard.unreported.swap(0, Relaxed);
        if change != 0 {
            let live = self.live.fetch_add(change, Relaxed) + change;
            self.peak.fetch_max(live, Relaxed);
        }
    }

    fn shard(&self) -> &Shard {
        &self.shards[thread_index() % SHARDS]
    }
}

fn signed(size: usize) -> i64 {
    // A layout's size is at most isize::MAX.
    size as i64
}

fn unsigned(bytes: i64) -> usize {
    // Below zero only in passing, while another thread reports.
    bytes.max(0) as usize
}

/// A small number that stays with the thread, given out in order of first use.
fn thread_index() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Constant and without a destructor: no allocation on first use, and usable until
        // the very end of the thread.
        static INDEX: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    INDEX.with(|index| {
        if index.get() == usize::MAX {
            index.set(NEXT.fetch_add(1, Relaxed));
        }
        index.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_in_one_thread() {
        let shards = Shards::new();
        shards.count_new(1000);
        shards.count_resized(1000, 3000);
        shards.count_resized(3000, 500);
        shards.count_new(24);
        shards.count_freed(500);
        let stats = shards.stats();
        assert_eq!((stats.allocations, stats.bytes, stats.live), (4, 3024, 24));
    }

    #[test]
    fn peak_sees_large_blocks_and_starts_again_after_a_reset() {
        let shards = Shards::new();
        let large = 10 * REPORT as usize;
        shards.count_new(large);
        shards.count_freed(large);
        assert_eq!(shards.stats().live, 0);
        assert_eq!(shards.stats().peak, large);
        shards.count_new(100);
        shards.reset_peak();
        assert_eq!(shards.stats().peak, 100);
    }

    #[test]
    fn many_small_blocks_are_missed_by_less_than_one_report() {
        let shards = Shards::new();
        let (block, blocks) = (1000, 1000);
        for _ in 0..blocks {
            shards.count_new(block);
        }
        for _ in 0..blocks {
            shards.count_freed(block);
        }
        let stats = shards.stats();
        assert_eq!(stats.live, 0);
        assert!(stats.peak <= block * blocks);
        assert!(stats.peak + REPORT as usize > block * blocks, "peak {} is too low", stats.peak);
    }

    #[test]
    fn threads_add_up_and_may_free_for_each_other() {
        let shards = Shards::new();
        let (threads, calls, size) = (2 * SHARDS, 200, 700);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..calls).for_each(|_| shards.count_new(size)));
            }
        });
        (0..threads * calls).for_each(|_| shards.count_freed(size));
        let stats = shards.stats();
        assert_eq!(stats.allocations, (threads * calls) as u64);
        assert_eq!(stats.bytes, (threads * calls * size) as u64);
        assert_eq!(stats.live, 0);
    }
}
