//! Working memory of the kernels, for one proof.

use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use parhelion_allocators::{Lease, Pool, Workspace};
use parhelion_field_kernels::{Lender, Line, Loan};

/// Lends the kernels what a proof is charged for them, out of one buffer: what is given back joins its
/// neighbours, so that no more is ever in use. What kernels leave behind is wiped when the proof ends, and
/// the buffer serves the next one.
///
/// A kernel that asks for more, or that the system has nothing for, goes on with memory of the heap:
/// kernels cannot fail.
#[derive(Debug)]
pub(crate) struct KernelMemory {
    workspace: Workspace,
    lines: usize,
    /// The parts that are not lent, in order; `None` before anything is.
    free: Mutex<Option<Vec<Lease<Line>>>>,
    /// For loans, which outlive the call that made them.
    own: Weak<Self>,
}

impl KernelMemory {
    /// Up to `bytes` from `pool`.
    pub(crate) fn new(pool: &Pool, bytes: usize) -> Arc<Self> {
        let (workspace, lines) = (pool.workspace(), bytes / size_of::<Line>());
        Arc::new_cyclic(|own| Self { workspace, lines, free: Mutex::default(), own: own.clone() })
    }

    /// The first lines that are free and as many.
    fn take(&self, lines: usize) -> Option<Lease<Line>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = match &mut *free {
            Some(free) => free,
            none => none.insert(vec![self.workspace.lease(self.lines).ok()?]),
        };
        let place = free.iter().position(|part| part.len() >= lines)?;
        let rest = free[place].split_off(lines).filter(|rest| !rest.is_empty());
        match rest {
            Some(rest) => Some(std::mem::replace(&mut free[place], rest)),
            None => Some(free.remove(place)),
        }
    }

    fn give_back(&self, part: Lease<Line>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(free) = &mut *free else { return };
        let place = free.partition_point(|other| other.as_ptr() < part.as_ptr());
        free.insert(place, part);
        // With the one behind, then with the one before.
        for first in [Some(place), place.checked_sub(1)].into_iter().flatten() {
            if first + 1 < free.len() {
                let (next, part) = (free.remove(first + 1), take(&mut free[first]));
                match part.join(next) {
                    Ok(joined) => free[first] = joined,
                    Err([part, next]) => {
                        free[first] = part;
                        free.insert(first + 1, next);
                    }
                }
            }
        }
    }
}

impl Lender for KernelMemory {
    fn lend(&self, lines: usize) -> Option<Loan> {
        let lender = self.own.upgrade()?;
        let part = self.take(lines)?;
        Some(Box::new(Lent { part, lender }))
    }
}

/// Lines that may be lent again once this is dropped.
struct Lent {
    part: Lease<Line>,
    lender: Arc<KernelMemory>,
}

impl Deref for Lent {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        &self.part
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [Line] {
        &mut self.part
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.lender.give_back(take(&mut self.part));
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
    fn what_is_given_back_joins_its_neighbours() {
        let pool = Pool::default();
        let lender = KernelMemory::new(&pool, 100 * 64);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            let mut loans: Vec<_> = [10, 20, 30, 40].map(|lines| lender.lend(lines)).into_iter().collect();
            assert!(loans.iter().all(Option::is_some), "all lines are free");
            assert!(lender.lend(1).is_none());
            order.into_iter().for_each(|place| loans[place] = None);
            assert!(lender.lend(100).is_some(), "{order:?}");
        }
        assert_eq!(pool.stats().misses, 1, "one buffer");
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
