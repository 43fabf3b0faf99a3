//! Products and sums of products.

use std::marker::PhantomData;

use super::super::Ifma;
use super::super::field::{MASK, Radix52};
use super::super::word::Word;
use super::{Factor, Loose, Products, ProductsScratch, Sums, Tight};
use crate::FieldSpec;

impl<S: FieldSpec> Products<S> {
    /// Columns as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(in crate::ifma) fn to_scratch(self, to: &mut ProductsScratch) {
        for (word, to) in self.0.iter().zip(&mut to.0) {
            word.store(to);
        }
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(in crate::ifma) fn from_scratch(token: Ifma, from: &ProductsScratch) -> Self {
        let mut words = [token.splat(0); 10];
        for (word, from) in words.iter_mut().zip(&from.0) {
            *word = token.load(from);
        }
        Self(words, PhantomData)
    }

    /// No product yet.
    #[inline(always)]
    pub(in crate::ifma) fn none(token: Ifma) -> Self {
        Self([token.splat(0); 10], PhantomData)
    }

    /// A value as it is.
    #[inline(always)]
    pub(in crate::ifma) fn of_value(value: Tight<S>) -> Self {
        let [a, b, c, d, e] = value.0;
        let zero = a.zero();
        Self([a, b, c, d, e, zero, zero, zero, zero, zero], PhantomData)
    }

    /// a·b.
    #[inline(always)]
    pub(in crate::ifma) fn of(a: impl Into<Factor<S>>, b: impl Into<Factor<S>>) -> Self {
        let (a, b) = (a.into(), b.into());
        Sums::none(Ifma::of(a.0[0])).plus(a, b).join()
    }

    /// self + a·b.
    #[inline(always)]
    pub(in crate::ifma) fn plus(self, a: impl Into<Factor<S>>, b: impl Into<Factor<S>>) -> Self {
        let (a, b) = (a.into(), b.into());
        let mut t = self.0;
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = t[i + j].add_low(a.0[j], b.0[i]);
                t[i + j + 1] = t[i + j + 1].add_high(a.0[j], b.0[i]);
            }
        }
        Self(t, PhantomData)
    }

    /// a². The products of different limbs are added up once and doubled.
    #[inline(always)]
    pub(in crate::ifma) fn of_square(a: impl Into<Factor<S>>) -> Self {
        let a = a.into();
        let zero = a.0[0].zero();
        let (mut low, mut high) = ([zero; 10], [zero; 10]);
        for i in 0..5 {
            for j in i + 1..5 {
                low[i + j] = low[i + j].add_low(a.0[j], a.0[i]);
                high[i + j + 1] = high[i + j + 1].add_high(a.0[j], a.0[i]);
            }
        }
        for (low, high) in low.iter_mut().zip(high) {
            let sum = *low + high;
            *low = sum + sum;
        }
        for i in 0..5 {
            low[2 * i] = low[2 * i].add_low(a.0[i], a.0[i]);
            low[2 * i + 1] = low[2 * i + 1].add_high(a.0[i], a.0[i]);
        }
        Self(low, PhantomData)
    }

    /// The sum over 2^260, mod p; below (sum/2^260/p + 1.01)·p.
    ///
    /// Limbs 0 to 2 are replaced by what they are worth mod p after a division by 2^156, all at once;
    /// this leaves the sum over 2^156, and less than 3·2^52·p more. Two steps of Montgomery's
    /// reduction divide by 2^104, adding less than p. Five steps of Montgomery's would take as many
    /// multiplications, but each would wait for the one before.
    #[inline(always)]
    pub(in crate::ifma) fn reduce(self) -> Loose<S> {
        let mut low = self.0;
        let token = Ifma::of(low[0]);
        let mut high = [token.splat(0); 10];
        for i in 0..3 {
            low[i + 1] = low[i + 1] + low[i].shr::<52>();
        }
        for (i, fold) in Radix52::<S>::FOLDS.iter().enumerate() {
            let fold = token.splat_limbs::<S>(*fold).0;
            for j in 0..5 {
                low[3 + j] = low[3 + j].add_low(low[i], fold[j]);
                high[4 + j] = high[4 + j].add_high(low[i], fold[j]);
            }
        }
        let inverse = token.splat(Radix52::<S>::NEG_INV);
        let modulus = token.splat_limbs::<S>(Radix52::<S>::MODULUS).0;
        for i in 3..5 {
            let factor = token.splat(0).add_low(low[i], inverse);
            // The low 52 bits become 0, with a carry if they were not.
            let carry = (low[i] + token.splat(MASK)).shr::<52>();
            high[i + 1] = high[i + 1].add_high(factor, modulus[0]);
            for j in 1..5 {
                // Limb 3 of a Pasta modulus is 0.
                if Radix52::<S>::MODULUS[j] != 0 {
                    low[i + j] = low[i + j].add_low(factor, modulus[j]);
                    high[i + j + 1] = plus_high::<S>(high[i + j + 1], factor, j);
                }
            }
            low[i + 1] = low[i + 1] + high[i + 1] + carry;
        }
        Loose([low[5], low[6] + high[6], low[7] + high[7], low[8] + high[8], low[9] + high[9]], PhantomData)
    }
}

/// word + the high half of the product of a factor below 2^52 and limb `limb` of p.
#[inline(always)]
pub(super) fn plus_high<S: FieldSpec>(word: Word, factor: Word, limb: usize) -> Word {
    if Radix52::<S>::MODULUS[limb] == 1 << 46 {
        // The highest limb of a Pasta modulus. Shifts do not take the multipliers' time.
        word + factor.shr::<6>()
    } else {
        word.add_high(factor, Ifma::of(word).splat(Radix52::<S>::MODULUS[limb]))
    }
}
