//! Element-wise operations and sums of products, one element after the other.

use super::limbs::{Wide, add_product, reduce_wide};
use crate::contract::Elementwise;
use crate::{FieldSpec, Fp};

/// acc\[i\] = acc\[i\] (operation) rhs\[i\].
pub(super) fn combine<S: FieldSpec>(acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>) {
    let pairs = acc.iter_mut().zip(rhs);
    match operation {
        Elementwise::Add => pairs.for_each(|(a, &b)| *a += b),
        Elementwise::Sub => pairs.for_each(|(a, &b)| *a -= b),
        Elementwise::Mul => pairs.for_each(|(a, &b)| *a *= b),
        Elementwise::AddScaled(by) => pairs.for_each(|(a, &b)| *a += by * b),
        Elementwise::HornerStep(by) => pairs.for_each(|(a, &b)| *a = *a * by + b),
    }
}

/// Elements of which sums are kept unreduced.
const TILE: usize = 128;

/// out = Σ c·v over the terms (v, c) from element `start` on; what a vector lacks is 0.
pub(super) fn linear_combination<S: FieldSpec>(out: &mut [Fp<S>], start: usize, terms: &[(&[Fp<S>], Fp<S>)]) {
    let mut sums = [Wide::default(); TILE];
    for (start, out) in (start..).step_by(TILE).zip(out.chunks_mut(TILE)) {
        let sums = &mut sums[..out.len()];
        sums.fill(Wide::default());
        for (vector, factor) in terms {
            let vector = vector.get(start..).unwrap_or_default();
            sums.iter_mut().zip(vector).for_each(|(sum, v)| *sum = add_product::<S>(*sum, v.0, factor.0));
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = Fp::from_raw(reduce_wide::<S>(*sum)));
    }
}

/// Σ a\[i\]·b\[i\].
pub(super) fn inner_product<S: FieldSpec>(a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
    let sum = a.iter().zip(b).fold(Wide::default(), |sum, (a, b)| add_product::<S>(sum, a.0, b.0));
    Fp::from_raw(reduce_wide::<S>(sum))
}

/// Powers of a point for evaluations there.
#[derive(Debug)]
pub(crate) struct PointTable<S: FieldSpec> {
    /// From 0 on.
    powers: [Fp<S>; 32],
    /// The next.
    step: Fp<S>,
}

impl<S: FieldSpec> PointTable<S> {
    pub(super) fn new(point: Fp<S>) -> Self {
        let mut step = Fp::ONE;
        let powers = std::array::from_fn(|_| {
            let power = step;
            step *= point;
            power
        });
        Self { powers, step }
    }
}

/// The value of a polynomial at a point: blocks of coefficients as inner products with powers, joined by Horner's
/// rule.
pub(super) fn evaluate<S: FieldSpec>(poly: &[Fp<S>], point: &PointTable<S>) -> Fp<S> {
    let blocks = poly.chunks(point.powers.len()).rev();
    blocks.fold(Fp::ZERO, |value, block| value * point.step + inner_product(block, &point.powers))
}
