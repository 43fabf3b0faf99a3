//! Element-wise operations and sums.

use std::sync::{Mutex, PoisonError};

use parhelion_scheduler::ExecutorExt;

use super::{MIN_CHUNK, check_lengths};
use crate::contract::{Backend, Elementwise};
use crate::dispatch::with_backend;
use crate::parallel::for_each_chunk_mut;
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// acc\[i\] += rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.combine(acc, rhs, Elementwise::Add);
    }

    /// acc\[i\] -= rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn sub_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.combine(acc, rhs, Elementwise::Sub);
    }

    /// acc\[i\] *= rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn mul_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.combine(acc, rhs, Elementwise::Mul);
    }

    /// values\[i\] *= by.
    pub fn scale<S: FieldSpec>(&self, values: &mut [Fp<S>], by: Fp<S>) {
        let len = self.executor().chunk_len(values.len(), MIN_CHUNK);
        with_backend!(self, backend => {
            for_each_chunk_mut(self.executor().as_ref(), values, len, |_, chunk| backend.scale(chunk, by));
        });
    }

    /// values\[i\] = values\[i\]².
    pub fn square<S: FieldSpec>(&self, values: &mut [Fp<S>]) {
        let len = self.executor().chunk_len(values.len(), MIN_CHUNK);
        with_backend!(self, backend => {
            for_each_chunk_mut(self.executor().as_ref(), values, len, |_, chunk| backend.square(chunk));
        });
    }

    /// acc\[i\] += by·rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_scaled<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>], by: Fp<S>) {
        self.combine(acc, rhs, Elementwise::AddScaled(by));
    }

    /// acc\[i\] = acc\[i\]·by + rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn horner_step<S: FieldSpec>(&self, acc: &mut [Fp<S>], by: Fp<S>, rhs: &[Fp<S>]) {
        self.combine(acc, rhs, Elementwise::HornerStep(by));
    }

    /// out = Σ c·v over the terms (v, c); a vector shorter than `out` counts as followed by zeros.
    ///
    /// # Panics
    /// If a vector is longer than `out`.
    pub fn linear_combination<S: FieldSpec>(&self, out: &mut [Fp<S>], terms: &[(&[Fp<S>], Fp<S>)]) {
        for (vector, _) in terms {
            let (have, room) = (vector.len(), out.len());
            assert!(have <= room, "a term has {have} elements, the output {room}");
        }
        let len = self.executor().chunk_len(out.len(), MIN_CHUNK).next_multiple_of(8);
        with_backend!(self, backend => {
            for_each_chunk_mut(self.executor().as_ref(), out, len, |index, chunk| {
                backend.linear_combination(chunk, index * len, terms);
            });
        });
    }

    /// Σ a\[i\]·b\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn inner_product<S: FieldSpec>(&self, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
        check_lengths(a.len(), b.len());
        let len = self.executor().chunk_len(a.len(), MIN_CHUNK);
        let pieces = a.len().div_ceil(len);
        // Sums of elements are the same in any order.
        let total = Mutex::new(Fp::ZERO);
        with_backend!(self, backend => self.executor().run(pieces, &|index| {
            let range = index * len..(index * len + len).min(a.len());
            let sum = backend.inner_product(&a[range.clone()], &b[range]);
            *total.lock().unwrap_or_else(PoisonError::into_inner) += sum;
        }));
        total.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn combine<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>) {
        check_lengths(acc.len(), rhs.len());
        let len = self.executor().chunk_len(acc.len(), MIN_CHUNK);
        with_backend!(self, backend => {
            for_each_chunk_mut(self.executor().as_ref(), acc, len, |index, acc| {
                backend.combine(acc, &rhs[index * len..][..acc.len()], operation);
            });
        });
    }
}
