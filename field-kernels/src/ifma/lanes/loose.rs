//! Values with limbs that may overlap.

use std::marker::PhantomData;
use std::ops::{Add, Sub};

use super::super::Ifma;
use super::super::field::{MASK, Radix52};
use super::settle::settle;
use super::words::replace;
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
    pub(super) fn check_range(self) {
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
    pub(super) fn carry_unchecked(self) -> Tight<S> {
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

    /// 4 times the value. Limbs must have room for it.
    #[inline(always)]
    pub(in crate::ifma) fn times_4(self) -> Self {
        let [a, b, c, d, e] = self.0;
        Self([a.shl::<2>(), b.shl::<2>(), c.shl::<2>(), d.shl::<2>(), e.shl::<2>()], PhantomData)
    }

    /// self + TIMES·p, which keeps differences from being negative.
    #[inline(always)]
    pub(in crate::ifma) fn plus_modulus<const TIMES: u64>(self) -> Self {
        let multiple = const { Radix52::<S>::multiple(TIMES) };
        self + Ifma::of(self.0[0]).splat_limbs::<S>(multiple).loose()
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
