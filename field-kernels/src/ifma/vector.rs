//! Sums of products.

use super::elementwise::{padded, shifted_limbs};
use super::lanes::{Products, Scratch, Sums, Tight};
use super::{Ifma, with_features};
use crate::{FieldSpec, Fp};

/// Lanes of a register.
const LANES: usize = 8;

/// Products summed up before they are reduced; the words of a sum hold 400.
const MAX_PRODUCTS: usize = 256;

with_features! {
    /// out = Σ c·v over the terms (v, c) from element `start` on; what a vector lacks is 0.
    pub(super) fn linear_combination<S: FieldSpec>(
        token: Ifma,
        out: &mut [Fp<S>],
        start: usize,
        terms: &[(&[Fp<S>], Fp<S>)],
    ) {
        let mut factors = [[0; 5]; MAX_PRODUCTS];
        // All of them, if there are no more.
        for (limbs, (_, factor)) in factors.iter_mut().zip(terms) {
            *limbs = shifted_limbs(*factor);
        }
        for (index, out) in out.chunks_mut(LANES).enumerate() {
            let start = start + index * LANES;
            let mut total = Tight::<S>::zero(token).loose();
            for terms_here in terms.chunks(MAX_PRODUCTS) {
                if terms.len() > MAX_PRODUCTS {
                    for (limbs, (_, factor)) in factors.iter_mut().zip(terms_here) {
                        *limbs = shifted_limbs(*factor);
                    }
                }
                let mut sum = Sums::none(token);
                for ((vector, _), factor) in terms_here.iter().zip(&factors) {
                    let value = match vector.get(start..).and_then(<[_]>::first_chunk) {
                        Some(eight) => Tight::load(token, eight),
                        None => Tight::load(token, &padded(vector.get(start..).unwrap_or_default()).1),
                    };
                    sum = sum.plus(value, token.splat_limbs(*factor));
                }
                // Below (256/63 + 1)·p.
                total = (total + sum.join().reduce()).canonical().loose();
            }
            let mut last = [Fp::ZERO; LANES];
            total.carry().store_unreduced(&mut last);
            out.copy_from_slice(&last[..out.len()]);
        }
    }
}

with_features! {
    /// Σ a\[i\]·b\[i\].
    pub(super) fn inner_product<S: FieldSpec>(token: Ifma, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
        let ((a, last_a), (b, last_b)) = (padded(a), padded(b));
        let last = Products::of(Tight::load(token, &last_a), Tight::load(token, &last_b));
        let mut total = last.reduce().canonical();
        for (a, b) in a.chunks(MAX_PRODUCTS).zip(b.chunks(MAX_PRODUCTS)) {
            let mut sum = Sums::none(token);
            for (a, b) in a.iter().zip(b) {
                sum = sum.plus(Tight::load(token, a), Tight::load(token, b));
            }
            // Below 256/63 + 2.1.
            total = (total.loose() + sum.join().reduce()).canonical();
        }
        let mut lanes = [Fp::ZERO; LANES];
        total.store_unreduced(&mut lanes);
        // Products of values times 2^256, over 2^260.
        lanes.into_iter().sum::<Fp<S>>() * Fp::from_u64(16)
    }
}

with_features! {
    /// The integers that elements stand for.
    pub(super) fn to_integers<S: FieldSpec>(token: Ifma, values: &[Fp<S>], out: &mut [[u64; 4]]) {
        let mut eight = [Fp::<S>::ZERO; LANES];
        for (values, out) in values.chunks(LANES).zip(out.chunks_mut(LANES)) {
            eight[..values.len()].copy_from_slice(values);
            // 16·a·2^256 over 2^260.
            let integers = Products::of_value(Tight::load_shifted(token, &eight)).reduce();
            integers.store_below_2p(&mut eight);
            out.copy_from_slice(&Fp::as_limbs(&eight)[..out.len()]);
        }
    }
}

/// Eights of powers in a table for evaluations.
const POWERS: usize = 32;

/// The powers of a point that evaluations of polynomials there share.
#[derive(Debug)]
pub(crate) struct PointTable<S: FieldSpec> {
    /// x^i·2^260 for i < 8·POWERS, in the order of the lanes.
    powers: [Scratch; POWERS],
    /// x^(8·POWERS).
    step: Fp<S>,
}

with_features! {
    /// The table of a point.
    pub(super) fn point_table<S: FieldSpec>(token: Ifma, point: Fp<S>) -> PointTable<S> {
        let mut powers = [Scratch::default(); POWERS];
        let mut power = Fp::ONE;
        for limbs in &mut powers {
            let mut eight = [Fp::ZERO; LANES];
            for value in &mut eight {
                *value = power;
                power *= point;
            }
            Tight::load_shifted(token, &eight).canonical().to_scratch(limbs);
        }
        PointTable { powers, step: power }
    }
}

with_features! {
    /// The value of a polynomial: blocks of 8·POWERS coefficients as inner products with the powers
    /// of x, reduced once a block, and joined by Horner's rule lane by lane.
    pub(super) fn evaluate<S: FieldSpec>(token: Ifma, poly: &[Fp<S>], table: &PointTable<S>) -> Fp<S> {
        let step = token.splat_shifted(table.step);
        let mut total = Tight::zero(token);
        for block in poly.chunks(LANES * POWERS).rev() {
            let (eights, last) = padded(block);
            let mut sum = Sums::none(token);
            for (eight, power) in eights.iter().zip(&table.powers) {
                sum = sum.plus(Tight::load(token, eight), Tight::from_scratch(token, power));
            }
            if let Some(power) = table.powers.get(eights.len()) {
                sum = sum.plus(Tight::load(token, &last), Tight::from_scratch(token, power));
            }
            // The total stays below 4p: 4·16/63 + 1.1 by the product, and at most 1.6 for the sum.
            total = (total.mul(step) + sum.join().reduce()).carry();
        }
        let mut lanes = [Fp::ZERO; LANES];
        total.store(&mut lanes);
        lanes.into_iter().sum()
    }
}
