//! Eight field elements at once, in limbs of 52 bits.
//!
//! Lane i of the five words of a value holds one element. Two types tell what the limbs may be:
//!
//! * [`Tight`]: every limb is less than 2^52, so the value is less than 2^260. Only such limbs can be
//!   multiplied, as the multiplier reads 52 bits.
//! * [`Loose`]: signed limbs of up to 62 bits whose sum Σ limb\[i\]·2^(52i) is the value. Sums and
//!   differences are free of carries.
//!
//! Values stand for their residue mod p, and are bounded by the multiple of p that a comment
//! names; [`Radix52::CAPACITY`] multiples fit (84 for BN254, 63 for Pasta). A product of values below
//! x·p and y·p is below (x·y/CAPACITY + 1)·p, so reductions are hardly ever needed.
//!
//! Multiplication divides by 2^260. Elements in memory are in Montgomery form with R = 2^256; the
//! factor 16 between the two is absorbed by loading one factor shifted by four bits, which costs
//! nothing ([`Tight::load_shifted`]).

use std::marker::PhantomData;
use std::ops::{Add, Sub};

use bytemuck::{Pod, Zeroable};

use super::field::{MASK, Radix52};
use super::word::Word;
use super::{Ifma, with_features};
use crate::{FieldSpec, Fp};

/// Eight values with limbs less than 2^52.
#[derive(Debug)]
pub(super) struct Tight<S>([Word; 5], PhantomData<S>);

/// Eight values to multiply: only the low 52 bits of a limb count, which is all that the multiplier reads.
#[derive(Debug)]
pub(super) struct Factor<S>([Word; 5], PhantomData<S>);

/// Eight values with limbs that may overlap.
#[derive(Debug)]
pub(super) struct Loose<S>([Word; 5], PhantomData<S>);

/// Sums of products, two limbs wide each, waiting to be reduced. 400 products fit.
#[derive(Debug)]
pub(super) struct Products<S>([Word; 10], PhantomData<S>);

