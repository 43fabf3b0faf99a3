//! Element-wise operations and sums of products.

use super::lanes::{Products, Scratch, Tight};
use super::{Ifma, with_features};
use crate::contract::Elementwise;
use crate::{FieldSpec, Fp};

/// Lanes of a register.
const LANES: usize = 8;

/// Products summed up before they are reduced; the words of a sum hold 400.
const MAX_PRODUCTS: usize = 256;

/// Splits into whole eights, and what is left filled up with zeros.
#[inline(always)]
fn padded<S>(values: &[Fp<S>]) -> (&[[Fp<S>; LANES]], [Fp<S>; LANES]) {
    let (eights, rest) = values.as_chunks::<LANES>();
    let mut last = [Fp::ZERO; LANES];
    last[..rest.len()].copy_from_slice(rest);
    (eights, last)
}

/// The combination of eight elements of `acc` and eight of `rhs`, stored in `acc`. `by` is the factor,
/// times 2^260.
#[inline(always)]
fn combine_eight<S: FieldSpec>(
    token: Ifma,
    acc: &mut [Fp<S>; LANES],
    rhs: &[Fp<S>; LANES],
    operation: Elementwise<S>,
    by: Tight<S>,
) {
    let b = Tight::load(token, rhs);
    match operation {
        Elementwise::Add => (Tight::load(token, acc).loose() + b.loose()).store(acc),
        Elementwise::Sub => {
            (Tight::load(token, acc).loose() - b.loose()).plus_modulus::<1>().store(acc);
        }
        Elementwise::Mul => Tight::load_shifted(token, acc).mul(b).store(acc),
        Elementwise::AddScaled(_) => {
            (Tight::load(token, acc).loose() + b.mul(by)).store(acc);
        }
        Elementwise::HornerStep(_) => {
            (Tight::load(token, acc).mul(by) + b.loose()).store(acc);
        }
    }
}

with_features! {
    /// acc\[i\] = acc\[i\] (operation) rhs\[i\].
    pub(super) fn combine<S: FieldSpec>(
        token: Ifma,
        acc: &mut [Fp<S>],
        rhs: &[Fp<S>],
        operation: Elementwise<S>,
    ) {
        let by = token.splat_shifted(operation.factor());
        let (rhs, last_rhs) = padded(rhs);
        let (acc, rest) = acc.as_chunks_mut::<LANES>();
        // One loop for each operation.
        macro_rules! run {
            ($operation:expr) => {
                for (acc, rhs) in acc.iter_mut().zip(rhs) {
                    combine_eight(token, acc, rhs, $operation, by);
                }
            };
        }
        match operation {
            Elementwise::Add => run!(Elementwise::Add),
            Elementwise::Sub => run!(Elementwise::Sub),
            Elementwise::Mul => run!(Elementwise::Mul),
            Elementwise::AddScaled(by) => run!(Elementwise::AddScaled(by)),
            Elementwise::HornerStep(by) => run!(Elementwise::HornerStep(by)),
        }
        let mut last = [Fp::ZERO; LANES];
        last[..rest.len()].copy_from_slice(rest);
        combine_eight(token, &mut last, &last_rhs, operation, by);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

with_features! {
    /// values\[i\] *= by.
    pub(super) fn scale<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>], by: Fp<S>) {
        let by = token.splat_shifted(by);
        let (eights, rest) = values.as_chunks_mut::<LANES>();
        for eight in eights {
            Tight::load(token, eight).mul(by).store(eight);
        }
        let mut last = [Fp::ZERO; LANES];
        last[..rest.len()].copy_from_slice(rest);
        Tight::load(token, &last).mul(by).store(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

with_features! {
    /// values\[i\] = values\[i\]².
    pub(super) fn square<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>]) {
        let (eights, rest) = values.as_chunks_mut::<LANES>();
        for eight in eights {
            // (4·a·2^256)² over 2^260.
            Tight::load_times_four(token, eight).square().store(eight);
        }
        let mut last = [Fp::ZERO; LANES];
        last[..rest.len()].copy_from_slice(rest);
        Tight::load_times_four(token, &last).square().store(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

with_features! {
    /// out = Σ c·v over the terms (v, c) from element `start` on; what a vector lacks is 0.
    pub(super) fn linear_combination<S: FieldSpec>(
        token: Ifma,
        out: &mut [Fp<S>],
        start: usize,
        terms: &[(&[Fp<S>], Fp<S>)],
    ) {
        let mut factors = vec![Scratch::default(); terms.len()];
        for (limbs, (_, factor)) in factors.iter_mut().zip(terms) {
            token.splat_shifted(*factor).canonical().to_scratch(limbs);
        }
        for (index, out) in out.chunks_mut(LANES).enumerate() {
            let start = start + index * LANES;
            let mut total = Tight::<S>::zero(token).loose();
            for (terms, factors) in terms.chunks(MAX_PRODUCTS).zip(factors.chunks(MAX_PRODUCTS)) {
                let mut sum = Products::none(token);
                for ((vector, _), factor) in terms.iter().zip(factors) {
                    let value = match vector.get(start..).and_then(<[_]>::first_chunk) {
                        Some(eight) => Tight::load(token, eight),
                        None => Tight::load(token, &padded(vector.get(start..).unwrap_or_default()).1),
                    };
                    sum = sum.plus(value, Tight::from_scratch(token, factor));
                }
                // Below (256/63 + 1)·p.
                total = (total + sum.reduce()).canonical().loose();
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
            let mut sum = Products::none(token);
            for (a, b) in a.iter().zip(b) {
                sum = sum.plus(Tight::load(token, a), Tight::load(token, b));
            }
            // Below 256/63 + 2.1.
            total = (total.loose() + sum.reduce()).canonical();
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
            integers.store(&mut eight);
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
            let mut sum = Products::none(token);
            for (eight, power) in eights.iter().zip(&table.powers) {
                sum = sum.plus(Tight::load(token, eight), Tight::from_scratch(token, power));
            }
            if let Some(power) = table.powers.get(eights.len()) {
                sum = sum.plus(Tight::load(token, &last), Tight::from_scratch(token, power));
            }
            // The total stays below 4p: 4·16/63 + 1.1 by the product, and at most 1.6 for the sum.
            total = (total.mul(step) + sum.reduce()).carry();
        }
        let mut lanes = [Fp::ZERO; LANES];
        total.store(&mut lanes);
        lanes.into_iter().sum()
    }
}
