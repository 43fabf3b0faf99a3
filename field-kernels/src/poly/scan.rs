//! Powers, running products and batch inversion.

use parhelion_scheduler::{Executor, ExecutorExt};

use super::MIN_CHUNK;
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// out\[i\] = first·base^i.
    pub fn powers<S: FieldSpec>(&self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
        powers(self.executor().as_ref(), base, first, out);
    }

    /// Replaces each element by its inverse; zeros stay.
    pub fn batch_invert<S: FieldSpec>(&self, values: &mut [Fp<S>]) {
        let len = self.executor().chunk_len(values.len(), MIN_CHUNK);
        self.executor().for_each_chunk_mut(values, len, |_, chunk| {
            let mut product = Fp::ONE;
            let before: Vec<Fp<S>> = chunk
                .iter()
                .map(|&value| {
                    let before = product;
                    if !value.is_zero() {
                        product *= value;
                    }
                    before
                })
                .collect();
            let mut inverse = product.invert().unwrap_or_default();
            for (value, before) in chunk.iter_mut().zip(before).rev() {
                if !value.is_zero() {
                    (*value, inverse) = (before * inverse, inverse * *value);
                }
            }
        });
    }

    /// Replaces each factor by the product of `first` and the factors before it, and returns the
    /// product of `first` and all factors.
    pub fn running_product<S: FieldSpec>(&self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
        factors.iter_mut().fold(first, |product, factor| {
            let next = product * *factor;
            *factor = product;
            next
        })
    }
}

/// [`Kernels::powers`] on an executor.
pub(crate) fn powers<S: FieldSpec>(executor: &dyn Executor, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
    let len = executor.chunk_len(out.len(), MIN_CHUNK);
    executor.for_each_chunk_mut(out, len, |index, chunk| {
        let mut power = first * base.pow((index * len) as u64);
        for value in chunk {
            *value = power;
            power *= base;
        }
    });
}
