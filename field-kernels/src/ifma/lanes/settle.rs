//! What estimates leave off by p.

use std::marker::PhantomData;

use super::super::field::{MASK, Radix52};
use super::super::word::Word;
use super::super::{Ifma, with_features};
use super::words::store_words;
use super::{Loose, Tight};
use crate::{FieldSpec, Fp};

/// Writes values that may be off by p once in 2^40, and remembers whether any of them is.
#[derive(Clone, Copy, Debug)]
pub(in crate::ifma) struct Writer<S> {
    /// The highest of the highest words written, in each lane.
    highest: Word,
    field: PhantomData<S>,
}

impl<S: FieldSpec> Writer<S> {
    /// Nothing is written yet.
    #[inline(always)]
    pub(in crate::ifma) fn new(token: Ifma) -> Self {
        Self { highest: token.splat(0), field: PhantomData }
    }

    /// Writes eight neighbours, words of values of -p to 2p modulo 2^256, which are most probably of 0 to p.
    #[inline(always)]
    pub(in crate::ifma) fn write(&mut self, words: [Word; 4], to: &mut [Fp<S>; 8]) {
        self.highest = self.highest.max_unsigned(words[3]);
        store_words(words, to);
    }

    /// Reduces what was written. Until then nobody may read it.
    #[inline(always)]
    pub(in crate::ifma) fn settle(self, written: &mut [[Fp<S>; 8]]) {
        let token = Ifma::of(self.highest);
        if beyond_modulus::<S>(token, self.highest) != 0 {
            settle_written(token, written);
        }
    }
}

/// The lanes whose highest word does not tell that they are less than p.
#[inline(always)]
fn beyond_modulus<S: FieldSpec>(token: Ifma, highest_word: Word) -> u8 {
    token.splat(S::MODULUS[3] - 1).less_than_unsigned(highest_word)
}

impl<S: FieldSpec> Loose<S> {
    /// From a value of 0 to 2p the one below p, as words to be settled, if the highest limb tells which of them are p or
    /// more. It does not, and p stays, once in 2^40 or less often: what other limbs carry over is too little to matter.
    /// No limb but the highest may be negative.
    #[inline(always)]
    pub(in crate::ifma) fn minus_modulus_where_beyond(self) -> Self {
        self.check_range();
        let token = Ifma::of(self.0[0]);
        let beyond = token.splat(Radix52::<S>::MODULUS[4]).less_than(self.0[4]);
        let modulus = token.splat_limbs::<S>(Radix52::<S>::MODULUS).0;
        let mut limbs = self.0;
        for i in 0..5 {
            // Limb 3 of a Pasta modulus is 0.
            if Radix52::<S>::MODULUS[i] != 0 {
                limbs[i] = limbs[i].minus_where(beyond, modulus[i]);
            }
        }
        Self(limbs, PhantomData)
    }

    /// From a value of -p to p the one of 0 to p, in the same way: one a little below 0 may stay.
    #[inline(always)]
    pub(in crate::ifma) fn plus_modulus_where_negative(self) -> Self {
        let negative = self.0[4].less_than(self.0[4].zero());
        self.plus_modulus_where(negative)
    }

    /// self + p in the lanes of `mask`.
    #[inline(always)]
    fn plus_modulus_where(self, mask: u8) -> Self {
        let modulus = Ifma::of(self.0[0]).splat_limbs::<S>(Radix52::<S>::MODULUS).0;
        let mut limbs = self.0;
        for i in 0..5 {
            limbs[i] = limbs[i].plus_where(mask, modulus[i]);
        }
        Self(limbs, PhantomData)
    }

    /// The words of the value modulo 2^256.
    #[inline(always)]
    pub(in crate::ifma) fn to_words(self) -> [Word; 4] {
        self.carry_unchecked().to_words()
    }

    /// Writes eight neighbours, reduced, from values of 0 to 2p with limbs of less than 2^60, none of which but the
    /// highest may be negative.
    #[inline(always)]
    pub(in crate::ifma) fn store_below_2p(self, to: &mut [Fp<S>; 8]) {
        let mut writer = Writer::new(Ifma::of(self.0[0]));
        writer.write(self.minus_modulus_where_beyond().to_words(), to);
        writer.settle(std::slice::from_mut(to));
    }
}

with_features! {
    /// Reduces values of -p to 2p modulo 2^256.
    #[cold]
    fn settle_written<S: FieldSpec>(token: Ifma, written: &mut [[Fp<S>; 8]]) {
        for eight in written {
            let words = token.load_words(eight);
            if beyond_modulus::<S>(token, words[3]) != 0 {
                let negative = words[3].less_than(token.splat(0));
                let mut value = Tight::<S>::from_words(words).loose().plus_modulus_where(negative).carry_unchecked();
                value.0[4] = value.0[4] & token.splat(MASK >> 4);
                store_words(value.canonical().to_words(), eight);
            }
        }
    }
}

with_features! {
    /// From a value of -p to 2p modulo 2^260, the one below p.
    #[cold]
    pub(super) fn settle<S: FieldSpec>(token: Ifma, value: Tight<S>) -> Tight<S> {
        let modulus = token.splat_limbs::<S>(Radix52::<S>::MODULUS).loose();
        let less = (value.loose() - modulus).carry_unchecked();
        let mut more = (value.loose() + modulus).carry_unchecked();
        more.0[4] = more.0[4] & token.splat(MASK);
        let below_modulus = less.0[4].less_than(token.splat(0));
        let negative = token.splat(1 << 51).less_than(value.0[4]);
        less.replace(below_modulus, value).replace(negative, more)
    }
}