macro_rules! copyable {
    ($($name:ident),*) => { $(
        impl<S> Clone for $name<S> {
            #[inline(always)]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<S> Copy for $name<S> {}
    )* };
}
copyable!(Tight, Factor, Loose, Products);

impl Ifma {
    /// The same limbs in every lane.
    #[inline(always)]
    pub(super) fn splat_limbs<S>(self, limbs: [u64; 5]) -> Tight<S> {
        let [a, b, c, d, e] = limbs;
        let words = [self.splat(a), self.splat(b), self.splat(c), self.splat(d), self.splat(e)];
        Tight(words, PhantomData)
    }

    /// `value`·2^256 in every lane.
    #[inline(always)]
    pub(super) fn splat_element<S: FieldSpec>(self, value: Fp<S>) -> Tight<S> {
        Tight::from_words(value.0.map(|limb| self.splat(limb)))
    }

    /// `value`·2^260 in every lane, below 16p.
    #[inline(always)]
    pub(super) fn splat_shifted<S: FieldSpec>(self, value: Fp<S>) -> Tight<S> {
        Tight::from_words_shifted(value.0.map(|limb| self.splat(limb)))
    }

    /// Eight neighbours as four words, one for each limb of 64 bits. The lanes are in the order
    /// 0, 4, 2, 6, 1, 5, 3, 7, which [`store_words`] undoes.
    #[inline(always)]
    pub(super) fn load_words<S: FieldSpec>(self, from: &[Fp<S>; 8]) -> [Word; 4] {
        // Loads that begin in the middle of an element bring its halves where they are wanted: the lower halves of
        // elements 0, 2, 1, 3 and then the upper ones, and the same of the other four.
        let limbs = Fp::as_limbs(from).as_flattened();
        let low0 = self.load(eight::<0>(limbs)).with_odd_pairs(eight::<6>(limbs));
        let high0 = self.load(eight::<2>(limbs)).with_odd_pairs(eight::<8>(limbs));
        let low1 = self.load(eight::<16>(limbs)).with_odd_pairs(eight::<22>(limbs));
        let high1 = self.load(eight::<18>(limbs)).with_odd_pairs(eight::<24>(limbs));
        [low0.even_lanes(low1), low0.odd_lanes(low1), high0.even_lanes(high1), high0.odd_lanes(high1)]
    }

    /// Eight elements in the order of the lanes.
    #[inline(always)]
    pub(super) fn gather_words<S>(self, from: [&Fp<S>; 8]) -> [Word; 4] {
        let [a, b, c, d, e, f, g, h] = from;
        transpose([
            self.load_halves(&a.0, &c.0),
            self.load_halves(&b.0, &d.0),
            self.load_halves(&e.0, &g.0),
            self.load_halves(&f.0, &h.0),
        ])
    }

    /// A column of an 8x8 block of elements, the rows in the order of [`Self::load_words`].
    #[inline(always)]
    pub(super) fn load_column<S>(self, block: &[Fp<S>; 64], column: usize) -> [Word; 4] {
        let row = |row: usize| &block[8 * row + column].0;
        transpose([
            self.load_halves(row(0), row(2)),
            self.load_halves(row(4), row(6)),
            self.load_halves(row(1), row(3)),
            self.load_halves(row(5), row(7)),
        ])
    }
}

/// Eight of 32 limbs.
#[inline(always)]
fn eight<const START: usize>(limbs: &[u64]) -> &[u64; 8] {
    let Some(eight) = limbs[START..].first_chunk() else { unreachable!("START is at most 24") };
    eight
}

/// Rows ab, cd, ef, gh of two elements each to a word for each limb, the lanes acbdegfh.
#[inline(always)]
fn transpose([ab, cd, ef, gh]: [Word; 4]) -> [Word; 4] {
    let (even0, odd0) = (ab.even_lanes(cd), ab.odd_lanes(cd));
    let (even1, odd1) = (ef.even_lanes(gh), ef.odd_lanes(gh));
    // Of the four pairs of lanes, 0 and 2 of each, or 1 and 3.
    [
        even0.pairs::<0b10_00_10_00>(even1),
        odd0.pairs::<0b10_00_10_00>(odd1),
        even0.pairs::<0b11_01_11_01>(even1),
        odd0.pairs::<0b11_01_11_01>(odd1),
    ]
}

/// A word for each limb to rows of two elements each: those in lanes 0 and 4, 2 and 6, 1 and 5, 3 and 7.
#[inline(always)]
fn untranspose(words: [Word; 4]) -> [Word; 4] {
    let [w0, w1, w2, w3] = words;
    let (even01, odd01) = (w0.even_lanes(w1), w0.odd_lanes(w1));
    let (even23, odd23) = (w2.even_lanes(w3), w2.odd_lanes(w3));
    [even01.even_pairs(even23), even01.odd_pairs(even23), odd01.even_pairs(odd23), odd01.odd_pairs(odd23)]
}

/// Writes eight neighbours whose lanes are in the order of [`Ifma::load_words`]; each must be less
/// than p, or overwritten before anyone else reads it.
#[inline(always)]
pub(super) fn store_words<S: FieldSpec>(words: [Word; 4], to: &mut [Fp<S>; 8]) {
    // SAFETY: callers keep the bound, and no memory depends on it.
    let rows = unsafe { Fp::as_limbs_mut(to) }.as_flattened_mut().as_chunks_mut::<8>().0;
    for (row, word) in rows.iter_mut().zip(untranspose(words)) {
        word.store(row);
    }
}

/// The elements of [`Ifma::gather_words`], in the order of the lanes.
#[inline(always)]
pub(super) fn scatter_words<S>(words: [Word; 4]) -> [Fp<S>; 8] {
    let [ae, cg, bf, dh] = untranspose(words);
    let mut elements = [Fp::ZERO; 8];
    let [a, b, c, d, e, f, g, h] = &mut elements;
    ae.store_halves(&mut a.0, &mut e.0);
    bf.store_halves(&mut b.0, &mut f.0);
    cg.store_halves(&mut c.0, &mut g.0);
    dh.store_halves(&mut d.0, &mut h.0);
    elements
}

impl<S> From<Tight<S>> for Factor<S> {
    #[inline(always)]
    fn from(value: Tight<S>) -> Self {
        Self(value.0, PhantomData)
    }
}

impl<S: FieldSpec> Factor<S> {
    /// Eight neighbouring elements.
    #[inline(always)]
    pub(super) fn load(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        let [a, b, c, d] = token.load_words(from);
        let limbs = [a, a.shr_pair::<52>(b), b.shr_pair::<40>(c), c.shr_pair::<28>(d), d.shr::<16>()];
        Self(limbs, PhantomData)
    }

    /// Eight neighbouring elements times 16: below 16p.
    #[inline(always)]
    pub(super) fn load_times_16(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        let [a, b, c, d] = token.load_words(from);
        let limbs =
            [a.shl::<4>(), a.shr_pair::<48>(b), b.shr_pair::<36>(c), c.shr_pair::<24>(d), d.shr::<12>()];
        Self(limbs, PhantomData)
    }

    /// Eight neighbouring elements times 4: below 4p.
    #[inline(always)]
    pub(super) fn load_times_4(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        let [a, b, c, d] = token.load_words(from);
        let limbs =
            [a.shl::<2>(), a.shr_pair::<50>(b), b.shr_pair::<38>(c), c.shr_pair::<26>(d), d.shr::<14>()];
        Self(limbs, PhantomData)
    }
}

impl<S: FieldSpec> Tight<S> {
    /// 0 in every lane.
    #[inline(always)]
    pub(super) fn zero(token: Ifma) -> Self {
        Self([token.splat(0); 5], PhantomData)
    }

    /// Limbs of 64 bits, which may stand for any 256-bit value.
    #[inline(always)]
    pub(super) fn from_words(words: [Word; 4]) -> Self {
        let [a, b, c, d] = words;
        let mask = Ifma::of(a).splat(MASK);
        let limbs = [
            a & mask,
            a.shr_pair::<52>(b) & mask,
            b.shr_pair::<40>(c) & mask,
            c.shr_pair::<28>(d) & mask,
            d.shr::<16>(),
        ];
        Self(limbs, PhantomData)
    }

    /// 16 times the value of limbs of 64 bits.
    #[inline(always)]
    pub(super) fn from_words_shifted(words: [Word; 4]) -> Self {
        let [a, b, c, d] = words;
        let mask = Ifma::of(a).splat(MASK);
        let limbs = [
            a.shl::<4>() & mask,
            a.shr_pair::<48>(b) & mask,
            b.shr_pair::<36>(c) & mask,
            c.shr_pair::<24>(d) & mask,
            d.shr::<12>(),
        ];
        Self(limbs, PhantomData)
    }

    /// Limbs of 64 bits, for a value below 2^256.
    #[inline(always)]
    pub(super) fn to_words(self) -> [Word; 4] {
        let [a, b, c, d, e] = self.0;
        [
            a | b.shl::<52>(),
            b.shr::<12>() | c.shl::<40>(),
            c.shr::<24>() | d.shl::<28>(),
            d.shr::<36>() | e.shl::<16>(),
        ]
    }

    /// Eight neighbouring elements.
    #[inline(always)]
    pub(super) fn load(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        Self::from_words(token.load_words(from))
    }

    /// Eight neighbouring elements times 16: below 16p. What is a·2^256 in memory is a·2^260 then, the
    /// Montgomery form of this radix.
    #[inline(always)]
    pub(super) fn load_shifted(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        Self::from_words_shifted(token.load_words(from))
    }

    /// Writes eight neighbours as they are: below 2^256, not reduced.
    #[inline(always)]
    pub(super) fn store_unreduced(self, to: &mut [Fp<S>; 8]) {
        store_words(self.to_words(), to);
    }

    /// Limbs as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(super) fn to_scratch(self, to: &mut Scratch) {
        self.loose().to_scratch(to);
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(super) fn from_scratch(token: Ifma, from: &Scratch) -> Self {
        Self(Loose::<S>::from_scratch(token, from).0, PhantomData)
    }

    /// The same limbs, for sums.
    #[inline(always)]
    pub(super) fn loose(self) -> Loose<S> {
        Loose(self.0, PhantomData)
    }

    /// The lanes that are 0 as integers, as bits.
    #[inline(always)]
    pub(super) fn is_zero(self) -> u8 {
        let [a, b, c, d, e] = self.0;
        (a | b | c | d | e).equal(a.zero())
    }

    /// The lanes of `other` where `mask` has a bit, of self where not.
    #[inline(always)]
    pub(super) fn replace(self, mask: u8, other: Self) -> Self {
        let [a, b, c, d, e] = self.0;
        let [f, g, h, i, j] = other.0;
        let words = [
            a.replace(mask, f),
            b.replace(mask, g),
            c.replace(mask, h),
            d.replace(mask, i),
            e.replace(mask, j),
        ];
        Self(words, PhantomData)
    }

    /// self·other/2^260, below (x·y/CAPACITY + 1)·p for factors below x·p and y·p.
    #[inline(always)]
    pub(super) fn mul(self, other: Self) -> Loose<S> {
        Products::of(self, other).reduce()
    }

    /// self²/2^260, bounded like a product.
    #[inline(always)]
    pub(super) fn square(self) -> Loose<S> {
        Products::of_square(self).reduce()
    }

    /// From a value below CAPACITY·p, the one below p.
    #[inline(always)]
    pub(super) fn canonical(self) -> Self {
        self.loose().canonical()
    }

    /// Writes eight neighbours, reduced.
    #[inline(always)]
    pub(super) fn store(self, to: &mut [Fp<S>; 8]) {
        self.canonical().store_unreduced(to);
    }
}

impl<S: FieldSpec> Loose<S> {
    /// Limbs as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(super) fn to_scratch(self, to: &mut Scratch) {
        let [a, b, c, d, e] = &mut to.0;
        self.0[0].store(a);
        self.0[1].store(b);
        self.0[2].store(c);
        self.0[3].store(d);
        self.0[4].store(e);
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(super) fn from_scratch(token: Ifma, from: &Scratch) -> Self {
        let [a, b, c, d, e] = &from.0;
        Self([token.load(a), token.load(b), token.load(c), token.load(d), token.load(e)], PhantomData)
    }

    /// Writes eight neighbours, reduced.
    #[inline(always)]
    pub(super) fn store(self, to: &mut [Fp<S>; 8]) {
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
    pub(super) fn carry(self) -> Tight<S> {
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
    pub(super) fn negate<const TIMES: u64>(self, mask: u8) -> Self {
        let multiple = const { Radix52::<S>::multiple(TIMES) };
        let negative = Ifma::of(self.0[0]).splat_limbs::<S>(multiple).loose() - self;
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0, negative.0);
        let words = [
            a.replace(mask, f),
            b.replace(mask, g),
            c.replace(mask, h),
            d.replace(mask, i),
            e.replace(mask, j),
        ];
        Self(words, PhantomData)
    }

    /// From a value of 0 to CAPACITY·p with limbs of less than 2^60, the highest of which is not negative, the
    /// one below p.
    #[inline(always)]
    pub(super) fn canonical(self) -> Tight<S> {
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
    pub(super) fn store_below_2p(self, to: &mut [Fp<S>; 8]) {
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
    pub(super) fn times_4(self) -> Self {
        let [a, b, c, d, e] = self.0;
        Self([a.shl::<2>(), b.shl::<2>(), c.shl::<2>(), d.shl::<2>(), e.shl::<2>()], PhantomData)
    }

    /// self + p, for a difference of values of at most p. No limb but the highest is negative then.
    #[inline(always)]
    pub(super) fn plus_modulus_by_limbs(self) -> Self {
        let limbs = const { Radix52::<S>::MODULUS_WITH_ROOM };
        self + Ifma::of(self.0[0]).splat_limbs::<S>(limbs).loose()
    }

    /// self + TIMES·p, which keeps differences from being negative.
    #[inline(always)]
    pub(super) fn plus_modulus<const TIMES: u64>(self) -> Self {
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

impl<S: FieldSpec> Products<S> {
    /// Columns as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(super) fn to_scratch(self, to: &mut ProductsScratch) {
        for (word, to) in self.0.iter().zip(&mut to.0) {
            word.store(to);
        }
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(super) fn from_scratch(token: Ifma, from: &ProductsScratch) -> Self {
        let mut words = [token.splat(0); 10];
        for (word, from) in words.iter_mut().zip(&from.0) {
            *word = token.load(from);
        }
        Self(words, PhantomData)
    }

    /// No product yet.
    #[inline(always)]
    pub(super) fn none(token: Ifma) -> Self {
        Self([token.splat(0); 10], PhantomData)
    }

    /// A value as it is.
    #[inline(always)]
    pub(super) fn of_value(value: Tight<S>) -> Self {
        let [a, b, c, d, e] = value.0;
        let zero = a.zero();
        Self([a, b, c, d, e, zero, zero, zero, zero, zero], PhantomData)
    }

    /// a·b. Low and high halves are summed up apart, so that fewer additions wait for each other.
    #[inline(always)]
    pub(super) fn of(a: impl Into<Factor<S>>, b: impl Into<Factor<S>>) -> Self {
        let (a, b) = (a.into(), b.into());
        let zero = a.0[0].zero();
        let (mut low, mut high) = ([zero; 10], [zero; 10]);
        for i in 0..5 {
            for j in 0..5 {
                low[i + j] = low[i + j].add_low(a.0[j], b.0[i]);
                high[i + j + 1] = high[i + j + 1].add_high(a.0[j], b.0[i]);
            }
        }
        for (low, high) in low.iter_mut().zip(high) {
            *low = *low + high;
        }
        Self(low, PhantomData)
    }

    /// self + a·b.
    #[inline(always)]
    pub(super) fn plus(self, a: impl Into<Factor<S>>, b: impl Into<Factor<S>>) -> Self {
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
    pub(super) fn of_square(a: impl Into<Factor<S>>) -> Self {
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
    pub(super) fn reduce(self) -> Loose<S> {
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
                    high[i + j + 1] = high[i + j + 1].add_high(factor, modulus[j]);
                }
            }
            low[i + 1] = low[i + 1] + high[i + 1] + carry;
        }
        Loose([low[5], low[6] + high[6], low[7] + high[7], low[8] + high[8], low[9] + high[9]], PhantomData)
    }
}

/// Eight values on their way through memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Scratch([[u64; 8]; 5]);

// SAFETY: words, which may be zero.
unsafe impl Zeroable for Scratch {}
// SAFETY: 320 bytes of words, a multiple of the alignment, so that there is no padding. What is computed from limbs
// out of bounds is unspecified, but no memory access depends on it.
unsafe impl Pod for Scratch {}

/// Eight sums of products on their way through memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct ProductsScratch([[u64; 8]; 10]);

// SAFETY: as for `Scratch`.
unsafe impl Zeroable for ProductsScratch {}
// SAFETY: as for `Scratch`.
unsafe impl Pod for ProductsScratch {}
