//! Elements in memory as words of one limb each, and back.

use std::marker::PhantomData;

use super::super::Ifma;
use super::super::word::Word;
use super::Tight;
use crate::{FieldSpec, Fp};

impl Ifma {
    /// The same limbs in every lane.
    #[inline(always)]
    pub(in crate::ifma) fn splat_limbs<S>(self, limbs: [u64; 5]) -> Tight<S> {
        let [a, b, c, d, e] = limbs;
        let words = [self.splat(a), self.splat(b), self.splat(c), self.splat(d), self.splat(e)];
        Tight(words, PhantomData)
    }

    /// `value`·2^256 in every lane.
    #[inline(always)]
    pub(in crate::ifma) fn splat_element<S: FieldSpec>(self, value: Fp<S>) -> Tight<S> {
        Tight::from_words(value.0.map(|limb| self.splat(limb)))
    }

    /// `value`·2^260 in every lane, below 16p.
    #[inline(always)]
    pub(in crate::ifma) fn splat_shifted<S: FieldSpec>(self, value: Fp<S>) -> Tight<S> {
        Tight::from_words_shifted(value.0.map(|limb| self.splat(limb)))
    }

    /// Eight neighbours as four words, one for each limb of 64 bits. The lanes are in the order
    /// 0, 4, 2, 6, 1, 5, 3, 7, which [`store_words`] undoes.
    #[inline(always)]
    pub(in crate::ifma) fn load_words<S: FieldSpec>(self, from: &[Fp<S>; 8]) -> [Word; 4] {
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
    pub(in crate::ifma) fn gather_words<S>(self, from: [&Fp<S>; 8]) -> [Word; 4] {
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
    pub(in crate::ifma) fn load_column<S>(self, block: &[Fp<S>; 64], column: usize) -> [Word; 4] {
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
pub(in crate::ifma) fn scatter_words<S>(words: [Word; 4]) -> [Fp<S>; 8] {
    let [ae, cg, bf, dh] = untranspose(words);
    let mut elements = [Fp::ZERO; 8];
    let [a, b, c, d, e, f, g, h] = &mut elements;
    ae.store_halves(&mut a.0, &mut e.0);
    bf.store_halves(&mut b.0, &mut f.0);
    cg.store_halves(&mut c.0, &mut g.0);
    dh.store_halves(&mut d.0, &mut h.0);
    elements
}

/// The lanes of `others` where `mask` has a bit, of `limbs` where not.
#[inline(always)]
pub(super) fn replace([a, b, c, d, e]: [Word; 5], mask: u8, others: [Word; 5]) -> [Word; 5] {
    let [f, g, h, i, j] = others;
    [a.replace(mask, f), b.replace(mask, g), c.replace(mask, h), d.replace(mask, i), e.replace(mask, j)]
}
