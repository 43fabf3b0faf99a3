//! Values with limbs less than 2^52, and values to multiply.

use std::marker::PhantomData;

use super::super::Ifma;
use super::super::field::MASK;
use super::super::word::Word;
use super::words::{replace, store_words};
use super::{Factor, Loose, Products, Scratch, Tight};
use crate::{FieldSpec, Fp};

impl<S> From<Tight<S>> for Factor<S> {
    #[inline(always)]
    fn from(value: Tight<S>) -> Self {
        Self(value.0, PhantomData)
    }
}

impl<S: FieldSpec> Factor<S> {
    /// Eight neighbouring elements.
    #[inline(always)]
    pub(in crate::ifma) fn load(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        let [a, b, c, d] = token.load_words(from);
        let limbs = [a, a.shr_pair::<52>(b), b.shr_pair::<40>(c), c.shr_pair::<28>(d), d.shr::<16>()];
        Self(limbs, PhantomData)
    }

    /// Eight neighbouring elements times 16: below 16p.
    #[inline(always)]
    pub(in crate::ifma) fn load_times_16(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        let [a, b, c, d] = token.load_words(from);
        let limbs =
            [a.shl::<4>(), a.shr_pair::<48>(b), b.shr_pair::<36>(c), c.shr_pair::<24>(d), d.shr::<12>()];
        Self(limbs, PhantomData)
    }
}

impl<S: FieldSpec> Tight<S> {
    /// 0 in every lane.
    #[inline(always)]
    pub(in crate::ifma) fn zero(token: Ifma) -> Self {
        Self([token.splat(0); 5], PhantomData)
    }

    /// Limbs of 64 bits, which may stand for any 256-bit value.
    #[inline(always)]
    pub(in crate::ifma) fn from_words(words: [Word; 4]) -> Self {
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
    pub(in crate::ifma) fn from_words_shifted(words: [Word; 4]) -> Self {
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
    pub(in crate::ifma) fn to_words(self) -> [Word; 4] {
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
    pub(in crate::ifma) fn load(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        Self::from_words(token.load_words(from))
    }

    /// Eight neighbouring elements times 16: below 16p. What is a·2^256 in memory is a·2^260 then, the
    /// Montgomery form of this radix.
    #[inline(always)]
    pub(in crate::ifma) fn load_shifted(token: Ifma, from: &[Fp<S>; 8]) -> Self {
        Self::from_words_shifted(token.load_words(from))
    }

    /// Writes eight neighbours as they are: below 2^256, not reduced.
    #[inline(always)]
    pub(in crate::ifma) fn store_unreduced(self, to: &mut [Fp<S>; 8]) {
        store_words(self.to_words(), to);
    }

    /// Limbs as they are, to be read back with [`Self::from_scratch`].
    #[inline(always)]
    pub(in crate::ifma) fn to_scratch(self, to: &mut Scratch) {
        self.loose().to_scratch(to);
    }

    /// What [`Self::to_scratch`] wrote.
    #[inline(always)]
    pub(in crate::ifma) fn from_scratch(token: Ifma, from: &Scratch) -> Self {
        Self(Loose::<S>::from_scratch(token, from).0, PhantomData)
    }

    /// The same limbs, for sums.
    #[inline(always)]
    pub(in crate::ifma) fn loose(self) -> Loose<S> {
        Loose(self.0, PhantomData)
    }

    /// The lanes that are 0 as integers, as bits.
    #[inline(always)]
    pub(in crate::ifma) fn is_zero(self) -> u8 {
        let [a, b, c, d, e] = self.0;
        (a | b | c | d | e).equal(a.zero())
    }

    /// The lanes of `other` where `mask` has a bit, of self where not.
    #[inline(always)]
    pub(in crate::ifma) fn replace(self, mask: u8, other: Self) -> Self {
        Self(replace(self.0, mask, other.0), PhantomData)
    }

    /// self·other/2^260, below (x·y/CAPACITY + 1)·p for factors below x·p and y·p.
    #[inline(always)]
    pub(in crate::ifma) fn mul(self, other: Self) -> Loose<S> {
        Products::of(self, other).reduce()
    }

    /// self²/2^260, bounded like a product.
    #[inline(always)]
    pub(in crate::ifma) fn square(self) -> Loose<S> {
        Products::of_square(self).reduce()
    }

    /// From a value below CAPACITY·p, the one below p.
    #[inline(always)]
    pub(in crate::ifma) fn canonical(self) -> Self {
        self.loose().canonical()
    }

    /// Writes eight neighbours, reduced.
    #[inline(always)]
    pub(in crate::ifma) fn store(self, to: &mut [Fp<S>; 8]) {
        self.canonical().store_unreduced(to);
    }
}
