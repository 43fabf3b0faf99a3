//! Working memory of the kernels, as part of a proof's.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use parhelion_allocators::{self as allocators, Lease, Workspace};
use parhelion_field_kernels::{Lender, Line, Loan};

use crate::Error;

/// Lends the kernels what was set aside for them. It is counted and wiped with the rest of the
/// proof's memory, and serves the next proof.
#[derive(Debug)]
pub(crate) struct KernelMemory {
    workspace: Workspace,
    state: Mutex<State>,
    /// For loans, which outlive the call that made them.
    own: Weak<Self>,
}

#[derive(Debug)]
struct State {
    /// Bytes that may still be lent.
    left: usize,
    /// Why the first loan was refused that should have been there.
    refused: Option<allocators::Error>,
}

impl KernelMemory {
    pub(super) fn new(workspace: Workspace, bytes: usize) -> Arc<Self> {
        let state = Mutex::new(State { left: bytes, refused: None });
        Arc::new_cyclic(|own| Self { workspace, state, own: own.clone() })
    }

    /// Kernels cannot fail: refused a loan, they go on with memory of the heap. The proof fails here.
    ///
    /// # Errors
    /// If a loan was refused that had been set aside.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.with(|state| state.refused.take()) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lender for KernelMemory {
    fn lend(&self, lines: usize) -> Option<Loan> {
        let bytes = lines.checked_mul(size_of::<Line>())?;
        let lender = self.own.upgrade()?;
        self.with(|state| {
            state.left = state.left.checked_sub(bytes)?;
            match super::lease_from(&self.workspace, |workspace| workspace.lease(lines)) {
                Ok(lease) => Some(Box::new(Lent { lease, bytes, lender }) as Loan),
                Err(error) => {
                    state.left += bytes;
                    state.refused.get_or_insert(error);
                    None
                }
            }
        })
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
        self.lender.with(|state| state.left += self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use parhelion_allocators::{FailurePlan, Pool};

    use super::*;

    #[test]
    fn no_more_is_lent_than_was_set_aside() {
        let lender = KernelMemory::new(Pool::default().workspace(), 8 * 64);
        let loan = lender.lend(6).expect("six of eight lines");
        assert_eq!(loan.len(), 6);
        assert!(lender.lend(3).is_none());
        drop(loan);
        assert!(lender.lend(8).is_some());
        lender.check().expect("nothing that was set aside is refused");
    }

    #[test]
    fn a_refused_loan_is_an_error_of_the_proof() {
        let plan = FailurePlan::default();
        let pool = Pool::builder().failures(plan.clone()).build();
        let lender = KernelMemory::new(pool.workspace(), 8 * 64);
        plan.fail_at(1);
        assert!(lender.lend(8).is_none());
        assert!(matches!(lender.check(), Err(Error::Memory(allocators::Error::Injected { .. }))));
        assert!(lender.lend(8).is_some());
        lender.check().expect("the error is told once");
    }
}
