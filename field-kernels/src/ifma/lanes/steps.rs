//! Products in steps, for kernels that have several on their way and alternate between them.

use std::marker::PhantomData;

use super::super::Ifma;
use super::super::field::{MASK, Radix52};
use super::products::plus_high;
use super::{Factor, Loose, Products, Tight};
use crate::FieldSpec;

impl<S: FieldSpec> Products<S> {
    /// value·2^260, which the reduction makes the value again.
    #[inline(always)]
    pub(in crate::ifma) fn of_shifted(value: Tight<S>) -> Self {
        let [a, b, c, d, e] = value.0;
        let zero = a.zero();
        Self([zero, zero, zero, zero, zero, a, b, c, d, e], PhantomData)
    }

    /// Adds row ROW of five of the product a·b, that of limb ROW of b. One word a column, as few as can be: what waits
    /// for one of them leaves time for another product.
    #[inline(always)]
    pub(in crate::ifma) fn add_row<const ROW: usize>(&mut self, a: Factor<S>, b: Factor<S>) {
        for j in 0..5 {
            self.0[ROW + j] = self.0[ROW + j].add_low(a.0[j], b.0[ROW]);
        }
        for j in 0..5 {
            self.0[ROW + j + 1] = self.0[ROW + j + 1].add_high(a.0[j], b.0[ROW]);
        }
    }

    /// Step STEP of the five of [`Self::reduce`]: three folds, two steps of Montgomery's.
    #[inline(always)]
    pub(in crate::ifma) fn reduce_step<const STEP: usize>(&mut self) {
        let t = &mut self.0;
        let token = Ifma::of(t[0]);
        if STEP < 3 {
            let fold = token.splat_limbs::<S>(Radix52::<S>::FOLDS[STEP]).0;
            for j in 0..5 {
                t[3 + j] = t[3 + j].add_low(t[STEP], fold[j]);
            }
            for j in 0..5 {
                t[4 + j] = t[4 + j].add_high(t[STEP], fold[j]);
            }
            // What the fold did not read.
            t[STEP + 1] = t[STEP + 1] + t[STEP].shr::<52>();
        } else {
            let modulus = token.splat_limbs::<S>(Radix52::<S>::MODULUS).0;
            let factor = token.splat(0).add_low(t[STEP], token.splat(Radix52::<S>::NEG_INV));
            // The low 52 bits become 0, with a carry if they were not.
            let carry = (t[STEP] + token.splat(MASK)).shr::<52>();
            t[STEP + 1] = t[STEP + 1].add_high(factor, modulus[0]);
            for j in 1..5 {
                // Limb 3 of a Pasta modulus is 0.
                if Radix52::<S>::MODULUS[j] != 0 {
                    t[STEP + j] = t[STEP + j].add_low(factor, modulus[j]);
                    t[STEP + j + 1] = plus_high::<S>(t[STEP + j + 1], factor, j);
                }
            }
            t[STEP + 1] = t[STEP + 1] + carry;
        }
    }

    /// What is left after the last step.
    #[inline(always)]
    pub(in crate::ifma) fn reduced(self) -> Loose<S> {
        let [_, _, _, _, _, a, b, c, d, e] = self.0;
        Loose([a, b, c, d, e], PhantomData)
    }
}
