//! Working memory of the kernels, for one proof.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use parhelion_allocators::{Lease, Pool, Workspace};
use parhelion_field_kernels::{Lender, Line, Loan};

/// Lends the kernels what a proof is charged for them. What they leave behind is wiped when the proof
/// ends, and serves the next one.
///
/// A kernel that asks for more, or that the system has nothing for, goes on with memory of the heap:
/// kernels cannot fail.
#[derive(Debug)]
pub(crate) struct KernelMemory {
    workspace: Workspace,
    /// Bytes that may still be lent.
    left: Mutex<usize>,
    /// For loans, which outlive the call that made them.
    own: Weak<Self>,
}

impl KernelMemory {
    /// Up to `bytes` from `pool`.
    pub(crate) fn new(pool: &Pool, bytes: usize) -> Arc<Self> {
        let (workspace, left) = (pool.workspace(), Mutex::new(bytes));
        Arc::new_cyclic(|own| Self { workspace, left, own: own.clone() })
    }

    fn take(&self, bytes: usize) -> Option<()> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_sub(bytes)?;
        Some(())
    }

    fn give_back(&self, bytes: usize) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
    }
}

impl Lender for KernelMemory {
    fn lend(&self, lines: usize) -> Option<Loan> {
        let bytes = lines.checked_mul(size_of::<Line>())?;
        let lender = self.own.upgrade()?;
        self.take(bytes)?;
        // From here on a loan gives its bytes back, also one without a lease.
        let mut loan = Lent { lease: Lease::default(), bytes, lender };
        loan.lease = self.workspace.lease(lines).ok()?;
        Some(Box::new(loan))
    }
}

/// Lines that may be lent again once this is dropped.
struct Lent {
    lease: Lease<Line>,
    bytes: usize,
    lender: Arc<KernelMemory>,
}

impl Deref for Lent {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        &self.lease
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [Line] {
        &mut self.lease
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.lender.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use parhelion_allocators::FailurePlan;

    use super::*;

    #[test]
    fn no_more_is_lent_than_a_proof_is_charged() {
        let lender = KernelMemory::new(&Pool::default(), 8 * 64);
        let loan = lender.lend(6).expect("six of eight lines");
        assert_eq!(loan.len(), 6);
        assert!(lender.lend(3).is_none());
        drop(loan);
        assert!(lender.lend(8).is_some());
    }

    #[test]
    fn a_loan_that_fails_takes_nothing() {
        let plan = FailurePlan::default();
        let lender = KernelMemory::new(&Pool::builder().failures(plan.clone()).build(), 8 * 64);
        plan.fail_at(0);
        assert!(lender.lend(8).is_none());
        assert!(lender.lend(8).is_some());
    }
}
