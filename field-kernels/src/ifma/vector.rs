//! Element-wise operations and sums of products.

use super::field::split;
use super::lanes::{Factor, Loose, Products, Scratch, Tight};
use super::{Ifma, with_features};
use crate::contract::Elementwise;
use crate::{FieldSpec, Fp};

/// Lanes of a register.
const LANES: usize = 8;

/// Eights that go through the two steps of an operation together, values and then their reduction. A step is a short
/// loop whose rounds do not wait for each other, where each operation on its own would mostly wait for itself.
const BLOCK: usize = 8;

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

/// What becomes of eight elements, perhaps with eight others: values of 0 to 2p.
trait Map<S: FieldSpec>: Copy {
    /// Whether there are no others.
    const UNARY: bool = false;

    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S>;
}

/// a + b
#[derive(Clone, Copy)]
struct Sum;

impl<S: FieldSpec> Map<S> for Sum {
    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S> {
        Tight::load(token, a).loose() + Tight::load(token, b).loose()
    }
}

/// a - b
#[derive(Clone, Copy)]
struct Difference;

impl<S: FieldSpec> Map<S> for Difference {
    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S> {
        (Tight::load(token, a).loose() - Tight::load(token, b).loose()).plus_modulus_by_limbs()
    }
}

/// a·b
#[derive(Clone, Copy)]
struct Product;

impl<S: FieldSpec> Map<S> for Product {
    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S> {
        Products::of(Factor::load_times_16(token, a), Factor::load(token, b)).reduce()
    }
}

/// a + b·factor, for a factor times 2^260. A little more than 2p at times.
#[derive(Clone, Copy)]
struct PlusScaled<S>(Tight<S>);

impl<S: FieldSpec> Map<S> for PlusScaled<S> {
    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S> {
        Tight::load(token, a).loose() + Products::of(Factor::load(token, b), self.0).reduce()
    }
}

/// a·factor, for a factor times 2^260.
#[derive(Clone, Copy)]
struct Scaled<S>(Tight<S>);

impl<S: FieldSpec> Map<S> for Scaled<S> {
    const UNARY: bool = true;

    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], _: &[Fp<S>; LANES]) -> Loose<S> {
        Products::of(Factor::load(token, a), self.0).reduce()
    }
}

/// a²
#[derive(Clone, Copy)]
struct Square;

impl<S: FieldSpec> Map<S> for Square {
    const UNARY: bool = true;

    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], _: &[Fp<S>; LANES]) -> Loose<S> {
        // (4·a·2^256)² over 2^260.
        Products::of_square(Factor::load_times_4(token, a)).reduce()
    }
}

/// a·factor + b, for a factor times 2^260. A little more than 2p at times.
#[derive(Clone, Copy)]
struct ScaledPlus<S>(Tight<S>);

impl<S: FieldSpec> Map<S> for ScaledPlus<S> {
    #[inline(always)]
    fn apply(self, token: Ifma, a: &[Fp<S>; LANES], b: &[Fp<S>; LANES]) -> Loose<S> {
        PlusScaled(self.0).apply(token, b, a)
    }
}

with_features! {
    /// Replaces each element of `acc` by what becomes of it and of that of `rhs`.
    fn replace<S: FieldSpec, M: Map<S>>(token: Ifma, acc: &mut [Fp<S>], rhs: &[Fp<S>], map: M) {
        let (eights, rest) = acc.as_chunks_mut::<LANES>();
        let (others, last_other) = padded(rhs);
        let mut values = [Scratch::default(); BLOCK];
        for (first, block) in (0..).step_by(BLOCK).zip(eights.chunks_mut(BLOCK)) {
            for (index, (eight, value)) in block.iter().zip(&mut values).enumerate() {
                let other = if M::UNARY { eight } else { &others[first + index] };
                map.apply(token, eight, other).to_scratch(value);
            }
            for (eight, value) in block.iter_mut().zip(&values) {
                Loose::<S>::from_scratch(token, value).store_below_2p(eight);
            }
        }
        if !rest.is_empty() {
            let mut last = [Fp::ZERO; LANES];
            last[..rest.len()].copy_from_slice(rest);
            map.apply(token, &last, &last_other).store_below_2p(&mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

with_features! {
    /// `value`·2^260, reduced.
    fn shifted_factor<S: FieldSpec>(token: Ifma, value: Fp<S>) -> Tight<S> {
        token.splat_limbs(shifted_limbs(value))
    }
}

/// acc\[i\] = acc\[i\] (operation) rhs\[i\].
pub(super) fn combine<S: FieldSpec>(
    token: Ifma,
    acc: &mut [Fp<S>],
    rhs: &[Fp<S>],
    operation: Elementwise<S>,
) {
    match operation {
        Elementwise::Add => replace(token, acc, rhs, Sum),
        Elementwise::Sub => replace(token, acc, rhs, Difference),
        Elementwise::Mul => replace(token, acc, rhs, Product),
        Elementwise::AddScaled(by) => replace(token, acc, rhs, PlusScaled(shifted_factor(token, by))),
        Elementwise::HornerStep(by) => replace(token, acc, rhs, ScaledPlus(shifted_factor(token, by))),
    }
}

/// values\[i\] *= by.
pub(super) fn scale<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>], by: Fp<S>) {
    replace(token, values, &[], Scaled(shifted_factor(token, by)));
}

/// values\[i\] = values\[i\]².
pub(super) fn square<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>]) {
    replace(token, values, &[], Square);
}

/// The limbs of value·2^260, reduced.
fn shifted_limbs<S: FieldSpec>(value: Fp<S>) -> [u64; 5] {
    split(value.double().double().double().double().0)
}

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
                let mut sum = Products::none(token);
                for ((vector, _), factor) in terms_here.iter().zip(&factors) {
                    let value = match vector.get(start..).and_then(<[_]>::first_chunk) {
                        Some(eight) => Tight::load(token, eight),
                        None => Tight::load(token, &padded(vector.get(start..).unwrap_or_default()).1),
                    };
                    sum = sum.plus(value, token.splat_limbs(*factor));
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
