//! What is allocated under a limit, as opposed to reserved.

use std::sync::{Mutex, Weak};

use crate::lock::lock;

/// A pool, as a limit sees it.
pub(crate) trait Reclaim: Send + Sync {
    /// Gives at least `bytes` of idle memory back to the system, or all there is. Returns how much
    /// it was. On return the memory is gone and the ledger told.
    fn release_idle(&self, bytes: usize) -> usize;
}

/// Counts bytes in use and idle bytes. Charges are at most what is reserved, hence at most the
/// limit; it is idle bytes that must go when the two do not fit together.
#[derive(Default)]
pub(super) struct Ledger {
    bytes: Mutex<Bytes>,
    pools: Mutex<Vec<Weak<dyn Reclaim>>>,
}

#[derive(Default)]
struct Bytes {
    charged: usize,
    idle: usize,
}

impl Ledger {
    pub(super) fn used(&self) -> usize {
        let bytes = lock(&self.bytes);
        bytes.charged + bytes.idle
    }

    pub(super) fn charge(&self, bytes: usize) {
        lock(&self.bytes).charged += bytes;
    }

    pub(super) fn uncharge(&self, bytes: usize) {
        lock(&self.bytes).charged -= bytes;
    }

    /// What was charged becomes idle, in one step: the sum never shows it missing.
    pub(super) fn charged_to_idle(&self, count: usize) {
        let mut bytes = lock(&self.bytes);
        bytes.charged -= count;
        bytes.idle += count;
    }

    pub(super) fn end_idle(&self, bytes: usize) {
        lock(&self.bytes).idle -= bytes;
    }

    pub(super) fn register(&self, pool: Weak<dyn Reclaim>) {
        let mut pools = lock(&self.pools);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(pool);
    }

    /// Releases idle memory until everything fits `limit`.
    pub(super) fn make_room(&self, limit: usize) {
        let excess = || {
            let bytes = lock(&self.bytes);
            (bytes.charged + bytes.idle).saturating_sub(limit)
        };
        if excess() == 0 {
            return;
        }
        // Upgraded outside of the lock of the ledger: the last handle of a pool may be ours to drop.
        let pools: Vec<_> = lock(&self.pools).iter().filter_map(Weak::upgrade).collect();
        for pool in pools {
            match excess() {
                0 => return,
                excess => pool.release_idle(excess),
            };
        }
    }
}
