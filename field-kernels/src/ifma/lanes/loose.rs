//! Values with limbs that may overlap.

use std::marker::PhantomData;
use std::ops::{Add, Sub};

use super::super::field::{MASK, Radix52};
use super::super::word::Word;
use super::super::{Ifma, with_features};
use super::words::{replace, store_words};
use super::{Loose, Scratch, Tight};
use crate::{FieldSpec, Fp};

impl<S: FieldSpec> Loose<S> {
    /// Limbs as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(in crate::ifma) fn to_scratch(self, to: &mut Scratch) {
        let [a, b, c, d, e] = &mut to.0;
        self.0[0].store(a);
        self.0[1].store(b);
        self.0[2].store(c);
        self.0[3].store(d);
        self.0[4].store(e);
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(in crate::ifma) fn from_scratch(token: Ifma, from: &Scratch) -> Self {
        let [a, b, c, d, e] = &from.0;
        Self([token.load(a), token.load(b), token.load(c), token.load(d), token.load(e)], PhantomData)
    }

    /// Writes eight neighbours, reduced.
    #[inline(always)]
    pub(in crate::ifma) fn store(self, to: &mut [Fp<S>; 8]) {
        self.canonical().store_unreduced(to);
    }

    /// In debug builds, checks that the value is not negative and less than 2^260.
    #[inline(always)]
    fn check_range(self) {
        if cfg!(debug_assertions) {
            let mut limbs = [[0; 8]; 5];
            self.0.iter().zip(&mut limbs).for_each(|(word, limb)| word.store(limb));
            for lane in 0..8 {
                let carry = |carry: i128, limb: &[u64; 8]| (carry >> 52) + i128::from(limb[lane] as i64);
                let top = limbs.iter().fold(0, carry);
                assert!((0..1 << 52).contains(&top), "lane {lane}: a value that is negative or too large");
            }
        }
    }

    /// The same value with limbs less than 2^52. It must not be negative.
    #[inline(always)]
    pub(in crate::ifma) fn carry(self) -> Tight<S> {
        self.check_range();
        self.carry_unchecked()
    }

    /// [`Self::carry`] of what may be negative, or beyond 2^260: the highest limb is signed.
    #[inline(always)]
    fn carry_unchecked(self) -> Tight<S> {
        let [a, b, c, d, e] = self.0;
        let mask = Ifma::of(a).splat(MASK);
        let b = b + a.sar::<52>();
        let c = c + b.sar::<52>();
        let d = d + c.sar::<52>();
        let e = e + d.sar::<52>();
        Tight([a & mask, b & mask, c & mask, d & mask, e], PhantomData)
    }

    /// TIMES·p - self in the lanes of `mask`, for a value of at most TIMES·p.
    #[inline(always)]
    pub(in crate::ifma) fn negate<const TIMES: u64>(self, mask: u8) -> Self {
        let multiple = const { Radix52::<S>::multiple(TIMES) };
        let negative = Ifma::of(self.0[0]).splat_limbs::<S>(multiple).loose() - self;
        Self(replace(self.0, mask, negative.0), PhantomData)
    }

    /// From a value of 0 to CAPACITY·p with limbs of less than 2^60, the highest of which is not negative, the
    /// one below p.
    #[inline(always)]
    pub(in crate::ifma) fn canonical(self) -> Tight<S> {
        let token = Ifma::of(self.0[0]);
        self.check_range();
        debug_assert_eq!(self.0[4].less_than(token.splat(0)), 0, "the highest limb is not negative");
        let quotient = token.splat(0).add_high(self.0[4], token.splat(Radix52::<S>::QUOTIENT)).shr::<45>();
        let complement = token.splat_limbs::<S>(Radix52::<S>::NEG_MODULUS).0;
        // v + quotient·(2^260 - p): what is beyond 2^260 is dropped.
        let [a, b, c, d, e] = self.0;
        let a = a.add_low(quotient, complement[0]);
        let b = b.add_low(quotient, complement[1]).add_high(quotient, complement[0]);
        let c = c.add_low(quotient, complement[2]).add_high(quotient, complement[1]);
        let d = d.add_low(quotient, complement[3]).add_high(quotient, complement[2]);
        let e = e.add_low(quotient, complement[4]).add_high(quotient, complement[3]);
        let mut reduced = Self([a, b, c, d, e], PhantomData).carry_unchecked();
        reduced.0[4] = reduced.0[4] & token.splat(MASK);
        // The highest limb lacks what other limbs carry over, so the estimate may be off by one either
        // way. Mostly, the highest limb of what is left tells that it was not.
        if token.splat(Radix52::<S>::MODULUS[4] - 1).less_than(reduced.0[4]) == 0 {
            return reduced;
        }
        settle(token, reduced)
    }

