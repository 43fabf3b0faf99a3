//! Whole columns that a circuit hands to the engine, past the library's traits, which know single cells.
//!
//! A synthesis of the engine's opens the way for its thread. A circuit that has complete columns looks whether
//! it is open, and assigns cell by cell where it is not: for the library's prover, or anybody else.

use std::cell::RefCell;
use std::fmt::Debug;
use std::mem::take;
use std::sync::Arc;

use parhelion_field_kernels::{Bn254Fr, Kernels};

/// Columns, with values from the first row on.
pub(crate) trait WholeColumns: Debug + Send + Sync {
    /// How many rows of the `place`-th column have values.
    fn rows(&self, place: usize) -> usize;

    /// Writes them.
    fn write(&self, kernels: &Kernels, place: usize, rows: &mut [Bn254Fr]);
}

/// Columns on their way: the numbers of the advice columns that they are meant for, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) columns: Vec<usize>,
    pub(crate) values: Arc<dyn WholeColumns>,
}

thread_local! {
    /// What was handed over and not yet taken, where the way is open.
    static WAY: RefCell<Option<Vec<Handed>>> = const { RefCell::new(None) };
}

/// Hands columns over, if somebody takes them.
#[cfg(feature = "halo2-base")]
pub(crate) fn hand(handed: impl FnOnce() -> Handed) -> bool {
    WAY.with_borrow_mut(|way| way.as_mut().map(|way| way.push(handed())).is_some())
}

/// The way is open until this is dropped; what was before is as it was then.
#[derive(Debug)]
pub(crate) struct Opened {
    before: Option<Vec<Handed>>,
}

impl Opened {
    pub(crate) fn new() -> Self {
        Self { before: WAY.replace(Some(Vec::new())) }
    }

    /// What was handed over since the last time.
    pub(crate) fn take(&self) -> Vec<Handed> {
        WAY.with_borrow_mut(|way| way.as_mut().map(take).unwrap_or_default())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        WAY.set(self.before.take());
    }
}

#[cfg(all(test, feature = "halo2-base"))]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl WholeColumns for Nothing {
        fn rows(&self, _: usize) -> usize {
            0
        }

        fn write(&self, _: &Kernels, _: usize, _: &mut [Bn254Fr]) {}
    }

    fn handed() -> Handed {
        Handed { columns: vec![3], values: Arc::new(Nothing) }
    }

    #[test]
    fn columns_are_handed_to_the_innermost_synthesis_of_the_thread() {
        assert!(!hand(handed), "nobody takes them");
        let outer = Opened::new();
        assert!(hand(handed));
        {
            let inner = Opened::new();
            assert!(hand(handed) && hand(handed));
            assert_eq!(inner.take().len(), 2);
            assert!(hand(handed), "and is not taken");
        }
        std::thread::scope(|scope| assert!(!scope.spawn(|| hand(handed)).join().unwrap()));
        assert_eq!(outer.take().len(), 1);
        assert!(outer.take().is_empty());
        drop(outer);
        assert!(!hand(handed));
    }
}
