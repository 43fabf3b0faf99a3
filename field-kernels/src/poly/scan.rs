//! Powers, running products and batch inversion.

use parhelion_scheduler::{Executor, ExecutorExt};

use super::MIN_CHUNK;
use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::parallel::{for_each_chunk_mut, for_each_two_chunks_mut};
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// out\[i\] = first·base^i.
    pub fn powers<S: FieldSpec>(&self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
        with_backend!(self, backend => powers(backend, self.executor().as_ref(), base, first, out));
    }

    /// Replaces each element by its inverse; zeros stay.
    pub fn batch_invert<S: FieldSpec>(&self, values: &mut [Fp<S>]) {
        let len = self.executor().chunk_len(values.len(), MIN_CHUNK);
        with_backend!(self, backend => {
            for_each_chunk_mut(self.executor().as_ref(), values, len, |_, chunk| {
                backend.invert(self.scratch(), chunk);
            });
        });
    }

    /// Replaces each factor by the product of `first` and the factors before it, and returns the
    /// product of `first` and all factors.
    pub fn running_product<S: FieldSpec>(&self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
        let executor = self.executor().as_ref();
        with_backend!(self, backend => {
            if executor.threads() == 1 || factors.len() <= MIN_CHUNK {
                return backend.running_product(factors, first);
            }
            // Each thread's piece on its own, then times what is before it.
            let len = factors.len().div_ceil(executor.threads()).max(MIN_CHUNK);
            let mut totals = vec![Fp::ONE; factors.len().div_ceil(len)];
            for_each_two_chunks_mut(executor, (factors, len), (&mut totals, 1), |_, piece, total| {
                total[0] = backend.running_product(piece, Fp::ONE);
            });
            let mut product = first;
            for total in &mut totals {
                (product, *total) = (product * *total, product);
            }
            for_each_chunk_mut(executor, factors, len, |index, piece| backend.scale(piece, totals[index]));
            product
        })
    }
}

/// [`Kernels::powers`] on a backend and an executor.
pub(crate) fn powers<S: FieldSpec>(
    backend: impl Backend,
    executor: &dyn Executor,
    base: Fp<S>,
    first: Fp<S>,
    out: &mut [Fp<S>],
) {
    let len = executor.chunk_len(out.len(), MIN_CHUNK);
    for_each_chunk_mut(executor, out, len, |index, chunk| {
        backend.powers(base, first * base.pow((index * len) as u64), chunk);
    });
}
