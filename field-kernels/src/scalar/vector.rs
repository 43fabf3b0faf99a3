//! Element-wise operations and sums of products, one element after the other.

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

/// out = Σ c·v over the terms (v, c) from element `start` on; what a vector lacks is 0.
pub(super) fn linear_combination<S: FieldSpec>(out: &mut [Fp<S>], start: usize, terms: &[(&[Fp<S>], Fp<S>)]) {
    out.fill(Fp::ZERO);
    for (vector, factor) in terms {
        let vector = vector.get(start..).unwrap_or_default();
        out.iter_mut().zip(vector).for_each(|(out, value)| *out += *value * *factor);
    }
}

/// Σ a\[i\]·b\[i\].
pub(super) fn inner_product<S: FieldSpec>(a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// The value of a polynomial at a point, by Horner's rule.
pub(super) fn evaluate<S: FieldSpec>(poly: &[Fp<S>], point: Fp<S>) -> Fp<S> {
    poly.iter().rev().fold(Fp::ZERO, |value, &coefficient| value * point + coefficient)
}
