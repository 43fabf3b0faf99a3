//! Element-wise operations and sums.

use parhelion_scheduler::ExecutorExt;

use super::{MIN_CHUNK, check_lengths};
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// acc\[i\] += rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.zip(acc, rhs, |a, b| a + b);
    }

    /// acc\[i\] -= rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn sub_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.zip(acc, rhs, |a, b| a - b);
    }

    /// acc\[i\] *= rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn mul_assign<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>]) {
        self.zip(acc, rhs, |a, b| a * b);
    }

    /// values\[i\] *= by.
    pub fn scale<S: FieldSpec>(&self, values: &mut [Fp<S>], by: Fp<S>) {
        let len = self.executor().chunk_len(values.len(), MIN_CHUNK);
        self.executor().for_each_chunk_mut(values, len, |_, chunk| chunk.iter_mut().for_each(|v| *v *= by));
    }

    /// acc\[i\] += by·rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_scaled<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>], by: Fp<S>) {
        self.zip(acc, rhs, |a, b| a + by * b);
    }

    /// acc\[i\] = acc\[i\]·by + rhs\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn horner_step<S: FieldSpec>(&self, acc: &mut [Fp<S>], by: Fp<S>, rhs: &[Fp<S>]) {
        self.zip(acc, rhs, |a, b| a * by + b);
    }

    /// out = Σ c·v over the terms (v, c); a vector shorter than `out` counts as followed by zeros.
    ///
    /// # Panics
    /// If a vector is longer than `out`.
    pub fn linear_combination<S: FieldSpec>(&self, out: &mut [Fp<S>], terms: &[(&[Fp<S>], Fp<S>)]) {
        out.fill(Fp::ZERO);
        for (vector, factor) in terms {
            let (have, room) = (vector.len(), out.len());
            assert!(have <= room, "a term has {have} elements, the output {room}");
            self.add_scaled(&mut out[..have], vector, *factor);
        }
    }

    /// Σ a\[i\]·b\[i\].
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn inner_product<S: FieldSpec>(&self, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
        check_lengths(a.len(), b.len());
        a.iter().zip(b).map(|(&a, &b)| a * b).sum()
    }

    fn zip<S: FieldSpec>(&self, acc: &mut [Fp<S>], rhs: &[Fp<S>], f: impl Fn(Fp<S>, Fp<S>) -> Fp<S> + Sync) {
        check_lengths(acc.len(), rhs.len());
        let len = self.executor().chunk_len(acc.len(), MIN_CHUNK);
        self.executor().for_each(acc.chunks_mut(len).zip(rhs.chunks(len)), |_, (acc, rhs)| {
            acc.iter_mut().zip(rhs).for_each(|(a, &b)| *a = f(*a, b));
        });
    }
}