    /// Writes eight neighbours, reduced, from values of 0 to 2p with limbs of less than 2^60, none of which but the
    /// highest may be negative.
    #[inline(always)]
    pub(in crate::ifma) fn store_below_2p(self, to: &mut [Fp<S>; 8]) {
        let token = Ifma::of(self.0[0]);
        self.check_range();
        // The highest limb tells which values are p or more, but for one in 2^40 or fewer: what other limbs carry over
        // is too little to matter. These get 2^260 - p, and 2^260 is dropped.
        let beyond = token.splat(Radix52::<S>::MODULUS[4]).less_than(self.0[4]);
        let complement = token.splat_limbs::<S>(Radix52::<S>::NEG_MODULUS).0;
        let [a, b, c, d, e] = self.0;
        let (a, b) = (a.plus_where(beyond, complement[0]), b.plus_where(beyond, complement[1]));
        let (c, d) = (c.plus_where(beyond, complement[2]), d.plus_where(beyond, complement[3]));
        let e = e.plus_where(beyond, complement[4]);
        // Shifts share the multipliers' ports, sums and comparisons do not.
        let one = token.splat(1);
        let w0 = a + b.shl::<52>();
        let w1 = b.shr::<12>().plus_where(w0.less_than_unsigned(a), one);
        let (w1, before) = (w1 + c.shl::<40>(), w1);
        let w2 = c.shr::<24>().plus_where(w1.less_than_unsigned(before), one);
        let (w2, before) = (w2 + d.shl::<28>(), w2);
        let w3 = d.shr::<36>().plus_where(w2.less_than_unsigned(before), one) + e.shl::<16>();
        let words = [w0, w1, w2, w3];
        if token.splat(S::MODULUS[3] - 1).less_than_unsigned(w3) != 0 {
            // Negative perhaps, which is beyond 2^256 then.
            store_words(settle_words::<S>(token, words), to);
            return;
        }
        store_words(words, to);
    }

    /// 4 times the value. Limbs must have room for it.
    #[inline(always)]
    pub(in crate::ifma) fn times_4(self) -> Self {
        let [a, b, c, d, e] = self.0;
        Self([a.shl::<2>(), b.shl::<2>(), c.shl::<2>(), d.shl::<2>(), e.shl::<2>()], PhantomData)
    }

    /// self + p, for a difference of values of at most p. No limb but the highest is negative then.
    #[inline(always)]
    pub(in crate::ifma) fn plus_modulus_by_limbs(self) -> Self {
        let limbs = const { Radix52::<S>::MODULUS_WITH_ROOM };
        self + Ifma::of(self.0[0]).splat_limbs::<S>(limbs).loose()
    }

    /// self + TIMES·p, which keeps differences from being negative.
    #[inline(always)]
    pub(in crate::ifma) fn plus_modulus<const TIMES: u64>(self) -> Self {
        let multiple = const { Radix52::<S>::multiple(TIMES) };
        self + Ifma::of(self.0[0]).splat_limbs::<S>(multiple).loose()
    }
}

with_features! {
    /// From a value of -p to 2p modulo 2^260, the one below p.
    #[cold]
    fn settle<S: FieldSpec>(token: Ifma, value: Tight<S>) -> Tight<S> {
        let modulus = token.splat_limbs::<S>(Radix52::<S>::MODULUS).loose();
        let less = (value.loose() - modulus).carry_unchecked();
        let mut more = (value.loose() + modulus).carry_unchecked();
        more.0[4] = more.0[4] & token.splat(MASK);
        let below_modulus = less.0[4].less_than(token.splat(0));
        let negative = token.splat(1 << 51).less_than(value.0[4]);
        less.replace(below_modulus, value).replace(negative, more)
    }
}

with_features! {
    /// From words of -p to 2p modulo 2^256, those below p.
    #[cold]
    fn settle_words<S: FieldSpec>(token: Ifma, words: [Word; 4]) -> [Word; 4] {
        let [a, b, c, d] = words;
        // Of a negative value, the limb from bit 208 on has only 48 bits.
        let negative = token.splat(1 << 63).less_than_unsigned(d);
        let mut value = Tight::<S>::from_words([a, b, c, d]);
        value.0[4] = value.0[4].replace(negative, value.0[4] | token.splat(MASK - (MASK >> 4)));
        settle(token, value).to_words()
    }
}

impl<S> Add for Loose<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0, other.0);
        Self([a + f, b + g, c + h, d + i, e + j], PhantomData)
    }
}

impl<S> Sub for Loose<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0, other.0);
        Self([a - f, b - g, c - h, d - i, e - j], PhantomData)
    }
}
