//! Failures on purpose, so that programs can test what they do without memory.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::Error;

/// `fail_at` of a plan without failures: a count that is not reached.
const NEVER: u64 = u64::MAX;

/// Lets one request for memory fail, chosen by its number.
///
/// Given to a [`PoolBuilder`](crate::PoolBuilder), it counts what the workspaces of that pool are
/// asked for: leases that are not empty, arenas, growth of arenas, and charges. A test runs once to
/// count, then once for each number. Clones are handles of the same plan.
///
/// ```
/// use parhelion_allocators::{Error, FailurePlan, Pool};
///
/// let plan = FailurePlan::default();
/// let pool = Pool::builder().failures(plan.clone()).build();
/// plan.fail_at(1);
/// let workspace = pool.workspace();
/// assert!(workspace.lease_zeroed::<u64>(8).is_ok());
/// assert!(matches!(workspace.lease_zeroed::<u64>(8), Err(Error::Injected { number: 1 })));
/// assert!(workspace.lease_zeroed::<u64>(8).is_ok());
/// assert_eq!(plan.seen(), 3);
/// ```
#[derive(Clone)]
pub struct FailurePlan(Arc<Plan>);

struct Plan {
    seen: AtomicU64,
    fail_at: AtomicU64,
}

impl Default for FailurePlan {
    /// A plan that only counts.
    fn default() -> Self {
        Self(Arc::new(Plan { seen: AtomicU64::new(0), fail_at: AtomicU64::new(NEVER) }))
    }
}

impl FailurePlan {
    /// Counts from 0 again, and lets request `number` fail. Once: those after it are granted.
    pub fn fail_at(&self, number: u64) {
        self.0.fail_at.store(number, SeqCst);
        self.0.seen.store(0, SeqCst);
    }

    /// Counts from 0 again, and lets nothing fail.
    pub fn disarm(&self) {
        self.fail_at(NEVER);
    }

    /// Requests since the count began.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.0.seen.load(SeqCst)
    }

    /// Counts a request, which fails if it is the one.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let number = self.0.seen.fetch_add(1, SeqCst);
        if number == self.0.fail_at.load(SeqCst) { Err(Error::Injected { number }) } else { Ok(()) }
    }
}

impl fmt::Debug for FailurePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fail_at = self.0.fail_at.load(SeqCst);
        f.debug_struct("FailurePlan")
            .field("seen", &self.seen())
            .field("fail_at", &(fail_at != NEVER).then_some(fail_at))
            .finish()
    }
}
